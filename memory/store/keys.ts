/**
 * The keys of a memory on disk: what stands where. Used by all of `store/`. Numbers are fixed-width hex, so that they
 * sort. What people wrote (names, sessions, subjects) is hashed, never spelled out: LevelDB's manifest and log keep
 * keys for a while after they were deleted.
 */
import { createHash } from 'node:crypto'
import { normalName } from '../facts/names.ts'
import type { Range } from '../level.ts'

/** Largest number of a memory: an unsigned 32-bit integer, less one that means "none". */
export const MAX_DOC = 0xffff_fffe

export const hex = (number: number): string => number.toString(16).padStart(8, '0')
export const unhex = (text: string): number => Number.parseInt(text, 16)

/** 128 bits of SHA-256: keys of different texts are different. */
export const hashed = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** How names of speakers are compared: without regard to case, width and the number of spaces. */
export const nameForm = (name: string): string =>
  name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()

/** The highest number given to a namespace. */
export const NUMBERS_KEY = 'm!namespaces'
export const namespaceKey = (name: string): string => `n!${hashed(name)}`
export const NAMESPACES: Range = { from: 'n!', to: 'n"' }

/** A number whose namespace became empty, while a purge still owes something of it. */
export const emptiedKey = (ns: number): string => `o!${hex(ns)}`
export const EMPTIED: Range = { from: 'o!', to: 'o"' }

/** All keys that begin with the same letter and belong to one namespace. */
export type Family = 'e' | 'i' | 's' | 'w' | 'f' | 'd' | 'q' | 'k' | 'x' | 'z' | 'u' | 'b'
export const FAMILIES: readonly Family[] = ['e', 'i', 's', 'w', 'f', 'd', 'q', 'k', 'x', 'z', 'u', 'b']
export const familyRange = (family: Family, ns: number): Range => ({
  from: `${family}!${hex(ns)}!`,
  to: `${family}!${hex(ns)}"`,
})

export const countersKey = (ns: number): string => `c!${hex(ns)}`
export const recordKey = (ns: number, place: number): string => `e!${hex(ns)}!${hex(place)}`
export const recordsFrom = (ns: number, place: number): Range => ({
  from: recordKey(ns, place),
  to: `e!${hex(ns)}"`,
})
export const idKey = (ns: number, id: string): string => `i!${hex(ns)}!${id}`
export const sessionKey = (ns: number, session: string): string => `s!${hex(ns)}!${hashed(session)}`
export const speakerKey = (ns: number, number: number): string => `w!${hex(ns)}!${hex(number)}`

/** Hash of subject and predicate: facts of one such pair may contradict each other. */
export const pairOf = (subject: string, predicate: string): string =>
  `${hashed(normalName(subject))}!${hashed(normalName(predicate))}`
export const factKey = (ns: number, pair: string, place: number): string =>
  `f!${hex(ns)}!${pair}!${hex(place)}`
export const pairRange = (ns: number, pair: string): Range => ({
  from: `f!${hex(ns)}!${pair}!`,
  to: `f!${hex(ns)}!${pair}"`,
})
export const subjectRange = (ns: number, subject: string): Range => {
  const start = `f!${hex(ns)}!${hashed(normalName(subject))}`
  return { from: `${start}!`, to: `${start}"` }
}

export const derivationKey = (ns: number, source: number, derived: number): string =>
  `d!${hex(ns)}!${hex(source)}!${hex(derived)}`
export const derivationsOf = (ns: number, source: number): Range => ({
  from: `d!${hex(ns)}!${hex(source)}!`,
  to: `d!${hex(ns)}!${hex(source)}"`,
})

export const waitingKey = (ns: number, place: number): string => `q!${hex(ns)}!${hex(place)}`
export const usesKey = (ns: number, place: number): string => `u!${hex(ns)}!${hex(place)}`
export const vectorKey = (ns: number, doc: number): string => `b!${hex(ns)}!${hex(doc)}`

/** Request keys stand in generations, which are dropped as a whole. */
export const requestKey = (ns: number, generation: number, key: string): string =>
  `k!${hex(ns)}!${hex(generation)}!${hashed(key)}`
export const generationRange = (ns: number, generation: number): Range => ({
  from: `k!${hex(ns)}!${hex(generation)}!`,
  to: `k!${hex(ns)}!${hex(generation)}"`,
})

export const segmentKey = (ns: number, base: number, part: number): string =>
  `x!${hex(ns)}!${hex(base)}!${hex(part)}`

/** Which segments there are, and of how many parts. */
export const segmentListKey = (ns: number): string => `y!${hex(ns)}`

/** `removed` and `replaced` documents, documents that `ended` or hold again, and what a purge still `owes`. */
export type Mark = 'removed' | 'moved' | 'ended' | 'owed'
const MARKS: Readonly<Record<Mark, string>> = { removed: 'r', moved: 'm', ended: 'e', owed: 'p' }
export const markKey = (ns: number, mark: Exclude<Mark, 'owed'>, doc: number): string =>
  `z!${hex(ns)}!${MARKS[mark]}!${hex(doc)}`
export const owedKey = (ns: number, number: number): string => `z!${hex(ns)}!p!${hex(number)}`
export const marksRange = (ns: number, mark: Mark): Range => ({
  from: `z!${hex(ns)}!${MARKS[mark]}!`,
  to: `z!${hex(ns)}!${MARKS[mark]}"`,
})

/** The part of a key after its last `!`. */
export const lastPart = (key: string): string => key.slice(key.lastIndexOf('!') + 1)
