/**
 * Markdown as a person reads it: marks, link targets, images, tags and hard line breaks removed, code ticks
 * kept. Called wherever a quote becomes a statement. It never changes, adds or reorders a word.
 */

const IMAGE = /!\[[^[\]\n]*\](?:\([^()\n]*\)|\[[^[\]\n]*\])/g
const LINK = /\[([^\][]+)\](?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^[\]\n]*\])/g
const FOOTNOTE = /\[\^[^[\]\n]+\]/g
const BARE_URL = /<(https?:\/\/[^<>\s]+)>/g
const TAG = /<\/?[a-zA-Z][^<>]*>|<!--[\s\S]{0,2000}?-->/g
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': ' ',
}
/** What may open a line of a block: quote marks, bullets, numbers, heading marks, task boxes. */
const LINE_MARKS = /^[ \t]*(?:>[ \t]?)*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?(?:\[[ xX]\][ \t]+)?(?:#{1,6}[ \t]+)?/
const QUOTE_MARKS = /\n[ \t]*(?:>[ \t]?)+/g

/** Splits text into its code spans (odd members, ticks included) and what is between them. */
export const codeSpans = (text: string): string[] => text.split(/(`[^`]+`)/)

/** `markdown` as one line of plain text. Code spans are kept to the letter, with their ticks. */
export function readable(markdown: string): string {
  const oneBlock = markdown.replace(LINE_MARKS, '').replace(QUOTE_MARKS, '\n').replace(/``+/g, '`')
  const linked = unlinked(oneBlock)
  // Emphasis may enclose code, so the code is set aside rather than cut out.
  const codes: string[] = []
  const covered = linked
    .replace(/[\uE000\uE001]/g, '')
    .replace(/`[^`]+`/g, code => `\uE000${codes.push(code) - 1}\uE001`)
  return withoutMarks(covered)
    .replace(/\uE000(\d+)\uE001/g, (_, index: string) => codes[Number(index)] ?? '')
    .replace(/\s+/g, ' ')
    .replace(/ ([,.;:!?])(?=\s|$)/g, '$1')
    .trim()
}

/** Links become their text; done before code spans are set aside, for a link may hold one. */
const unlinked = (text: string): string =>
  text.replace(IMAGE, ' ').replace(LINK, '$1').replace(LINK, '$1').replace(FOOTNOTE, '')

function withoutMarks(text: string): string {
  return text
    .replace(BARE_URL, '$1')
    .replace(TAG, ' ')
    .replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, entity => ENTITIES[entity] ?? entity)
    .replace(/(?<![\p{L}\p{N}*])\*{1,3}(?=\S)([^*]*[^*\s])\*{1,3}(?![\p{L}\p{N}])/gu, '$1')
    .replace(/(^|[^\p{L}\p{N}_])_{1,3}(?=\S)([^_]*[^_\s])_{1,3}(?![\p{L}\p{N}_])/gu, '$1$2')
    .replace(/~~(?=\S)([^~]+)~~/g, '$1')
    .replace(/\\([\\`*_{}[\]()#+\-.!<>|~])/g, '$1')
    .replace(/\*{2,}/g, '')
}

/** `text` without its code ticks, except where the span would read as Markdown without them. */
export const withoutTicks = (text: string): string =>
  text.replace(/`([^`]+)`/g, (span, code: string) => (/[*_<>[\]|\\#]/.test(code) ? span : code))

/** `text` with its first letter in upper case, unless it is code or an identifier such as `maxAge`. */
export function capitalised(text: string): string {
  const first = /^[^\s]+/.exec(text)?.[0] ?? ''
  if (first.startsWith('`') || /\p{Ll}\p{Lu}|[_.()]/u.test(first)) return text
  return text.charAt(0).toUpperCase() + text.slice(1)
}
