import * as encoder from '../../../memory/encoder.ts'
import { ADDED } from './additions.ts'

/** Commits and states of the journal with more fields. */
export * from '../../../memory/encoder.ts'
export const encodeCommit: typeof encoder.encodeCommit = (codec, commit) =>
  encoder.encodeCommit(codec, { ...ADDED, ...commit, taken: { ...ADDED, ...commit.taken } })
export const encodeState: typeof encoder.encodeState = (codec, state) =>
  encoder.encodeState(codec, { ...ADDED, ...state })
