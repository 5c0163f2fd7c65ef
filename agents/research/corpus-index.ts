/**
 * Documents that can be searched and quoted. Made by `corpus.ts` for sources, and directly by tests and by
 * agents that hold their documents already. It lives in memory and never changes after it is made.
 */
import MiniSearch, { type SearchResult } from 'minisearch'
import type { WireError } from '../../actors/errors.ts'
import { findQuote, type Normalised, normalise } from './corpus-quote.ts'
import type { Citation, Document, Passage, RankedPassage } from './document.ts'
import { passages as passagesOf } from './passages.ts'
import { terms } from './tokens.ts'

export interface SearchOptions {
  /** Default 10. */
  readonly limit?: number
  /** Leaves a passage out before the limit is counted, for example one that was used already. */
  exclude?(passage: Passage): boolean
}

/** A source that was found but could not be read, and why. */
export interface SkippedSource {
  readonly source: string
  readonly error: WireError
}

export interface Corpus {
  readonly documents: readonly Document[]
  readonly passages: readonly Passage[]
  readonly skipped: readonly SkippedSource[]
  /** Passages that share words with `query`, best first; equal scores in the order of the documents. */
  search(query: string, options?: SearchOptions): RankedPassage[]
  /** The place of a quote in a source, with the literal text that stands there; undefined if it is not there. */
  quote(source: string, text: string): Citation | undefined
}

interface Entry {
  readonly id: number
  readonly text: string
  readonly headings: string
  readonly title: string
}

/** Headings name what a passage is about in few words, so a match there says more. */
const BOOST = { text: 1, headings: 2, title: 1 }
/** How many passages are indexed before other work of the process gets its turn. */
const CHUNK = 500

/**
 * Indexes `documents`. Ranking is BM25+ (Lv & Zhai, "Lower-bounding term frequency normalization", CIKM
 * 2011) as MiniSearch has it, over stems without stop words, headings counted twice.
 */
export async function createCorpus(
  documents: readonly Document[],
  skipped: readonly SkippedSource[] = [],
): Promise<Corpus> {
  const passages = documents.flatMap(passagesOf)
  const bySource = new Map(documents.map(document => [document.source, document]))
  const index = new MiniSearch<Entry>({
    fields: Object.keys(BOOST),
    tokenize: terms,
    processTerm: term => term,
  })
  const entries = passages.map((passage, id) =>
    toEntry(passage, id, bySource.get(passage.source)?.title ?? ''),
  )
  await index.addAllAsync(entries, { chunkSize: CHUNK })
  const normalised = new Map<string, Normalised>()
  const at = (result: SearchResult): Passage => passages[result.id as number] as Passage

  return {
    documents,
    passages,
    skipped,
    search: (query, { limit = 10, exclude } = {}) =>
      index
        .search(query, { boost: BOOST, ...(exclude && { filter: result => !exclude(at(result)) }) })
        .sort((a, b) => b.score - a.score || a.id - b.id)
        .slice(0, limit)
        .map(result => ({ ...at(result), score: result.score })),
    quote: (source, text) => {
      const document = bySource.get(source)
      if (document === undefined) return undefined
      const known = (): Normalised => {
        const made = normalised.get(source) ?? normalise(document.text)
        normalised.set(source, made)
        return made
      }
      const place = findQuote(document.text, text, known)
      return place && { source, quote: document.text.slice(place.start, place.end), ...place }
    },
  }
}

const toEntry = ({ text, headings }: Passage, id: number, title: string): Entry => ({
  id,
  text,
  headings: headings.join('\n'),
  title,
})
