/**
 * Takes a partition over: seals its log, brings this node's copy to the end of it, and opens its stores. A copy that
 * is ahead of the log, because the broker lost what it had acknowledged, is uploaded first.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { LevelStore } from '../../../memory/level.ts'
import type { Deed } from '../territory.ts'
import { catchUp, pinned } from './catch-up.ts'
import type { Writer } from './entry.ts'
import { beginningOf } from './epochs.ts'
import { type Held, heldPlace, pastOf } from './held-place.ts'
import type { PartitionLog, Tip } from './partition-log.ts'
import { compare } from './place.ts'
import { type ReplicatedOptions, ReplicatedStores } from './replicated-store.ts'
import { uploadSnapshot } from './snapshot.ts'

export interface ClaimOptions
  extends Pick<
    ReplicatedOptions,
    'log' | 'copy' | 'monotonic' | 'onLost' | 'mayRestore' | 'now' | 'report' | 'snapshotBytes'
  > {
  /** As it was when this node decided to take it. */
  readonly deed: Deed
  readonly node: string
  readonly life: string
  /** Given once: the id of the epoch that begins, and the name of the history, if it is a new one. */
  readonly origin: string
}

/** How often a log that is being written is tried to be sealed: its owner is alive, and may be meant to be. */
const TRIES = 5

/**
 * Undefined when somebody else was faster. Throws `broker-unavailable`, `store-corrupt`, `store-failed`; then the
 * partition may be sealed for this node, which takes it again.
 */
export async function claim(options: ClaimOptions): Promise<ReplicatedStores | undefined> {
  const { log, copy, deed, node, life } = options
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await log.tip()
    if (found.epoch !== deed.epoch) return undefined
    const tip = await restored(log, copy, { node, life, origin: options.origin }, found)
    if (!tip) continue
    const writer: Writer = { node, life, origin: tip.origin ?? options.origin }
    const begun = await log.seal(tip, writer, { node, id: options.origin })
    if (!begun) continue
    const { place, bytes } = await catchUp(log, copy, writer.origin, {
      end: begun.place,
      report: options.report,
    })
    // A process that stood still meanwhile: somebody has sealed behind it.
    if (place.epoch > begun.epoch) return undefined
    if (compare(place, begun.place) !== 0) {
      // Or its seal was on its way so long that its place was purged: it ends nothing there.
      if ((await log.tip()).epoch < begun.epoch) return undefined
      throw unexpected(log.partition, begun)
    }
    return new ReplicatedStores({ ...options, writer, place, begun: options.origin, uncovered: bytes })
  }
  return undefined
}

/** Uploads this node's copy when the log ends before it does. Undefined when somebody wrote meanwhile. */
async function restored(
  log: PartitionLog,
  copy: LevelStore,
  writer: Writer,
  tip: Tip,
): Promise<Tip | undefined> {
  const held = await heldPlace(copy).catch(() => undefined)
  if (!held || !(await isBehind(log, tip, copy, held))) return tip
  const { broker, subjects } = log
  const { origin, begun } = held
  const place = await uploadSnapshot(broker, subjects, { place: held.place, begun }, () => pinned(copy))
  const isMarked = await log.mark(tip, { ...writer, origin }, place, begun)
  return isMarked ? { epoch: place.epoch, place, origin } : undefined
}

/**
 * The broker knows nothing of the partition any more, or its log is where this copy once was: the epoch in which it ends is
 * one that the copy has gone through, and farther. A copy of another epoch of that number goes on behind something else.
 */
async function isBehind(
  { broker, subjects }: PartitionLog,
  tip: Tip,
  copy: LevelStore,
  { place, origin, begun }: Held,
): Promise<boolean> {
  if (tip.epoch === 0) return place.epoch > 0
  if (tip.origin !== origin || begun === undefined || compare(tip.place, place) >= 0) return false
  const past = await pastOf(copy)
  const same = tip.epoch === place.epoch ? begun : past.find(({ epoch }) => epoch === tip.epoch)?.id
  const sealed = past.find(({ epoch }) => epoch === tip.epoch + 1)
  if (tip.epoch < place.epoch && !(sealed && tip.place.n < sealed.n)) return false
  const beginning = await beginningOf(broker, subjects, tip.epoch)
  return same !== undefined && beginning?.id === same
}

const unexpected = (partition: number, { epoch }: Tip): RuntimeError =>
  new RuntimeError(
    'store-corrupt',
    `the log of partition ${partition} does not end where epoch ${epoch} begins`,
    {
      why: 'the broker lost messages it had acknowledged while the partition was taken over',
    },
  )
