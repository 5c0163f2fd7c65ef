/**
 * A document cut into passages, the units that are searched and quoted. Called by the corpus. Passages
 * follow the document's structure, never overlap, and are literal slices: nothing is cleaned or joined.
 */
import type { Document, Passage } from './document.ts'
import { type Block, blocks, plainText } from './markdown.ts'

/** Longer prose is cut at the last sentence end, line end or space before it. */
const LONGEST = 2_000

interface Piece {
  readonly start: number
  readonly end: number
}

/** The passages of `document` in order; `document.text.slice(start, end) === text` holds for each. */
export function passages(document: Document): Passage[] {
  const { format, source, text } = document
  if (format === 'markdown' || format === 'html') return structured(document)
  const whole = trimmed(text, { start: text.startsWith('\uFEFF') ? 1 : 0, end: text.length })
  const parts = format === 'json' ? [whole] : paragraphs(text, whole)
  return parts
    .flatMap(part => cut(text, part))
    .filter(part => part.end > part.start)
    .map(({ start, end }) => ({
      source,
      start,
      end,
      text: text.slice(start, end),
      headings: [],
      ...(format === 'json' && { code: true as const }),
    }))
}

function structured({ source, text }: Document): Passage[] {
  const out: Passage[] = []
  let above: { readonly level: number; readonly title: string }[] = []
  for (const block of blocks(text)) {
    const { kind, level = 1, title = '' } = block
    if (kind === 'heading') {
      above = above.filter(heading => heading.level < level)
      if (title !== '') above.push({ level, title })
    } else if (kind === 'code' || hasWords(text, block)) {
      const headings = above.map(heading => heading.title)
      for (const { start, end } of piecesOf(text, block)) {
        const slice = text.slice(start, end)
        out.push({ source, start, end, text: slice, headings, ...(kind === 'code' && { code: true }) })
      }
    }
  }
  return out
}

function piecesOf(text: string, block: Block): Piece[] {
  switch (block.kind) {
    case 'paragraph':
      return cut(text, withMarker(text, block))
    case 'code':
      return [withIndentation(text, block)]
    default:
      return [block]
  }
}

/** Indented code is code only as long as it keeps its indentation. */
function withIndentation(text: string, { start, end }: Piece): Piece {
  const before = text.slice(Math.max(0, start - 80), start)
  const indentation = /(?:^|[\r\n])([ \t]{4,})$/.exec(before)?.[1] ?? ''
  return { start: start - indentation.length, end }
}

/** Not a row of badges and not a comment. */
const hasWords = (text: string, { start, end }: Block): boolean =>
  /[\p{L}\p{N}]/u.test(plainText(text.slice(start, end).replace(/<!--[\s\S]{0,1000}?-->/g, '')))

/** A list item with its bullet or number, so that a reader of the passage sees what it is. */
function withMarker(text: string, { start, end }: Piece): Piece {
  const line = text.slice(Math.max(0, start - 40), start)
  const marker = /(?:[-*+]|\d{1,9}[.)])[ \t]{1,8}$/.exec(line)?.[0] ?? ''
  return { start: start - marker.length, end }
}

function paragraphs(text: string, { start, end }: Piece): Piece[] {
  const out: Piece[] = []
  let from = start
  for (const gap of text.slice(start, end).matchAll(/(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))+/g)) {
    out.push(trimmed(text, { start: from, end: start + gap.index }))
    from = start + gap.index + gap[0].length
  }
  out.push(trimmed(text, { start: from, end }))
  return out
}

function cut(text: string, { start, end }: Piece): Piece[] {
  const out: Piece[] = []
  let from = start
  while (end - from > LONGEST) {
    const to = from + breakBefore(text.slice(from, from + LONGEST))
    out.push(trimmed(text, { start: from, end: to }))
    from = to
  }
  out.push(trimmed(text, { start: from, end }))
  return out.filter(piece => piece.end > piece.start)
}

function breakBefore(window: string): number {
  const least = window.length / 2
  const sentence = Math.max(...['. ', '.\n', '! ', '? '].map(mark => window.lastIndexOf(mark) + 1))
  if (sentence > least) return sentence
  const line = window.lastIndexOf('\n')
  if (line > least) return line
  const space = window.lastIndexOf(' ')
  if (space > 0) return space
  return /[\uD800-\uDBFF]$/.test(window) ? window.length - 1 : window.length
}

function trimmed(text: string, { start, end }: Piece): Piece {
  const slice = text.slice(start, end)
  const from = start + (slice.length - slice.trimStart().length)
  return { start: from, end: Math.max(from, start + slice.trimEnd().length) }
}
