/**
 * The journal contract: what an actor did, one entry per commit, before anything it decided is acted on.
 * Declared here by its user; adapters live in `memory/`. Every adapter passes `journal.conformance.ts`.
 */
import type { Address } from './address.ts'
import type { Cause } from './cause.ts'
import type { ErrorKind, WireError } from './errors.ts'
import type { Reason, Usage } from './events.ts'
import type { Outstanding } from './outstanding.ts'
import type { Plain } from './plain.ts'
import type { Provenance } from './provenance.ts'
import type { Directive } from './strategy.ts'

export type { Cause } from './cause.ts'
export type { Directive } from './strategy.ts'

/** What a commit took in. */
export type Taken =
  /** `life` is part of every id that derives from this actor's commits: a second life repeats none of the first. */
  | {
      readonly kind: 'init'
      readonly life: string
      readonly input?: Plain
      readonly provenance?: Provenance
    }
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
  | {
      readonly kind: 'failure'
      readonly intent: string
      readonly error: WireError
      readonly usage?: Usage
      /** It is an ask that was given up: what it was lent may still be spent. */
      readonly unanswered?: true
    }
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
      /** What to do before the call is made again: ask whether it happened, or undo what it may have done. */
      readonly first?: 'check' | 'undo'
    }
  /** What became of an effect is not known, and nobody may repeat it unasked: a person decides. */
  | { readonly kind: 'parked'; readonly intent: string; readonly attempt: number; readonly why: string }
  /** The late answer to an ask that was given up: only its account is touched. */
  | { readonly kind: 'late'; readonly ask: string; readonly usage?: Usage }
  /** `except`: id of the message it crashed on, which is tried again unless it is given up. */
  | {
      readonly kind: 'restart'
      readonly restarts: number
      readonly input?: Plain
      readonly error: WireError
      readonly except?: string
      readonly givenUp?: true
    }
  /** An actor this one wanted started is there, or cannot be. */
  | { readonly kind: 'spawned'; readonly child: Address }
  /** The node was down for that long; attempts that were under way are interrupted, deadlines move. */
  | { readonly kind: 'recovered'; readonly downMs: number }
  /** As `recovered`, under a changed definition: the state is what its `migrate` made of the old one. */
  | {
      readonly kind: 'migrated'
      readonly state: StoredState
      readonly provenance: Provenance
      readonly downMs?: number
    }
  /** The last one of an actor whose record is kept. */
  | { readonly kind: 'ended'; readonly reason: 'done' | 'asked' | 'crashed' }

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

export interface Commit {
  readonly actor: Address
  /** 1, 2, 3 … without a hole, per actor. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly taken: Taken
  readonly acts: readonly Act[]
  /** What attempts had spent that this commit stops, by intent. */
  readonly spent?: { readonly [intent: string]: Usage }
}

/** An actor's state as plain data, in our own form: XState's snapshots do not survive storage. */
export interface StoredState {
  readonly value: Plain
  readonly context: Plain
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  readonly historyValue?: Plain
  /** Live children of the machine: id to the name of what it invokes. */
  readonly children: { readonly [id: string]: string }
  /** What the actor still waits for and owes; absent in states that no actor's journal holds. */
  readonly outstanding?: Outstanding
}

export interface Recorded {
  readonly snapshot?: { readonly seq: number; readonly state: StoredState }
  /** Commits after the snapshot, in order. */
  readonly commits: readonly Commit[]
}

/** Why nothing need be done for an actor until somebody writes to it: it waits for nothing, or its life is over. */
export type Rest = 'asleep' | 'ended'

export interface AppendOptions {
  /** The run whose history this commit belongs to: nothing of it is dropped until the run is removed. */
  readonly run?: string
  /** With this commit the actor comes to rest. */
  readonly rest?: Rest
  /** It must survive a crash of the machine, with all that was appended before it. */
  readonly sync?: boolean
}

export interface Known {
  readonly actor: Address
  /** Absent: it may have unfinished work. */
  readonly rest?: Rest
  readonly run?: string
}

/** A commit and its place among all commits of the journal: what follows from another has a higher one. */
export interface Logged {
  readonly order: number
  readonly commit: Commit
}

export interface Journal {
  /** False when it ends with the process. */
  readonly durable: boolean
  /** Commits of all actors are stored in the order of the calls: none is there without all that came before. */
  readonly ordered?: boolean
  /**
   * Appends one commit atomically. `state` is called, at once, only when the journal wants a snapshot: it gives
   * the state before this commit, so a snapshot of `seq - 1` is stored with it and the commits up to there go,
   * unless they are of a run; when it gives none, the snapshot waits for the next commit. Returns nothing when the commit is already as safe as this journal makes it, else
   * a promise of that; many at once may share one write. Throws `journal-conflict` when `seq` does not follow the last one or the actor has ended,
   * `journal-closed` after `close`.
   */
  append(commit: Commit, state: () => StoredState | undefined, options?: AppendOptions): Promise<void> | void
  /** Stores the state after the last commit of an actor. Throws `journal-conflict` when `seq` is not that one. */
  snapshot(actor: Address, seq: number, state: StoredState, options?: AppendOptions): Promise<void> | void
  /** What is recorded of an actor: the last snapshot and what came after it. Undefined when there is nothing. */
  read(actor: Address): Promise<Recorded | undefined>
  /** Reads every wanted actor, in address order, in one pass: what reading them one by one would give, faster. */
  readAll(wanted: (known: Known) => boolean): AsyncIterable<readonly [Address, Recorded]>
  /** Every commit of a run's actor from the first one on, also those a snapshot covers; of others what is left. */
  history(actor: Address): AsyncIterable<Logged>
  /** What is known of an actor without reading its record. */
  known(actor: Address): Known | undefined
  /** Every actor with a record, or those of one run, in address order. */
  actors(run?: string): AsyncIterable<Known>
  /** Forgets an actor. Forgetting an unknown one is no error. */
  remove(actor: Address): Promise<void>
  /** Things kept beside the actors: runs, dead letters. */
  readonly records: Records
  close(): Promise<void>
}

/** A small store of plain values by kind and id, in the same file and the same order of writes as the commits. */
export interface Records {
  /** Safe against a crash of the machine when it resolves, if `sync`. */
  put(kind: string, id: string, value: Plain, options?: { readonly sync?: boolean }): Promise<void>
  get(kind: string, id: string): Promise<Plain | undefined>
  /** In the order of their ids; with `after`, those behind that id. */
  list(kind: string, after?: string): AsyncIterable<readonly [id: string, value: Plain]>
  remove(kind: string, id: string): Promise<void>
}

/** Failures that are a decision, not an accident: no supervisor can do better by trying again. */
export const STOP_SIGNALS: ReadonlySet<ErrorKind> = new Set([
  'cancelled',
  'deadline-exceeded',
  'runtime-stopped',
])
