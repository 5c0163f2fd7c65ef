/**
 * What `ownership.ts` knows and has under way, and how the members are told of it. The decisions are there and in
 * `plan.ts`; what takes time is in `moves.ts`.
 */
import type { Cancel, Clock } from '../../../actors/clock.ts'
import type { Holdings } from '../membership/heartbeat.ts'
import type { Membership, Sight } from '../membership/membership.ts'
import type { Territory } from '../territory.ts'
import type { ownerIn } from './plan.ts'
import { isOurs, type Plot } from './plot.ts'

export interface OwnershipOptions {
  readonly membership: Membership
  readonly territory: Territory
  /** The one of the membership. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  random(): number
  /** What failed and is tried again. `partition` is absent when it concerns all. */
  onError(error: unknown, partition?: number): void
  /** How many partitions are looked at and taken at a time, and how many are handed over. */
  readonly concurrency?: number
  /** Nothing is handed over until the members have been the same for so long. */
  readonly stableMs?: number
  /**
   * A partition that should move but is never quiet is moved all the same after so long, one at a time: a node added to
   * take load off busy ones would get nothing else. What is under way has `graceMs` to end, while nothing new is begun.
   */
  readonly rebalanceAfterMs?: number
  readonly graceMs?: number
  readonly auditMs?: number
  /** A partition that could not be served twice in a row is left to other nodes for so long. */
  readonly unableMs?: number
  /** A take-over that lasts longer counts as not going on: others may take the partition. */
  readonly takeMs?: number
}

export type Settings = Required<OwnershipOptions>

export interface Estate {
  readonly options: Settings
  readonly plots: readonly Plot[]
  readonly listeners: Set<() => void>
  status: 'claiming' | 'draining' | 'stopped'
  /** Partitions looked at or taken at the moment. */
  running: number
  /** What the placement depends on, and what it says: the owner that each partition should have. */
  electorate: string
  wanted: readonly (string | undefined)[]
  /** Since when the electorate is the same. */
  stableSince: number
  sight: Sight
  announced: string
  /** What `ownerOf` tells, until something changes. */
  owners: ReturnType<typeof ownerIn>[] | undefined
  cancelTick: Cancel
  unlisten: () => void
  /** Looks at everything again. */
  review: () => void
  drained: Promise<void> | undefined
}

export function holdingsOf({ plots, options: { clock, takeMs } }: Estate): Holdings {
  const now = clock.now()
  const numbers = (holds: (plot: Plot) => boolean) => plots.filter(holds).map(({ partition }) => partition)
  return {
    partitions: new Map(plots.filter(isOurs).map(({ partition, epoch }) => [partition, epoch])),
    taking: numbers(plot => plot.phase === 'taking' && now - plot.since < takeMs),
    unable: numbers(plot => plot.unableUntil > now),
  }
}

/** Tells the members what this node holds, when that has changed. */
export function publish(estate: Estate): void {
  if (estate.status === 'stopped') return
  const holdings = holdingsOf(estate)
  const text = JSON.stringify([[...holdings.partitions], holdings.taking, holdings.unable])
  if (text === estate.announced) return
  estate.announced = text
  estate.options.membership.announce(holdings)
  tell(estate)
}

export function tell(estate: Estate): void {
  estate.owners = undefined
  for (const listener of estate.listeners) {
    try {
      listener()
    } catch (error) {
      estate.options.onError(error)
    }
  }
}
