/**
 * The log of a partition: who owns it, how it changes hands, and reading it from a place on. A writer that finds the
 * place of its next entry taken has lost the partition: that, and nothing else, keeps two owners apart. The writing
 * of an owner is in `replicated-store.ts`.
 *
 * Sealing a replicated log before reading it is how Delos hands over (Balakrishnan et al., OSDI 2020).
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Broker } from '../broker.ts'
import type { Deed } from '../territory.ts'
import { type Entry, markEntry, readEntry, type Seal, sealEntry, type Writer } from './entry.ts'
import { compare, type LogSubjects, logSubjects, NOWHERE, next, type Place } from './place.ts'

/** An entry and where it stands, in the log and in the broker's order of storing. */
export interface Placed {
  readonly place: Place
  readonly seq: number
  readonly entry: Entry
}

/** Where a log ends. After a seal that is the place before the first entry of the next epoch. */
export interface Tip extends Deed {
  readonly place: Place
  /** Absent when nothing was ever written. */
  readonly origin?: string
}

export interface PartitionLog {
  readonly partition: number
  readonly subjects: LogSubjects
  readonly broker: Broker
  /** Throws `broker-unavailable`, `store-corrupt`. */
  tip(): Promise<Tip>
  /**
   * Says, behind `tip`, that the log goes on behind `place`, of which a snapshot was written. False when somebody else
   * wrote there. Only one can say it.
   */
  mark(tip: Tip, by: Writer, place: Place): Promise<boolean>
  /** Seals at `tip`. What begins, or undefined when somebody else wrote there. */
  seal(tip: Tip, by: Writer, owner: Pick<Seal, 'node' | 'to'>): Promise<Tip | undefined>
  /** What follows `after`, in the order of places, without a hole. Throws `store-corrupt` when some of it is missing. */
  read(after: Place): Promise<readonly Placed[]>
}

export interface LogOptions {
  readonly broker: Broker
  readonly namespace: string
  readonly partition: number
}

export function partitionLog({ broker, namespace, partition }: LogOptions): PartitionLog {
  const subjects = logSubjects(namespace, partition)
  const entryAt = async (place: Place): Promise<Entry | undefined> => {
    const stored = await broker.get(subjects.entry(place))
    return stored && readEntry(stored.data)
  }
  /** From one entry on to the last. */
  const follow = async (from: Place, first: Entry): Promise<Tip> => {
    let [place, entry] = [from, first]
    for (;;) {
      const begins = goesOnBehind(place, entry)
      const later = await entryAt(next(begins))
      if (!later) return tipOf(begins, entry)
      ;[place, entry] = [next(begins), later]
    }
  }

  return {
    partition,
    subjects,
    broker,
    async tip() {
      const last = await broker.last(subjects.entries)
      // After an upload the newest message need not stand last.
      return last
        ? follow(subjects.placeOf(last.subject), readEntry(last.data))
        : { epoch: 0, place: NOWHERE }
    },
    async mark(tip, by, place) {
      return (await broker.create(subjects.entry(next(tip.place)), markEntry(by, place))) === 'created'
    },
    async seal(tip, by, owner) {
      const seal: Seal = { epoch: tip.epoch + 1, ...owner }
      const place = next(tip.place)
      const written = await broker.create(subjects.entry(place), sealEntry(by, seal))
      return written === 'created'
        ? tipOf({ epoch: seal.epoch, n: 0 }, { kind: 'seal', by, seal })
        : undefined
    },
    async read(after) {
      const found: Placed[] = []
      for await (const { subject, seq, data } of broker.read(subjects.entries)) {
        const place = subjects.placeOf(subject)
        const entry = readEntry(data)
        if (entry.kind !== 'mark' && compare(place, after) > 0) found.push({ place, seq, entry })
      }
      found.sort((a, b) => compare(a.place, b.place))
      return unbroken(partition, after, found)
    },
  }
}

/** The place before the next entry. */
function goesOnBehind(place: Place, entry: Entry): Place {
  if (entry.kind === 'seal') return { epoch: entry.seal.epoch, n: 0 }
  return entry.kind === 'mark' ? entry.place : place
}

function tipOf(place: Place, entry: Entry): Tip {
  const owner = entry.kind === 'seal' ? entry.seal.node : entry.by.node
  return { epoch: place.epoch, place, origin: entry.by.origin, ...(owner !== undefined && { owner }) }
}

/** `found`, if each follows the one before. */
function unbroken(partition: number, after: Place, found: readonly Placed[]): readonly Placed[] {
  let expected = next(after)
  const kept: Placed[] = []
  for (const placed of found) {
    const { place, entry } = placed
    if (compare(place, expected) < 0) continue
    if (compare(place, expected) !== 0) throw hole(partition, expected, place)
    kept.push(placed)
    expected = entry.kind === 'seal' ? { epoch: entry.seal.epoch, n: 1 } : next(place)
  }
  return kept
}

const hole = (partition: number, expected: Place, found: Place): RuntimeError =>
  new RuntimeError(
    'store-corrupt',
    `the log of partition ${partition} lacks entry ${expected.epoch}.${expected.n}, and goes on with ${found.epoch}.${found.n}`,
    {
      why: 'the broker lost messages it had acknowledged',
      fix: 'start the node that owned the partition last: it has a copy on its disk and uploads it',
      details: { partition },
    },
  )
