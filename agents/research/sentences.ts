/**
 * The sentences of Markdown or plain text with exact offsets, for the extractive skills that quote them.
 * Headings, tables, code, HTML and badges are no sentences and are left out; a list item ends its sentence.
 * The rules are those of Unicode (UAX 29) through Intl.Segmenter, corrected where technical prose breaks them.
 */
import { blocks, plainText } from './markdown.ts'

export interface Sentence {
  readonly start: number
  readonly end: number
  /** `text.slice(start, end)` of the text that was given. */
  readonly text: string
}

interface Span {
  readonly start: number
  readonly end: number
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** Their point does not end a sentence. `etc.` is not here: a capital after it usually starts the next one. */
const ABBREVIATIONS =
  /\b(?:[eE]\.g|[iI]\.e|vs|cf|viz|approx|incl|excl|resp|al|Figs?|Eq|Sec|Ch|Mr|Mrs|Ms|Dr|Prof|Jr|[A-Z](?:\.[A-Z])+|Ph\.D)\./g
const NUMBERED = /\b(?:No|Nos|pp?|[vV]ol|[vV]er)\.(?=\s*\d)/g
const CODE_SPAN = /(`{1,4})(?!`)[\s\S]{1,500}?(?<!`)\1(?!`)/g
const IMAGE = /!\[[^[\]\n]{0,500}\]\([^()\n]{0,2000}\)/g
const LINK_TARGET = /\](?:\([^()\n]{0,2000}(?:\([^()\n]{0,500}\)[^()\n]{0,500})?\)|\[[^[\]\n]{0,500}\])/g
const BARE_URL = /\b(?:https?|wss?|nats|ftp|file|mailto):[^\s<>()"']{1,2000}/g
const TAG = /<\/?[a-zA-Z!][^<>\n]{0,2000}>/g
const MARKS_AFTER_END = /(?<=[.!?])[*_~]{1,3}(?=\s|$)/g
const QUOTE_MARK = /(?<=[\r\n])[ \t]*(?:>[ \t]?)+/g

/** The sentences of `text` in order. Lower-case letters never start one: `Really? he said` is one sentence. */
export function sentences(text: string): Sentence[] {
  return blocks(text)
    .filter(block => block.kind === 'paragraph')
    .flatMap(block => split(text, block))
    .filter(sentence => saysSomething(plainText(sentence.text)))
}

/** Not a badge, a rule or the marker of a GitHub alert. */
const saysSomething = (words: string): boolean => /\p{L}/u.test(words) && !/^\[![A-Z]+\]$/.test(words)

function split(text: string, block: Span): Sentence[] {
  const masked = mask(text.slice(block.start, block.end))
  const spans: Span[] = []
  for (const { index, segment } of segmenter.segment(masked)) {
    const span = trim(masked, index, index + segment.length)
    if (span.end === span.start) continue
    const before = spans.at(-1)
    if (before !== undefined && continues(masked, before, span)) {
      spans[spans.length - 1] = { start: before.start, end: span.end }
    } else spans.push(span)
  }
  return spans.map(span => {
    const start = block.start + span.start
    const end = block.start + span.end
    return { start, end, text: text.slice(start, end) }
  })
}

/** A segment without a letter before (`1.`) or one that starts in lower case belongs to its neighbour. */
const continues = (masked: string, before: Span, span: Span): boolean =>
  /^[^\p{L}\p{N}]*\p{Ll}/u.test(masked.slice(span.start, Math.min(span.end, span.start + 40))) ||
  !/\p{L}/u.test(masked.slice(span.start, span.end)) ||
  !/\p{L}/u.test(masked.slice(before.start, before.end))

/** `text` at the same length, with everything that only looks like the end of a sentence covered. */
function mask(text: string): string {
  const cover =
    (by: string) =>
    (found: string): string =>
      by.repeat(found.length)
  return text
    .replace(CODE_SPAN, cover('X'))
    .replace(IMAGE, cover(')'))
    .replace(LINK_TARGET, cover(')'))
    .replace(
      BARE_URL,
      url => `${'X'.repeat(url.replace(/[.,:;!?]+$/, '').length)}${/[.,:;!?]*$/.exec(url)?.[0]}`,
    )
    .replace(TAG, cover(' '))
    .replace(QUOTE_MARK, cover(' '))
    .replace(MARKS_AFTER_END, cover(')'))
    .replace(ABBREVIATIONS, cover('x'))
    .replace(NUMBERED, cover('x'))
    .replace(/[\r\n\u2028\u2029\u0085]/g, ' ')
}

function trim(masked: string, from: number, to: number): Span {
  let start = from
  let end = to
  while (start < end && /\s/.test(masked.charAt(start))) start++
  while (end > start && /\s/.test(masked.charAt(end - 1))) end--
  return { start, end }
}
