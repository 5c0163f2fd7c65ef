/** How long processes have been on a core, from the kernel's table of processes: also those that cannot be asked. */
import { readFileSync } from 'node:fs'
import { Unavailable } from '../scenario.ts'

/** What `/proc` counts in, on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100

/** Seconds of all of them together, in user and in kernel mode. Throws `Unavailable` where there is no `/proc`. */
export function coreSeconds(pids: readonly number[]): number {
  const ticks = pids.map(pid => ticksIn(stat(pid)))
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND
}

function stat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    throw new Unavailable(`there is no /proc/${pid}/stat: ${(error as Error).message}`)
  }
}

/** `utime` and `stime` of proc(5). The name of the program, in parentheses, may hold blanks. */
export function ticksIn(line: string): number {
  const [utime, stime] = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (utime ?? Number.NaN) + (stime ?? Number.NaN)
}
