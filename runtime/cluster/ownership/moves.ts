/**
 * What `ownership.ts` does with a partition that takes time: looking at its log, taking it, giving it up, comparing. Each
 * leaves the plot in a phase from which the next review goes on; what fails is reported and comes again later.
 */
import type { Clock } from '../../../actors/clock.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Deed, Heir } from '../territory.ts'
import { type Estate, publish } from './estate.ts'
import { isLost, mayTake, wantedOwner } from './plan.ts'
import { clashed, failed, freed, held, type Plot, releaseDelay, turn } from './plot.ts'

/** Another look at a partition that may not be taken yet, or that two nodes say they own. */
export const AGAIN_MS = 1_000
const UNABLE_AFTER = 2
const RELEASE_ATTEMPTS = 3

/** Does `job` for a plot; then the next thing may be done. */
export function begin(estate: Estate, plot: Plot, job: () => Promise<void>): void {
  const { clock, random, onError } = estate.options
  plot.work = job()
    .catch(error => {
      onError(error, plot.partition)
      if (plot.phase !== 'free') failed(plot, clock.now(), random())
    })
    .then(() => {
      publish(estate)
      estate.review()
    })
}

/** Asks the log of a partition that this node should own, and takes it if that says so. */
export async function look(estate: Estate, plot: Plot): Promise<void> {
  const { territory, membership, clock, random, onError } = estate.options
  const deed = await territory.inspect(plot.partition).catch(error => {
    onError(error, plot.partition)
    failed(plot, clock.now(), random())
  })
  if (!deed) return
  const now = clock.now()
  const members = membership.members()
  const { node, ttlMs, sight } = membership
  const isWanted = wantedOwner(plot.partition, members) === node && plot.forsakenSince !== undefined
  const forsaken = sight === 'full' && now - (plot.forsakenSince ?? now) >= ttlMs
  const gone = (owner: string): boolean => membership.gone(owner)
  if (estate.status !== 'claiming' || !isWanted || sight === 'none') turn(plot, 'free', now)
  else if (mayTake({ deed, node, members, gone, forsaken })) await take(estate, plot, deed)
  else {
    turn(plot, 'free', now)
    plot.retryAt = now + AGAIN_MS
  }
}

async function take(estate: Estate, plot: Plot, deed: Deed): Promise<void> {
  const { territory, clock, random, onError, unableMs, auditMs } = estate.options
  plot.epoch = deed.epoch + 1
  // Only what is lost from now on counts: the epochs of a log that was made anew are small again.
  plot.lostEpoch = 0
  turn(plot, 'taking', clock.now())
  publish(estate)
  try {
    const outcome = await territory.take(plot.partition, deed)
    const now = clock.now()
    if (outcome === 'lost' || plot.lostEpoch >= plot.epoch) return clashed(plot, now, random())
    held(plot, now)
    // Not all 64 at the same moment.
    plot.auditedAt = now - random() * auditMs
  } catch (error) {
    const now = clock.now()
    failed(plot, now, random())
    if (plot.failures >= UNABLE_AFTER) plot.unableUntil = now + unableMs
    onError(error, plot.partition)
  }
}

/** Given up for whoever takes it. */
export const nobody: Heir = async () => undefined

/**
 * Tries a few times. A partition that can neither be given up nor is lost is forgotten then: nobody vouches for it any
 * more, so after a TTL somebody takes it, also this node.
 */
export async function giveUp(estate: Estate, plot: Plot, heir: Heir, graceMs: number): Promise<void> {
  const { territory, membership, clock, random, onError } = estate.options
  const { partition } = plot
  let to: string | undefined
  const named = async (): Promise<string | undefined> => {
    to = await heir()
    return to
  }
  turn(plot, 'releasing', clock.now())
  for (let attempt = 1; attempt <= RELEASE_ATTEMPTS; attempt++) {
    try {
      await territory.release(partition, named, graceMs)
      freed(plot, clock.now(), to === undefined ? 0 : clock.now() + membership.ttlMs)
      return
    } catch (error) {
      if (plot.lostEpoch >= plot.epoch || isPartitionLost(error)) break
      onError(error, partition)
      if (attempt < RELEASE_ATTEMPTS) await pause(clock, releaseDelay(attempt, random()))
    }
  }
  clashed(plot, clock.now(), random())
}

const isPartitionLost = (error: unknown): boolean =>
  error instanceof RuntimeError && error.kind === 'partition-lost'

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise(resolve => void clock.at(clock.now() + ms, resolve))

/** Has what a member that goes still serves ready to be taken; `isComing` says whether it is to be. Does not reject. */
export async function ready(estate: Estate, plot: Plot, isComing: boolean): Promise<void> {
  const { territory, onError } = estate.options
  plot.preparing = true
  plot.isPrepared = isComing
  try {
    await (isComing ? territory.prepare(plot.partition) : territory.forgo(plot.partition))
  } catch (error) {
    onError(error, plot.partition)
  } finally {
    plot.preparing = false
  }
  estate.review()
}

/** Stops serving what the log says is another's. */
export async function compare(estate: Estate, plot: Plot, epoch: number): Promise<void> {
  const { territory, membership, clock, auditMs, onError } = estate.options
  try {
    const deed = await territory.inspect(plot.partition)
    plot.auditedAt = clock.now()
    const isHeld = plot.phase === 'held' && plot.epoch === epoch
    if (isHeld && isLost(deed, membership.node, epoch)) {
      plot.lostEpoch = Math.max(plot.lostEpoch, epoch)
      turn(plot, 'releasing', clock.now())
      publish(estate)
      begin(estate, plot, () => giveUp(estate, plot, nobody, 0))
    }
  } catch (error) {
    plot.auditedAt = clock.now() - auditMs + AGAIN_MS
    onError(error, plot.partition)
  } finally {
    plot.auditing = false
  }
}
