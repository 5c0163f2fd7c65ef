/** What the journal conformance suites share: a journal to try, and commits and states to try it with. */
import { type Address, address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Act, AppendOptions, Commit, Journal, Recorded, StoredState } from '../../actors/journal.ts'

export interface JournalFixture {
  readonly journal: Journal
  /** Snapshots replace commits after this many. */
  readonly snapshotEvery: number
  /** Closes the journal and opens it again on what it kept. Absent where nothing is kept. */
  reopen?(): Promise<Journal>
  close(): Promise<void>
}

export const A = address('tester', 'a')
export const B = address('tester', 'b')

export const commit = (actor: Address, seq: number, acts: readonly Act[] = []): Commit => ({
  actor,
  seq,
  at: 1_700_000_000_000 + seq,
  taken: { kind: 'message', type: 'task.assign', body: { seq }, cause: { id: `m.${seq}` }, attempt: 1 },
  acts,
})

export const state = (seq: number): StoredState => ({
  value: 'working',
  context: { seq },
  status: 'active',
  children: {},
})

/** Appends commits of one actor, `from` to `to`, each with the state before it on offer. */
export async function fill(
  journal: Journal,
  actor: Address,
  from: number,
  to: number,
  options?: AppendOptions,
) {
  for (let seq = from; seq <= to; seq++) {
    await journal.append(commit(actor, seq), () => state(seq - 1), options)
  }
}

export async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const entry of entries) found.push(entry)
  return found
}

export const seqsOf = (recorded: Recorded | undefined) => recorded?.commits.map(({ seq }) => seq)
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

export const kindOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : String(error)
  }
  return 'nothing thrown'
}

export type Scenario = (title: string, body: (fixture: JournalFixture) => Promise<void>) => void
