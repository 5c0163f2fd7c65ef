/**
 * Finds an agent that goes round in circles: a sliding window over fingerprints of (tool, arguments, result).
 * Pure. A step, or a row of up to four steps, three times running is a loop; the same call with a new result
 * is progress.
 */

/** Fingerprints of the last steps, oldest first. */
export type StepWindow = readonly string[]

/** Steps that are remembered. */
export const WINDOW = 12
/** A step, or a row of steps, seen this often running is a loop. */
export const REPEATS = 3

/** The window after a step. */
export const observe = (window: StepWindow, fingerprint: string): StepWindow =>
  [...window, fingerprint].slice(-WINDOW)

/** The length of the cycle that the last steps form, or 0: 1 for one repeated step, 2 for a ping-pong, and so on. */
export function cycleLength(window: StepWindow): number {
  for (let period = 1; period * REPEATS <= window.length; period++) {
    const tail = window.slice(-period * REPEATS)
    if (tail.every((step, i) => step === tail[i % period])) return period
  }
  return 0
}

/** A short stable text for a step; keys are sorted, so the order a model writes them in does not matter. */
export const fingerprint = (...parts: readonly unknown[]): string => hash(parts.map(stable).join('\u0000'))

function stable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${stable(member)}`).join(',')}}`
}

/** cyrb53, a 53-bit non-cryptographic hash (bryc, public domain): a collision only costs a false alarm. */
function hash(text: string): string {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36)
}
