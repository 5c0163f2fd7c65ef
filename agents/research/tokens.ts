/**
 * Text into words, the same way for the index, the queries and the analysis of what was found. Called by
 * the corpus and by the extractive skills. It knows nothing of documents or offsets, and English only:
 * other languages are split into words but neither stemmed well nor freed of their stop words.
 */
import { ENGLISH_STOP_WORDS, porterStem } from '../../memory/recall/english.ts'

/** Longer runs of letters and digits are keys, hashes and data, not words. */
const LONGEST_WORD = 64

/** Numbers with their points (`2.9.10`), else letters, marks, digits, `_`, with inner apostrophes. */
const WORD = /\p{N}+(?:[.,]\p{N}+)+|[\p{L}\p{M}\p{N}_]+(?:'[\p{L}\p{M}]+)*/gu
/** Where an identifier has its seams: `ackWait`, `HTTPServer`, `max_age`. */
const SEAM = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|_+/u
/** Scripts that do not put spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u

/** What the published list leaves out although it tells nothing about a subject. */
const MORE_STOP_WORDS = [
  ...["aren't", "can't", 'cannot', "couldn't", "didn't", 'does', "doesn't", 'doing', "don't", "hasn't"],
  ...["haven't", 'hers', 'however', "i'm", "isn't", "it's", 'its', 'itself', 'let', "let's", 'may', 'nor'],
  ...['ours', 'per', 'shall', "shouldn't", 'so', "that's", 'theirs', 'themselves', "there's", 'thus', 'upon'],
  ...['us', 'via', "wasn't", "we're", "weren't", 'when', 'whether', 'whom', 'whose', 'why', "won't", 'yet'],
  ...["wouldn't", "you're", "you've", 'yours', 'yourself'],
]

const STOP_WORDS: ReadonlySet<string> = new Set([...ENGLISH_STOP_WORDS, ...MORE_STOP_WORDS])

/** True for words such as "the" and "which" that tell nothing about a subject. Expects lower case. */
export const isStopWord = (word: string): boolean => STOP_WORDS.has(word)

/** The stem of a lower-case word, by Porter2. */
export const stem = (word: string): string => porterStem(word)

/**
 * The words of `text` in order, in lower case, stop words included, not stemmed. An identifier gives itself
 * and its parts (`ackWait`: ackwait, ack, wait); a possessive gives its noun; a number keeps its points.
 */
export function tokens(text: string): string[] {
  const out: string[] = []
  for (const [raw] of text.normalize('NFKC').replaceAll('’', "'").matchAll(WORD)) {
    if (raw.length > LONGEST_WORD && !UNSPACED.test(raw)) continue
    for (const word of UNSPACED.test(raw) ? unspaced(raw) : [raw]) addWord(word, out)
  }
  return out
}

/** What `text` is about, for matching: its words without stop words and lone letters, stemmed. */
export function terms(text: string): string[] {
  return tokens(text).filter(isTelling).map(stem)
}

const isTelling = (word: string): boolean => !isStopWord(word) && !/^[a-z]$/.test(word)

function addWord(raw: string, out: string[]): void {
  const word = raw.replace(/^_+|_+$|'s$/giu, '')
  if (word === '') return
  const parts = word.split(SEAM).filter(part => part !== '')
  out.push(word.toLowerCase())
  if (parts.length > 1) out.push(...parts.map(part => part.toLowerCase()))
}

function unspaced(raw: string): string[] {
  const segments = new Intl.Segmenter('en', { granularity: 'word' }).segment(raw)
  return Array.from(segments).flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : []))
}
