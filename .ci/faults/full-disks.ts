/**
 * The disk fills up while the journal is written, and is freed again. It mounts small file systems of its own,
 * which needs root on Linux. A fault case of `cases.ts`.
 */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type LevelJournal, openLevelJournal } from '../../memory/level-journal.ts'
import { createCodec } from '../../runtime/codec.ts'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'
import {
  CHAIN_START,
  type ChainEnd,
  promisedCommit,
  promisedState,
  readPromised,
} from './promised-commits.ts'
import { fillDisk, mountDisk, unableToMount, unmountDisk } from './small-disk.ts'

/** How long a full disk may go unnoticed while commits are made (fault matrix, F9). */
const VISIBLE_MS = 2_000

interface Counts {
  disks: number
  acknowledged: number
  lost: number
  slowestMs: number
  refusedWhileFull: number
  openedWhileFull: number
  /** Disks on which the journal that had failed went on by itself. */
  sameJournal: number
  readonly problems: string[]
}

export async function runFullDisks(options: FaultOptions): Promise<Tally> {
  const work = await realpath(await mkdtemp(join(tmpdir(), 'ac-full-')))
  const counts: Counts = {
    disks: 0,
    acknowledged: 0,
    lost: 0,
    slowestMs: 0,
    refusedWhileFull: 0,
    openedWhileFull: 0,
    sameJournal: 0,
    problems: [],
  }
  const random = prng(options.seed)
  const done = progressOf(options, 'full disks')
  try {
    while (counts.disks < options.count) {
      const disk = join(work, `disk-${counts.disks}`)
      const megabytes = random.pick([2, 2, 3, 6, 12])
      await mountDisk(disk, megabytes)
      try {
        // More than what the journal will hold: opening it again takes as much as that once more.
        await writeFile(join(disk, 'reserve'), Buffer.alloc(megabytes * 600_000))
        await fillOnce(disk, random, counts)
      } finally {
        unmountDisk(disk)
      }
      done(++counts.disks)
    }
    return tallyOf(counts)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Commits of three actors, and how far they got. */
interface Writing {
  readonly acknowledged: Map<Address, ChainEnd>
  firstFailureAt: number | undefined
  /** Number of the next append. */
  n: number
  /** Commits acknowledged. */
  count: number
}

const ACTORS = ['a', 'b', 'c'].map(id => address('writer', id))
const openIn = (disk: string): Promise<LevelJournal> =>
  openLevelJournal({ dir: join(disk, 'journal'), encoder: createCodec(), snapshotEvery: 9 })

/** Writes, fills the disk at some moment, and sees what is left once it was freed. */
async function fillOnce(disk: string, random: Prng, counts: Counts): Promise<void> {
  const where = `disk ${counts.disks}`
  const writing: Writing = { acknowledged: new Map(), firstFailureAt: undefined, n: 1, count: 0 }
  let journal = await openIn(disk)
  const writers = ACTORS.map(actor => write(journal, actor, writing, random, counts))
  await sleep(random.next() * random.pick([5, 50, 300]))
  const fullAt = await fillDisk(join(disk, 'ballast'))
  await Promise.all(writers)
  const visibleMs = Math.max(0, (writing.firstFailureAt ?? fullAt) - fullAt)
  counts.slowestMs = Math.max(counts.slowestMs, visibleMs)
  if (visibleMs > VISIBLE_MS) counts.problems.push(`${where}: it took ${visibleMs} ms to show`)
  counts.acknowledged += writing.count
  const restarts = random.chance(0.5)
  if (restarts) {
    await journal.close()
    await openWhileFull(disk, where, counts)
  }
  await rm(join(disk, 'ballast'))
  await rm(join(disk, 'reserve'))
  try {
    if (restarts) journal = await openIn(disk)
    else counts.sameJournal++
    await comeBack(journal, disk, where, writing, counts)
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    counts.problems.push(`${where}: after space was freed: ${error.kind}: ${error.message}`)
  }
}

/** Appends, some synced, until it was refused three times. After a refusal an actor reads where it is. */
async function write(
  journal: LevelJournal,
  actor: Address,
  writing: Writing,
  random: Prng,
  counts: Counts,
): Promise<void> {
  let end = CHAIN_START
  for (let refused = 0; refused < 3; ) {
    const before = end
    const { commit, after } = promisedCommit(actor, before, writing.n++)
    try {
      await journal.append(commit, () => promisedState(before), { sync: random.chance(0.2) })
      end = after
      writing.acknowledged.set(actor, after)
      writing.count++
    } catch (error) {
      const kind = error instanceof RuntimeError ? error.kind : String(error)
      // A commit that was refused may be there all the same, and then stands in the way of the next one.
      const allowed = kind === 'store-failed' || (kind === 'journal-conflict' && refused > 0)
      if (!allowed) counts.problems.push(`disk ${counts.disks}: an append failed with ${kind}`)
      writing.firstFailureAt ??= performance.now()
      refused++
      end = (await endWhileFull(journal, actor)) ?? end
    }
  }
}

async function endWhileFull(journal: LevelJournal, actor: Address): Promise<ChainEnd | undefined> {
  try {
    return (await readPromised(journal)).ends.get(actor)
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'store-failed') return undefined
    throw error
  }
}

/** On a full disk the journal either opens or says why not; neither may harm what is there. */
async function openWhileFull(disk: string, where: string, counts: Counts): Promise<void> {
  try {
    await (await openIn(disk)).close()
    counts.openedWhileFull++
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    counts.refusedWhileFull++
    if (error.kind !== 'store-failed')
      counts.problems.push(`${where}: opening on the full disk failed with ${error.kind}: ${error.message}`)
  }
}

/** With space to spare all that was acknowledged is there, and the journal goes on. */
async function comeBack(
  journal: LevelJournal,
  disk: string,
  where: string,
  writing: Writing,
  counts: Counts,
): Promise<void> {
  const { ends, problems } = await readPromised(journal)
  for (const problem of problems) counts.problems.push(`${where}: ${problem}`)
  for (const [actor, owed] of writing.acknowledged) {
    const missing = owed.seq - (ends.get(actor)?.seq ?? 0)
    if (missing <= 0) continue
    counts.lost += missing
    counts.problems.push(`${where}: the last ${missing} acknowledged commits of ${actor} are gone`)
  }
  const last = await goOn(journal, ends, writing.n)
  await journal.close()
  const next = await openIn(disk)
  const again = await readPromised(next)
  await next.close()
  for (const problem of again.problems) counts.problems.push(`${where}, opened again: ${problem}`)
  for (const [actor, end] of last) {
    if (again.ends.get(actor)?.n !== end.n) counts.problems.push(`${where}: ${actor} did not go on`)
  }
}

async function goOn(
  journal: LevelJournal,
  ends: ReadonlyMap<Address, ChainEnd>,
  first: number,
): Promise<ReadonlyMap<Address, ChainEnd>> {
  const last = new Map<Address, ChainEnd>()
  let n = first
  for (const actor of ACTORS) {
    let end = ends.get(actor) ?? CHAIN_START
    for (let count = 0; count < 20; count++) {
      const before = end
      const { commit, after } = promisedCommit(actor, before, n++)
      await journal.append(commit, () => promisedState(before), { sync: count === 19 })
      end = after
    }
    last.set(actor, end)
  }
  return last
}

const tallyOf = (counts: Counts): Tally => ({
  faults: counts.disks,
  lost: counts.lost,
  figures: {
    'commits acknowledged before': counts.acknowledged,
    'milliseconds until an append failed, at most': Math.round(counts.slowestMs),
    'journals that went on without being opened by hand': counts.sameJournal,
    'openings refused while the disk was full': counts.refusedWhileFull,
    'openings that succeeded while it was full': counts.openedWhileFull,
  },
  problems: counts.problems.slice(0, 20),
})

export const fullDisks: FaultCase = {
  name: 'full-disks',
  title: 'Full disk (ENOSPC)',
  count: 100,
  how: `A journal is opened on a file system of 2 to 12 MB (tmpfs), three actors append, and at a random moment a
ballast file takes the last byte. An append must fail with \`store-failed\` within two seconds. Half of the time the
journal is then closed and opened on the full disk, which may fail with \`store-failed\` and harm nothing, and opened
again once the ballast is gone; else the same journal has to go on by itself. Every acknowledged commit, synced or not,
must be there, and 60 further commits must be kept when it is opened once more.`,
  unable: unableToMount,
  run: runFullDisks,
}
