/** `cold-start`: from starting a process to its end, ours beside a Node that does nothing. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Measured } from '../scenario.ts'

export const help = (): Promise<Measured> =>
  wallTime([join(process.cwd(), 'cli', 'bin', 'agenticraft.cjs'), '--help'], out =>
    out.includes('agenticraft'),
  )

export const bareNode = (): Promise<Measured> => wallTime(['-e', '0'], out => out === '')

/** The second of two starts: the first one fills the file cache. */
async function wallTime(args: readonly string[], isRight: (out: string) => boolean): Promise<Measured> {
  let answered = 0
  let ms = 0
  for (let i = 0; i < 2; i++) {
    const began = performance.now()
    const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    ms = performance.now() - began
    if (error) throw error
    if (status === 0 && isRight(stdout)) answered++
    else process.stderr.write(stderr)
  }
  return { values: { 'start to end': ms }, asked: 2, answered }
}
