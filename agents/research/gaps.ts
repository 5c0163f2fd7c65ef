/**
 * What the sources leave open, counted from the findings: sub-tasks without or with weak answers, words of
 * the question that no source mentions, answers that rest on one source. Called before the report is
 * composed. It names what is missing and guesses nothing.
 */
import type { Finding, Subtask } from './document.ts'
import { isTelling, type SearchableCorpus } from './key-terms.ts'
import { stem, terms, tokens } from './tokens.ts'
import { subjectOf } from './topic-parts.ts'

export interface Gap {
  readonly kind: 'unanswered' | 'thin' | 'weak' | 'unmentioned' | 'single-source'
  /** The sub-task it concerns; absent when it concerns the whole. */
  readonly subtask?: string
  /** A sentence: what is missing. */
  readonly text: string
  /** A sentence: what would close it. */
  readonly remedy: string
}

export interface GapInput {
  readonly topic: string
  readonly subtasks: readonly Subtask[]
  readonly findings: readonly Finding[]
  readonly corpus: SearchableCorpus
}

/** Fewer findings than this leave a sub-task thinly covered. */
const ENOUGH = 2
/** Relevance below which even the best finding only touches the question. */
const STRONG_ENOUGH = 0.3
const MOST_WORDS = 40

/** The gaps, gravest first: words nobody mentions, then each sub-task in order, then single sources. */
export function findGaps({ topic, subtasks, findings, corpus }: GapInput): Gap[] {
  const supported = findings.filter(
    finding => finding.verdict !== 'unsupported' && finding.citations.length > 0,
  )
  const by = (subtask: Subtask) => supported.filter(finding => finding.subtask === subtask.id)
  return [
    ...unmentioned(topic, subtasks, corpus),
    ...subtasks.flatMap(subtask => coverage(subtask, by(subtask))),
    ...singleSources(subtasks, by, corpus.documents.length),
  ]
}

function coverage(subtask: Subtask, found: readonly Finding[]): Gap[] {
  const { question } = subtask
  const subject = subjectOf(question)
  const [answers, answer] = subject === undefined ? ['answers', 'answer'] : ['speaks about', 'speak about']
  const asked = subject ?? `“${question}”`
  const remedy = `Add a source that ${answers} ${asked}.`
  const best = Math.max(0, ...found.map(finding => finding.relevance))
  const gap = (kind: Gap['kind'], text: string): Gap[] => [{ kind, subtask: subtask.id, text, remedy }]
  if (found.length === 0) return gap('unanswered', `No statement in the sources ${answers} ${asked}.`)
  if (best < STRONG_ENOUGH) {
    const many = found.length === 1 ? 'one statement touches' : `${found.length} statements touch`
    return gap('weak', `The sources ${answer} ${asked} only in passing: ${many} on it.`)
  }
  return found.length < ENOUGH ? gap('thin', `Only one statement in the sources ${answers} ${asked}.`) : []
}

/** Words of the topic and the focus areas that occur in no source, each looked up and then checked. */
function unmentioned(topic: string, subtasks: readonly Subtask[], corpus: SearchableCorpus): Gap[] {
  if (corpus.documents.length === 0) return []
  const asked = [topic, ...subtasks.flatMap(({ focus }) => focus ?? [])].join(' ')
  const words = [...new Set(tokens(asked).filter(isTelling))].slice(0, MOST_WORDS)
  const missing = new Map(words.filter(word => !isMentioned(word, corpus)).map(word => [stem(word), word]))
  if (missing.size === 0) return []
  const named = listed([...missing.values()].map(word => `“${word}”`))
  const sources =
    corpus.documents.length === 1
      ? 'The one source does not mention'
      : `None of the ${corpus.documents.length} sources mentions`
  return [{ kind: 'unmentioned', text: `${sources} ${named}.`, remedy: `Add a source that covers ${named}.` }]
}

/** A search may also match by prefix or likeness, so a hit counts only when it holds the stem itself. */
function isMentioned(word: string, corpus: SearchableCorpus): boolean {
  const wanted = stem(word)
  const holds = (text: string): boolean => terms(text).includes(wanted)
  return corpus.search(word, { limit: 8 }).some(({ text, headings }) => holds(text) || headings.some(holds))
}

function singleSources(
  subtasks: readonly Subtask[],
  by: (subtask: Subtask) => readonly Finding[],
  documents: number,
): Gap[] {
  const answered = subtasks.filter(subtask => by(subtask).length > 0)
  const sourcesOf = (subtask: Subtask) =>
    new Set(by(subtask).flatMap(({ citations }) => citations.map(({ source }) => source)))
  const all = new Set(answered.flatMap(subtask => [...sourcesOf(subtask)]))
  if (all.size === 1) {
    const of = documents === 1 ? 'the only one given' : `one of ${documents} given`
    const text = `Every finding rests on a single source, ${[...all][0]} (${of}); nothing confirms it independently.`
    const remedy = `Check the answers against a source other than ${[...all][0]}.`
    return [{ kind: 'single-source', text, remedy }]
  }
  return answered.flatMap(subtask => {
    const sources = [...sourcesOf(subtask)]
    if (sources.length !== 1) return []
    const about = subjectOf(subtask.question)
    const what = about === undefined ? `The answer to “${subtask.question}”` : `What is said about ${about}`
    const text = `${what} rests on a single source, ${sources[0]}.`
    const remedy = `Check ${about === undefined ? `the answer to “${subtask.question}”` : `what is said about ${about}`} against a source other than ${sources[0]}.`
    return [{ kind: 'single-source' as const, subtask: subtask.id, text, remedy }]
  })
}

const listed = (texts: readonly string[]): string => texts.join(', ').replace(/, ([^,]*)$/, ' or $1')
