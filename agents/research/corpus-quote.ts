/**
 * Finds the place of a quote in a text. Called by the corpus. A quote that came through a model or a reader
 * may have lost Markdown's marks, link targets and line breaks; its words must all be there, in order.
 */

/** A text without marks and with single spaces; `at[i]` is where its unit `i` stands in the original. */
export interface Normalised {
  readonly text: string
  readonly at: Int32Array
}

interface Place {
  readonly start: number
  readonly end: number
}

/** What a reader of rendered Markdown does not see. Every quantifier is bounded: the text is hostile. */
const UNSEEN = [
  /!\[[^[\]\n]{0,500}\]\([^()\n]{0,2000}\)/g,
  /(?<=\])(?:\([^()\n]{0,2000}\)|\[[^[\]\n]{0,500}\])/g,
  /<\/?[a-zA-Z!][^<>\n]{0,2000}>/g,
  /(?<=^|[\r\n])[ \t]{0,40}(?:>[ \t]{0,4}){0,8}(?:(?:[-+*]|\d{1,9}[.)]|#{1,6})(?=[ \t])){0,1}/g,
  /[`*[\]]|~~/g,
  /(?<![\p{L}\p{N}])_{1,3}|_{1,3}(?![\p{L}\p{N}])/gu,
]
const LOOKALIKES: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '.',
}

/** Prepares a text for `findQuote`; worth keeping when several quotes are looked up in it. */
export function normalise(text: string): Normalised {
  const unseen = new Uint8Array(text.length)
  for (const pattern of UNSEEN) {
    for (const { 0: found, index } of text.matchAll(pattern)) unseen.fill(1, index, index + found.length)
  }
  const units: string[] = []
  const at: number[] = []
  for (let i = 0; i < text.length; i++) {
    if (unseen[i] === 1) continue
    const raw = text.charAt(i)
    const unit = /\s/.test(raw) ? ' ' : (LOOKALIKES[raw] ?? raw)
    if (unit === ' ' && units.at(-1) === ' ') continue
    units.push(unit)
    at.push(i)
  }
  return { text: units.join(''), at: Int32Array.from(at) }
}

/** Where `quote` stands in `text`: to the letter, else by its words. `known` is `normalise(text)`, made on demand. */
export function findQuote(text: string, quote: string, known: () => Normalised): Place | undefined {
  if (quote.trim() === '') return undefined
  const exact = text.indexOf(quote)
  if (exact >= 0) return { start: exact, end: exact + quote.length }
  const needle = normalise(quote).text.trim()
  if (!/[\p{L}\p{N}]/u.test(needle)) return undefined
  const { text: normal, at } = known()
  const index = normal.indexOf(needle)
  const start = at[index]
  const last = at[index + needle.length - 1]
  if (index < 0 || start === undefined || last === undefined) return undefined
  return withWholeCode(text, { start, end: last + 1 })
}

/** A tick just outside belongs to the code span that begins or ends the quote. */
function withWholeCode(text: string, { start, end }: Place): Place {
  if ((text.slice(start, end).split('`').length - 1) % 2 === 0) return { start, end }
  if (text.charAt(start - 1) === '`') return { start: start - 1, end }
  return text.charAt(end) === '`' ? { start, end: end + 1 } : { start, end }
}
