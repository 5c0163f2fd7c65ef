/**
 * Runs one uvu test file in its own process and says how it went. `.ci/test.ts` calls it for every file.
 * It closes the traps that uvu leaves open: a file that ran no test, a process that hangs, a handle that
 * stays open after the summary, a failing `before` hook (uvu prints nothing and exits 0).
 */
import { spawn } from 'node:child_process'

export interface FileLimits {
  /** Milliseconds from start after which the file is killed. */
  readonly aliveMs: number
  /** Milliseconds the process may stay alive once its summary is printed. */
  readonly lingerMs: number
}

export interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly ms: number
  /** Why the file fails, or undefined if it passes. */
  readonly problem: string | undefined
  readonly output: string
}

interface Summary {
  readonly total: number
  readonly passed: number
  readonly skipped: number
}

interface Ending {
  readonly output: string
  readonly exit: number | NodeJS.Signals
  readonly killedFor: string | undefined
}

/** uvu's closing lines, as the last thing printed; undefined if there are none (yet). */
export function readSummary(output: string): Summary | undefined {
  const found = [
    ...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)\n {2}Duration: /gm),
  ].at(-1)
  return found && { total: Number(found[1]), passed: Number(found[2]), skipped: Number(found[3]) }
}

/** The verdict on a finished file. A skipped test counts as failed: nothing is skipped here. */
export function judge({
  output,
  exit,
  killedFor,
}: Ending): Pick<FileResult, 'passed' | 'failed' | 'problem'> {
  const summary = readSummary(output)
  const passed = summary?.passed ?? 0
  const missing = summary ? summary.total - passed + summary.skipped : 0
  const problem =
    killedFor ||
    (!summary && `ended (${exit}) before any summary: a crash, or a file without tests`) ||
    (summary?.total === 0 && 'executed no test') ||
    (summary && summary.skipped > 0 && `skipped ${summary.skipped} (test.skip or test.only)`) ||
    (missing > 0 && exit === 0 && `${missing} did not run: a hook threw`) ||
    (missing > 0 && `${missing} failed`) ||
    (exit !== 0 && `exited with ${exit}`) ||
    undefined
  return { passed, failed: problem ? Math.max(1, missing) : 0, problem }
}

/** Runs `file` with tsx and waits until it and every process it started are gone. Never rejects. */
export async function runFile(file: string, limits: FileLimits, signal?: AbortSignal): Promise<FileResult> {
  const started = performance.now()
  const ending = await run(file, limits, signal)
  return { file, ms: Math.round(performance.now() - started), output: ending.output, ...judge(ending) }
}

function run(file: string, { aliveMs, lingerMs }: FileLimits, signal?: AbortSignal): Promise<Ending> {
  const { FORCE_COLOR: _, ...env } = process.env
  return new Promise(resolve => {
    // A group of its own, so that whatever the tests started is killed with them.
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      detached: true,
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let killedFor: string | undefined
    let exit: number | NodeJS.Signals = 'SIGKILL'
    let lingering: NodeJS.Timeout | undefined
    const kill = (reason: string) => {
      killedFor ??= reason
      killGroup(child.pid)
    }
    const interrupt = () => kill('interrupted')
    const alive = setTimeout(kill, aliveMs, `still alive after ${aliveMs / 1000} s, killed`)
    const collect = (chunk: string) => {
      output += chunk
      if (lingering || !readSummary(output)) return
      lingering = setTimeout(
        kill,
        lingerMs,
        `an open handle kept it alive ${lingerMs / 1000} s after its tests`,
      )
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    signal?.addEventListener('abort', interrupt, { once: true })
    child.once('error', error => {
      killedFor = `could not be started: ${error.message}`
    })
    child.once('exit', (code, signalName) => {
      exit = code ?? signalName ?? exit
      clearTimeout(alive)
      clearTimeout(lingering)
      // Leftover children hold the pipes open; without this `close` would wait for them.
      killGroup(child.pid)
    })
    child.once('close', () => {
      clearTimeout(alive)
      signal?.removeEventListener('abort', interrupt)
      resolve({ output, exit, killedFor })
    })
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
