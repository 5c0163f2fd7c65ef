/**
 * The sub-tasks of a research topic without a language model: the topic's own parts first, then the aspects
 * that the corpus itself connects with it. Called by the research team when it plans. Every question is
 * made of the topic's words and the corpus' words; there is no list of stock questions.
 */
import type { Subtask } from './document.ts'
import { isTelling, type KeyTerm, keyTerms, mostFrequent, type SearchableCorpus } from './key-terms.ts'
import { stem, terms, tokens } from './tokens.ts'
import { questionAbout, type Topic, type TopicPart, topicParts } from './topic-parts.ts'

export type Depth = 'quick' | 'standard' | 'comprehensive'

export interface PlanningInput {
  readonly topic: string
  readonly corpus: SearchableCorpus
  readonly depth: Depth
  /** At most three are planned; more are left out. */
  readonly focusAreas?: readonly string[]
}

type Draft = Omit<Subtask, 'id'>

export const SUBTASKS: Readonly<Record<Depth, number>> = { quick: 3, standard: 5, comprehensive: 8 }
const MOST_FOCUS_AREAS = 3
const MOST_TERMS = 6

/**
 * 3, 5 or 8 sub-tasks by depth, plus one per focus area (at most 3). Fewer only when the corpus connects
 * nothing else with the topic. `terms` are the corpus' forms of a question's words, the most specific first.
 */
export function planSubtasks({ topic, corpus, depth, focusAreas = [] }: PlanningInput): Subtask[] {
  const read = topicParts(topic)
  const surface = surfaceForms(topic, focusAreas, corpus)
  const wanted = SUBTASKS[depth]
  const parts = atMost(read, wanted).map(part => partDraft(part, read, surface))
  const focused = focusDrafts(read, focusAreas, surface)
  const taken = new Set(terms([topic, ...focusAreas].join(' ')))
  const aspects = aspectDrafts(read, corpus, surface, wanted - parts.length, taken)
  const drafts = distinct([...parts, ...focused, ...aspects])
  return drafts.map((draft, index) => ({ id: `subtask-${index + 1}`, ...draft }))
}

/** All parts, the last ones joined when the depth allows fewer questions than the topic has parts. */
function atMost(read: Topic, limit: number): TopicPart[] {
  if (read.parts.length <= limit) return [...read.parts]
  const rest = read.parts.slice(limit - 1)
  const joined = rest
    .map(part => part.words)
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1')
  const model = rest[0]
  if (model === undefined) return [...read.parts]
  return [
    ...read.parts.slice(0, limit - 1),
    { ...model, words: joined, question: model.question.replace(model.words, joined) },
  ]
}

function partDraft(part: TopicPart, read: Topic, surface: ReadonlyMap<string, string>): Draft {
  const specific = corpusWords(part.words, surface)
  // A part whose words the corpus does not have at all is looked for by its own words, so that what is found
  // about something else is not taken for an answer.
  if (specific.length === 0)
    return { question: part.question, terms: telling(part.words).slice(0, MOST_TERMS) }
  const rest = corpusWords(read.subject, surface).filter(word => !specific.includes(word))
  return { question: part.question, terms: [...specific, ...rest].slice(0, MOST_TERMS) }
}

function focusDrafts(read: Topic, areas: readonly string[], surface: ReadonlyMap<string, string>): Draft[] {
  const named = [...new Set(areas.map(area => area.replace(/\s+/g, ' ').trim()))].filter(area => area !== '')
  return named.slice(0, MOST_FOCUS_AREAS).map(focus => ({
    question: questionAbout(`${focus.replace(/[?.!]+$/, '')} ${read.setting}`),
    terms: corpusWords(focus, surface).slice(0, MOST_TERMS),
    focus,
  }))
}

/** One draft per key term, asked in the setting of the part of the topic it goes with most often. */
function aspectDrafts(
  read: Topic,
  corpus: SearchableCorpus,
  surface: ReadonlyMap<string, string>,
  wanted: number,
  taken: ReadonlySet<string>,
): Draft[] {
  if (wanted <= 0) return []
  const query = [read.subject, ...read.parts.map(part => part.words)].join(' ')
  const near = new Set(terms(read.parts.map(part => part.words).join(' ')))
  const fresh = keyTerms(query, corpus, { limit: 4 * wanted, near }).filter(
    term => !term.stems.every(one => taken.has(one)),
  )
  return fresh.slice(0, wanted).map(term => {
    const part = read.parts.length > 1 ? closestPart(term, read, corpus) : undefined
    const about = term.text.startsWith('`')
      ? `What is ${term.text} for ${(part ?? read).setting}?`
      : questionAbout(`${term.text} ${(part ?? read).setting}`)
    const setting = corpusWords(part?.words ?? read.parts[0]?.words ?? '', surface)
    return { question: about, terms: [term.text.replaceAll('`', ''), ...setting].slice(0, MOST_TERMS) }
  })
}

function closestPart(term: KeyTerm, read: Topic, corpus: SearchableCorpus): TopicPart | undefined {
  const near = corpus
    .search(term.text.replaceAll('`', ''), { limit: 12 })
    .map(({ text }) => new Set(terms(text.slice(0, 4_000))))
  let best: { part: TopicPart; times: number } | undefined
  for (const part of read.parts) {
    const stems = terms(part.words)
    const times = near.filter(found => stems.some(one => found.has(one))).length
    if (best === undefined || times > best.times) best = { part, times }
  }
  return best === undefined || best.times === 0 ? undefined : best.part
}

/** For each stem of the topic and the focus areas, the form in which the best passages write it most often. */
function surfaceForms(
  topic: string,
  focusAreas: readonly string[],
  corpus: SearchableCorpus,
): Map<string, string> {
  const wanted = new Set(terms([topic, ...focusAreas].join(' ')))
  const forms = new Map<string, Map<string, number>>()
  for (const query of [topic, ...focusAreas.slice(0, MOST_FOCUS_AREAS)]) {
    for (const passage of corpus.search(query, { limit: 40 })) {
      for (const word of tokens(passage.text.slice(0, 4_000))) {
        const one = stem(word)
        if (!wanted.has(one)) continue
        const known = forms.get(one) ?? new Map<string, number>()
        forms.set(one, known.set(word, (known.get(word) ?? 0) + 1))
      }
    }
  }
  return new Map([...forms].map(([one, counts]) => [one, mostFrequent(counts)]))
}

/** The words of `text` that the corpus has, as the corpus writes them. */
function corpusWords(text: string, surface: ReadonlyMap<string, string>): string[] {
  const found = telling(text).flatMap(word => surface.get(stem(word)) ?? [])
  return [...new Set(found)]
}

const telling = (text: string): string[] => tokens(text).filter(isTelling)

function distinct(drafts: readonly Draft[]): Draft[] {
  const seen = new Set<string>()
  return drafts.filter(({ question }) => {
    const key = question.toLowerCase()
    return !seen.has(key) && seen.add(key)
  })
}
