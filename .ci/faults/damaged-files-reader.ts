/**
 * The process that opens damaged journals: damage may crash LevelDB, and with it the process. Started by
 * `damaged-files.ts` as `damaged-files-reader FOLDER SEED FROM TO` with the templates in `FOLDER/templates.json`;
 * prints `start I WHAT`, then `done I OUTCOME KIND FILE` or `bad I WHAT`, and `end`. The damage follows from the seed
 * and its number alone.
 */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { RuntimeError } from '../../actors/errors.ts'
import { openLevelJournal } from '../../memory/level-journal.ts'
import { createCodec } from '../../runtime/codec.ts'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { type DamageTemplate, RECORD_KIND } from './damage-templates.ts'
import { type Mutation, mutate } from './mutations.ts'
import { settle } from './owed-commits.ts'
import { type FoundJournal, readPromised } from './promised-commits.ts'

type Outcome = 'corrupt' | 'failed' | 'tail' | 'harmless'
type Verdict = { readonly outcome: Outcome } | { readonly bad: string }

const AT_ONCE = 4
const PATIENCE_MS = 30_000

const [folder = '', seed = '1', from = '0', to = '0'] = process.argv.slice(2)
const templates = JSON.parse(await readFile(join(folder, 'templates.json'), 'utf8')) as [
  DamageTemplate,
  ...DamageTemplate[],
]
const print = (line: string) => process.stdout.write(`${line.replaceAll('\n', ' ')}\n`)

async function damageOne(at: number): Promise<void> {
  const random = prng(Number(seed) * 1_000_003 + at)
  const template = random.pick(templates)
  const dir = join(folder, `copy-${at}`)
  await cp(template.dir, dir, { recursive: true })
  const { file, mutation } = await damage(dir, random)
  const where = `${template.name} ${file}: ${mutation.what}`
  print(`start ${at} ${where}`)
  const verdict = await patiently(judge(dir, template))
  if ('bad' in verdict) print(`bad ${at} ${where}: ${verdict.bad}`)
  else print(`done ${at} ${verdict.outcome} ${mutation.kind} ${basename(file)}`)
  await rm(dir, { recursive: true, force: true })
}

/** Damages one file, one in ten of them one that holds no data. */
async function damage(
  dir: string,
  random: Prng,
): Promise<{ readonly file: string; readonly mutation: Mutation }> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true })
  const names = files
    .filter(file => file.isFile())
    .map(file => join(file.parentPath, file.name))
    .sort()
  const isData = (path: string): boolean => /(?:\.log|\.ldb|MANIFEST-\d+|CURRENT|high-water)$/.test(path)
  const chosen = names.filter(name => isData(name) || random.chance(0.1))
  const path = chosen[random.below(chosen.length)] ?? ''
  const mutation = mutate(await readFile(path), random)
  if (mutation.bytes) await writeFile(path, mutation.bytes)
  else await rm(path)
  return { file: path.slice(dir.length + 1), mutation }
}

interface Reading {
  readonly found: FoundJournal
  readonly records: Readonly<Record<string, unknown>>
  readonly lostTail: number
}

/** Everything a journal holds, or the error it gave instead. Throws what no journal should throw. */
async function read(dir: string): Promise<Reading | RuntimeError> {
  try {
    const journal = await openLevelJournal({ dir, encoder: createCodec(), snapshotEvery: 9 })
    try {
      const records: Record<string, unknown> = {}
      const found = await readPromised(journal)
      for await (const [id, value] of journal.records.list(RECORD_KIND)) records[id] = value
      return { found, records, lostTail: journal.lostTail }
    } finally {
      await journal.close()
    }
  } catch (error) {
    if (error instanceof RuntimeError) return error
    throw error
  }
}

/** Detected, harmless, or neither. What is detected must be so again at the next opening. */
async function judge(dir: string, template: DamageTemplate): Promise<Verdict> {
  const first = await read(dir)
  if (!(first instanceof RuntimeError)) return judgeReading(first, template)
  if (first.kind !== 'store-corrupt' && first.kind !== 'store-failed')
    return { bad: `it is called ${first.kind}: ${first.message}` }
  const second = await read(dir)
  if (!(second instanceof RuntimeError)) return { bad: `${first.kind} at first, nothing when opened again` }
  return { outcome: first.kind === 'store-corrupt' ? 'corrupt' : 'failed' }
}

function judgeReading({ found, records, lostTail }: Reading, template: DamageTemplate): Verdict {
  const { lost, holes, unsyncedLost } = settle(new Map(), template.acknowledged, found.ends)
  const wrong = [...found.problems, ...lost, ...holes]
  if (wrong.length > 0) return { bad: `silently different: ${wrong[0]} (and ${wrong.length - 1} more)` }
  const known = new Set(template.acknowledged.map(({ actor }) => actor))
  for (const actor of found.ends.keys()) if (!known.has(actor)) return { bad: `${actor} never was` }
  if (!isDeepStrictEqual(records, template.records)) return { bad: 'silently different records' }
  if (unsyncedLost > 0 && lostTail === 0) return { bad: `${unsyncedLost} unsynced commits silently gone` }
  return { outcome: lostTail > 0 ? 'tail' : 'harmless' }
}

async function patiently(work: Promise<Verdict>): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Verdict>(resolve => {
    timer = setTimeout(resolve, PATIENCE_MS, { bad: `nothing within ${PATIENCE_MS} ms` })
  })
  try {
    return await Promise.race([work, limit])
  } catch (error) {
    return { bad: `it threw ${error instanceof Error ? error.stack : String(error)}` }
  } finally {
    clearTimeout(timer)
  }
}

const numbers = Array.from({ length: Number(to) - Number(from) }, (_, at) => Number(from) + at)
const lane = async (): Promise<void> => {
  for (let at = numbers.shift(); at !== undefined; at = numbers.shift()) await damageOne(at)
}
await Promise.all(Array.from({ length: AT_ONCE }, lane))
print('end')
