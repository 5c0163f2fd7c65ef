/**
 * What the log says of epochs as such: what began one, and what ended it. After the broker has lost the end of a log, an
 * epoch may be begun a second time under the same number; its id tells the two apart. Used by `partition-log.ts`,
 * `catch-up.ts` and `purge.ts`.
 */
import type { Broker, Stored } from '../broker.ts'
import { type Entry, isReadable, readEntry } from './entry.ts'
import { compare, type LogSubjects, type Place } from './place.ts'

/** Ends the epoch of `place`, or jumps over what was lost of it, and so begins or goes on with another. */
export interface Turn {
  readonly place: Place
  readonly seq: number
  /** The place before the next entry. */
  readonly to: Place
  /** Of the epoch of `to`; absent in a mark of an earlier version. */
  readonly id?: string
}

/** The place before the entry that follows the one at `place`. */
export function goesOnBehind(place: Place, entry: Entry): Place {
  if (entry.kind === 'seal') return { epoch: entry.seal.epoch, n: 0 }
  return entry.kind === 'mark' ? entry.place : place
}

/** The id of the epoch in which the log goes on. Seals of an earlier version, or that give up, are known by who wrote them. */
export function idBehind(entry: Entry): string | undefined {
  if (entry.kind === 'ops') return undefined
  if (entry.kind === 'mark') return entry.begun
  return entry.seal.id ?? `${entry.by.node} ${entry.by.life}`
}

/** Undefined for changes, and for what a later version wrote. */
export function turnAt(subjects: LogSubjects, { subject, seq, data }: Stored): Turn | undefined {
  if (!isReadable(data)) return undefined
  const entry = readEntry(data)
  if (entry.kind === 'ops') return undefined
  const place = subjects.placeOf(subject)
  const id = idBehind(entry)
  return { place, seq, to: goesOnBehind(place, entry), ...(id !== undefined && { id }) }
}

/** What began `epoch`; undefined when the log does not tell any more. */
export async function beginningOf(
  broker: Broker,
  subjects: LogSubjects,
  epoch: number,
): Promise<Turn | undefined> {
  if (epoch === 0) return undefined
  const last = await broker.last(subjects.ofEpoch(epoch - 1))
  const turn = last && turnAt(subjects, last)
  if (turn?.to.epoch === epoch) return turn
  // Something came there late, or the broker has forgotten the seal, and a mark of any epoch stands for it.
  return lastTurn(broker, subjects, subjects.entries, ({ to }) => to.epoch === epoch)
}

/** The seal that ended `epoch`, as far as the log tells without reading it. */
export async function endOf(broker: Broker, subjects: LogSubjects, epoch: number): Promise<Turn | undefined> {
  const last = await broker.last(subjects.ofEpoch(epoch))
  const turn = last && turnAt(subjects, last)
  return turn && turn.to.epoch > epoch ? turn : undefined
}

/** Among what matches `pattern`, the one that stands last. */
export async function lastTurn(
  broker: Broker,
  subjects: LogSubjects,
  pattern: string,
  isWanted: (turn: Turn) => boolean,
): Promise<Turn | undefined> {
  let found: Turn | undefined
  for await (const stored of broker.read(pattern)) {
    const turn = turnAt(subjects, stored)
    if (turn && isWanted(turn) && !(found && compare(turn.place, found.place) < 0)) found = turn
  }
  return found
}
