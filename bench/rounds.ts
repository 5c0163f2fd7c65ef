/**
 * Runs the subjects of a scenario, each in a process of its own, interleaved (A B A B …) so that what else
 * the machine does falls on all of them alike.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nodeBinary } from './node-binary.ts'
import type { Rounds } from './rows.ts'
import { type Found, type Measured, type Scenario, type SoFar, type Subject, subjectsOf } from './scenario.ts'

export interface RoundsOptions {
  /** The repository. */
  readonly root: string
  /** Where `compile.ts` put the code. */
  readonly compiled: string
  /** Told before each process is started. */
  onStart(round: number, subject: string): void
  /** Told of all there is whenever a process has found something, also while it goes on. */
  onFound(rounds: Rounds, subject: string, found: Found): void
  /** Ends the process under way, and starts no other. What it told before counts. */
  readonly signal: AbortSignal
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
      if (options.signal.aborted || found.some(one => 'unavailable' in one)) continue
      options.onStart(round, subject.name)
      const keep = (one: Found): void => {
        found[round - 1] = one
        options.onFound(rounds, subject.name, one)
      }
      const last = await measureOne(scenario, subject, options, keep)
      if (last) keep(last)
    }
  }
  return rounds
}

/** Undefined when it was ended and all it found has been told. */
async function measureOne(
  scenario: Scenario,
  subject: Subject,
  options: RoundsOptions,
  tell: (soFar: Measured) => void,
): Promise<Found | undefined> {
  const { needsNode } = subject
  const execPath = needsNode === undefined ? process.execPath : nodeBinary(options.root, needsNode)
  if (execPath === undefined) return { unavailable: `needs Node ${needsNode}` }
  const scratch = mkdtempSync(join(dirname(options.compiled), 'agenticraft-bench-data-'))
  // PostgreSQL, which does not run as root, must reach its own folder in it.
  chmodSync(scratch, 0o711)
  try {
    const child = startSubject(scenario, subject, scratch, execPath, options)
    return await foundBy(child, scenario, subject, options.signal, tell)
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

function foundBy(
  child: ChildProcess,
  scenario: Scenario,
  subject: Subject,
  signal: AbortSignal,
  tell: (soFar: Measured) => void,
): Promise<Found | undefined> {
  return new Promise((resolve, reject) => {
    let found: Found | undefined
    let hasTold = false
    let isEnded = false
    const timers: NodeJS.Timeout[] = []
    const end = (): void => {
      isEnded = true
      child.kill('SIGTERM')
      timers.push(setTimeout(() => child.kill('SIGKILL'), GRACE_MS))
    }
    timers.push(setTimeout(end, scenario.limitMs ?? LIMIT_MS))
    signal.addEventListener('abort', end, { once: true })
    child.on('message', message => {
      const sent = message as Found | SoFar
      if ('soFar' in sent) {
        hasTold = true
        tell(sent.soFar)
      } else found = sent
    })
    child.on('error', reject)
    child.on('exit', (code, by) => {
      for (const timer of timers) clearTimeout(timer)
      signal.removeEventListener('abort', end)
      if (found || (isEnded && (hasTold || signal.aborted))) resolve(found)
      else {
        const how = `ended with ${by ?? code} and without a result`
        reject(new Error(`"${subject.name}" of "${scenario.name}" ${how}`))
      }
    })
  })
}
