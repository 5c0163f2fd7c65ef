/**
 * What an actor waits for and owes, as plain data: the part of its state that its machine does not see. It is
 * what `ledger.ts` keeps live; a snapshot stores it, and recovery goes on from it.
 */
import type { Address } from './address.ts'
import type { Account, Amounts } from './budget.ts'
import type { BudgetLease } from './budget-lease.ts'
import type { Cause } from './cause.ts'
import type { Envelope } from './envelope.ts'
import type { WireError } from './errors.ts'
import type { Plain } from './plain.ts'
import type { Provenance } from './provenance.ts'

/** An ask that is owed an answer, with the account of what may be spent on it. */
export interface StoredDebt {
  readonly cause: Cause
  readonly account: Account
  readonly cancelled?: boolean
  /** Lent to asks that were given up, by ask. */
  readonly lent?: { readonly [ask: string]: Amounts }
}

/**
 * unstarted: no attempt could begin · running: one may be under way · reported: the supervisor decides ·
 * waiting: until `due` · parked: a person decides.
 */
export type IntentPhase = 'unstarted' | 'running' | 'reported' | 'waiting' | 'parked'

export interface StoredIntent {
  readonly id: string
  readonly child: string
  readonly src: string
  readonly input: Plain
  readonly cause?: Cause
  readonly startedAt: number
  readonly deadline?: number
  readonly phase: IntentPhase
  readonly attempt: number
  readonly interruptions: number
  readonly remedy?: { readonly [key: string]: Plain }
  readonly first?: 'check' | 'undo'
  readonly due?: number
  readonly held?: Amounts
  /** It is an ask that was sent, and this is to whom and with what budget. */
  readonly askedOf?: Address
  readonly lease?: BudgetLease
  /** Why the last attempt failed. */
  readonly error?: WireError
  readonly why?: string
  /** Why no attempt may be made, for example for want of budget. */
  readonly refused?: WireError
}

export interface StoredTimer {
  readonly id: string
  readonly due: number
  readonly event: { readonly type: string }
  readonly cause?: Cause
}

/** The last message committed of a sender: of that life, commit `seq`, act `k`. */
export interface Mark {
  readonly life: string
  readonly seq: number
  readonly k: number
  /** The partition its sender lives in, when that is another one. */
  readonly home?: number
}

/** An actor that this one wanted started and that is not known to be there. */
export interface StoredSpawn {
  readonly child: Address
  readonly id: string
  readonly type: string
  readonly input?: Plain
  readonly cause?: Cause
}

export interface Outstanding {
  readonly life: string
  readonly provenance?: Provenance
  readonly input?: Plain
  /** Time of the last commit, ms since the epoch. */
  readonly at?: number
  readonly restarts: number
  readonly successes: number
  readonly debts: readonly StoredDebt[]
  readonly intents: readonly StoredIntent[]
  readonly timers: readonly StoredTimer[]
  /** Messages whose receiver has not committed them as far as this actor knows. */
  readonly outbox: readonly (readonly [key: string, envelope: Envelope])[]
  readonly spawning: readonly StoredSpawn[]
  readonly marks: { readonly [sender: string]: Mark }
  /** Answers to asks that came under a key of the asker's own, by id of the ask. */
  readonly answers: readonly (readonly [ask: string, envelope: Envelope])[]
}
