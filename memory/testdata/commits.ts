/** Commits and states for the tests of the journal on disk. */
import type { Address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Commit, Recorded, StoredState } from '../../actors/journal.ts'

export const commitOf = (actor: Address, seq: number): Commit => ({
  actor,
  seq,
  at: 1_700_000_000_000 + seq,
  taken: { kind: 'message', type: 'task.assign', body: { seq }, cause: { id: `m.${seq}` }, attempt: 1 },
  acts: [{ act: 'start', child: 'call', src: 'model', input: { prompt: `${seq} `.repeat(40) } }],
})

export const stateOf = (seq: number): StoredState => ({
  value: 'working',
  context: { seq },
  status: 'active',
  children: {},
})

export async function kindOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (error instanceof RuntimeError) return error.kind
    throw error
  }
  return 'nothing thrown'
}

export async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

export const lastOf = (recorded: Recorded | undefined): number =>
  recorded?.commits.at(-1)?.seq ?? recorded?.snapshot?.seq ?? 0
