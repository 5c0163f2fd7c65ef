/**
 * One process of `memory-scale`: writes so many turns with an engine, or opens what was written and asks, and sends
 * home what it found. Started by `scale.ts`, one for each, so that no memory of writing counts as that of reading.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { quantile } from '../median.ts'
import type { Asking } from './engine.ts'
import { ENGINES, type EngineName } from './engines.ts'
import { questionAbout, type Turn, turns } from './turns.ts'

export interface Written {
  /** Of the calls that write and of closing, without making the turns. */
  readonly writeMs: number
  /** Of writing one by itself, of those after all the others. */
  readonly one?: { readonly p50Ms: number; readonly p99Ms: number }
}

export interface Read {
  /** From opening to the first answer; the code is loaded by then. */
  readonly firstAnswerMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly asked: number
  readonly answered: number
  readonly memory: ProcessMemory
}

/** Bytes. `anonymous`: without what is mapped from files, such as code; only Linux tells. */
export interface ProcessMemory {
  readonly resident: number
  readonly anonymous: number | undefined
}

const BATCH = 1_000
const ONES = 1_000
const QUESTIONS = 1_000
const WARM_UP = 100
/** A subject that takes so long for its questions is asked no more of them. */
const PATIENCE_MS = 60_000

const [, , role, engineName, countText, folder = ''] = process.argv
const count = Number(countText)
/** Left by the process that writes, about turns spread evenly, so that the others need not make all turns again. */
const questionFile = `${folder}-questions.json`
process.once('disconnect', () => process.exit(1))
const found = await (role === 'write' ? write() : role === 'read' ? read() : empty())
process.send?.(found, () => process.exit(0))

async function write(): Promise<Written> {
  const engine = await ENGINES[engineName as EngineName]()
  let writeMs = 0
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now()
    await work()
    return performance.now() - began
  }
  const writing = await engine.write(folder)
  const questions: string[] = []
  const every = Math.max(1, Math.floor(count / (QUESTIONS + WARM_UP + 1)))
  let batch: Turn[] = []
  let nth = 0
  for (const turn of turns(count)) {
    batch.push(turn)
    if (++nth % every === 0) questions.push(questionAbout(turn, nth))
    if (batch.length < BATCH) continue
    const full = batch
    writeMs += await timed(() => writing.add(full))
    batch = []
  }
  writeMs += await timed(() => writing.add(batch))
  const { addOne } = writing
  const ones: number[] = []
  for (const turn of addOne ? turns(ONES) : []) ones.push(await timed(async () => addOne?.(turn)))
  writeMs += await timed(() => writing.close())
  writeFileSync(questionFile, JSON.stringify(questions))
  return {
    writeMs,
    ...(ones.length > 0 && { one: { p50Ms: quantile(ones, 0.5), p99Ms: quantile(ones, 0.99) } }),
  }
}

async function read(): Promise<Read> {
  const engine = await ENGINES[engineName as EngineName]()
  const [first = '', ...questions] = JSON.parse(readFileSync(questionFile, 'utf8')) as string[]
  const began = performance.now()
  const asking = await engine.open(folder)
  const hits = await asking.ask(first)
  const firstAnswerMs = performance.now() - began
  const times: number[] = []
  let answered = hits > 0 ? 1 : 0
  for (const [nth, question] of questions.entries()) {
    if (performance.now() - began > PATIENCE_MS && times.length > 20) break
    const asked = performance.now()
    const right = (await asking.ask(question)) > 0
    if (nth < WARM_UP) continue
    times.push(performance.now() - asked)
    if (right) answered++
  }
  const memory = await settledMemory()
  await asking.close()
  return {
    firstAnswerMs,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    p99Ms: quantile(times, 0.99),
    asked: times.length + 1,
    answered,
    memory,
  }
}

/** What the process takes with the engine loaded, opened and asked, and nothing in it. */
async function empty(): Promise<ProcessMemory> {
  const engine = await ENGINES[engineName as EngineName]()
  const writing = await engine.write(folder)
  await writing.add([...turns(1)])
  await writing.close()
  const asking: Asking = await engine.open(folder)
  for (let nth = 0; nth < WARM_UP; nth++) await asking.ask('When did anybody go anywhere?')
  const memory = await settledMemory()
  await asking.close()
  return memory
}

async function settledMemory(): Promise<ProcessMemory> {
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.()
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : ''
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]
  return {
    resident: process.memoryUsage.rss(),
    anonymous: kib === undefined ? undefined : Number(kib) * 1_024,
  }
}
