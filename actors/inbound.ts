/**
 * The asks an actor still owes an answer, each with the account of what may be spent on it. An ask that ends
 * without an answer of the machine's own is answered with an error: nobody waits for a timeout.
 */
import { type Account, type Amounts, amountsOf, hold, lend, openAccount, settle } from './budget.ts'
import type { BudgetLease } from './budget-lease.ts'
import { NO_USAGE, type Usage } from './events.ts'
import type { Cause } from './journal.ts'

interface Owed {
  readonly cause: Cause
  account: Account
}

export class Inbound {
  readonly #owed = new Map<string, Owed>()

  /** Opens an account for work that somebody waits for or that a budget bounds. */
  open(cause: Cause): void {
    if (cause.replyTo === undefined && cause.budget === undefined) return
    this.#owed.set(cause.id, { cause, account: openAccount(cause.budget) })
  }

  /** Closes it and returns what was spent, or undefined when it was closed already. */
  close(cause: Cause | undefined): { readonly spent: Usage } | undefined {
    const owed = cause && this.#owed.get(cause.id)
    if (!owed) return undefined
    this.#owed.delete(owed.cause.id)
    return { spent: owed.account.spent }
  }

  /** The causes that still wait, oldest first. */
  waiting(): readonly Cause[] {
    return [...this.#owed.values()].map(owed => owed.cause)
  }

  /** The cause of an ask that is still owed, by the id of its message. */
  get(id: string): Cause | undefined {
    return this.#owed.get(id)?.cause
  }

  /** The cause of an ask by its correlation. */
  find(correlation: string): Cause | undefined {
    for (const { cause } of this.#owed.values()) if (cause.correlation === correlation) return cause
    return undefined
  }

  /** Sets aside what an attempt may spend. Throws `budget-exhausted`. */
  reserve(cause: Cause | undefined, usage: Partial<Usage>): Amounts | undefined {
    const owed = cause && this.#owed.get(cause.id)
    if (!owed) return undefined
    const amounts = amountsOf(usage)
    owed.account = hold(owed.account, amounts)
    return amounts
  }

  /** Lends part of what is left to an ask. Undefined when nothing is limited. Throws `budget-exhausted`. */
  lend(cause: Cause | undefined, share: number, asked: BudgetLease | undefined): BudgetLease | undefined {
    const owed = cause && this.#owed.get(cause.id)
    if (!owed) return asked
    const lent = lend(owed.account, share, asked)
    owed.account = lent.account
    return Object.keys(lent.lease).length > 0 ? lent.lease : undefined
  }

  settle(cause: Cause | undefined, held: Amounts | undefined, usage: Usage | undefined): void {
    const owed = cause && this.#owed.get(cause.id)
    if (owed && (held || usage)) owed.account = settle(owed.account, held ?? {}, usage ?? NO_USAGE)
  }
}
