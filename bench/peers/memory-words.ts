/**
 * Searches by words alone for `memory-update`: MiniSearch as it comes, and plain BM25 (k1 1.2, b .75) over our
 * words and stems. Both take each turn with its speaker as one document and look at nothing else: no sessions, no
 * neighbours, no time.
 */
import MiniSearch from 'minisearch'
import { isTelling, stem, wordsOf } from '../../memory/recall/words.ts'
import type { Dialogue } from '../memory-update/dialogue.ts'
import { generate, questionsIn } from '../memory-update/generate.ts'
import { answers, DEPTH, type Found, retrievalFigures, type Search } from '../memory-update/measures.ts'
import type { Measured } from '../scenario.ts'

export const miniSearch = (): Promise<Measured> => measured(byMiniSearch)

export const plainBm25 = (): Promise<Measured> => measured(byBm25)

async function measured(open: (dialogue: Dialogue) => Search): Promise<Measured> {
  const dialogues = generate()
  const all = await answers(dialogues, open)
  return { values: retrievalFigures(all), asked: questionsIn(dialogues).length, answered: all.length }
}

const documentsOf = ({ turns }: Dialogue): readonly string[] =>
  turns.map(({ who, text }) => `${who}: ${text}`)

function byMiniSearch(dialogue: Dialogue): Search {
  const index = new MiniSearch<{ id: number; text: string }>({ fields: ['text'] })
  index.addAll(documentsOf(dialogue).map((text, id) => ({ id, text })))
  return ({ text }) =>
    index
      .search(text)
      .slice(0, DEPTH)
      .map(({ id, score }) => ({ turns: [id as number], score }))
}

function byBm25(dialogue: Dialogue): Search {
  const documents = documentsOf(dialogue).map(termsOf)
  const score = bm25(documents)
  return ({ text }) =>
    documents
      .map((_, turn): Found => ({ turns: [turn], score: score(termsOf(text), turn) }))
      .filter(found => found.score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, DEPTH)
}

const termsOf = (text: string): readonly string[] =>
  wordsOf(text).flatMap(word => (isTelling(word.toLowerCase()) ? [stem(word.toLowerCase())] : []))

const K1 = 1.2
const B = 0.75

/** Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009). */
function bm25(
  documents: readonly (readonly string[])[],
): (query: readonly string[], document: number) => number {
  const mean = documents.reduce((sum, { length }) => sum + length, 0) / documents.length
  const counts = documents.map(terms => {
    const count = new Map<string, number>()
    for (const term of terms) count.set(term, (count.get(term) ?? 0) + 1)
    return count
  })
  const idf = (term: string): number => {
    const holding = counts.filter(count => count.has(term)).length
    return Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5))
  }
  return (query, document) => {
    const norm = K1 * (1 - B + (B * (documents[document]?.length ?? 0)) / mean)
    return [...new Set(query)].reduce((sum, term) => {
      const tf = counts[document]?.get(term) ?? 0
      return tf === 0 ? sum : sum + (idf(term) * tf * (K1 + 1)) / (tf + norm)
    }, 0)
  }
}
