/**
 * Measures one engine of `memory-scale` at some sizes: a process that writes, one that reads what it wrote, and one
 * with nothing in it. The subjects in `ours/` and `peers/` name engine and sizes.
 */
import { fork } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Measured } from '../scenario.ts'
import type { ProcessMemory, Read, Written } from './engine-process.ts'
import type { EngineName } from './engines.ts'

/** What is measured at each size: the end of the name of each metric is that of the size. */
export const METRICS = [
  { name: 'written', unit: 'memories per s', better: 'higher' },
  { name: 'written alone, p50', unit: 'ms', better: 'lower' },
  { name: 'written alone, p99', unit: 'ms', better: 'lower' },
  { name: 'recall p50', unit: 'ms', better: 'lower' },
  { name: 'recall p95', unit: 'ms', better: 'lower' },
  { name: 'recall p99', unit: 'ms', better: 'lower' },
  { name: 'open to first answer', unit: 'ms', better: 'lower' },
  { name: 'anonymous memory', unit: 'bytes per memory', better: 'lower' },
  { name: 'resident memory', unit: 'bytes per memory', better: 'lower' },
  { name: 'on disk', unit: 'bytes per memory', better: 'lower' },
] as const

export const SIZES = { '100k': 100_000, '1M': 1_000_000 } as const
export type Size = keyof typeof SIZES

export async function scaled(engine: EngineName, sizes: readonly Size[], scratch: string): Promise<Measured> {
  const values: Record<string, number> = {}
  let asked = 0
  let answered = 0
  for (const size of sizes) {
    const found = await atSize(engine, SIZES[size], join(scratch, size))
    for (const [metric, value] of Object.entries(found.values)) values[`${metric}, ${size}`] = value
    asked += found.asked
    answered += found.answered
  }
  return { values, asked, answered }
}

async function atSize(engine: EngineName, count: number, scratch: string): Promise<Measured> {
  const folder = join(scratch, 'full')
  const without = join(scratch, 'empty')
  for (const each of [folder, without]) mkdirSync(each, { recursive: true })
  const written = await run<Written>('write', engine, count, folder)
  const empty = await run<ProcessMemory>('empty', engine, count, without)
  const read = await run<Read>('read', engine, count, folder)
  const onDisk = bytesIn(folder)
  rmSync(scratch, { recursive: true, force: true })
  const { resident, anonymous } = read.memory
  const values = {
    written: (count * 1_000) / written.writeMs,
    ...(written.one && {
      'written alone, p50': written.one.p50Ms,
      'written alone, p99': written.one.p99Ms,
    }),
    'recall p50': read.p50Ms,
    'recall p95': read.p95Ms,
    'recall p99': read.p99Ms,
    'open to first answer': read.firstAnswerMs,
    ...(anonymous !== undefined &&
      empty.anonymous !== undefined && { 'anonymous memory': (anonymous - empty.anonymous) / count }),
    'resident memory': (resident - empty.resident) / count,
    'on disk': onDisk / count,
  }
  return { values, asked: read.asked, answered: read.answered }
}

function run<Report>(role: string, engine: EngineName, count: number, folder: string): Promise<Report> {
  const script = join(import.meta.dirname, 'engine-process.js')
  const child = fork(script, [role, engine, String(count), folder], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    let report: Report | undefined
    child.on('message', message => {
      report = message as Report
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (report) resolve(report)
      else reject(new Error(`the process told to ${role} with ${engine} ended with ${signal ?? code}`))
    })
  })
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
