/**
 * Lists that may be larger than a message, in pages by key: the side of a partition, and what both sides agree on. Whoever
 * asks says behind which key (`after`, '' at first) and is told the next one; who says nothing is told all at once, as
 * clients of earlier versions expect. `client/pages.ts` asks.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'

export interface Page {
  /** What a whole answer would be, with some of its rows. */
  readonly page: Plain
  /** Behind which key the others are; `null` at the end. */
  readonly next: string | null
}

type Keyed = readonly [key: string, row: Plain]

/** A page is below the smallest message that a codec takes. */
const PAGE_BYTES = 256 * 1024
const PAGE_ROWS = 1_000

/** Room that a row may take, however few of them there are. */
export const ROW_BYTES = PAGE_BYTES

/** As it is written by a codec, about. */
export const bytesOf = (row: Plain): number => Buffer.byteLength(JSON.stringify(row))

/**
 * Answers with a page when one was asked for, else with all. `rows` gives those behind a key, in the order of their keys;
 * `whole` makes an answer of rows. Throws `usage` for a key that is none.
 */
export async function answerInPages(
  body: Plain,
  rows: (after: string | undefined) => AsyncIterable<Keyed> | Iterable<Keyed>,
  whole: (rows: readonly Plain[]) => Plain = found => found,
): Promise<Plain> {
  const { after } = Object(body) as { readonly after?: Plain }
  if (after === undefined) {
    const all: Plain[] = []
    for await (const [, row] of rows(undefined)) all.push(row)
    return whole(all)
  }
  if (typeof after !== 'string')
    throw new RuntimeError('usage', 'a list is asked for by a key that is no text', {
      fix: 'run the same version of agenticraft on all nodes and clients',
    })
  const found: Plain[] = []
  let [bytes, last]: [number, string] = [0, after]
  for await (const [key, row] of rows(after === '' ? undefined : after)) {
    bytes += bytesOf(row)
    if (found.length > 0 && (bytes > PAGE_BYTES || found.length >= PAGE_ROWS))
      return pageOf(whole(found), last)
    found.push(row)
    last = key
  }
  return pageOf(whole(found), null)
}

const pageOf = (page: Plain, next: string | null): Plain =>
  ({ page, next }) satisfies Page as unknown as Plain
