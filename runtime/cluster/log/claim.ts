/**
 * Takes a partition over: seals its log, brings this node's copy to the end of it, and opens its stores. A copy that
 * is ahead of the log, because the broker lost what it had acknowledged, is uploaded first.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { LevelStore } from '../../../memory/level.ts'
import type { Deed } from '../territory.ts'
import { catchUp, pinned } from './catch-up.ts'
import type { Writer } from './entry.ts'
import { type Held, heldPlace } from './held-place.ts'
import type { PartitionLog, Tip } from './partition-log.ts'
import { compare } from './place.ts'
import { type ReplicatedOptions, ReplicatedStores } from './replicated-store.ts'
import { writeSnapshot } from './snapshot.ts'

export interface ClaimOptions
  extends Pick<
    ReplicatedOptions,
    'log' | 'copy' | 'onLost' | 'mayRestore' | 'now' | 'report' | 'snapshotBytes'
  > {
  /** As it was when this node decided to take it. */
  readonly deed: Deed
  readonly node: string
  readonly life: string
  /** The name of the history, if it is a new one. */
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
    const begun = await log.seal(tip, writer, { node })
    if (!begun) continue
    const { place, bytes } = await catchUp(log, copy, writer.origin)
    // A process that stood still meanwhile: somebody has sealed behind it.
    if (place.epoch > begun.epoch) return undefined
    if (compare(place, begun.place) !== 0) throw unexpected(log.partition, begun)
    return new ReplicatedStores({ ...options, writer, place, uncovered: bytes })
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
  if (!held || !isBehind(tip, held)) return tip
  const { broker, subjects } = log
  const { place, origin } = held
  await writeSnapshot(broker, subjects, place, pinned(copy))
  const isMarked = await log.mark(tip, { ...writer, origin }, place)
  return isMarked ? { epoch: place.epoch, place, origin } : undefined
}

/** The broker knows nothing of the partition any more, or lacks the end of what is one epoch's. */
function isBehind(tip: Tip, { place, origin }: Held): boolean {
  if (tip.epoch === 0) return place.epoch > 0
  return tip.origin === origin && tip.epoch === place.epoch && compare(tip.place, place) < 0
}

const unexpected = (partition: number, { epoch }: Tip): RuntimeError =>
  new RuntimeError(
    'store-corrupt',
    `the log of partition ${partition} does not end where epoch ${epoch} begins`,
    {
      why: 'the broker lost messages it had acknowledged while the partition was taken over',
    },
  )
