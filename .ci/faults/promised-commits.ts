/**
 * Commits whose content can be checked without knowing who wrote them: each says the number under which it was
 * appended, and is chained to the one before it; a snapshot's state carries the end of the chain. Written by
 * `power-cut-writer.ts`, `full-disks.ts` and `damaged-files.ts`, and read back by them.
 */
import { createHash } from 'node:crypto'
import type { Address } from '../../actors/address.ts'
import type { Commit, Journal, Recorded, StoredState } from '../../actors/journal.ts'

/** The end of an actor's chain. */
export interface ChainEnd {
  readonly seq: number
  /** Number of the append, over all actors of a journal and rising. */
  readonly n: number
  readonly link: string
}

export const CHAIN_START: ChainEnd = { seq: 0, n: 0, link: '' }

const linkOf = (actor: Address, before: ChainEnd, n: number): string =>
  createHash('sha256')
    .update(`${before.link} ${actor} ${before.seq + 1} ${n}`)
    .digest('hex')
    .slice(0, 16)

/** Fills of very different sizes, so that records cross the blocks of a log in every way. */
const fillOf = (seq: number): string => `${seq};`.repeat([4, 30, 200, 1, 2_500][seq % 5] ?? 1)

export interface Promised {
  readonly commit: Commit
  readonly after: ChainEnd
}

/** The commit after `before`. */
export function promisedCommit(actor: Address, before: ChainEnd, n: number): Promised {
  const after = { seq: before.seq + 1, n, link: linkOf(actor, before, n) }
  const body = { n, link: after.link, fill: fillOf(after.seq) }
  const cause = { id: `m.${n}` }
  const taken = { kind: 'message', type: 'task.assign', body, cause, attempt: 1 } as const
  return { commit: { actor, seq: after.seq, at: 1_700_000_000_000 + n, taken, acts: [] }, after }
}

export const promisedState = ({ seq, n, link }: ChainEnd): StoredState => ({
  value: 'working',
  context: { seq, n, link },
  status: 'active',
  children: {},
})

export interface FoundJournal {
  readonly ends: ReadonlyMap<Address, ChainEnd>
  readonly commits: number
  /** Records that are not what was written, in words. */
  readonly problems: readonly string[]
}

/** Reads all of a journal and follows every chain. Throws what the journal throws. */
export async function readPromised(journal: Journal): Promise<FoundJournal> {
  const ends = new Map<Address, ChainEnd>()
  const problems: string[] = []
  let commits = 0
  for await (const { actor } of journal.actors()) {
    const recorded = await journal.read(actor)
    if (!recorded) {
      problems.push(`${actor} is listed and has no record`)
      continue
    }
    commits += recorded.commits.length
    const end = follow(actor, recorded)
    if (typeof end === 'string') problems.push(end)
    else ends.set(actor, end)
  }
  return { ends, commits, problems }
}

/** The end of what is recorded, or what is wrong with it. */
function follow(actor: Address, { snapshot, commits }: Recorded): ChainEnd | string {
  let end = CHAIN_START
  if (snapshot) {
    const context = snapshot.state.context as unknown as ChainEnd
    if (context.seq !== snapshot.seq) return `${actor}: the snapshot of ${snapshot.seq} holds ${context.seq}`
    end = context
  }
  for (const commit of commits) {
    const n = commit.taken.kind === 'message' ? Number((commit.taken.body as { n: number }).n) : 0
    const expected = promisedCommit(actor, end, n)
    if (JSON.stringify(sorted(commit)) !== JSON.stringify(sorted(expected.commit))) {
      return `${actor}: commit ${commit.seq} after ${end.seq} is not the one that was written`
    }
    end = expected.after
  }
  return end
}

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort()
          .map(([key, member]) => [key, sorted(member)]),
      )
    : value
