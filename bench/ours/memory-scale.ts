/** Our side of `memory-scale`, at both sizes. */
import { scaled } from '../memory-scale/scale.ts'
import type { Measured } from '../scenario.ts'

export const memoryScale = (scratch: string): Promise<Measured> =>
  scaled('agenticraft', ['100k', '1M'], scratch)
