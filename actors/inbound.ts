/**
 * The asks an actor still owes an answer, each with the account of what may be spent on it. An ask that ends
 * without an answer of the machine's own is answered with an error: nobody waits for a timeout.
 */
import { type Account, type Amounts, amountsOf, hold, lend, openAccount, settle, spawn } from './budget.ts'
import type { BudgetLease } from './budget-lease.ts'
import type { Cause } from './cause.ts'
import { RuntimeError } from './errors.ts'
import { NO_USAGE, type Usage } from './events.ts'
import type { StoredDebt } from './outstanding.ts'

interface Owed {
  cause: Cause
  account: Account
  /** Whoever asked does not want the answer any more. */
  cancelled: boolean
  /** Lent to asks that were given up: what they cost is known only if their answer still comes. */
  lent: Map<string, Amounts> | undefined
}

export class Inbound {
  readonly #owed = new Map<string, Owed>()

  /** Opens an account for work that somebody waits for or that a budget bounds. */
  open(cause: Cause): void {
    if (cause.replyTo === undefined && cause.budget === undefined) return
    this.#owed.set(cause.id, {
      cause,
      account: openAccount(cause.budget),
      cancelled: false,
      lent: undefined,
    })
  }

  /** Closes it and returns what was spent and who waits, or undefined when it was closed already. */
  close(cause: Cause | undefined): { readonly spent: Usage; readonly cause: Cause } | undefined {
    const owed = this.#find(cause)
    if (!owed) return undefined
    this.#owed.delete(owed.cause.id)
    return { spent: owed.account.spent, cause: owed.cause }
  }

  /** The same ask was made again, by whoever waits for its answer from now on. False when it is not owed. */
  reattach({ id, replyTo, correlation, deadline, home }: Cause): boolean {
    const owed = this.#owed.get(id)
    if (!owed) return false
    const { home: _, ...cause } = owed.cause
    owed.cause = {
      ...cause,
      ...(home !== undefined && { home }),
      ...(replyTo !== undefined && { replyTo }),
      ...(correlation !== undefined && { correlation }),
      // Others may wait for it longer.
      ...(deadline !== undefined && { deadline: Math.max(deadline, owed.cause.deadline ?? 0) }),
    }
    return true
  }

  /** Time that nobody could work in does not count. */
  postpone(ms: number): void {
    for (const owed of this.#owed.values()) owed.cause = postponed(owed.cause, ms)
  }

  /** The causes whose work is to be aborted. */
  cancelled(): readonly Cause[] {
    return [...this.#owed.values()].filter(owed => owed.cancelled).map(owed => owed.cause)
  }

  store(): StoredDebt[] {
    return [...this.#owed.values()].map(({ cause, account, cancelled, lent }) => ({
      cause,
      account,
      ...(cancelled && { cancelled }),
      ...(lent && lent.size > 0 && { lent: Object.fromEntries(lent) }),
    }))
  }

  load(debts: readonly StoredDebt[]): void {
    for (const { cause, account, cancelled = false, lent } of debts)
      this.#owed.set(cause.id, { cause, account, cancelled, lent: lent && new Map(Object.entries(lent)) })
  }

  /** How many are open. */
  get size(): number {
    return this.#owed.size
  }

  /** The causes that still wait, oldest first. */
  waiting(): readonly Cause[] {
    return [...this.#owed.values()].map(owed => owed.cause)
  }

  /** The cause of an ask that is still owed, by the id of its message. */
  get(id: string): Cause | undefined {
    return this.#owed.get(id)?.cause
  }

  /** Notes that nobody wants the answer to the ask with this correlation. Returns its cause if it is still owed. */
  cancel(correlation: string): Cause | undefined {
    for (const owed of this.#owed.values()) {
      if (owed.cause.correlation !== correlation) continue
      owed.cancelled = true
      return owed.cause
    }
    return undefined
  }

  /** True for open accounts that no answer will close: of messages that were told, of asks that were cancelled. */
  isUnwanted(cause: Cause): boolean {
    const owed = this.#find(cause)
    return owed !== undefined && (owed.cancelled || cause.replyTo === undefined)
  }

  /** Sets aside what an attempt may spend. Throws `budget-exhausted`. */
  reserve(cause: Cause | undefined, wanted: () => Partial<Usage>): Amounts | undefined {
    const owed = this.#find(cause)
    if (!owed) return refuseClosed(cause)
    if (owed.cause.budget === undefined) return undefined
    const amounts = amountsOf(wanted())
    owed.account = hold(owed.account, amounts)
    return amounts
  }

  /** Counts an actor that is started for this work. Throws `budget-exhausted`. */
  spawn(cause: Cause | undefined): void {
    const owed = this.#find(cause)
    if (owed) owed.account = spawn(owed.account)
  }

  /** Lends part of what is left to an ask. Undefined when nothing is limited. Throws `budget-exhausted`. */
  lend(cause: Cause | undefined, share: number, asked: BudgetLease | undefined): BudgetLease | undefined {
    const owed = this.#find(cause)
    if (!owed) return refuseClosed(cause) ?? asked
    const lent = lend(owed.account, share, asked)
    owed.account = lent.account
    return Object.keys(lent.lease).length > 0 ? lent.lease : undefined
  }

  settle(cause: Cause | undefined, held: Amounts | undefined, usage: Usage | undefined): void {
    const owed = this.#find(cause)
    if (owed && (held || usage)) owed.account = settle(owed.account, held ?? {}, usage ?? NO_USAGE)
  }

  /** An ask was given up unanswered: what it was lent stays lent, since it may have been spent. */
  keepLent(cause: Cause | undefined, ask: string, held: Amounts): void {
    const owed = this.#find(cause)
    if (!owed) return
    owed.lent ??= new Map()
    owed.lent.set(ask, held)
  }

  /** True while the answer to that given up ask would still settle something. */
  hasLent(ask: string): boolean {
    for (const { lent } of this.#owed.values()) if (lent?.has(ask)) return true
    return false
  }

  /** The answer to a given up ask came after all, and says what it cost. */
  settleLate(ask: string, usage: Usage | undefined): void {
    for (const { cause, lent } of this.#owed.values()) {
      const held = lent?.get(ask)
      if (!held) continue
      lent?.delete(ask)
      this.settle(cause, held, usage)
      return
    }
  }

  #find(cause: Cause | undefined): Owed | undefined {
    return cause && this.#owed.get(cause.id)
  }
}

/** The same cause with its deadline moved. */
export const postponed = (cause: Cause, ms: number): Cause =>
  cause.deadline === undefined ? cause : { ...cause, deadline: cause.deadline + ms }

/** What was spent on an answered ask was reported with the answer: more would be paid for by nobody. */
function refuseClosed(cause: Cause | undefined): undefined {
  if (cause?.budget === undefined) return undefined
  throw new RuntimeError('budget-exhausted', `the budget of message "${cause.id}" is settled already`, {
    why: 'the ask it came with was answered or has ended: what is spent now has no account',
    fix: 'answer after the last effect, not before it',
  })
}
