/**
 * The words and phrases a corpus itself uses for a topic, as it writes them. Called by the planning of
 * sub-tasks. It counts and compares; it knows nothing of what the words mean.
 */
import type { Document, Passage, RankedPassage } from './document.ts'
import { readable } from './readable.ts'
import { isBoilerplate } from './sentence-quality.ts'
import { isStopWord, stem, terms, tokens } from './tokens.ts'
import { count, inverseFrequency } from './vectors.ts'

/** The part of a corpus that planning and gap finding need. */
export interface SearchableCorpus {
  readonly documents: readonly Document[]
  readonly passages: readonly Passage[]
  search(query: string, options?: { readonly limit?: number }): readonly RankedPassage[]
}

export interface KeyTerm {
  /** As the corpus writes it most often: "pending messages", `` `maxPingOut` ``. */
  readonly text: string
  readonly stems: readonly string[]
  readonly weight: number
  /** In how many of the top passages it occurs. */
  readonly passages: number
}

interface Weighed extends KeyTerm {
  readonly places: ReadonlySet<number>
  /** It is the whole of a heading. */
  readonly isHeading: boolean
}

interface Candidate {
  readonly stems: readonly string[]
  readonly forms: Map<string, number>
  readonly passages: Set<number>
  inHeadings: number
  isHeading: boolean
}

interface KeyTermOptions {
  readonly limit?: number
  /** How many of the best passages are read. */
  readonly passages?: number
  /** Only passages that hold one of these stems are read: what the terms must occur together with. */
  readonly near?: ReadonlySet<string>
}

/** Words that carry grammar or praise rather than a subject; a phrase may not begin or end with one. */
const WEAK = new Set(
  [
    'able above additional amount allow allowed allows already always avoid based become below best better bit call called calls case cases',
    'certain change common contain contains create created creates default depending different down easily easy either enable',
    'ensure etc even example examples existing false fast first follow following follows form full further general given gives',
    'go good great happens help here high higher highest however important include includes including information inside instead keep kind know last later less let',
    'level likely little long look lot low lower lowest main makes making means mind multiple necessary need needed needs never new next no non',
    'none normal not note null number numbers old once one optional order outside own part particular place places please point possible prior provide provided',
    'provides read reason receive recommended require required requires result return returned returns right robust run running safe',
    'second section see set sets several shall show simple simply single small something specific specified specify start',
    'support supported supports sure take taken takes tell thing took things third three time times true try two type types typically',
    'undefined until update use used useful user uses using usually value values variety various want wants way ways whole will within',
    'without work works year years yes you zero',
  ].flatMap(line => line.split(' ')),
)

const SAMPLE = 1_500
/** What separates phrases, besides stop words: punctuation, brackets, line ends. */
const BREAK = /[^\p{L}\p{M}\p{N}_'’\-\s]+/u

/** True for a word that can stand for a subject. Expects lower case. */
export const isTelling = (word: string): boolean =>
  word.length > 2 && !/^\p{N}/u.test(word) && !isStopWord(word) && !WEAK.has(word)

/**
 * The terms of the passages that `corpus.search(topic)` ranks first, most characteristic first; the topic's
 * own words are left out. Candidates are the word runs between stop words and punctuation (RAKE: Rose et
 * al., 2010), code identifiers and headings; the weight is how widely the top passages use the term, times
 * how rare it is in an even sample of the corpus.
 */
export function keyTerms(topic: string, corpus: SearchableCorpus, options: KeyTermOptions = {}): KeyTerm[] {
  const { limit = 12, passages = 40, near } = options
  const top = corpus
    .search(topic, { limit: passages })
    .filter(passage => !isBoilerplate(passage) && (near === undefined || holds(passage, near)))
  const texts = top.map(({ text }) => text.slice(0, 6_000)).join('\n')
  const background = backgroundFrequencies(corpus.passages)
  const own = new Set(terms(topic))
  const found = [...candidatesOf(top).values()]
    .filter(isRepeated)
    .filter(candidate => !candidate.stems.every(one => own.has(one)))
    .map(candidate => weighed(candidate, own, background))
    .sort((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : 1))
  return pick(found, texts, limit)
}

const holds = ({ text, headings }: RankedPassage, near: ReadonlySet<string>): boolean =>
  terms(`${headings.at(-1) ?? ''} ${text.slice(0, 6_000)}`).some(one => near.has(one))

function candidatesOf(passages: readonly RankedPassage[]): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>()
  passages.forEach((passage, index) => {
    const heading = passage.headings.at(-1)
    if (heading !== undefined && heading.length < 60)
      add(candidates, phrasesOf(readable(heading)), index, true)
    const withoutFences = passage.text.replace(/```[\s\S]*?(?:```|$)/g, '\n').slice(0, 6_000)
    for (const line of withoutFences.split(/\n\s*\n/))
      add(candidates, phrasesOf(readable(line)), index, false)
  })
  return candidates
}

/** Said in two passages, in a heading, or, for an identifier, three times. */
function isRepeated({ passages, inHeadings, forms }: Candidate): boolean {
  const times = [...forms].reduce((sum, [form, n]) => sum + (form.startsWith('`') ? n : 0), 0)
  return passages.size > 1 || inHeadings > 0 || times > 2
}

/** A subject is used as a noun: "the cluster", "for untrusted data", not "to attempt"; or it is a heading. */
function isNominal({ text: form, isHeading }: Weighed, texts: string): boolean {
  if (form.startsWith('`')) return true
  if (/(?:ed|ly)$/.test(form)) return false
  if (isHeading && form.includes(' ')) return true
  const literal = form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s+')
  const after = (words: string) =>
    texts.match(new RegExp(`(?<!\\p{L})(?:${words})\\s+${literal}(?!\\p{L})`, 'giu'))?.length ?? 0
  const asNoun = after('the|an?|of|this|its?|each|any|no|your|with|for|by|in|on')
  const asVerb = after('to|will|can|must|should|may|might|not|you|we|they|which|that|be|is|are|was|were|been')
  return asNoun > asVerb
}

function add(
  into: Map<string, Candidate>,
  phrases: readonly string[],
  index: number,
  heading: boolean,
): void {
  for (const phrase of phrases) {
    const stems = phrase.startsWith('`') ? [stem(tokens(phrase)[0] ?? phrase)] : tokens(phrase).map(stem)
    if (stems.length === 0) continue
    const key = stems.join(' ')
    const known = into.get(key) ?? {
      stems,
      forms: new Map(),
      passages: new Set(),
      inHeadings: 0,
      isHeading: false,
    }
    known.forms.set(phrase, (known.forms.get(phrase) ?? 0) + 1)
    known.passages.add(index)
    if (heading) known.inHeadings += 1
    if (heading && phrases.length === runLength(phrase)) known.isHeading = true
    into.set(key, known)
  }
}

/** How many phrases `phrasesOf` finds in a run that is this phrase and nothing else. */
const runLength = (phrase: string): number => {
  const words = phrase.split(' ').length
  return (words * (words + 1)) / 2
}

/** The candidate phrases of one readable text: identifiers in ticks, and runs of one to three telling words. */
export function phrasesOf(text: string): string[] {
  const out: string[] = []
  for (const [, code] of text.matchAll(/`([^`\s]{3,40})`/g)) {
    const name = (code ?? '').replace(/\(.*$/, '').replace(/[:;,]$/, '')
    if (/^[A-Za-z_$][\w$]*(?:\.[\w$]+)*$/.test(name) && isTelling(name.toLowerCase())) out.push(`\`${name}\``)
  }
  for (const run of text.replace(/`[^`]*`/g, ' , ').split(BREAK)) out.push(...runsOf(run.split(/\s+/)))
  return out
}

function runsOf(words: readonly string[]): string[] {
  const out: string[] = []
  let run: string[] = []
  const finish = () => {
    for (let from = 0; from < run.length; from++) {
      for (let length = 1; length <= 3 && from + length <= run.length; length++) {
        out.push(run.slice(from, from + length).join(' '))
      }
    }
    run = []
  }
  for (const word of words) {
    const bare = word.replace(/^[-'’]+|[-'’]+$/g, '')
    if (isTelling(bare.toLowerCase())) run.push(asWritten(bare))
    else finish()
  }
  finish()
  return out
}

/** In lower case when only its first letter is a capital, so that "Drain" and "drain" count together. */
const asWritten = (word: string): string => (/^\p{Lu}[\p{Ll}'’-]*$/u.test(word) ? word.toLowerCase() : word)

function weighed(
  { stems, forms, passages, inHeadings, isHeading }: Candidate,
  own: ReadonlySet<string>,
  background: { readonly total: number; of(stem: string): number },
): Weighed {
  const fresh = stems.filter(one => !own.has(one))
  const rarity =
    fresh.reduce((sum, one) => sum + inverseFrequency(background.total, background.of(one)), 0) / fresh.length
  const length = stems.length === 1 ? 0.8 : 1.2
  const repeats = new Set(stems).size < stems.length ? 0 : 1
  const weight = repeats * length * rarity * Math.log(1 + passages.size + 0.7 * Math.min(2, inHeadings))
  return { text: mostFrequent(forms), stems, weight, passages: passages.size, places: passages, isHeading }
}

/** The key with the highest count; of equals the first in alphabetical order. */
export function mostFrequent(forms: ReadonlyMap<string, number>): string {
  const sorted = [...forms].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return sorted[0]?.[0] ?? ''
}

/** How often each stem occurs in passages of the whole corpus, from an even sample of at most 1,500. */
function backgroundFrequencies(passages: readonly Passage[]): { total: number; of(stem: string): number } {
  const step = Math.max(1, Math.ceil(passages.length / SAMPLE))
  const sample = passages.filter((_, index) => index % step === 0)
  const counts = count(sample.flatMap(passage => [...new Set(terms(passage.text.slice(0, 1_000)))]))
  return { total: sample.length, of: one => counts.get(one) ?? 0 }
}

/** The best `limit`; of two terms that share their stems or stand in the same few places only the better. */
function pick(sorted: readonly Weighed[], texts: string, limit: number): KeyTerm[] {
  const kept: Weighed[] = []
  for (const term of sorted) {
    if (kept.length >= limit) break
    if (term.weight <= 0 || kept.some(other => isVariant(term, other)) || !isNominal(term, texts)) continue
    kept.push(term)
  }
  return kept.map(({ text, stems, weight, passages }) => ({ text, stems, weight, passages }))
}

function isVariant(a: Weighed, b: Weighed): boolean {
  const shared = a.stems.filter(one => b.stems.includes(one)).length
  if (shared > 0 && shared >= Math.min(a.stems.length, b.stems.length)) return true
  const together = [...a.places].filter(place => b.places.has(place)).length
  return together / (a.places.size + b.places.size - together) > 0.7
}
