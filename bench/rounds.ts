/**
 * Runs the subjects of a scenario, each in a process of its own, interleaved (A B A B …) so that what else
 * the machine does falls on all of them alike.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nodeBinary } from './node-binary.ts'
import type { Rounds } from './rows.ts'
import { type Found, type Scenario, type Subject, subjectsOf } from './scenario.ts'

export interface RoundsOptions {
  /** The repository. */
  readonly root: string
  /** Where `compile.ts` put the code. */
  readonly compiled: string
  /** Told before each process is started. */
  onStart(round: number, subject: string): void
}

/** A subject that takes longer is ended, and killed when it does not end. */
const LIMIT_MS = 180_000
const GRACE_MS = 5_000

export async function runRounds(scenario: Scenario, options: RoundsOptions): Promise<Rounds> {
  const subjects = subjectsOf(scenario)
  const rounds = new Map<string, Found[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 1; round <= scenario.rounds; round++) {
    for (const subject of subjects) {
      const found = rounds.get(subject.name) as Found[]
      // What is missing will not come between two rounds.
      if (found.some(one => 'unavailable' in one)) continue
      options.onStart(round, subject.name)
      found.push(await measureOne(scenario, subject, options))
    }
  }
  return rounds
}

async function measureOne(scenario: Scenario, subject: Subject, options: RoundsOptions): Promise<Found> {
  const { needsNode } = subject
  const execPath = needsNode === undefined ? process.execPath : nodeBinary(options.root, needsNode)
  if (execPath === undefined) return { unavailable: `needs Node ${needsNode}` }
  const scratch = mkdtempSync(join(dirname(options.compiled), 'agenticraft-bench-data-'))
  // PostgreSQL, which does not run as root, must reach its own folder in it.
  chmodSync(scratch, 0o711)
  try {
    return await foundBy(startSubject(scenario, subject, scratch, execPath, options), scenario, subject)
  } finally {
    // A server that is just ending may still write there.
    rmSync(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

const startSubject = (
  { name, nodeOptions = [] }: Scenario,
  subject: Subject,
  scratch: string,
  execPath: string,
  { root, compiled }: RoundsOptions,
): ChildProcess =>
  fork(join(compiled, 'bench', 'subject-process.js'), [name, subject.name, scratch], {
    cwd: root,
    execPath,
    execArgv: [...nodeOptions],
    env: { ...process.env, NODE_ENV: 'production' },
    // What a peer prints is not ours to show; its errors are.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })

function foundBy(child: ChildProcess, scenario: Scenario, subject: Subject): Promise<Found> {
  return new Promise<Found>((resolve, reject) => {
    const limitMs = scenario.limitMs ?? LIMIT_MS
    const timers = [
      setTimeout(() => child.kill('SIGTERM'), limitMs),
      setTimeout(() => child.kill('SIGKILL'), limitMs + GRACE_MS),
    ]
    let found: Found | undefined
    child.on('message', message => {
      found = message as Found
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      for (const timer of timers) clearTimeout(timer)
      if (found) resolve(found)
      else {
        const how = `ended with ${signal ?? code} and without a result`
        reject(new Error(`"${subject.name}" of "${scenario.name}" ${how}`))
      }
    })
  })
}
