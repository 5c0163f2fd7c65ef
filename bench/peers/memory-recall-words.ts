/**
 * Searches by words alone for `memory-recall`: MiniSearch as it comes and over our words, and plain BM25 over our words.
 * Each takes a turn with its speaker as one document: no sessions, no neighbours, no time.
 */
import MiniSearch from 'minisearch'
import { isTelling, stem, wordsOf } from '../../memory/recall/words.ts'
import { type Conversation, givenConversations } from '../memory-recall/conversations.ts'
import { answered, DEPTH, figures, type Search } from '../memory-recall/figures.ts'
import type { Measured } from '../scenario.ts'

interface Document {
  readonly id: number
  readonly text: string
}

/** Numbers of documents, best first. */
type Find = (text: string) => readonly number[]

const termsOf = (text: string): string[] =>
  wordsOf(text).flatMap(word => (isTelling(word.toLowerCase()) ? [stem(word.toLowerCase())] : []))

export const miniSearch = async (): Promise<Measured> => compared(byMiniSearch)
export const miniSearchOurWords = async (): Promise<Measured> => compared(byMiniSearchOurWords)
export const bm25 = async (): Promise<Measured> => compared(byBm25)

function compared(indexed: (documents: readonly Document[]) => Find): Measured {
  const conversations = givenConversations()
  const own = new Map(conversations.map(one => [one, indexed(documentsOf([one]))]))
  const all = indexed(documentsOf(conversations))
  const alone = answered(conversations, one => own.get(one) as Find)
  const together = answered(conversations, () => placed(all, conversations))
  const values = { ...figures(alone), ...figures(together, 'one store: ') }
  return { values, asked: alone.length, answered: alone.length }
}

const documentsOf = (conversations: readonly Conversation[]): readonly Document[] =>
  conversations
    .flatMap(({ turns }) => turns.map(({ who, text }) => `${who}: ${text}`))
    .map((text, id) => ({ id, text }))

function placed(find: Find, conversations: readonly Conversation[]): Search {
  const firsts = new Map<Conversation, number>()
  let count = 0
  for (const one of conversations) {
    firsts.set(one, count)
    count += one.turns.length
  }
  return (text, conversation) => {
    const first = firsts.get(conversation) ?? 0
    return find(text).map(id => (id >= first && id < first + conversation.turns.length ? id - first : -1))
  }
}

function byMiniSearch(documents: readonly Document[]): Find {
  const index = new MiniSearch<Document>({ fields: ['text'] })
  index.addAll(documents)
  return text =>
    index
      .search(text)
      .slice(0, DEPTH)
      .map(({ id }) => id as number)
}

function byMiniSearchOurWords(documents: readonly Document[]): Find {
  const index = new MiniSearch<Document>({ fields: ['text'], tokenize: termsOf, processTerm: term => term })
  index.addAll(documents)
  return text =>
    index
      .search(text)
      .slice(0, DEPTH)
      .map(({ id }) => id as number)
}

const K1 = 0.9
const B = 0.4

/** Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), over an inverted index. */
function byBm25(documents: readonly Document[]): Find {
  const terms = documents.map(({ text }) => termsOf(text))
  const mean = terms.reduce((sum, { length }) => sum + length, 0) / terms.length
  const postings = new Map<string, Map<number, number>>()
  for (const [id, ofDocument] of terms.entries()) {
    for (const term of ofDocument) {
      const posting = postings.get(term) ?? new Map<number, number>()
      postings.set(term, posting.set(id, (posting.get(id) ?? 0) + 1))
    }
  }
  return text => {
    const scores = new Map<number, number>()
    for (const term of new Set(termsOf(text))) {
      const posting = postings.get(term) ?? new Map<number, number>()
      const idf = Math.log(1 + (terms.length - posting.size + 0.5) / (posting.size + 0.5))
      for (const [id, tf] of posting) {
        const norm = K1 * (1 - B + (B * (terms[id]?.length ?? 0)) / mean)
        scores.set(id, (scores.get(id) ?? 0) + (idf * tf * (K1 + 1)) / (tf + norm))
      }
    }
    return [...scores]
      .sort(([, one], [, other]) => other - one)
      .slice(0, DEPTH)
      .map(([id]) => id)
  }
}
