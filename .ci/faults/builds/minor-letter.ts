import * as letter from '../../../runtime/cluster/post/letter.ts'
import { ADDED } from './additions.ts'

/** Letters whose envelopes have more fields. */
export * from '../../../runtime/cluster/post/letter.ts'
export const writeLetter: typeof letter.writeLetter = (codec, envelope, after) =>
  letter.writeLetter(codec, { ...ADDED, ...envelope }, after)
