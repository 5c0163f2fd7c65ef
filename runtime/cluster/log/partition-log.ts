/**
 * The log of a partition: who owns it, how it changes hands, and reading it from a place on. A writer that finds the
 * place of its next entry taken has lost the partition: that, and nothing else, keeps two owners apart. The writing
 * of an owner is in `replicated-store.ts`.
 *
 * Sealing a replicated log before reading it is how Delos hands over (Balakrishnan et al., OSDI 2020).
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Broker, Stored } from '../broker.ts'
import type { Deed } from '../territory.ts'
import { type Entry, markEntry, readEntry, type Seal, sealEntry, type Writer } from './entry.ts'
import { goesOnBehind, lastTurn } from './epochs.ts'
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
   * Says, behind `tip`, that the log goes on behind `place`, of which a snapshot was written, in the epoch of the id
   * `begun`. False when somebody else wrote there. Only one can say it.
   */
  mark(tip: Tip, by: Writer, place: Place, begun: string | undefined): Promise<boolean>
  /** Seals at `tip`. What begins, or undefined when somebody else wrote there. */
  seal(tip: Tip, by: Writer, owner: Pick<Seal, 'node' | 'to' | 'id'>): Promise<Tip | undefined>
  /**
   * What follows `after`, in the order of places, without a hole, beginning to look at the `seq` `from`. Throws
   * `store-corrupt` when some of it is missing.
   */
  read(after: Place, from?: number): AsyncIterable<Placed>
}

type Found = Pick<Placed, 'place' | 'entry'>

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
  const follow = async ({ place: from, entry: first }: Found): Promise<Tip> => {
    let [place, entry] = [from, first]
    for (;;) {
      const begins = goesOnBehind(place, entry)
      const later = await entryAt(next(begins))
      if (!later) return tipOf(begins, entry)
      ;[place, entry] = [next(begins), later]
    }
  }

  /** The entry at the place of a snapshot, or the next one, or the one that says that the log goes on behind it. */
  const entryOf = async (place: Place): Promise<Found | undefined> => {
    for (const at of [place, next(place)]) {
      const entry = await entryAt(at)
      if (entry) return { place: at, entry }
    }
    const turn = await lastTurn(broker, subjects, subjects.entries, ({ to }) => compare(to, place) === 0)
    const entry = turn && (await entryAt(turn.place))
    return entry && { place: turn.place, entry }
  }

  return {
    partition,
    subjects,
    broker,
    async tip() {
      const [last, end] = await Promise.all([
        broker.last(subjects.entries),
        broker.last(subjects.snapshotEnds),
      ])
      if (!last) return { epoch: 0, place: NOWHERE }
      // After an upload the newest message need not stand last.
      const found: Found = { place: subjects.placeOf(last.subject), entry: readEntry(last.data) }
      const covered = end ? subjects.placeOf(end.subject) : NOWHERE
      const isLate =
        compare(found.place, covered) < 0 && compare(goesOnBehind(found.place, found.entry), covered) !== 0
      // What was long on its way stands where everything was purged: it is not where the log ends.
      return follow((isLate && (await entryOf(covered))) || found)
    },
    async mark(tip, by, place, begun) {
      const mark = markEntry(by, { ...place, ...(begun !== undefined && { begun }) })
      return (await broker.create(subjects.entry(next(tip.place)), mark)) === 'created'
    },
    async seal(tip, by, owner) {
      const seal: Seal = { epoch: tip.epoch + 1, ...owner }
      const place = next(tip.place)
      const written = await broker.create(subjects.entry(place), sealEntry(by, seal))
      return written === 'created'
        ? tipOf({ epoch: seal.epoch, n: 0 }, { kind: 'seal', by, seal })
        : undefined
    },
    read: (after, from) => unbroken(partition, after, placed(broker.read(subjects.entries, from), subjects)),
  }
}

function tipOf(place: Place, entry: Entry): Tip {
  const owner = entry.kind === 'seal' ? entry.seal.node : entry.by.node
  return { epoch: place.epoch, place, origin: entry.by.origin, ...(owner !== undefined && { owner }) }
}

async function* placed(messages: AsyncIterable<Stored>, subjects: LogSubjects): AsyncIterable<Placed> {
  for await (const { subject, seq, data } of messages)
    yield { place: subjects.placeOf(subject), seq, entry: readEntry(data) }
}

/**
 * The entries behind `after`, each when the one before it was there. They are stored in the order of their places: only what
 * is not has to be held. What stands before the next place, or in a mark, is no part of what is read.
 */
async function* unbroken(
  partition: number,
  after: Place,
  entries: AsyncIterable<Placed>,
): AsyncIterable<Placed> {
  const early = new Map<string, Placed>()
  let expected = next(after)
  for await (const found of entries) {
    if (found.entry.kind === 'mark' || compare(found.place, expected) < 0) continue
    early.set(nameOf(found.place), found)
    for (let now = early.get(nameOf(expected)); now; now = early.get(nameOf(expected))) {
      early.delete(nameOf(expected))
      expected = next(goesOnBehind(now.place, now.entry))
      yield now
    }
  }
  const [missed] = [...early.values()]
    .map(({ place }) => place)
    .filter(place => compare(place, expected) > 0)
    .sort(compare)
  if (missed) throw hole(partition, expected, missed)
}

const nameOf = ({ epoch, n }: Place): string => `${epoch}.${n}`

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
