/**
 * What a score of `memory search` means and what it is made of: a threshold, a small table for each hit, and a sentence
 * for each part. Parts, sentences and threshold are the ranking's (`memory/recall/weights.ts`).
 */
import type { Hit } from '../memory/memory.ts'
import { FEATURE_MEANINGS, RECALL_WEIGHTS } from '../memory/recall/weights.ts'
import type { Paint } from './terminal.ts'
import { padded, paragraphs } from './text-width.ts'

/** What scores less is probably no answer. */
export const KNOWN = RECALL_WEIGHTS.known

export const isKnown = (hits: readonly Pick<Hit, 'score'>[]): boolean => (hits[0]?.score ?? 0) >= KNOWN

/** Parts that have a line of their own; all of them are in the JSON. */
const MOST = 6
const BAR = 24
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
/** What is smaller cannot be seen in a score of two digits. */
const NOTHING = 0.0005

export type Parts = Readonly<Record<string, number>>

interface Part {
  readonly name: string
  readonly value: number
}

/** Largest first, whichever way they count. */
const counted = (parts: Parts): readonly Part[] =>
  Object.entries(parts)
    .map(([name, value]) => ({ name, value }))
    .filter(({ value }) => Math.abs(value) >= NOTHING)
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value))

const amount = (value: number): string => value.toFixed(3).padStart(6)

/** A line for each of the parts that count most, with a bar that is full at `largest`, and one for the rest. */
export function partTable(parts: Parts, largest: number, paint: Paint): readonly string[] {
  const all = counted(parts)
  const [shown, rest] = [all.slice(0, MOST), all.slice(MOST)]
  const restText = `${rest.length} smaller`
  const widest = Math.max(0, ...shown.map(({ name }) => name.length), rest.length > 0 ? restText.length : 0)
  const line = (name: string, value: number, more: string): string =>
    `${name.padEnd(widest)}  ${amount(value)}  ${more}`.trimEnd()
  const sum = rest.reduce((total, { value }) => total + value, 0)
  return [
    ...shown.map(({ name, value }) =>
      line(name, value, paint(value < 0 ? 'red' : 'cyan', bar(value, largest))),
    ),
    ...(rest.length > 0 ? [paint('dim', line(restText, sum, rest.map(({ name }) => name).join(', ')))] : []),
  ]
}

function bar(value: number, largest: number): string {
  const eighths = largest <= 0 ? 0 : Math.round((Math.abs(value) / largest) * BAR * 8)
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

/** The largest part there is, whichever way it counts. */
export const largestPart = (hits: readonly Hit[]): number =>
  Math.max(0, ...hits.flatMap(({ parts = {} }) => Object.values(parts).map(Math.abs)))

/** What the score is, and a sentence for each part that has a line in one of the tables. */
export function legend(hits: readonly Hit[], paint: Paint, width: number): readonly string[] {
  const names = new Set(
    hits.flatMap(({ parts = {} }) =>
      counted(parts)
        .slice(0, MOST)
        .map(({ name }) => name),
    ),
  )
  const told = Object.entries(FEATURE_MEANINGS).filter(([name]) => names.has(name))
  const widest = Math.max(0, ...told.map(([name]) => name.length))
  const room = width - widest - 4
  return [
    ...paragraphs(
      `A score is the sum of its parts, and means the same for every query: from ${KNOWN} on it is probably an answer.`,
      width,
    ),
    ...told.flatMap(([name, meaning]) => {
      const [first = '', ...more] = paragraphs(meaning, room)
      return [`  ${padded(name, widest)}  ${first}`, ...more.map(line => `${' '.repeat(widest + 4)}${line}`)]
    }),
  ].map(line => paint('dim', line))
}
