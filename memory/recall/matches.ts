/**
 * Some memories beside a question: how well each of its words stands in each, who is beside whom in a session, and
 * what the sessions have of the question together. Made by `pool.ts` and read by `features.ts`. All of it lies in typed arrays by row, as it is
 * made anew for every question and a question has hundreds of rows.
 */
import type { NamedOne } from './query.ts'
import type { QueryTerm, RecallReader } from './recall-index.ts'
import type { RecallWeights } from './weights.ts'

/** A term that may stand for a word of the question. */
export interface Standing extends QueryTerm {
  /** Index of the word. */
  readonly word: number
}

/** What the words of a question weigh in this store. */
export interface Asked {
  readonly terms: readonly Standing[]
  /** By word, inverse document frequency: what finding it tells. */
  readonly idf: Float64Array
  readonly idfSum: number
}

export interface Matches {
  /** Ascending: a row each. */
  readonly docs: Uint32Array
  /** A row of words for each. 0: not at all; 1: once, in a memory of middling length; under 2. */
  readonly match: Float32Array
  /** By row, a bit for each of the names of the question: who or what it names said it, or stands in it. */
  readonly saidBits: Uint8Array
  readonly namedBits: Uint8Array
  /** By row, which of the sessions it is of. */
  readonly sessionOf: Uint32Array
  /** By session, in the order of their first rows: their numbers, and how well the words stand in them: 0 to 1. */
  readonly sessions: readonly number[]
  readonly sessionScores: Float64Array
}

/** `docs` ascend. */
export function matchesIn(
  reader: RecallReader,
  docs: Uint32Array,
  asked: Asked,
  names: readonly NamedOne[],
  weights: RecallWeights,
): Matches {
  const said = names.map(({ speaker }) => ({ hash: speaker, weight: 1 }))
  const named = names.map(({ exact }) => ({ hash: exact, weight: 1 }))
  const counts = reader.frequencies([...asked.terms, ...said, ...named], docs)
  const width = asked.terms.length + 2 * names.length
  const match = matchTable(reader, docs, counts, asked, width, weights)
  const sessions = sessionsOf(reader, docs)
  const bits = (first: number): Uint8Array => bitsIn(counts, docs.length, width, first, names.length)
  return {
    ...{ docs, match, ...sessions },
    saidBits: bits(asked.terms.length),
    namedBits: bits(asked.terms.length + names.length),
    sessionScores: scoresOf(sessions, match, asked),
  }
}

function matchTable(
  reader: RecallReader,
  docs: Uint32Array,
  counts: Uint8Array,
  { terms, idf }: Asked,
  width: number,
  { bm25: { k1, b } }: RecallWeights,
): Float32Array {
  const match = new Float32Array(docs.length * idf.length)
  const average = reader.averageLength || 1
  for (let row = 0; row < docs.length; row++) {
    let norm = -1
    for (let column = 0; column < terms.length; column++) {
      const count = counts[row * width + column] as number
      if (count === 0) continue
      if (norm < 0) norm = k1 * (1 - b + (b * reader.length(docs[row] as number)) / average)
      const { word, weight } = terms[column] as Standing
      const cell = row * idf.length + word
      const worth = (weight * count * (1 + k1)) / (count + norm)
      if (worth > (match[cell] as number)) match[cell] = worth
    }
  }
  return match
}

/** By row, a bit for each of `columns` columns from `first` on that is not 0. */
function bitsIn(counts: Uint8Array, rows: number, width: number, first: number, columns: number): Uint8Array {
  const bits = new Uint8Array(rows)
  for (let row = 0; columns > 0 && row < rows; row++) {
    let found = 0
    for (let column = 0; column < columns; column++)
      if (counts[row * width + first + column] !== 0) found |= 1 << column
    bits[row] = found
  }
  return bits
}

/** Those of a session mostly follow each other: what the last row had is tried first. */
function sessionsOf(reader: RecallReader, docs: Uint32Array): Pick<Matches, 'sessionOf' | 'sessions'> {
  const sessionOf = new Uint32Array(docs.length)
  const sessions: number[] = []
  const places = new Map<number, number>()
  let [last, place] = [-1, 0]
  for (let row = 0; row < docs.length; row++) {
    const session = reader.session(docs[row] as number)
    if (session !== last) {
      place = places.get(session) ?? sessions.length
      if (place === sessions.length) {
        places.set(session, place)
        sessions.push(session)
      }
      last = session
    }
    sessionOf[row] = place
  }
  return { sessionOf, sessions }
}

/** How well the words stand in the memories of a session taken together. */
function scoresOf(
  { sessionOf, sessions }: Pick<Matches, 'sessionOf' | 'sessions'>,
  match: Float32Array,
  { idf, idfSum }: Asked,
): Float64Array {
  const words = idf.length
  const sums = new Float64Array(sessions.length * words)
  for (let row = 0; row < sessionOf.length; row++) {
    const first = (sessionOf[row] as number) * words
    for (let word = 0; word < words; word++)
      sums[first + word] = (sums[first + word] as number) + (match[row * words + word] as number)
  }
  const scores = new Float64Array(sessions.length)
  for (let session = 0; session < scores.length; session++) {
    let total = 0
    for (let word = 0; word < words; word++) {
      const sum = sums[session * words + word] as number
      total += ((idf[word] as number) * sum) / (sum + 1)
    }
    scores[session] = total / (idfSum || 1)
  }
  return scores
}

/** The share of the question that stands in a memory: 0 to about 1. */
export function rowScore(match: Float32Array, row: number, { idf, idfSum }: Asked): number {
  let sum = 0
  for (let word = 0; word < idf.length; word++)
    sum += (idf[word] as number) * (match[row * idf.length + word] as number)
  return sum / (idfSum || 1)
}

/** The row of `doc`, looked for at `guess` first; -1: it has none. */
export function rowOf(docs: Uint32Array, doc: number, guess: number): number {
  if (doc < 0) return -1
  if (docs[guess] === doc) return guess
  let low = 0
  let high = docs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((docs[middle] as number) < doc) low = middle + 1
    else high = middle
  }
  return docs[low] === doc ? low : -1
}
