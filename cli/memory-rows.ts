/**
 * Memories as people read them: a line of a list, and one with all that is known of it. Texts of strangers are
 * printable and on one line, or behind a bar, so that they cannot pass for anything else.
 */
import type { MemoryRecord } from '../memory/memory.ts'
import type { Paint } from './terminal.ts'
import { cellsOf, fit, padded, paragraphs } from './text-width.ts'
import { minuteText } from './usage-text.ts'

type Told = Pick<MemoryRecord, 'text' | 'who'>

const WHO = 24

/** `Ana: I moved to Lisbon`, at most `width` cells; the name is left out where the text begins with it. */
export function toldText({ text, who }: Told, paint: Paint, width: number): string {
  if (who === undefined || text.startsWith(who)) return fit(text, width)
  const name = fit(who, Math.min(WHO, Math.max(4, Math.floor(width / 2))))
  return `${paint('bold', `${name}:`)} ${fit(text, width - cellsOf(name) - 2)}`
}

const KIND_COLOURS = { episode: 'dim', fact: 'cyan', insight: 'magenta' } as const
const WIDEST_KIND = 'episode'.length

export const kindText = (kind: MemoryRecord['kind'], paint: Paint, width = 0): string =>
  paint(KIND_COLOURS[kind], kind.padEnd(width))

/** Before what came from outside. */
export const markOf = ({ trust }: Pick<MemoryRecord, 'trust'>, paint: Paint): string =>
  trust === 'untrusted' ? paint('yellow', '!') : ' '

export const MARK_MEANING = '! came from outside and is not vouched for (untrusted)'

/** One line of a list, with as much of the id as it takes to tell it from its neighbours. */
export function memoryLineText(
  record: MemoryRecord,
  paint: Paint,
  width: number,
  idLength = record.id.length,
): string {
  const { id, at, kind, validUntil } = record
  const date = minuteText(at)
  const left = Math.min(id.length, idLength) + date.length + WIDEST_KIND + 8
  const room = width - left
  // On a narrow screen the text goes first.
  const ended = validUntil === undefined || room < 3 * MIN_TEXT ? '' : ` (until ${dayText(validUntil)})`
  return [
    paint('dim', shownId(id, idLength)),
    date,
    `${kindText(kind, paint, WIDEST_KIND)} ${markOf(record, paint)}`,
    toldText(record, paint, Math.max(MIN_TEXT, room - ended.length)) + (ended && paint('dim', ended)),
  ].join(' '.repeat(2))
}

/** Lines of a list, one for each. */
export function memoryLines(
  records: readonly MemoryRecord[],
  paint: Paint,
  width: number,
): readonly string[] {
  const length = idLengthOf(
    records.map(({ id }) => id),
    width,
  )
  return records.map(record => memoryLineText(record, paint, width, length))
}

/** An export of a stranger's may hold any id. */
export const shownId = (id: string, length?: number): string => fit(id.slice(0, length))

const SHORT_ID = 8

/** How much of ids is shown: on a screen the beginning that tells them apart, elsewhere all of it. */
export function idLengthOf(ids: readonly string[], width: number): number {
  const longest = Math.max(0, ...ids.map(id => id.length))
  if (!Number.isFinite(width)) return longest
  for (let length = SHORT_ID; length < longest; length++)
    if (new Set(ids.map(id => id.slice(0, length))).size === new Set(ids).size) return length
  return longest
}

/** Of a text, however narrow the screen is. */
const MIN_TEXT = 12

/** `2024-03-01 → 2026-11-20`, or `since 2026-11-20`; nothing for what has no validity. */
export function validityText({
  validFrom,
  validUntil,
}: Pick<MemoryRecord, 'validFrom' | 'validUntil'>): string {
  if (validFrom === undefined && validUntil === undefined) return ''
  if (validUntil === undefined) return `since ${dayText(validFrom ?? 0)}`
  return validFrom === undefined
    ? `until ${dayText(validUntil)}`
    : `${dayText(validFrom)} → ${dayText(validUntil)}`
}

/** The day, and the time only if it is not midnight. */
export function dayText(at: number): string {
  const text = minuteText(at)
  return text.endsWith(' 00:00Z') ? text.slice(0, -' 00:00Z'.length) : text
}

/** A text in full, behind a bar. */
export const quotedLines = (text: string, paint: Paint, width: number, indent = '  '): readonly string[] =>
  paragraphs(text, width - indent.length - 2).map(line => `${indent}${paint('dim', '│')} ${line}`)

/** Who said it when, in which session, known from where: on one line, behind a sentence that is quoted. */
export function originText(record: MemoryRecord): string {
  const { who, at, session, source, trust } = record
  return [
    ...(who === undefined ? [] : [fit(who, WHO)]),
    minuteText(at),
    ...(session === undefined ? [] : [`session ${fit(session, 40)}`]),
    ...(source === undefined ? [] : [fit(source, 60)]),
    ...(trust === 'trusted' ? [] : [trust]),
  ].join(' · ')
}

const LABEL = 10

/** `  label      text` */
export const labelled = (label: string, text: string, paint: Paint): string =>
  `  ${paint('dim', padded(label, LABEL))} ${text}`
