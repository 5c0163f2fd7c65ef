/** Our side of `recovery`: a new process opens what a killed one left behind and brings every run back. */
import { join } from 'node:path'
import { restarted } from '../restarting.ts'
import type { Measured } from '../scenario.ts'

/** The script beside this file, where the compiler put it. */
export const recovery = (scratch: string): Promise<Measured> =>
  restarted(join(import.meta.dirname, 'recovery-process.js'), scratch)
