/**
 * The journal contract: what an actor did, one entry per commit, before anything it decided is acted on.
 * Declared here by its user; adapters live in `memory/`. Every adapter passes `journal.conformance.ts`.
 */
import type { Address } from './address.ts'
import type { BudgetLease } from './budget-lease.ts'
import type { ErrorKind, WireError } from './errors.ts'
import type { Reason, Usage } from './events.ts'
import type { Plain } from './plain.ts'

/** On whose behalf something happens. It is inherited by every message, effect and timer that follows from it. */
export interface Cause {
  /** Id of the message that started this work. */
  readonly id: string
  readonly from?: Address
  /** Who waits for the answer, and under which correlation. */
  readonly replyTo?: Address
  readonly correlation?: string
  /** Absolute ms after which nobody wants the answer. */
  readonly deadline?: number
  /** The asks that wait on this one, outermost first. */
  readonly chain?: readonly Address[]
  /** W3C traceparent. */
  readonly trace?: string
  readonly budget?: BudgetLease
  readonly run?: string
}

/** What a commit took in. */
export type Taken =
  /** `life` is part of every id that derives from this actor's commits: a second life repeats none of the first. */
  | { readonly kind: 'init'; readonly life: string; readonly input?: Plain }
  | {
      readonly kind: 'message'
      readonly type: string
      readonly body: Plain
      readonly cause: Cause
      readonly attempt: number
    }
  | {
      readonly kind: 'timer'
      readonly id: string
      readonly event: { readonly type: string }
      readonly cause?: Cause
    }
  | { readonly kind: 'result'; readonly intent: string; readonly output: Plain; readonly usage?: Usage }
  | { readonly kind: 'failure'; readonly intent: string; readonly error: WireError; readonly usage?: Usage }
  /** An attempt failed; the supervisor is asked what to do. The machine does not see it. */
  | {
      readonly kind: 'attempt-failed'
      readonly intent: string
      readonly attempt: number
      readonly error: WireError
      readonly usage?: Usage
    }
  | {
      readonly kind: 'retry'
      readonly intent: string
      readonly attempt: number
      readonly due: number
      readonly reason: Reason
      readonly remedy?: Plain
    }
  | { readonly kind: 'restart'; readonly restarts: number; readonly input?: Plain }

/** What a commit decided; acted on, in order, only after the commit. */
export type Act =
  | {
      readonly act: 'tell'
      readonly to: Address
      readonly type: string
      readonly body: Plain
      readonly control?: boolean
    }
  | { readonly act: 'reply'; readonly body: Plain; readonly cause?: Cause }
  | { readonly act: 'fail'; readonly error: WireError; readonly cause?: Cause }
  | { readonly act: 'spawn'; readonly type: string; readonly id: string; readonly input?: Plain }
  /** What follows in this commit is done for the ask of that message. */
  | { readonly act: 'behalf'; readonly of: string }
  | { readonly act: 'publish'; readonly kind: string; readonly body: Plain }
  | { readonly act: 'start'; readonly child: string; readonly src: string; readonly input: Plain }
  | { readonly act: 'stop'; readonly child: string }
  | {
      readonly act: 'timer'
      /** By which the machine may cancel it. Absent: its place in the commit is its id. */
      readonly id?: string
      readonly due: number
      readonly event: { readonly type: string }
    }
  | { readonly act: 'cancel'; readonly id: string }
  | {
      readonly act: 'direct'
      readonly child: Address
      readonly directive: Directive
      readonly reason: Reason
      readonly error?: WireError
    }
  | { readonly act: 'signal'; readonly name: string; readonly body: Plain }

export type Directive = 'resume' | 'restart' | 'stop' | 'escalate'

export interface Commit {
  readonly actor: Address
  /** 1, 2, 3 … without a hole, per actor. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly taken: Taken
  readonly acts: readonly Act[]
}

/** An actor's state as plain data, in our own form: XState's snapshots do not survive storage. */
export interface StoredState {
  readonly value: Plain
  readonly context: Plain
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  readonly historyValue?: Plain
  /** Live children of the machine: id to the name of what it invokes. */
  readonly children: { readonly [id: string]: string }
}

export interface Recorded {
  readonly snapshot?: { readonly seq: number; readonly state: StoredState }
  /** Commits after the snapshot, in order. */
  readonly commits: readonly Commit[]
}

export interface Journal {
  /**
   * Appends one commit atomically. `state` is called only when the journal wants a snapshot. Returns nothing
   * when the commit is already as safe as this journal makes it, else a promise of that.
   * Throws `journal-conflict` when `seq` does not follow the last one, `journal-closed` after `close`.
   */
  append(commit: Commit, state: () => StoredState): Promise<void> | void
  /** What is recorded of an actor, or undefined. */
  read(actor: Address): Promise<Recorded | undefined>
  /** Every actor with a record, in address order. */
  actors(): AsyncIterable<Address>
  /** Forgets an actor. Forgetting an unknown one is no error. */
  remove(actor: Address): Promise<void>
  close(): Promise<void>
}

/** Failures that are a decision, not an accident: no supervisor can do better by trying again. */
export const STOP_SIGNALS: ReadonlySet<ErrorKind> = new Set([
  'cancelled',
  'deadline-exceeded',
  'runtime-stopped',
])
