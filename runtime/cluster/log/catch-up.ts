/**
 * Brings the copy of a partition on this node's disk to the end of its log: from the newest snapshot when that is
 * ahead of the copy, then entry by entry. Called after the log was sealed, so that nothing comes behind it, and
 * after the disk had to be opened again.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { LevelStore, Op } from '../../../memory/level.ts'
import { decodeOps } from './entry.ts'
import { beginningOf, endOf, goesOnBehind, idBehind, type Turn } from './epochs.ts'
import { clearCopy, type Held, heldOp, heldPlace, type Past, pastOf, pastOp, STORES } from './held-place.ts'
import type { PartitionLog } from './partition-log.ts'
import { compare, NOWHERE, type Place } from './place.ts'
import { newestSnapshot, type Snapshot } from './snapshot.ts'

export interface CaughtUp {
  /** The last entry that is in the copy, or the place before the first one of an epoch without any. */
  readonly place: Place
  /** Bytes of the entries that no snapshot covers. */
  readonly bytes: number
}

export interface CatchUpOptions {
  /** Where the log was sealed: a copy that goes farther is none of it. */
  readonly end?: Place
  readonly report?: (error: unknown) => void
}

/**
 * `origin` is the history that the log is of. Throws `store-corrupt` when the log has a hole, `store-failed`,
 * `broker-unavailable`. A copy that has what the log no longer has, and that nobody can write there any more, is
 * reported and read again.
 */
export async function catchUp(
  log: PartitionLog,
  copy: LevelStore,
  origin: string,
  { end, report = () => {} }: CatchUpOptions = {},
): Promise<CaughtUp> {
  const { broker, subjects } = log
  const snapshot = await newestSnapshot(broker, subjects)
  let held = await heldPlace(copy).catch(() => undefined)
  const isOurs = held?.origin === origin && held.begun !== undefined
  const isNewer = snapshot && (!held || compare(snapshot.place, held.place) > 0)
  const why = held && isOurs && !isNewer ? await strayed(log, held, end) : undefined
  if (why) report(isStray(log, copy, why))
  if (!isOurs || isNewer || why) {
    held = undefined
    await clearCopy(copy)
  }
  if (snapshot && !held) held = await load(log, copy, origin, snapshot)
  return apply(log, copy, held ?? { place: NOWHERE, origin, begun: undefined })
}

/** Why the copy is not one of a place in the log; undefined when it is, as far as the log tells. */
async function strayed(
  { broker, subjects }: PartitionLog,
  { place, begun }: Held,
  end: Place | undefined,
): Promise<string | undefined> {
  const has = `it holds ${place.epoch}.${place.n}`
  if (end && compare(place, end) > 0) return `${has}, and the log ends before ${end.epoch}.${end.n + 1}`
  const [beginning, seal] = await Promise.all([
    beginningOf(broker, subjects, place.epoch),
    endOf(broker, subjects, place.epoch),
  ])
  if (beginning?.id !== undefined && beginning.id !== begun)
    return `its epoch ${place.epoch} is not the one of the log`
  if (seal && compare(seal.place, place) <= 0) return `${has}, and the epoch was sealed at ${seal.place.n}`
  return undefined
}

const isStray = ({ partition }: PartitionLog, { dir }: LevelStore, why: string): RuntimeError =>
  new RuntimeError(
    'store-corrupt',
    `the copy of partition ${partition} has another history than its log: ${why}`,
    {
      why: 'the broker lost messages it had acknowledged, and another node went on without them',
      fix: 'nothing can be done: the copy is read again from the log, and what only it had is lost',
      details: { partition, dir },
    },
  )

async function load(
  { broker, subjects }: PartitionLog,
  copy: LevelStore,
  origin: string,
  { place, contents }: Snapshot,
): Promise<Held> {
  for await (const ops of contents) await copy.batch(ops)
  const turn = await beginningOf(broker, subjects, place.epoch)
  const held: Held = { place, origin, begun: turn?.id }
  await copy.batch([heldOp(held), ...(turn ? [pastOp(pastWith([], turn))] : [])])
  return held
}

const pastWith = (
  past: readonly Past[],
  { place, to, id }: Pick<Turn, 'place' | 'to' | 'id'>,
): readonly Past[] => (id === undefined ? past : [...past, { epoch: to.epoch, id, n: place.n }])

/** Each entry is in the copy before the next is looked at, so that a long log is never held whole. */
async function apply(
  log: PartitionLog,
  copy: LevelStore,
  { place: from, origin, begun: first }: Held,
): Promise<CaughtUp> {
  let [place, begun, bytes] = [from, first, 0]
  let parts: Uint8Array[] = []
  let past = await pastOf(copy)
  for await (const { place: at, entry } of log.read(from, await seqOf(log, from))) {
    place = goesOnBehind(at, entry)
    const more: Op[] = []
    if (entry.kind === 'seal') {
      // An entry whose other parts never came was never acknowledged.
      parts = []
      begun = idBehind(entry)
      past = pastWith(past, { place: at, to: place, ...(begun !== undefined && { id: begun }) })
      more.push(pastOp(past))
    } else if (entry.kind === 'ops') {
      parts.push(entry.content)
      bytes += entry.content.length
    }
    if (entry.kind === 'ops' && entry.more) continue
    const { ops } = decodeOps(Buffer.concat(parts))
    parts = []
    await copy.batch([...ops, ...more, heldOp({ place, origin, begun })])
  }
  return { place, bytes }
}

/** Where the broker keeps what stands at `place`, or goes on behind it: everything behind that was stored later. */
async function seqOf({ broker, subjects }: PartitionLog, place: Place): Promise<number | undefined> {
  const stored = place.n > 0 ? await broker.get(subjects.entry(place)) : undefined
  return stored?.seq ?? (await beginningOf(broker, subjects, place.epoch))?.seq
}

/** What the stores of a partition hold now, pinned when this is called. */
export function pinned(copy: LevelStore): AsyncIterable<readonly [key: string, value: Uint8Array]> {
  const iterator = copy.range(STORES)[Symbol.asyncIterator]()
  // The iteration is of the moment of its first step.
  const first = iterator.next()
  first.catch(() => {})
  return (async function* () {
    try {
      for (let step = await first; !step.done; step = await iterator.next()) yield step.value
    } finally {
      // Also when it is broken off: a compaction would wait for it.
      await iterator.return?.()
    }
  })()
}
