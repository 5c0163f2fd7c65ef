/**
 * A memory as the index keeps it: hashes of its terms and the flags of its text. Handed to `createRecallIndex` by the
 * store. Deterministic; what it makes of a text is part of what is on disk, so a change of it needs a new index.
 */
import type { Analysis, IndexEntry } from './recall-index.ts'
import { termHash } from './term-hash.ts'
import { turnFlags } from './turn-flags.ts'
import { indexTerms } from './words.ts'

export function analyseEntry({ text, whoName }: Pick<IndexEntry, 'text' | 'whoName'>): Analysis {
  const { terms, length } = indexTerms(text, whoName)
  return {
    hashes: Float64Array.from(terms.keys(), termHash),
    counts: Uint16Array.from(terms.values()),
    length,
    flags: turnFlags(text),
  }
}
