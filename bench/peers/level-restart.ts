/** LevelDB alone in `recovery`: a new process opens what a killed one wrote and reads every value of it. */
import { join } from 'node:path'
import { restarted } from '../restarting.ts'
import type { Measured } from '../scenario.ts'

/** The script beside this file, where the compiler put it. */
export const restart = (scratch: string): Promise<Measured> =>
  restarted(join(import.meta.dirname, 'level-process.js'), scratch)
