/**
 * The number under which the index knows a term. The index keeps no words: hashes take less memory, and a file
 * of the store shows nobody what was talked about. Not for secrets: who wants two stems to meet can make them.
 */

/** One more than the highest hash. */
export const HASH_LIMIT = 2 ** 53

/**
 * A stem as an integer of 53 bits: a million stems share one with a chance of about 1 in 18,000. Two lanes of
 * MurmurHash3_x86_128 and its finalizer (Austin Appleby, public domain), over UTF-16 code units instead of blocks.
 */
export function termHash(stem: string): number {
  let low = 0x8f1bbcdc
  let high = 0x5a827999
  for (let i = 0; i < stem.length; i++) {
    const unit = stem.charCodeAt(i)
    low ^= Math.imul(rotated(Math.imul(unit, 0x239b961b), 15), 0xab0e9789)
    low = (Math.imul(rotated(low, 19) + high, 5) + 0x561ccd1b) | 0
    high ^= Math.imul(rotated(Math.imul(unit, 0xab0e9789), 16), 0x38b34ae5)
    high = (Math.imul(rotated(high, 17) + low, 5) + 0x0bcaa747) | 0
  }
  low = finished(low ^ stem.length)
  high = finished((high ^ stem.length) + low)
  low = (low + high) | 0
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}

const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

/** `fmix32`: every bit of a word reaches every other. */
function finished(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
