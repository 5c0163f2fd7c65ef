/**
 * Runs the subjects of a scenario, each in a process of its own, interleaved (A B A B …) so that what else
 * the machine does falls on all of them alike.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Rounds } from './rows.ts'
import { type Measured, type Scenario, subjectsOf } from './scenario.ts'

export interface RoundsOptions {
  /** The repository. */
  readonly root: string
  /** Where `compile.ts` put the code. */
  readonly compiled: string
  /** Told before each process is started. */
  onStart(round: number, subject: string): void
}

/** A subject that takes longer is ended. */
const LIMIT_MS = 180_000

export async function runRounds(scenario: Scenario, options: RoundsOptions): Promise<Rounds> {
  const rounds = new Map<string, Measured[]>(subjectsOf(scenario).map(({ name }) => [name, []]))
  for (let round = 1; round <= scenario.rounds; round++) {
    for (const [subject, found] of rounds) {
      options.onStart(round, subject)
      found.push(await measureOne(scenario, subject, options))
    }
  }
  return rounds
}

function measureOne(
  { name, nodeOptions = [] }: Scenario,
  subject: string,
  { root, compiled }: RoundsOptions,
): Promise<Measured> {
  const child = fork(join(compiled, 'bench', 'subject-process.js'), [name, subject], {
    cwd: root,
    execArgv: [...nodeOptions],
    env: { ...process.env, NODE_ENV: 'production' },
    // What a peer prints is not ours to show; its errors are.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return new Promise<Measured>((resolve, reject) => {
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    let measured: Measured | undefined
    child.on('message', message => {
      measured = message as Measured
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(limit)
      if (measured) resolve(measured)
      else reject(new Error(`"${subject}" of "${name}" ended with ${signal ?? code} and without a result`))
    })
  })
}
