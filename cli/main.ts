/**
 * The process of `agenticraft`: hands arguments, streams and Ctrl-C to `program.ts` and exits with its code.
 * The only file that touches the process; `bin/start.cjs` imports it.
 */
import { RuntimeError } from '../actors/errors.ts'
import { COMMANDS } from './commands/index.ts'
import { describeFailure, EXIT, formatFailure } from './failure.ts'
import { runProgram } from './program.ts'

const stop = new AbortController()

// Ctrl-C is a person who does not want the work; SIGTERM a machine that goes down, and the work goes on elsewhere.
for (const [name, kind] of [
  ['SIGINT', 'cancelled'],
  ['SIGTERM', 'runtime-stopped'],
] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted)
    // First the abort: a live view takes itself off the screen before the message is put there.
    stop.abort(new RuntimeError(kind, `interrupted by ${name}`))
    process.stderr.write('\nstopping; press Ctrl-C again to stop at once\n')
  })
}

// `agenticraft … | head`: the reader has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})
// Nobody reads what is said to people any more; the result may still be wanted.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.on('uncaughtException', error => {
  process.stderr.write(
    `${formatFailure(describeFailure(error, process.argv.includes('--debug')), (_, text) => text)}\n`,
  )
  process.exit(EXIT.internal)
})

const exit = await runProgram({
  argv: process.argv.slice(2),
  cwd: process.cwd(),
  env: process.env,
  signal: stop.signal,
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  commands: COMMANDS,
})
// Not `process.exit`: what was written to a pipe may still be on its way.
process.exitCode = exit
