/**
 * Places in the log of a partition, and the subjects they are written under. An epoch is the time of one owner; its
 * entries are numbered 1, 2, 3 … The last entry of an epoch is the seal that ends it and names the next owner.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import { subject } from '../../../actors/subject.ts'

export interface Place {
  readonly epoch: number
  /** 0 is the place before the first entry of an epoch. */
  readonly n: number
}

/** Before everything. */
export const NOWHERE: Place = { epoch: 0, n: 0 }

export const next = ({ epoch, n }: Place): Place => ({ epoch, n: n + 1 })

/** Less than zero when `a` comes before `b`. */
export const compare = (a: Place, b: Place): number => a.epoch - b.epoch || a.n - b.n

export interface LogSubjects {
  entry(place: Place): string
  /** Matches all entries. */
  readonly entries: string
  /** Matches those of one epoch. */
  ofEpoch(epoch: number): string
  /** One part of a snapshot of what the log had made up to `place`; `end` is the last, and says that it is complete. */
  snapshot(place: Place, part: number | 'end'): string
  /** Matches all parts of one snapshot, but not its end only. */
  snapshotParts(place: Place): string
  readonly snapshots: string
  /** Matches those of places in one epoch. */
  snapshotsOf(epoch: number): string
  readonly snapshotEnds: string
  /** The place that a subject of either kind names. Throws `store-corrupt`. */
  placeOf(subject: string): Place
}

export function logSubjects(namespace: string, partition: number): LogSubjects {
  const entries = subject(namespace, 'jrn', String(partition))
  const snapshots = subject(namespace, 'snp', String(partition))
  const depth = entries.split('.').length
  return {
    entry: ({ epoch, n }) => `${entries}.${epoch}.${n}`,
    entries: `${entries}.>`,
    ofEpoch: epoch => `${entries}.${epoch}.>`,
    snapshot: ({ epoch, n }, part) => `${snapshots}.${epoch}.${n}.${part}`,
    snapshotParts: ({ epoch, n }) => `${snapshots}.${epoch}.${n}.*`,
    snapshots: `${snapshots}.>`,
    snapshotsOf: epoch => `${snapshots}.${epoch}.>`,
    snapshotEnds: `${snapshots}.*.*.end`,
    placeOf(name) {
      const [epoch, n] = name
        .split('.')
        .slice(depth, depth + 2)
        .map(Number)
      if (Number.isSafeInteger(epoch) && Number.isSafeInteger(n))
        return { epoch: epoch as number, n: n as number }
      throw new RuntimeError('store-corrupt', `"${name.slice(0, 200)}" is no place in a partition's log`)
    },
  }
}
