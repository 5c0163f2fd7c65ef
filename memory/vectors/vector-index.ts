/**
 * The vectors of one namespace in memory, and the nearest to a query: every vector is compared up to `exactUpTo`,
 * above it the signs choose `rescored` that are compared. The store adds what it reads and writes and removes what is
 * forgotten; ranking asks. Knows nothing of embedders, disks or texts. About 1.13 bytes a dimension and 12 a memory.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Scored } from '../recall/recall-index.ts'
import { type Nearest, nearest } from './nearest.ts'
import { signBytes, signScore, signTable, writeSigns } from './sign-bits.ts'
import { decodeVector, modelPrint, toUnit } from './vector-bytes.ts'

export interface VectorIndexOptions {
  /** Name of the model that the vectors must come from (`modelOf`); absent: an embedder without a name. */
  readonly model?: string | undefined
  /** Default 20,000: some 8 ms at 384 dimensions, in which the process does nothing else. */
  readonly exactUpTo?: number
  /** Default 400, and at least four times the number asked for. */
  readonly rescored?: number
}

export interface VectorIndex {
  readonly size: number
  /** Undefined while it is empty and always was. */
  readonly dimensions: number | undefined
  /** Bytes in memory, about. */
  readonly bytes: number
  has(doc: number): boolean
  /**
   * Takes the bytes of `encodeVector`, also instead of those it had for `doc`. Throws `embedding-mismatch` when they
   * come from another model or have another length than the first, `store-corrupt` when they are none.
   */
  add(doc: number, bytes: Uint8Array): void
  remove(doc: number): void
  /** The `k` nearest of those that `accept` lets through, by cosine, nearest first. */
  top(
    query: readonly number[] | Float32Array,
    k: number,
    accept?: (doc: number) => boolean,
  ): readonly Scored[]
  /** Cosine of `query` and each of `docs`, -1 to 1; NaN for one that has no vector (yet). */
  cosines(query: readonly number[] | Float32Array, docs: Uint32Array): Float32Array
  /**
   * The cosine of `query` and an unrelated memory: the lower quartile over up to 256 rows, evenly spread. 0 with fewer
   * than 8 vectors, of which too many may be related.
   */
  background(query: readonly number[] | Float32Array): number
}

/** Rows per chunk, and numbers per page: a power of two. */
const CHUNK = 4096
const SHIFT = 12

/** A flat store grows by chunks so that nothing is copied and no array has to be one piece. */
interface Chunk {
  readonly rows: Int8Array
  readonly signs: Uint8Array
  /** 1 / length of each row. */
  readonly scale: Float32Array
  readonly docs: Uint32Array
}

interface Rows {
  readonly dimensions: number
  readonly chunks: Chunk[]
  /** Row + 1 of each number, by pages; 0: none. */
  readonly pages: (Int32Array | undefined)[]
  count: number
}

export function createVectorIndex({
  model,
  exactUpTo = 20_000,
  rescored = 400,
}: VectorIndexOptions = {}): VectorIndex {
  const print = modelPrint(model)
  let rows: Rows | undefined
  return {
    get size() {
      return rows?.count ?? 0
    },
    get dimensions() {
      return rows?.dimensions
    },
    get bytes() {
      return rows ? bytesOf(rows) : 0
    },
    has: doc => rows !== undefined && rowOf(rows, doc) >= 0,
    add(doc, bytes) {
      const values = valuesOf(doc, bytes, print, model, rows?.dimensions)
      rows ??= { dimensions: values.length, chunks: [], pages: [], count: 0 }
      put(rows, doc, values)
    },
    remove(doc) {
      if (rows) take(rows, doc)
    },
    top(query, k, accept = () => true) {
      if (!rows || rows.count === 0 || k < 1) return []
      const unit = queryOf(query, rows.dimensions, model)
      if (rows.count <= exactUpTo) return scanned(rows, unit, k, accept)
      return rescore(rows, unit, k, prefiltered(rows, unit, Math.max(rescored, 4 * k), accept))
    },
    cosines(query, docs) {
      const found = new Float32Array(docs.length).fill(Number.NaN)
      if (!rows || rows.count === 0) return found
      const [all, unit] = [rows, queryOf(query, rows.dimensions, model)]
      docs.forEach((doc, at) => {
        const row = rowOf(all, doc)
        if (row >= 0) found[at] = cosineOf(all, unit, row)
      })
      return found
    },
    background(query) {
      if (!rows || rows.count < LEAST_BACKGROUND) return 0
      return lowerQuartile(sampled(rows, queryOf(query, rows.dimensions, model)))
    },
  }
}

const BACKGROUND_ROWS = 256
const LEAST_BACKGROUND = 8

function sampled(rows: Rows, query: Float32Array): Float32Array {
  const count = Math.min(BACKGROUND_ROWS, rows.count)
  return Float32Array.from({ length: count }, (_, n) =>
    cosineOf(rows, query, Math.floor((n * rows.count) / count)),
  )
}

const lowerQuartile = (values: Float32Array): number => values.sort()[values.length >> 2] ?? 0

function valuesOf(
  doc: number,
  bytes: Uint8Array,
  print: number,
  model: string | undefined,
  dimensions: number | undefined,
): Int8Array {
  const stored = decodeVector(bytes)
  if (!stored) {
    throw new RuntimeError('store-corrupt', `the vector of memory ${doc} is damaged`, {
      why: `its ${bytes.length} bytes are not those of a vector`,
      fix: 'delete the vectors of this namespace: they are made again from the texts',
    })
  }
  if (stored.model !== print) {
    throw mismatch(`the vector of memory ${doc} was not made by ${nameOf(model)}`, { doc })
  }
  if (dimensions !== undefined && stored.values.length !== dimensions) {
    throw mismatch(`the vector of memory ${doc} has ${stored.values.length} dimensions, not ${dimensions}`, {
      doc,
      dimensions,
    })
  }
  return stored.values
}

/** Vectors of two models say nothing about each other, even where their lengths agree. */
const mismatch = (message: string, details: Readonly<Record<string, unknown>>): RuntimeError =>
  new RuntimeError('embedding-mismatch', message, {
    why: 'vectors can only be compared with vectors of the same embedding model',
    fix: 'give the embedder the memory was embedded with, or embed it again with the new one',
    details,
  })

const nameOf = (model: string | undefined): string =>
  model === undefined ? 'an embedder without a name' : `"${model}"`

function queryOf(
  query: readonly number[] | Float32Array,
  dimensions: number,
  model: string | undefined,
): Float32Array {
  if (query.length === dimensions) return toUnit(query)
  const message = `a query of ${query.length} dimensions, by ${nameOf(model)}, meets vectors of ${dimensions}`
  throw mismatch(message, { dimensions })
}

function rowOf({ pages }: Rows, doc: number): number {
  return (pages[doc >>> SHIFT]?.[doc & (CHUNK - 1)] ?? 0) - 1
}

function setRow({ pages }: Rows, doc: number, row: number): void {
  let page = pages[doc >>> SHIFT]
  if (!page) {
    page = new Int32Array(CHUNK)
    pages[doc >>> SHIFT] = page
  }
  page[doc & (CHUNK - 1)] = row + 1
}

const chunkOf = ({ chunks }: Rows, row: number): Chunk => chunks[row >>> SHIFT] as Chunk

function put(rows: Rows, doc: number, values: Int8Array): void {
  const known = rowOf(rows, doc)
  const row = known >= 0 ? known : rows.count++
  if (row >>> SHIFT === rows.chunks.length) rows.chunks.push(emptyChunk(rows.dimensions))
  const chunk = chunkOf(rows, row)
  const at = row & (CHUNK - 1)
  chunk.rows.set(values, at * rows.dimensions)
  writeSigns(values, chunk.signs, at * signBytes(rows.dimensions))
  let square = 0
  for (const value of values) square += value * value
  chunk.scale[at] = 1 / Math.sqrt(square)
  chunk.docs[at] = doc
  setRow(rows, doc, row)
}

const emptyChunk = (dimensions: number): Chunk => ({
  rows: new Int8Array(CHUNK * dimensions),
  signs: new Uint8Array(CHUNK * signBytes(dimensions)),
  scale: new Float32Array(CHUNK),
  docs: new Uint32Array(CHUNK),
})

/** The last row takes its place, and what was there is overwritten: a forgotten vector is not kept in memory. */
function take(rows: Rows, doc: number): void {
  const row = rowOf(rows, doc)
  if (row < 0) return
  const { dimensions } = rows
  const last = rows.count - 1
  const from = chunkOf(rows, last)
  const start = (last & (CHUNK - 1)) * dimensions
  const values = from.rows.subarray(start, start + dimensions)
  const moved = from.docs[last & (CHUNK - 1)] as number
  setRow(rows, doc, -1)
  if (moved !== doc) {
    setRow(rows, moved, row)
    put(rows, moved, values)
  }
  values.fill(0)
  from.signs.fill(
    0,
    (last & (CHUNK - 1)) * signBytes(dimensions),
    ((last & (CHUNK - 1)) + 1) * signBytes(dimensions),
  )
  rows.count = last
  if ((last & (CHUNK - 1)) === 0) rows.chunks.pop()
}

function bytesOf({ chunks, pages, dimensions }: Rows): number {
  const perRow = dimensions + signBytes(dimensions) + 8
  return chunks.length * CHUNK * perRow + pages.reduce(sum => sum + CHUNK * 4, 0)
}

/** Four sums, so that an addition need not wait for the one before it. */
function dot(query: Float32Array, rows: Int8Array, start: number): number {
  const length = query.length
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = 0
  for (; i + 3 < length; i += 4) {
    a += (query[i] as number) * (rows[start + i] as number)
    b += (query[i + 1] as number) * (rows[start + i + 1] as number)
    c += (query[i + 2] as number) * (rows[start + i + 2] as number)
    d += (query[i + 3] as number) * (rows[start + i + 3] as number)
  }
  for (; i < length; i++) a += (query[i] as number) * (rows[start + i] as number)
  return a + b + c + d
}

function cosineOf(rows: Rows, query: Float32Array, row: number): number {
  const chunk = chunkOf(rows, row)
  const at = row & (CHUNK - 1)
  return dot(query, chunk.rows, at * rows.dimensions) * (chunk.scale[at] as number)
}

/** Calls `accept` only for what would be among the best: it may be slow. */
function offerTo(best: Nearest, doc: number, score: number, accept: (doc: number) => boolean): void {
  if (score >= best.bar && accept(doc)) best.offer(doc, score)
}

function scanned(
  rows: Rows,
  query: Float32Array,
  k: number,
  accept: (doc: number) => boolean,
): readonly Scored[] {
  const best = nearest(k)
  eachRow(rows, (chunk, at) => {
    const score = dot(query, chunk.rows, at * rows.dimensions) * (chunk.scale[at] as number)
    offerTo(best, chunk.docs[at] as number, score, accept)
  })
  return best.sorted()
}

function prefiltered(
  rows: Rows,
  query: Float32Array,
  k: number,
  accept: (doc: number) => boolean,
): readonly Scored[] {
  const best = nearest(k)
  const table = signTable(query)
  const width = signBytes(rows.dimensions)
  eachRow(rows, (chunk, at) => {
    offerTo(best, chunk.docs[at] as number, signScore(table, chunk.signs, at * width, width), accept)
  })
  return best.sorted()
}

function rescore(
  rows: Rows,
  query: Float32Array,
  k: number,
  candidates: readonly Scored[],
): readonly Scored[] {
  const best = nearest(k)
  for (const { doc } of candidates) best.offer(doc, cosineOf(rows, query, rowOf(rows, doc)))
  return best.sorted()
}

function eachRow({ chunks, count }: Rows, visit: (chunk: Chunk, at: number) => void): void {
  chunks.forEach((chunk, n) => {
    const end = Math.min(CHUNK, count - n * CHUNK)
    for (let at = 0; at < end; at++) visit(chunk, at)
  })
}
