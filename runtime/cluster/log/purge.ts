/**
 * Takes out of the log what a snapshot covers. Seals stay, because zombies must find them, and so does the entry at the
 * place of the snapshot: by it is known how far the log goes, whatever comes late. Only what is of this epoch or of earlier
 * ones is touched: whoever has lost the partition and does not know it yet must take nothing of its successors'.
 */

import { lastTurn, type Turn, turnAt } from './epochs.ts'
import type { Past } from './held-place.ts'
import type { PartitionLog } from './partition-log.ts'
import { compare, type Place } from './place.ts'

/** So many epochs keep their seals: a zombie of an earlier one has stood still for as many takeovers. */
const SEALS_KEPT = 16

/** Purges what the complete snapshot of `at` covers in its epoch. `mayGoOn` rejects when nothing more may be purged. */
export async function purgeBefore(
  { broker, subjects }: PartitionLog,
  at: Place,
  mayGoOn: () => Promise<void>,
): Promise<void> {
  const last = await broker.get(subjects.entry(at))
  await mayGoOn()
  if (last) await broker.purge(subjects.ofEpoch(at.epoch), last.seq)
  // One of nothing has no parts.
  const first =
    (await broker.get(subjects.snapshot(at, 0))) ?? (await broker.get(subjects.snapshot(at, 'end')))
  await mayGoOn()
  if (first) await broker.purge(subjects.snapshotsOf(at.epoch), first.seq)
}

/** Purges the epochs before one of which there is a complete snapshot. `past` is what is known of them. */
export async function purgeEpochs(
  log: PartitionLog,
  before: number,
  past: readonly Past[],
  mayGoOn: () => Promise<void>,
): Promise<void> {
  const { broker, subjects } = log
  for (let epoch = await oldest(log, before); epoch < before; epoch++) {
    const pattern = subjects.ofEpoch(epoch)
    const turn = await turnOf(log, epoch, past)
    await mayGoOn()
    await broker.purge(subjects.snapshotsOf(epoch))
    if (epoch < before - SEALS_KEPT) await broker.purge(pattern)
    else if (turn) await purgeAround(log, epoch, turn)
  }
}

/** The epoch of what has been in the log longest. */
async function oldest({ broker, subjects }: PartitionLog, before: number): Promise<number> {
  for await (const { subject } of broker.read(subjects.entries)) return subjects.placeOf(subject).epoch
  return before
}

/** What the epoch ended with. A seal that came late, where everything was purged, is not it. */
async function turnOf(
  { broker, subjects }: PartitionLog,
  epoch: number,
  past: readonly Past[],
): Promise<Turn | undefined> {
  const last = await broker.last(subjects.ofEpoch(epoch))
  const turn = last && turnAt(subjects, last)
  if (turn && past.some(known => known.epoch === turn.to.epoch && known.n === turn.place.n)) return turn
  return last && lastTurn(broker, subjects, subjects.ofEpoch(epoch), ({ to }) => to.epoch > epoch)
}

async function purgeAround({ broker, subjects }: PartitionLog, epoch: number, turn: Turn): Promise<void> {
  const pattern = subjects.ofEpoch(epoch)
  await broker.purge(pattern, turn.seq)
  const last = await broker.last(pattern)
  if (!last || last.seq === turn.seq) return
  for await (const { subject } of broker.read(pattern, turn.seq + 1))
    if (compare(subjects.placeOf(subject), turn.place) < 0) await broker.purge(subject)
}
