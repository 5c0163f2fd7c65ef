/** The order of keys in LevelDB: by the bytes of their UTF-8. Used by the simulated disk. */

/**
 * Negative, zero or positive as `a` comes before, is, or comes after `b` by bytes of UTF-8. UTF-16 units have the
 * same order but for surrogates, which stand for characters above U+FFFF (fix-up of the Unicode FAQ on UTF-16).
 */
export function byBytes(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  for (let i = 0; i < end; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const rank = (unit: number): number => {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}
