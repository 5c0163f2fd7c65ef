/** What a node knows about one partition. `ownership.ts` keeps 64 of them. */
import { type Backoff, delayMs } from '../../../actors/policies/backoff.ts'

export interface Plot {
  readonly partition: number
  /** `free`: not ours. `looking`: the log is being asked. `releasing`: still ours, until the log says otherwise. */
  phase: 'free' | 'looking' | 'taking' | 'held' | 'releasing'
  /** While it is taken, held or released: the epoch that is ours. */
  epoch: number
  /** The last epoch known to have ended: news of it may come before the taking is through. */
  lostEpoch: number
  /** When the present phase began. */
  since: number
  /** Failures to take it in a row. */
  failures: number
  /** How often others were faster, or took it from us, in a row. */
  clashes: number
  /** Not looked at before. */
  retryAt: number
  /** Left to others until then. */
  unableUntil: number
  /** Since when it is ours. */
  heldSince: number | undefined
  /** Since when nobody vouches for it; undefined while another member or this node does. */
  forsakenSince: number | undefined
  /** Since when it could have been handed over. */
  awaySince: number | undefined
  /** Whether the hand-over under way was begun although it was not quiet. */
  forced: boolean
  /** Given up for another, who has until then to show that it has it. */
  handedUntil: number
  /** A member vouched for it once: somebody worked there. */
  served: boolean
  /** It is ready to be taken while another member serves it, or is being made ready, or was tried to. */
  isPrepared: boolean
  preparing: boolean
  /** When it was compared with the log last. */
  auditedAt: number
  auditing: boolean
  /** What is under way, never rejects. */
  work: Promise<void>
}

export const newPlot = (partition: number): Plot => ({
  partition,
  phase: 'free',
  epoch: 0,
  lostEpoch: 0,
  since: 0,
  failures: 0,
  clashes: 0,
  retryAt: 0,
  unableUntil: 0,
  heldSince: undefined,
  forsakenSince: undefined,
  awaySince: undefined,
  forced: false,
  handedUntil: 0,
  served: false,
  isPrepared: false,
  preparing: false,
  auditedAt: 0,
  auditing: false,
  work: Promise.resolve(),
})

const BACKOFF: Backoff = { kind: 'exponential', baseMs: 500, maxMs: 30_000 }
/** A partition held for so long was not fought over. */
const SETTLED_MS = 60_000

/** Not while it is being given up after it was lost. */
export const isOurs = ({ phase, epoch, lostEpoch }: Plot): boolean =>
  (phase === 'held' || phase === 'releasing') && lostEpoch < epoch

export function turn(plot: Plot, phase: Plot['phase'], now: number): void {
  plot.phase = phase
  plot.since = now
}

export function held(plot: Plot, now: number): void {
  plot.heldSince = now
  plot.isPrepared = false
  plot.failures = 0
  plot.retryAt = 0
  plot.unableUntil = 0
  turn(plot, 'held', now)
}

/** It could not be taken, for a reason of this node's own. */
export function failed(plot: Plot, now: number, random: number): void {
  plot.failures++
  plot.retryAt = now + delayMs(BACKOFF, plot.failures, random)
  turn(plot, 'free', now)
}

/**
 * Another was faster, or has taken it over. The next try comes later each time: two nodes that cannot hear each other, but
 * reach the log both, would take a partition from one another without end.
 */
export function clashed(plot: Plot, now: number, random: number): void {
  plot.clashes = now - (plot.heldSince ?? now) >= SETTLED_MS ? 1 : plot.clashes + 1
  plot.retryAt = now + delayMs(BACKOFF, plot.clashes, random)
  plot.heldSince = undefined
  plot.awaySince = undefined
  plot.forced = false
  turn(plot, 'free', now)
}

/** It is given up, to somebody who has until `handedUntil` to take it. */
export function freed(plot: Plot, now: number, handedUntil: number): void {
  plot.handedUntil = handedUntil
  plot.forced = false
  plot.awaySince = undefined
  plot.heldSince = undefined
  plot.clashes = 0
  turn(plot, 'free', now)
}

/** How long to wait after the failed attempt `attempt` at giving it up. */
export const releaseDelay = (attempt: number, random: number): number => delayMs(BACKOFF, attempt, random)
