/** What stands in namespaces, as people read it: a table of several, or one in full. */
import type { MemoryVectors, NamespaceStats } from '../memory/memory.ts'
import { labelled } from './memory-rows.ts'
import type { Paint } from './terminal.ts'
import { cellsOf, fit, padded } from './text-width.ts'
import { bytesText, countOf, minuteText } from './usage-text.ts'

const COLUMNS: readonly (readonly [string, (stats: NamespaceStats) => string])[] = [
  ['episodes', ({ episodes }) => number(episodes)],
  ['facts', ({ facts }) => number(facts)],
  ['insights', ({ insights }) => number(insights)],
  ['waiting', ({ waiting }) => number(waiting)],
  ['oldest', ({ oldest }) => (oldest === undefined ? '' : minuteText(oldest).slice(0, 10))],
  ['newest', ({ newest }) => (newest === undefined ? '' : minuteText(newest).slice(0, 10))],
]
const NAME = 40
/** Cells before a labelled text. */
const LABELLED = 13

const number = (count: number): string => count.toLocaleString('en')

/** A head and a line for each. */
export function namespaceTable(
  all: readonly NamespaceStats[],
  paint: Paint,
  width: number,
): readonly string[] {
  const cells = all.map(stats => COLUMNS.map(([, text]) => text(stats)))
  const widths = COLUMNS.map(([head], i) => Math.max(head.length, ...cells.map(row => row[i]?.length ?? 0)))
  const right = widths.reduce((sum, one) => sum + one + 2, 0)
  const names = all.map(({ namespace }) => fit(namespace, Math.max(12, Math.min(NAME, width - right))))
  const widest = Math.max('namespace'.length, ...names.map(cellsOf))
  const line = (name: string, row: readonly string[]): string =>
    [padded(name, widest), ...row.map((text, i) => text.padStart(widths[i] ?? 0))].join('  ').trimEnd()
  return [
    paint(
      'dim',
      line(
        'namespace',
        COLUMNS.map(([head]) => head),
      ),
    ),
    ...names.map((name, i) => line(name, cells[i] ?? [])),
  ]
}

/** One namespace in full. */
export function statsText(stats: NamespaceStats, paint: Paint, width: number): readonly string[] {
  const { namespace, episodes, facts, current, insights, sessions, people, waiting } = stats
  const { forgottenSincePurge, oldest, newest, indexBytes, vectors } = stats
  const line = (label: string, text: string): string => labelled(label, text, paint)
  const span =
    oldest === undefined || newest === undefined
      ? 'nothing'
      : `${minuteText(oldest)} to ${minuteText(newest)}`
  return [
    paint('bold', fit(namespace, width)),
    line(
      'episodes',
      `${number(episodes)} in ${countOf(sessions, 'session')}, by ${countOf(people, 'person', 'people')}`,
    ),
    line('', waiting === 0 ? 'all of them consolidated' : `${number(waiting)} wait for consolidation`),
    line('facts', `${number(facts)}, of which ${number(current)} hold now`),
    line('insights', number(insights)),
    line('from', span),
    line('index', bytesText(indexBytes)),
    ...vectorLines(vectors, width).map((text, at) => line(at === 0 ? 'vectors' : '', text)),
    ...(forgottenSincePurge > 0
      ? [line('forgotten', `${number(forgottenSincePurge)}, still in the files until the next purge`)]
      : []),
  ]
}

function vectorLines(vectors: MemoryVectors | undefined, width: number): readonly string[] {
  if (!vectors) return ['none: this memory is open without an embedder']
  const { model, dimensions, stored, missing, refused, foreign, foreignModels, failed } = vectors
  const by = model === undefined ? 'a function' : fit(model, NAME)
  const size = dimensions === undefined ? '' : `, ${countOf(dimensions, 'dimension')}`
  return [
    `${number(stored)} of ${countOf(stored + missing, 'memory', 'memories')}, by ${by}${size}`,
    ...(refused > 0 ? [`${countOf(refused, 'text')} refused by it`] : []),
    ...(foreign > 0
      ? [`${countOf(foreign, 'vector')} of ${countOf(foreignModels, 'other model')}, not used`]
      : []),
    ...(failed ? [fit(`${failed.code} ${failed.message}`, Math.max(NAME, width - LABELLED))] : []),
  ]
}
