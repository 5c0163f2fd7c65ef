import * as entry from '../../../runtime/cluster/log/entry.ts'
import { ADDED } from './additions.ts'

/** Log entries with a flag that nobody knows, a writer who says more of himself, and seals and marks with more fields. */
export * from '../../../runtime/cluster/log/entry.ts'
export const opsEntries: typeof entry.opsEntries = (by, ops) => entry.opsEntries(by, ops).map(more)
export const sealEntry: typeof entry.sealEntry = (by, seal) =>
  more(entry.sealEntry(by, { ...ADDED, ...seal }))
export const markEntry: typeof entry.markEntry = (by, place) =>
  more(entry.markEntry(by, { ...ADDED, ...place }))

const FLAG = 0x80
const WORD = Buffer.from(' minor-1')
const HEAD = 4

/** Version, kind, flags, length of the writer; the writer; the content. */
function more(bytes: Uint8Array): Uint8Array {
  const [version = 0, kind = 0, flags = 0, named = 0] = bytes
  const head = Buffer.from([version, kind, flags | FLAG, named + WORD.length])
  return Buffer.concat([head, bytes.subarray(HEAD, HEAD + named), WORD, bytes.subarray(HEAD + named)])
}
