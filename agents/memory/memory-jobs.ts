/**
 * What a memory actor has to consolidate, one batch after the other, as pure functions of its state: which namespace is
 * next, what a batch came to, whether a job goes on. Used by the actor's machine.
 */
import type { Consolidated } from '../../memory/memory.ts'
import type { Job, MemoryState, MemoryTuning } from './memory-state.ts'

/** The next job: what somebody waits for comes before the schedule's. Undefined when nothing is left. */
export function nextJob({ asked, round, at }: MemoryState): Job | undefined {
  const [namespace] = round
  if (asked[0]) return asked[0]
  return namespace === undefined ? undefined : { namespace, limit: null, of: null, at, done: null }
}

export const taken = (state: MemoryState): MemoryState => ({
  ...state,
  job: nextJob(state) ?? null,
  ...(state.asked.length > 0 ? { asked: state.asked.slice(1) } : { round: state.round.slice(1) }),
})

export interface Applied {
  readonly result: Consolidated
  readonly unheld: number
  /** Absolute ms. */
  readonly at: number
}

/** Books one batch of the job under way. */
export function applied(state: MemoryState, { result, unheld, at }: Applied): MemoryState {
  const { job, health } = state
  if (!job) return state
  const lastConsolidation = { ...result, namespace: job.namespace, at }
  return {
    ...state,
    at,
    job: { ...job, done: sum(job.done, result) },
    health: {
      ...health,
      consolidations: health.consolidations + 1,
      lastConsolidation,
      unheld: health.unheld + unheld,
    },
  }
}

/** Whether the job goes on after a batch: one that looked at nothing would go on for ever. */
export function goesOn({ job }: MemoryState, { result }: Applied): boolean {
  if (!job || result.waiting === 0 || result.episodes === 0) return false
  return job.limit === null || (job.done?.episodes ?? 0) + result.episodes < job.limit
}

/** Episodes that the next batch of a job may look at. */
export const leftOf = ({ limit, done }: Job, { batch }: MemoryTuning): number =>
  limit === null ? batch : Math.max(1, Math.min(batch, limit - (done?.episodes ?? 0)))

function sum(before: Consolidated | null, now: Consolidated): Consolidated {
  if (!before) return now
  return {
    episodes: before.episodes + now.episodes,
    facts: before.facts + now.facts,
    insights: before.insights + now.insights,
    ended: before.ended + now.ended,
    dropped: before.dropped + now.dropped,
    by: before.by === now.by ? now.by : `${before.by}, ${now.by}`,
    waiting: now.waiting,
  }
}
