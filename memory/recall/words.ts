/**
 * Text into the terms under which the index knows it, the same way for memories and for questions. Called by the
 * index for what is stored and by `query.ts` for what is asked. English: words of other languages are found as they
 * stand. It knows no hashes (`term-hash.ts`) and no weights.
 */
import { ENGLISH_STOP_WORDS, porterStem } from './english.ts'
import { CLASSES_OF } from './word-classes.ts'
import { BASE_FORMS } from './word-forms.ts'

/** Longer runs of letters and digits are keys, hashes and data, not words. */
const LONGEST_WORD = 64
/** Terms of one text beyond this are left out: a memory of 64 KiB of one-letter words is no conversation. */
export const MOST_WORDS = 8_192

/** Numbers with their points (`2.9.10`, `7:30`), else letters, marks, digits, `_`, with inner apostrophes. */
const WORD = /\p{N}+(?:[.,:]\p{N}+)+|[\p{L}\p{M}\p{N}_]+(?:'[\p{L}\p{M}]+)*/gu
/** Scripts that do not put spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u

/** What the published list leaves out although it tells nothing about a subject. */
const MORE_STOP_WORDS =
  `aren't can't cannot couldn't didn't does doesn't doing don't hasn't haven't hers however i'm
isn't it's its itself let let's may nor will ours per shall shouldn't so that's theirs themselves there's thus upon us via
wasn't we're weren't when whether whom whose why won't yet wouldn't you're you've yours yourself i'll i've i'd we've
we'll he's she's they're they've what's who's how's you'll you'd`.split(/\s+/)

const STOP_WORDS: ReadonlySet<string> = new Set([...ENGLISH_STOP_WORDS, ...MORE_STOP_WORDS])

/** The terms of a text, and how often each stands in it. */
export interface IndexTerms {
  readonly terms: ReadonlyMap<string, number>
  /** How many words it has, without stop words: what BM25 calls its length. */
  readonly length: number
}

/** True for words such as "the" and "which" that tell nothing about a subject. Expects lower case. */
export const isTelling = (word: string): boolean => !STOP_WORDS.has(word) && !/^[a-z]$/.test(word)

/**
 * The stem of a lower-case word by Porter2, irregular forms and short forms first brought to their base ("went" to "go").
 */
export const stem = (word: string): string => porterStem(BASE_FORMS.get(word) ?? word)

/** The words of `text` as written, in order, stop words included; a possessive gives its noun. */
export function wordsOf(text: string): string[] {
  const out: string[] = []
  for (const [raw] of text.normalize('NFKC').replaceAll('’', "'").matchAll(WORD)) {
    if (out.length >= MOST_WORDS) return out
    if (UNSPACED.test(raw)) out.push(...unspaced(raw))
    else if (raw.length <= LONGEST_WORD) {
      const word = raw.replace(/^_+|_+$|'s$/giu, '')
      if (word !== '') out.push(word)
    }
  }
  return out
}

/** What the index keeps of a memory: its stems, their families and classes, and the names of who said it. */
export function indexTerms(text: string, whoName?: string): IndexTerms {
  const terms = new Map<string, number>()
  const stems = wordsOf(text).flatMap(word => {
    const lower = word.toLowerCase()
    return isTelling(lower) ? [stem(lower)] : []
  })
  const add = (term: string): void => void terms.set(term, (terms.get(term) ?? 0) + 1)
  for (const each of stems) {
    add(each)
    add(familyTerm(each))
  }
  for (const each of new Set(stems.flatMap(each => CLASSES_OF.get(each) ?? []))) add(classTerm(each))
  for (const each of whoName === undefined ? [] : speakerTerms(whoName)) add(each)
  return { terms, length: stems.length }
}

/** A class of things ("pet") as a term; no stem begins like it. */
export const classTerm = (name: string): string => `#${name}`

/** Under which the memories of a speaker stand, one for each part of the name. */
export const speakerTerms = (name: string): readonly string[] => [
  ...new Set(wordsOf(name).map(word => speakerTerm(word.toLowerCase()))),
]
export const speakerTerm = (word: string): string => `@${word}`

/** Endings that make another kind of word of the same root, the longer before the shorter. */
const ENDINGS =
  `ational ization isation fulness ousness iveness ation ition ement ment ness able ible ance ence ancy
ency sion tion ship hood less ful ous ive ist ism ity age ion ate ant ent ize ise ial al er or ic ly y ed i e`.split(
    /\s+/,
  )
const SHORTEST_ROOT = 4

/** What "decis" (decision) and "decid" (decide) share, roughly, as a term of its own: a root, at most two endings off. */
export function familyTerm(stemmed: string): string {
  const root = withoutEnding(withoutEnding(stemmed))
  return `~${root.length >= SHORTEST_ROOT && /([^aeiouls])\1$/.test(root) ? root.slice(0, -1) : root}`
}

function withoutEnding(word: string): string {
  const ending = ENDINGS.find(each => word.length - each.length >= SHORTEST_ROOT && word.endsWith(each))
  return ending === undefined ? word : word.slice(0, -ending.length)
}

function unspaced(raw: string): string[] {
  const segments = new Intl.Segmenter(undefined, { granularity: 'word' }).segment(raw.slice(0, MOST_WORDS))
  return Array.from(segments).flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : []))
}
