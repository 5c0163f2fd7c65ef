/** A run's record as people read it: how it stands, in one word and its colour, and one line of a list. */
import type { RunRecord } from '../runtime/runs.ts'
import { seconds } from './run-progress.ts'
import { type Paint, printable } from './terminal.ts'
import { timeText, usageText } from './usage-text.ts'

/** A record, perhaps without what may be large. */
export type ListedRun = Omit<RunRecord, 'input' | 'result'> & Partial<Pick<RunRecord, 'input'>>

/**
 * `running` on record means that its process ended where whoever reads it holds the data directory; in a cluster
 * it is what it says.
 */
export const statusText = ({ status }: Pick<RunRecord, 'status'>, isCluster = false): string =>
  status === 'running' && !isCluster ? 'unfinished' : status

const COLOURS = {
  running: 'yellow',
  done: 'green',
  failed: 'red',
  'budget-exhausted': 'red',
  'needs-human': 'yellow',
  cancelled: 'dim',
} as const

const WIDEST = 'budget-exhausted'.length

export const paintedStatus = (
  record: Pick<RunRecord, 'status'>,
  paint: Paint,
  width = 0,
  isCluster = false,
): string => paint(COLOURS[record.status], statusText(record, isCluster).padEnd(width))

export function runLine(record: ListedRun, paint: Paint, isCluster = false): string {
  const { id, workflow, startedAt, finishedAt, usage, input, forkedFrom } = record
  const took = finishedAt === undefined ? '' : seconds(Math.max(0, finishedAt - startedAt))
  const about = forkedFrom ? `fork of ${forkedFrom.run.slice(0, 8)} at ${forkedFrom.at}` : ''
  const details = [usage ? usageText(usage) : '', about, subject(input)].filter(Boolean).join(' · ')
  return [
    id,
    paintedStatus(record, paint, WIDEST, isCluster),
    timeText(startedAt),
    took.padStart(8),
    workflow,
    paint('dim', details),
  ].join('  ')
}

/** The first text of the input: what the run is about. */
function subject(input: ListedRun['input']): string {
  const texts = typeof input === 'object' && input !== null ? Object.values(input) : [input]
  const first = texts.find((one): one is string => typeof one === 'string') ?? ''
  const line = printable(first).replaceAll(/\s+/g, ' ')
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`
}
