/**
 * A program that remembers, forgets, consolidates and purges is killed without warning, again and again. After each
 * kill the memory is opened and compared with what the program had been answered. A fault case of `cases.ts`.
 */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Memory, MemoryRecord } from '../../memory/memory.ts'
import { contentsOf } from '../../memory/store/testdata/table-files.ts'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { type BundledProgram, bundleProgram } from './bundled-program.ts'
import { startProgram } from './child-process.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'
import { openKilledMemory, type Request, TAG, tagOf } from './memory-killed.ts'

export interface MemoryKillOptions extends FaultOptions {
  /** The program loses its directory with every kill: what must be found then, a test asks for. */
  readonly loses?: boolean
}

/** Lives of one directory: then a new one begins, so that opening and comparing stay fast. */
const LIVES = 25
const READY_MS = 60_000

/** What the program was told, and what it had asked for. */
interface Promised {
  /** Requests without an answer, by key. */
  readonly asked: Map<string, Request>
  /** Requests by key, and the id of each. */
  readonly kept: Map<string, { readonly request: Request; readonly id: string }>
  /** Ids that may be gone, and those that must be. */
  readonly forgetting: Set<string>
  readonly forgot: Set<string>
}

interface Counts {
  kills: number
  early: number
  kept: number
  forgot: number
  purges: number
  lost: number
  repeated: number
  readonly problems: string[]
}

export async function runMemoryKills(options: MemoryKillOptions): Promise<Tally> {
  const work = await realpath(await mkdtemp(join(tmpdir(), 'ac-memory-kills-')))
  const counts: Counts = {
    kills: 0,
    early: 0,
    kept: 0,
    forgot: 0,
    purges: 0,
    lost: 0,
    repeated: 0,
    problems: [],
  }
  let program: BundledProgram | undefined
  try {
    program = await bundleProgram('./memory-kill-subject.ts')
    const random = prng(options.seed)
    while (counts.kills < options.count && counts.problems.length < 20) {
      await oneDirectory({ work, program: program.path, random, counts, options })
    }
    return tallyOf(counts)
  } finally {
    await program?.remove()
    await rm(work, { recursive: true, force: true })
  }
}

interface Bench {
  readonly work: string
  readonly program: string
  readonly random: Prng
  readonly counts: Counts
  readonly options: MemoryKillOptions
}

async function oneDirectory(bench: Bench): Promise<void> {
  const { work, random, counts, options } = bench
  const dir = join(work, `memory-${counts.kills}`)
  const progress = progressOf(options, 'kills')
  const promised: Promised = { asked: new Map(), kept: new Map(), forgetting: new Set(), forgot: new Set() }
  for (let life = 0; life < LIVES && counts.kills < options.count; life++) {
    await oneLife(bench, { dir, life: `${counts.kills}`, promised })
    progress(counts.kills)
    if (options.loses) await rm(dir, { recursive: true, force: true })
    const problems = await judged(dir, promised, counts, random.chance(1 / 3) || life === LIVES - 1)
    for (const one of problems) counts.problems.push(`after kill ${counts.kills}: ${one}`)
    if (counts.problems.length > 0) break
  }
  counts.kept += promised.kept.size
  counts.forgot += promised.forgot.size
  await rm(dir, { recursive: true, force: true })
}

interface Life {
  readonly dir: string
  readonly life: string
  readonly promised: Promised
}

/** Starts the program and kills it, one time in six before it is ready. */
async function oneLife(
  { program, random, counts, work }: Bench,
  { dir, life, promised }: Life,
): Promise<void> {
  const file = join(work, 'asked.json')
  await writeFile(file, JSON.stringify([...promised.asked.values()]))
  const child = startProgram(program, [dir, life, file])
  const isEarly = random.chance(1 / 6)
  const delay = isEarly ? random.between(50, 600) : random.between(0, 700)
  if (!isEarly) await Promise.race([child.said('joined'), sleep(READY_MS, undefined, { ref: false })])
  const ended = await Promise.race([child.ended, sleep(delay)])
  if (ended) counts.problems.push(`life ${life} ended by itself: ${child.errors().trim().slice(-500)}`)
  else await child.kill()
  counts.kills++
  if (!child.lines().includes('joined')) counts.early++
  for (const line of child.lines()) note(promised, line)
  counts.purges += child.lines().filter(line => line === 'purged').length
}

function note(promised: Promised, line: string): void {
  const rest = line.slice(line.indexOf(' ') + 1)
  if (line.startsWith('ask ')) {
    const request = JSON.parse(rest) as Request
    promised.asked.set(request.key, request)
  } else if (line.startsWith('kept ')) {
    const { key, id } = JSON.parse(rest) as { readonly key: string; readonly id: string }
    const request = promised.asked.get(key)
    promised.asked.delete(key)
    if (request) promised.kept.set(key, { request, id })
  } else if (line.startsWith('forgetting ')) promised.forgetting.add(rest)
  else if (line.startsWith('forgot ')) promised.forgot.add(rest)
}

/** Everything that is not as promised. With `purges`, the bytes of what was forgotten must be gone as well. */
async function judged(dir: string, promised: Promised, counts: Counts, purges: boolean): Promise<string[]> {
  const memory = await openKilledMemory(dir)
  try {
    const there = await recordsIn(memory)
    const problems = [
      ...lostIn(promised, there, counts),
      ...repeatedIn(there, counts),
      ...(await unforgotten(memory, promised)),
      ...(await disagreements(memory)),
    ]
    if (!purges) return problems
    await memory.namespace('one').purge()
    counts.purges++
    return [...problems, ...(await bytesLeft(dir, promised)), ...(await disagreements(memory))]
  } finally {
    await memory.close()
  }
}

async function recordsIn(memory: Memory): Promise<readonly MemoryRecord[]> {
  const all: MemoryRecord[] = []
  for (const name of await memory.namespaces()) {
    let after: string | undefined
    do {
      const page = await memory
        .namespace(name)
        .list({ kinds: ['episode'], limit: 1_000, ...(after !== undefined && { after }) })
      all.push(...page.memories)
      after = page.after
    } while (after !== undefined)
  }
  return all
}

function lostIn({ kept, forgetting }: Promised, there: readonly MemoryRecord[], counts: Counts): string[] {
  const byId = new Map(there.map(one => [one.id, one]))
  const lost: string[] = []
  for (const [key, { request, id }] of kept) {
    const record = byId.get(id)
    if (record?.text === request.memory.text || (!record && forgetting.has(id))) continue
    lost.push(record ? `memory ${key} says "${record.text}"` : `memory ${key} (${id}) is gone`)
  }
  counts.lost += lost.length
  return lost
}

function repeatedIn(there: readonly MemoryRecord[], counts: Counts): string[] {
  const seen = new Set<string>()
  const twice = there.filter(({ text }) => seen.size === seen.add(text).size)
  counts.repeated += twice.length
  return twice.map(({ id, text }) => `"${text}" is there twice, last as ${id}`)
}

async function unforgotten(memory: Memory, { kept, forgot }: Promised): Promise<string[]> {
  const problems: string[] = []
  for (const { request, id } of kept.values()) {
    if (!forgot.has(id)) continue
    const space = memory.namespace(request.space)
    if ((await space.get(id)) !== undefined) problems.push(`memory ${request.key} is there and was forgotten`)
    const hits = await space.recall(tagOf(request.key))
    if (hits.some(({ text }) => text.includes(tagOf(request.key)))) {
      problems.push(`memory ${request.key} is recalled and was forgotten`)
    }
  }
  return problems
}

async function disagreements(memory: Memory): Promise<string[]> {
  const problems: string[] = []
  for (const name of await memory.namespaces()) {
    const found = await memory.namespace(name).verify()
    problems.push(...found.problems.slice(0, 5).map(problem => `${name}: ${problem}`))
  }
  return problems
}

async function bytesLeft(dir: string, { kept, forgot }: Promised): Promise<string[]> {
  const tags = new Set(
    [...kept.values()].filter(({ id }) => forgot.has(id)).map(({ request }) => tagOf(request.key)),
  )
  const found = new Set<string>()
  for (const { name, bytes } of await contentsOf(dir)) {
    for (const [tag] of bytes.toString('latin1').matchAll(TAG)) {
      if (tags.has(tag)) found.add(`${tag} is forgotten and purged, and still in ${name}`)
    }
  }
  return [...found]
}

const tallyOf = (counts: Counts): Tally => ({
  faults: counts.kills,
  lost: counts.lost,
  repeated: counts.repeated,
  figures: {
    'memories acknowledged': counts.kept,
    'forgotten, acknowledged': counts.forgot,
    'purges that were compared with the files': counts.purges,
    'kills before all open requests were asked again': counts.early,
  },
  problems: counts.problems.slice(0, 20),
})

export const memoryKills: FaultCase = {
  name: 'memory-kills',
  title: 'kill -9 of a program that remembers, forgets and purges',
  count: 200,
  how: `A program with four writers remembers sentences under request keys in two namespaces, one write in sixteen
synced, while it consolidates, changes, forgets, recalls and purges; it prints what it asks, and what it was answered. It
is killed (SIGKILL) at a random moment, one time in six while it opens the memory or repeats what was not answered. Then
the memory is opened by another process: every acknowledged memory must be there with its text unless it was being
forgotten, no text twice although requests were repeated, nothing that was acknowledged as forgotten by id or by recall,
and \`verify\` must find that records, ids, sessions, facts, derivations, what waits, counters, segments and tail agree.
One time in three it is purged as well, and no file of the directory may hold a word of what was forgotten, tables
unpacked.`,
  run: runMemoryKills,
}
