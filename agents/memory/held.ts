/**
 * Whether what a model says follows from memories stands in them. Called with every statement that a model proposes;
 * what does not pass is left out. It compares words, it does not understand: names and numbers have to stand in the
 * sources as they are, most other telling words as well, and what every source denies is not stated.
 */
import type { MemoryRecord } from '../../memory/memory.ts'
import { isTelling, stem, wordsOf } from '../../memory/recall/words.ts'

type Source = Pick<MemoryRecord, 'text' | 'who'>

/** Share of the words, besides names and numbers, that may be the model's own: "moved to" becomes "lives in". */
const OWN_WORDS = 0.5

const NEGATION = /\b(?:not|no|never|cannot|without|neither|nor|none|nobody|\p{L}+n['’]t)\b/giu
const CLAUSES = /[.!?;,:\n]+|\b(?:but|although|though|however|instead)\b/giu

/** Stems of the telling words of a text; `strict` ones are names and numbers. */
function keyWords(text: string): readonly { readonly stem: string; readonly strict: boolean }[] {
  return wordsOf(text)
    .filter(word => isTelling(word.toLowerCase()))
    .map(word => ({ stem: stem(word.toLowerCase()), strict: /\p{N}|^\p{Lu}/u.test(word) }))
}

const wordsIn = (sources: readonly Source[]): ReadonlySet<string> =>
  new Set(sources.flatMap(({ text, who }) => keyWords(`${who ?? ''} ${text}`).map(one => one.stem)))

/** All telling words of `text` stand in the sources. A text without any is held by nothing. */
export function standsIn(text: string, sources: readonly Source[]): boolean {
  const known = wordsIn(sources)
  const words = keyWords(text)
  return words.length > 0 && words.every(one => known.has(one.stem))
}

/** Names, numbers and most of the other words of a sentence stand in the sources. */
export function isHeld(sentence: string, sources: readonly Source[]): boolean {
  const known = wordsIn(sources)
  const words = keyWords(sentence)
  // The first word is in upper case whatever it is.
  const first = wordsOf(sentence)[0]?.toLowerCase()
  const missing = words.filter(one => !known.has(one.stem))
  if (missing.some(one => one.strict && one.stem !== (first && stem(first)))) return false
  return words.length > 0 && missing.length <= words.length * OWN_WORDS
}

/** Every clause of the sources that speaks of `object` denies it, and `sentence` does not. */
export function isDenied(sentence: string, object: string, sources: readonly Source[]): boolean {
  if (isNegative(sentence)) return false
  const wanted = keyWords(object).map(one => one.stem)
  if (wanted.length === 0) return false
  const clauses = sources
    .flatMap(({ text }) => text.split(CLAUSES))
    .filter(clause => {
      const words = new Set(keyWords(clause).map(one => one.stem))
      return wanted.every(one => words.has(one))
    })
  return clauses.length > 0 && clauses.every(isNegative)
}

const isNegative = (text: string): boolean => (text.match(NEGATION)?.length ?? 0) % 2 === 1
