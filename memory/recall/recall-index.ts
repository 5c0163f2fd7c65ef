/**
 * What ranking may ask of the index of one namespace, and what the store tells it. Types only. Every memory has a
 * number, given in the order of storing and never given again; a session is named by the number of its first memory.
 */
import type { MemoryKind, Trust } from '../memory.ts'

/** A memory as the index takes it. */
export interface IndexEntry {
  /** Ascending from call to call; gaps are allowed. */
  readonly doc: number
  /** Who said it, what it says: analysed by `words.ts` and `turn-flags.ts`. */
  readonly text: string
  /** Number of the speaker, from 1; 0: nobody. */
  readonly who: number
  readonly whoName?: string
  readonly at: number
  /** First memory of its session; its own number if it is that, or has no session. */
  readonly session: number
  /** The memory before it in its session. */
  readonly prev?: number
  readonly kind: MemoryKind
  readonly trust: Trust
  readonly importance: number
}

/** What the words of a memory come to: what `analyse` of the index's options makes of an entry. */
export interface Analysis {
  /** Hashes of its terms (`term-hash.ts`). One that comes twice counts twice. */
  readonly hashes: ArrayLike<number>
  /** How often each stands in it, by the place in `hashes`. Absent: once. */
  readonly counts?: ArrayLike<number>
  /** What BM25 takes for its length; `averageLength` is the mean of it. At most 65,535 is kept. */
  readonly length: number
  /** 16 bits. */
  readonly flags: number
}

/** Deterministic: a memory is analysed again when the index is opened and no segment holds it yet. */
export type Analyse = (entry: IndexEntry) => Analysis

/** A memory that is not there any more. `replacedBy`, a higher number, has its place in the session. */
export interface Removal {
  readonly doc: number
  readonly replacedBy?: number
}

/** One word of a query. The hash is that of its stem (`term-hash.ts`). */
export interface QueryTerm {
  readonly hash: number
  readonly weight: number
}

export interface Scored {
  readonly doc: number
  readonly score: number
}

export interface Bm25 {
  readonly k1: number
  readonly b: number
}

/** The reading half: everything ranking needs, without touching the disk. */
export interface RecallReader {
  /** Memories that are there, and their mean length in terms. */
  readonly live: number
  readonly averageLength: number
  /** One more than the highest number. */
  readonly end: number
  /** In how many memories the term stands (those forgotten since the last purge included). */
  documentFrequency(hash: number): number
  /**
   * The `k` best by BM25 summed over `terms`, each times its weight; exact, equal scores in the order of the numbers,
   * higher (newer) first. `accept` leaves memories out before they count; `boost` multiplies a memory's score and is
   * at most `maxBoost` (default 1), so that pruning stays exact.
   */
  top(
    terms: readonly QueryTerm[],
    k: number,
    options: {
      readonly bm25: Bm25
      readonly accept?: (doc: number) => boolean
      readonly boost?: (doc: number) => number
      readonly maxBoost?: number
    },
  ): readonly Scored[]
  /** How often each term stands in each of `docs` (ascending): row by row, `docs.length` x `terms.length`, capped at 255. */
  frequencies(terms: readonly QueryTerm[], docs: Uint32Array): Uint8Array
  alive(doc: number): boolean
  /** In terms. */
  length(doc: number): number
  who(doc: number): number
  at(doc: number): number
  session(doc: number): number
  /** The memory before and after it in its session; -1: none. Those forgotten are stepped over. */
  prev(doc: number): number
  next(doc: number): number
  /** Bits of `turn-flags.ts`. */
  flags(doc: number): number
  kind(doc: number): MemoryKind
  trust(doc: number): Trust
  /** 0 to 1, in steps of at most 1/254: 0, 0.5 and 1 are exact. */
  importance(doc: number): number
  /** A fact that another one ended. */
  ended(doc: number): boolean
}

/** A run of memories whose postings do not change any more, as bytes for the store. */
export interface SealedSegment {
  /** The number of its first memory: its name. */
  readonly base: number
  readonly bytes: Uint8Array
}

/** What the store must write so that opening is fast: in one batch, whenever it likes, in the order of sealing. */
export interface Sealing {
  /** One takes the place of all bytes that were there under the same base. */
  readonly put: readonly SealedSegment[]
  /** Bases of segments that became part of one of `put` and are not needed any more. */
  readonly del: readonly number[]
}

export interface RecallIndex extends RecallReader {
  /** Bytes in memory, about. */
  readonly bytes: number
  /** Memories that no segment holds yet: those the store would have to add again after opening. */
  readonly unsealed: number
  add(entry: IndexEntry): void
  /** It is no longer found. `replacedBy`: takes its place in the session. */
  remove(doc: number, replacedBy?: number): void
  setEnded(doc: number, ended: boolean): void
  /**
   * Segments to write, once `unsealed` is large enough (or `all`); in slices, so that the event loop goes on. Without
   * `all` not more than one block at once: ask again while `unsealed` is large.
   */
  seal(options?: { readonly all?: boolean }): Promise<Sealing | undefined>
  /**
   * Seals all, and writes anew what holds postings of removed memories, without them. Once that is on disk the
   * segments know all removals themselves, and the store may drop its list of them.
   */
  expunge(): Promise<Sealing>
}
