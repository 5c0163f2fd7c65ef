/**
 * Findings without a language model: the sentences of the ranked passages that answer a sub-task best, each
 * with its literal quote. Called by the researchers. It reads only the passages it is given; whether the
 * quotes are true to the documents is checked again by `fact-check.ts`.
 */
import { createHash } from 'node:crypto'
import type { Citation, Finding, RankedPassage, Subtask } from './document.ts'
import { readable } from './readable.ts'
import { isWhole, needsAntecedent, quality, type SentenceForm } from './sentence-quality.ts'
import { type Sentence, sentences } from './sentences.ts'
import { terms } from './tokens.ts'
import { cosine, count, documentFrequencies, inverseFrequency, tfIdfVectors } from './vectors.ts'

export interface ExtractionInput {
  readonly subtask: Subtask
  readonly topic: string
  /** Best first, as a search returns them; `passage.text` is the slice of its document. */
  readonly passages: readonly RankedPassage[]
  /** The most findings to return. Default 8. */
  readonly limit?: number
}

interface Candidate extends SentenceForm {
  readonly start: number
  readonly end: number
  readonly stems: readonly string[]
  /** Stems of the headings above: what the sentence speaks about without saying it. */
  readonly context: ReadonlySet<string>
  readonly quality: number
  /** The same sentence in other sources. */
  readonly also: readonly Citation[]
  /** The passage's score as a part of the best one's, 0 to 1. */
  readonly rank: number
}

interface Scored extends Candidate {
  readonly relevance: number
}

/** Words of a question that name no subject. */
const ASKING = new Set(
  terms('what do the sources say about role play relate mean matter detail explain describe work use'),
)
/** Only this many of the best candidates compete for diversity; the others would lose anyway. */
const FIELD = 80
/** Relevance against novelty in maximal marginal relevance. */
const LAMBDA = 0.72
/** Two sentences of one source more alike than this say the same. */
const REPEATS = 0.85
/** Below it a sentence mentions the sub-task in passing only. */
const WEAKEST = 0.18
/** The same, as a part of the best sentence's relevance. */
const WEAKEST_OF_BEST = 0.42
/** More sources of one sentence add nothing. */
const MOST_CITATIONS = 4
/** A longer passage is cut: no paragraph is this long, and hostile input may be. */
const LONGEST_PASSAGE = 20_000

/**
 * At most `limit` findings, most relevant first, relevance in 0..1, verdict `unchecked`. Sentences are ranked
 * by BM25 (Robertson & Zaragoza, 2009) times their form, then chosen by maximal marginal relevance
 * (Carbonell & Goldstein, 1998). A sentence that begins with "This" or "However" is quoted together with the
 * sentence before it, or left out.
 */
export function extractFindings({ subtask, topic, passages, limit = 8 }: ExtractionInput): Finding[] {
  const query = queryWeights(subtask, topic)
  const candidates = distinct(passages.flatMap(passage => candidatesOf(passage, passages[0]?.score ?? 0)))
  const scored = score(candidates, query).sort((a, b) => b.relevance - a.relevance || byPlace(a, b))
  const least = Math.max(WEAKEST, WEAKEST_OF_BEST * (scored[0]?.relevance ?? 0))
  const field = scored.filter(({ relevance }) => relevance >= least).slice(0, FIELD)
  return diverse(field, limit).map(candidate => toFinding(candidate, subtask))
}

const byPlace = (a: Candidate, b: Candidate): number =>
  a.source === b.source ? a.start - b.start : a.source < b.source ? -1 : 1

/** The sub-task's terms weigh most, the first (most specific) of them above all; then its question, then the topic. */
function queryWeights(subtask: Subtask, topic: string): Map<string, number> {
  const weights = new Map<string, number>()
  const raise = (stems: readonly string[], weight: number) => {
    for (const stem of stems)
      if (!ASKING.has(stem)) weights.set(stem, Math.max(weights.get(stem) ?? 0, weight))
  }
  raise(terms(topic), 0.2)
  raise(terms(`${subtask.question} ${subtask.focus ?? ''}`), 0.35)
  subtask.terms.forEach((term, index) => {
    raise(terms(term), Math.max(0.4, 1 - 0.3 * index))
  })
  return weights
}

function candidatesOf(passage: RankedPassage, best: number): Candidate[] {
  const text = passage.text.slice(0, LONGEST_PASSAGE)
  const found = sentences(text)
  const rank = best > 0 ? Math.max(0, Math.min(1, passage.score / best)) : 0.5
  const context = new Set(
    terms(
      passage.headings
        .slice(-2)
        .map(heading => readable(heading))
        .join(' '),
    ),
  )
  return found.flatMap((sentence, index) => {
    const from = withAntecedent(text, found, index)
    if (from === undefined) return []
    const raw = text.slice(from.start, sentence.end)
    const statement = readable(raw)
    const form = {
      statement,
      raw,
      inList: /(?:^|\n)[ \t>]*(?:[-*+•]|\d{1,3}[.)])[ \t]+$/.test(
        text.slice(Math.max(0, from.start - 40), from.start),
      ),
      headings: passage.headings,
      source: passage.source,
    }
    const judged = quality(form) * (from === sentence ? 1 : 0.92)
    if (judged === 0) return []
    const place = { start: passage.start + from.start, end: passage.start + sentence.end }
    return [{ ...form, ...place, stems: terms(statement), context, quality: judged, rank, also: [] }]
  })
}

/** Where a quote must begin so that its first words are understood; undefined when that is out of reach. */
function withAntecedent(text: string, found: readonly Sentence[], index: number): Sentence | undefined {
  const sentence = found[index]
  if (sentence === undefined || !needsAntecedent(readable(sentence.text))) return sentence
  const before = found[index - 1]
  if (before === undefined || needsAntecedent(readable(before.text)) || /[?:]$/.test(before.text))
    return undefined
  if (!isWhole(readable(before.text), false)) return undefined
  const between = text.slice(before.end, sentence.start)
  return /^\s*$/.test(between) && !/\n\s*\n/.test(between) ? before : undefined
}

/** One candidate per stretch of text; the same sentence in another source becomes one more citation of it. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const places = new Set<string>()
  const byWords = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const place = `${candidate.source}\0${candidate.end}`
    if (places.has(place)) continue
    places.add(place)
    const words = candidate.statement.toLowerCase()
    const known = byWords.get(words)
    if (known === undefined) byWords.set(words, candidate)
    else if (isNewSource(known, candidate))
      byWords.set(words, { ...known, also: [...known.also, quoteOf(candidate)] })
  }
  return [...byWords.values()]
}

const isNewSource = (known: Candidate, { source }: Candidate): boolean =>
  known.also.length < MOST_CITATIONS - 1 && ![known, ...known.also].some(one => one.source === source)

const quoteOf = ({ source, raw, start, end }: Candidate): Citation => ({ source, quote: raw, start, end })

function score(candidates: readonly Candidate[], query: ReadonlyMap<string, number>): Scored[] {
  const frequencies = documentFrequencies(candidates.map(candidate => candidate.stems))
  const length = candidates.reduce((sum, { stems }) => sum + stems.length, 0) / Math.max(1, candidates.length)
  const idf = (stem: string) => 0.5 + inverseFrequency(candidates.length, frequencies.get(stem) ?? 0)
  const weigh = (stem: string) => (query.get(stem) ?? 0) * idf(stem)
  const strongest = Math.max(0, ...query.values())
  // A word that no candidate says asks for nothing, unless it is what the sub-task is about: then its absence counts.
  const top = [...query]
    .filter(([stem, weight]) => frequencies.has(stem) || weight >= 0.7 * strongest)
    .reduce((sum, [stem]) => sum + weigh(stem), 0)
  return candidates.map(candidate => {
    const said = count(candidate.stems)
    let sum = 0
    let named = 0.35
    for (const [stem, weight] of query) {
      const inContext = candidate.context.has(stem) ? 0.45 : 0
      const times = said.get(stem) ?? 0
      sum += weigh(stem) * Math.max(inContext, saturation(times, candidate.stems.length / (length || 1)))
      if (weight >= 0.7 * strongest && (times > 0 || inContext > 0))
        named = Math.max(named, times > 0 ? 1 : 0.7)
    }
    const match = top === 0 ? 0 : Math.min(1, sum / top)
    const relevance = (0.8 * match + 0.2 * candidate.rank) * Math.min(1, candidate.quality / 1.2) * named
    return { ...candidate, relevance: sum === 0 ? 0 : Math.round(relevance * 1e4) / 1e4 }
  })
}

/** BM25's term saturation, k1 = 0.6 (a sentence says a word once or twice), b = 0.4; 1 for one mention in an average sentence. */
const saturation = (times: number, relativeLength: number): number =>
  (times * 1.6) / (times + 0.6 * (0.6 + 0.4 * relativeLength))

function diverse(sorted: readonly Scored[], limit: number): Scored[] {
  const vectors = tfIdfVectors(sorted.map(candidate => candidate.statement))
  const left = sorted.map((candidate, index) => ({
    candidate,
    vector: vectors[index] ?? new Map<string, number>(),
    nearest: 0,
  }))
  const chosen: (typeof left)[number][] = []
  const value = (entry: (typeof left)[number] | undefined): number =>
    entry === undefined ? -1 : LAMBDA * entry.candidate.relevance - (1 - LAMBDA) * entry.nearest
  while (chosen.length < limit && left.length > 0) {
    let best = 0
    for (let index = 1; index < left.length; index++) if (value(left[index]) > value(left[best])) best = index
    const [next] = left.splice(best, 1)
    if (next === undefined) break
    // Near repeats in other sources are kept: whether they agree or contradict is for the analysts to see.
    const repeats = chosen.some(
      ({ candidate, vector }) =>
        candidate.source === next.candidate.source &&
        (overlaps(candidate, next.candidate) || cosine(vector, next.vector) > REPEATS),
    )
    if (repeats) continue
    chosen.push(next)
    for (const entry of left) entry.nearest = Math.max(entry.nearest, cosine(entry.vector, next.vector))
  }
  return chosen.map(({ candidate }) => candidate).sort((a, b) => b.relevance - a.relevance || byPlace(a, b))
}

const overlaps = (a: Candidate, b: Candidate): boolean => a.start < b.end && b.start < a.end

function toFinding(candidate: Scored, subtask: Subtask): Finding {
  const { source, start, end, statement, relevance } = candidate
  return {
    id: findingId(subtask.id, source, start, end),
    statement,
    subtask: subtask.id,
    citations: [quoteOf(candidate), ...candidate.also],
    relevance,
    verdict: 'unchecked',
  }
}

/** The same quote found for the same sub-task has the same id, in every run and on every machine. */
const findingId = (subtask: string, source: string, start: number, end: number): string =>
  `finding-${createHash('sha256').update(`${subtask}\0${source}\0${start}\0${end}`).digest('hex').slice(0, 12)}`
