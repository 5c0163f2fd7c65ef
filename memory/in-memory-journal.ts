/**
 * A journal that lives as long as the process: the D0 rung of the durability ladder. Same contract as the one
 * on disk, so embedding without a data directory takes the same path. Bounded: a snapshot replaces commits.
 */
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Commit, Journal, Recorded, StoredState } from '../actors/journal.ts'

export interface InMemoryJournalOptions {
  /** Commits kept per actor before a snapshot replaces them. Default 64. */
  readonly snapshotEvery?: number
}

interface Record {
  last: number
  snapshot: { readonly seq: number; readonly state: StoredState } | undefined
  commits: Commit[]
}

export function inMemoryJournal({ snapshotEvery = 64 }: InMemoryJournalOptions = {}): Journal {
  const records = new Map<Address, Record>()
  let closed = false

  const refuseClosed = (): void => {
    if (closed)
      throw new RuntimeError('journal-closed', 'the journal is closed', { fix: 'start a new runtime' })
  }

  return {
    append(commit, state) {
      refuseClosed()
      const record = records.get(commit.actor) ?? { last: 0, snapshot: undefined, commits: [] }
      if (commit.seq !== record.last + 1) throw conflict(commit, record.last)
      if (record.commits.length >= snapshotEvery) {
        record.snapshot = { seq: commit.seq, state: state() }
        record.commits = []
      } else {
        record.commits.push(commit)
      }
      record.last = commit.seq
      records.set(commit.actor, record)
    },
    async read(actor): Promise<Recorded | undefined> {
      refuseClosed()
      const record = records.get(actor)
      if (!record) return undefined
      return { commits: [...record.commits], ...(record.snapshot && { snapshot: record.snapshot }) }
    },
    async *actors() {
      refuseClosed()
      yield* [...records.keys()].sort()
    },
    async remove(actor) {
      refuseClosed()
      records.delete(actor)
    },
    async close() {
      closed = true
      records.clear()
    },
  }
}

const conflict = (commit: Commit, last: number): RuntimeError =>
  new RuntimeError(
    'journal-conflict',
    `commit ${commit.seq} of ${commit.actor} does not follow commit ${last}`,
    {
      why: 'two writers would share one actor, or a commit was lost',
      details: { actor: commit.actor, seq: commit.seq, last },
    },
  )
