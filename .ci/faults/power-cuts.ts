/**
 * The power goes while the journal is written: again and again, at any moment, also while it recovers from the
 * last time. A writer is killed, its files are set back to what a disk surely had, and what is left is compared
 * with what was acknowledged. A fault case of `cases.ts`.
 */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { openLevelJournal } from '../../memory/level-journal.ts'
import { createCodec } from '../../runtime/codec.ts'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { bundleProgram } from './bundled-program.ts'
import { startProgram } from './child-process.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'
import { type Acknowledged, readAcknowledged, settle } from './owed-commits.ts'
import { compileShim, cutPower, type Kept, shimEnvironment, watchFolder } from './power-cut.ts'
import type { NamesModel } from './power-cut-notes.ts'
import { type FoundJournal, readPromised } from './promised-commits.ts'

export interface PowerCutOptions extends FaultOptions {
  readonly names: NamesModel
  readonly kept: readonly [Kept, ...Kept[]]
  /** A new journal after so many cuts. Default 20. */
  readonly cutsPerJournal?: number
}

type Ends = ReadonlyMap<Address, { readonly seq: number; readonly n: number }>

/** One journal and what it owes. */
interface Session {
  readonly root: string
  round: number
  owed: Ends
  acknowledged: Acknowledged[]
  /** How the last cut treated the journal's own mark, which is what tells of a lost tail. */
  kept: Kept
  /** A process was killed while it opened the journal: it may have been the one that was told of a lost tail. */
  interrupted: boolean
}

interface Counts {
  cuts: number
  acknowledged: number
  synced: number
  lost: number
  unsyncedLost: number
  whileOpening: number
  unchecked: number
  tailsReported: number
  names: number
  bytes: number
  overwrites: number
  readonly problems: string[]
}

interface Bench {
  readonly program: string
  readonly shim: string
  readonly random: Prng
  readonly counts: Counts
  readonly options: PowerCutOptions
}

export async function runPowerCuts(options: PowerCutOptions): Promise<Tally> {
  const work = await realpath(await mkdtemp(join(tmpdir(), 'ac-power-')))
  const program = await bundleProgram('./power-cut-writer.ts')
  const counts: Counts = {
    cuts: 0,
    acknowledged: 0,
    synced: 0,
    lost: 0,
    unsyncedLost: 0,
    whileOpening: 0,
    unchecked: 0,
    tailsReported: 0,
    names: 0,
    bytes: 0,
    overwrites: 0,
    problems: [],
  }
  const random = prng(options.seed)
  const done = progressOf(options, 'power cuts')
  try {
    const bench = { program: program.path, shim: await compileShim(work), random, counts, options }
    const { cutsPerJournal = 20 } = options
    let session = await newSession(work, 0)
    while (counts.cuts < options.count) {
      await cutOnce(bench, session)
      done(counts.cuts)
      const isLast = counts.cuts % cutsPerJournal === 0 || counts.cuts === options.count
      const sound = (random.chance(0.25) && !isLast) || (await check(bench, session))
      if (sound && !isLast) continue
      await rm(session.root, { recursive: true, force: true })
      session = await newSession(work, counts.cuts)
    }
    return tallyOf(counts)
  } finally {
    await rm(work, { recursive: true, force: true })
    await program.remove()
  }
}

async function newSession(work: string, at: number): Promise<Session> {
  const root = join(work, `disk-${at}`)
  await mkdir(root)
  return { root, round: 0, owed: new Map(), acknowledged: [], kept: 'nothing', interrupted: false }
}

/** Starts the writer, kills it at some moment, and cuts its files. */
async function cutOnce({ program, shim, random, counts, options }: Bench, session: Session): Promise<void> {
  const watched = await watchFolder(session.root)
  session.round++
  const first = session.round * 1_000_000
  const args = [join(session.root, 'journal'), String(first), String(random.between(1, 2 ** 31))]
  // A busy disk: what LevelDB begins before something is safe, it has then begun for longer.
  const syncMicros = random.pick([0, 15_000])
  const child = startProgram(program, args, shimEnvironment(shim, watched, syncMicros))
  if (random.chance(0.85)) {
    await child.said('open')
    // Some write long enough to fill several logs.
    await sleep(random.next() * random.pick([400, 1_500]))
  } else await sleep(random.next() * 250)
  await child.kill()
  counts.cuts++
  take({ counts, options }, session, child.lines())
  if (child.errors() !== '') trouble(counts, `round ${counts.cuts}: the writer said ${child.errors()}`)
  session.kept = random.pick(options.kept)
  const cut = await cutPower(watched, { names: options.names, kept: session.kept }, random)
  counts.names += cut.names
  counts.bytes += cut.bytes
  counts.overwrites += cut.overwrites
}

/** Takes in what a writer printed: what it found after the last cut, and what was acknowledged since. */
function take(
  { counts }: Pick<Bench, 'counts' | 'options'>,
  session: Session,
  lines: readonly string[],
): void {
  const open = lines.find(line => line.startsWith('open'))
  for (const line of lines) {
    if (/^(?:wrong|refused)/.test(line)) trouble(counts, `cut ${counts.cuts}, ${session.kept}: ${line}`)
  }
  if (open === undefined) {
    counts.whileOpening++
    session.interrupted = true
    return
  }
  const ends = lines
    .filter(line => line.startsWith('found'))
    .map(line => line.split(' '))
    .map(([, actor, seq, n]) => [actor as Address, { seq: Number(seq), n: Number(n) }] as const)
  compare(counts, session, new Map(ends), Number(open.split(' ')[1]))
  session.acknowledged = lines.filter(line => line.startsWith('ack')).map(readAcknowledged)
  counts.acknowledged += session.acknowledged.length
  counts.synced += session.acknowledged.filter(({ sync }) => sync).length
}

/** What a journal that was opened after a cut holds, against what it owed; from then on it owes what it holds. */
function compare(counts: Counts, session: Session, found: Ends, lostTail: number): void {
  const { lost, holes, unsyncedLost } = settle(session.owed, session.acknowledged, found)
  const where = `cut ${counts.cuts}, ${session.kept}`
  counts.lost += lost.length
  counts.unsyncedLost += unsyncedLost
  if (lostTail > 0) counts.tailsReported++
  for (const one of [...lost, ...holes]) trouble(counts, `${where}: ${one}`)
  if (unsyncedLost > 0 && lostTail === 0 && session.kept === 'overwrites' && !session.interrupted)
    trouble(counts, `${where}: ${unsyncedLost} unsynced commits are gone and nothing was said of a lost tail`)
  session.owed = found
  session.acknowledged = []
  session.interrupted = false
}

/** Opens the journal as its next user would. Returns whether that succeeded. */
async function check({ counts }: Bench, session: Session): Promise<boolean> {
  const where = `cut ${counts.cuts}, ${session.kept}`
  try {
    const { found, lostTail } = await readBack(join(session.root, 'journal'))
    for (const problem of found.problems) trouble(counts, `${where}: ${problem}`)
    compare(counts, session, found.ends, lostTail)
    return true
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    trouble(counts, `${where}: ${error.kind}: ${error.message}`)
    return false
  }
}

async function readBack(dir: string): Promise<{ readonly found: FoundJournal; readonly lostTail: number }> {
  const journal = await openLevelJournal({ dir, encoder: createCodec(), snapshotEvery: 9 })
  try {
    return { found: await readPromised(journal), lostTail: journal.lostTail }
  } finally {
    await journal.close()
  }
}

const trouble = (counts: Counts, what: string): void => {
  counts.problems.push(what)
}

const tallyOf = (counts: Counts): Tally => ({
  faults: counts.cuts,
  lost: counts.lost,
  undetected: counts.problems.filter(problem => problem.includes('nothing was said')).length,
  figures: {
    'commits acknowledged': counts.acknowledged,
    'of these synced': counts.synced,
    'unsynced commits lost, as allowed': counts.unsyncedLost,
    'cuts while opening or recovering': counts.whileOpening,
    'lost tails reported': counts.tailsReported,
    'changes of names undone': counts.names,
    'bytes cut off': counts.bytes,
    'writes in place undone': counts.overwrites,
  },
  problems: counts.problems.slice(0, 20),
})

export const powerCuts: FaultCase = {
  name: 'power-cuts',
  title: 'Power cut while the journal is written',
  count: 500,
  how: `A process appends commits of six actors, up to every fifth of them synced. A shim (\`LD_PRELOAD\`, Linux)
notes sizes, names and bytes replaced in place, and what each \`fsync\` and \`fdatasync\` made safe. The process is
killed at a random moment, one time in seven before it has opened the journal, and its files are set back: to exactly
what was synced, or to a random state between that and what was written, in some with a page of zeros in what was not
synced. Half of the processes have a disk whose syncs take 15 ms longer. File names follow the order of their changes,
and any sync brings earlier ones along, as on ext4, XFS and Btrfs. One time in four the next process starts on the
result unchecked, so that recovery is cut too. Then every commit acknowledged as synced, and all before it, must be
there, every chain must be whole, no commit may be there that comes after a missing one, and opening must succeed.`,
  run: options =>
    runPowerCuts({ ...options, names: 'journaled', kept: ['nothing', 'overwrites', 'some', 'holes'] }),
}

export const powerCutsByTheStandard: FaultCase = {
  name: 'power-cuts-posix',
  title: 'Power cut on a disk that keeps no more than POSIX demands',
  count: 100,
  how: `As above, but a file that was created, renamed or deleted has its new name only after a sync of its folder:
what the standard promises, and the least any file system does.`,
  run: options =>
    runPowerCuts({ ...options, names: 'posix', kept: ['nothing', 'overwrites', 'some', 'holes'] }),
}
