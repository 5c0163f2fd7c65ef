/**
 * Prng damage to the files of a journal that nobody has open: each must be found, or have changed nothing.
 * A fault case of `cases.ts`; the opening itself is done by `damaged-files-reader.ts`, which damage may crash.
 */
import { mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleProgram } from './bundled-program.ts'
import { startProgram } from './child-process.ts'
import { makeTemplates } from './damage-templates.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'
import { MUTATIONS } from './mutations.ts'

/** Damaged journals per process. */
const BATCH = 250
const SHARED_MEMORY = '/dev/shm'

interface Counts {
  done: number
  /** Damage that ended the process: loudly, but without a name. */
  crashed: number
  readonly outcomes: Record<string, number>
  readonly kinds: Record<string, number>
  readonly bad: string[]
}

export async function runDamage(options: FaultOptions): Promise<Tally> {
  // Thousands of copies: memory where there is some, since a damaged file is damaged there as well.
  const base = await stat(SHARED_MEMORY).then(
    () => SHARED_MEMORY,
    () => tmpdir(),
  )
  const folder = await realpath(await mkdtemp(join(base, 'ac-damage-')))
  const program = await bundleProgram('./damaged-files-reader.ts')
  const counts: Counts = { done: 0, crashed: 0, outcomes: {}, kinds: {}, bad: [] }
  const progress = progressOf({ ...options, count: Math.ceil(options.count / BATCH) }, `batches of ${BATCH}`)
  try {
    await writeFile(join(folder, 'templates.json'), JSON.stringify(await makeTemplates(folder)))
    for (let from = 0; from < options.count; from += BATCH) {
      const to = Math.min(from + BATCH, options.count)
      await damageRange(program.path, [folder, String(options.seed)], from, to, counts)
      progress(from / BATCH + 1)
    }
    return tallyOf(counts)
  } finally {
    await rm(folder, { recursive: true, force: true })
    await program.remove()
  }
}

/** Damages copies `from` up to `to`. When the process dies, what it had begun is done again one by one, to name it. */
async function damageRange(
  program: string,
  args: readonly string[],
  from: number,
  to: number,
  counts: Counts,
): Promise<void> {
  const child = startProgram(program, [...args, String(from), String(to)])
  const { code, signal } = await child.ended
  const lines = child.lines().map(line => line.split(' '))
  const finished = new Set(
    lines.filter(([word]) => word === 'done' || word === 'bad').map(([, at]) => Number(at)),
  )
  const isWhole = lines.at(-1)?.[0] === 'end' && code === 0
  if (to - from === 1 && !isWhole) {
    counts.done++
    const what = lines
      .find(([word]) => word === 'start')
      ?.slice(2)
      .join(' ')
    counts.crashed++
    counts.bad.push(
      `${what}: it ended the process (${signal ?? code}): ${child.errors().trim().slice(0, 300)}`,
    )
    return
  }
  for (const [word = '', , first = '', second = '', ...rest] of lines) {
    if (word === 'done') {
      counts.outcomes[first] = (counts.outcomes[first] ?? 0) + 1
      counts.kinds[second] = (counts.kinds[second] ?? 0) + 1
    }
    if (word === 'bad') counts.bad.push([first, second, ...rest].join(' '))
  }
  counts.done += finished.size
  for (let at = from; at < to; at++) {
    if (!finished.has(at)) await damageRange(program, args, at, at + 1, counts)
  }
}

const tallyOf = ({ done, crashed, outcomes, kinds, bad }: Counts): Tally => ({
  faults: done,
  lost: 0,
  undetected: bad.length - crashed,
  figures: {
    'found and called store-corrupt': outcomes['corrupt'] ?? 0,
    'found and called store-failed': outcomes['failed'] ?? 0,
    'found as a lost unsynced tail': outcomes['tail'] ?? 0,
    'harmless, everything read back': outcomes['harmless'] ?? 0,
    'ended the process in an assertion of LevelDB': crashed,
    ...Object.fromEntries(MUTATIONS.map(kind => [`of kind ${kind}`, kinds[kind] ?? 0])),
  },
  problems: bad.slice(0, 20),
})

export const damagedFiles: FaultCase = {
  name: 'damage',
  title: 'Damage to the files of a journal',
  count: 10_000,
  how: `One file of a copy of a journal is changed: bits flipped, the tail cut off, up to a page of zeros, two
ranges swapped, a range doubled, rubbish appended, the file deleted. Three journals are damaged in turn: one closed
with everything in LevelDB's log, one closed with most in tables, one as a killed process leaves it with unsynced
commits. Nine of ten files hold data. The journal is then opened and read whole. Either it says \`store-corrupt\` or
\`store-failed\`, again when opened again; or it reports a lost tail, and only commits that were never synced are
missing, and none before one that is there; or every commit, snapshot and record is the one that was written.`,
  run: runDamage,
}
