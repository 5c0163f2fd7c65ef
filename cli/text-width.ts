/**
 * Texts of strangers in lines of a screen: printable, cut or wrapped by the cells they take, in which an ideograph
 * counts two and a combining mark none. Called by whatever prints lists and paragraphs.
 */
import stringWidth from 'string-width'
import { printable } from './terminal.ts'

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Code units of a text that are looked at per cell there is: no sensible text has more. */
const UNITS_A_CELL = 16

/** Of a printable text. */
export const cellsOf = (text: string): number => stringWidth(text)

/** Printable, on one line, at most `width` cells; what is cut off is an ellipsis. */
export function fit(text: string, width = Number.POSITIVE_INFINITY): string {
  const looked = Number.isFinite(width) ? text.slice(0, Math.max(0, width) * UNITS_A_CELL + 64) : text
  const line = printable(looked).replaceAll(/\s+/g, ' ').trim()
  if (looked.length === text.length && cellsOf(line) <= width) return line
  return width < 1 ? '' : `${head(line, width - 1).trimEnd()}…`
}

/** As many whole characters of `line` as have room in `width` cells. */
function head(line: string, width: number): string {
  let [kept, room] = ['', width]
  for (const { segment } of GRAPHEMES.segment(line)) {
    room -= cellsOf(segment)
    if (room < 0) break
    kept += segment
  }
  return kept
}

/** `text`, which is printable, with blanks up to `width` cells. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - cellsOf(text)))

/** A text in full: printable, its own lines kept, each broken at blanks (or anywhere) so that `width` cells do. */
export function paragraphs(text: string, width = Number.POSITIVE_INFINITY): readonly string[] {
  return printable(text)
    .replaceAll('\t', '  ')
    .split(/[\n\u2028\u2029]/)
    .flatMap(line => wrap(line.trimEnd(), Math.max(8, width)))
}

function wrap(line: string, width: number): readonly string[] {
  if (cellsOf(line) <= width) return [line]
  const lines: string[] = []
  let current = ''
  for (const word of line.split(/(?<=\s)(?=\S)/)) {
    if (current !== '' && cellsOf((current + word).trimEnd()) > width) {
      lines.push(current.trimEnd())
      current = ''
    }
    current += word
    while (cellsOf(current.trimEnd()) > width) {
      const part = head(current, width)
      lines.push(part)
      current = current.slice(part.length)
    }
  }
  return [...lines, current.trimEnd()]
}
