/**
 * Runs as things people handle: what was started with what, how it ended, and its history from the journal.
 * Written by whoever starts a run, read by the command line. It starts and resumes nothing itself.
 */
import type { Address } from '../actors/address.ts'
import type { WireError } from '../actors/errors.ts'
import type { RunStatus, Usage } from '../actors/events.ts'
import type { Commit } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'

export interface RunRecord {
  readonly id: string
  readonly workflow: string
  readonly input: Plain
  /** What else it was started with (team size, model, …): what it takes to start it the same way again. */
  readonly options: Plain
  /** `running` also when its process died: see `unfinished`. */
  readonly status: 'running' | RunStatus
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly finishedAt?: number
  readonly error?: WireError
  readonly usage?: Usage
  /** What the run gave, as its caller was given it. */
  readonly result?: Plain
  readonly forkedFrom?: { readonly run: string; readonly at: number }
  /** Version of this software. */
  readonly runtime: string
}

/** One commit of one of a run's actors, with its number within the run: 1, 2, 3 … in the order of the journal. */
export interface RunStep {
  readonly step: number
  readonly commit: Commit
}

export interface Runs {
  /** Notes a new run. One that is noted already stays as it is, but counts as running again. Stored before any of its commits. */
  begin(run: Pick<RunRecord, 'id' | 'workflow' | 'input' | 'options' | 'forkedFrom'>): Promise<RunRecord>
  /** Notes how it ended. Throws `run-unknown`. */
  finish(
    id: string,
    end: Pick<RunRecord, 'error' | 'usage' | 'result'> & { readonly status: RunStatus },
  ): Promise<RunRecord>
  get(id: string): Promise<RunRecord | undefined>
  /** Newest first. */
  list(): Promise<readonly RunRecord[]>
  /** All that is kept of its actors, in order. */
  steps(id: string): Promise<readonly RunStep[]>
  /** The run's actors. */
  actors(id: string): Promise<readonly Address[]>
  /** Forgets a run and the history of its actors. Throws `run-unknown`. */
  remove(id: string): Promise<void>
}
