/** A run's record as people read it: how it stands, in one word and its colour, and one line of a list. */
import type { RunRecord } from '../runtime/runs.ts'
import { seconds } from './run-progress.ts'
import { type Paint, printable } from './terminal.ts'
import { timeText, usageText } from './usage-text.ts'

/** `running` on record means here that its process ended: whoever reads it holds the data directory. */
export const statusText = ({ status }: Pick<RunRecord, 'status'>): string =>
  status === 'running' ? 'unfinished' : status

const COLOURS = {
  running: 'yellow',
  done: 'green',
  failed: 'red',
  'budget-exhausted': 'red',
  'needs-human': 'yellow',
  cancelled: 'dim',
} as const

const WIDEST = 'budget-exhausted'.length

export const paintedStatus = (record: RunRecord, paint: Paint, width = 0): string =>
  paint(COLOURS[record.status], statusText(record).padEnd(width))

export function runLine(record: RunRecord, paint: Paint): string {
  const { id, workflow, startedAt, finishedAt, usage, input, forkedFrom } = record
  const took = finishedAt === undefined ? '' : seconds(Math.max(0, finishedAt - startedAt))
  const about = forkedFrom ? `fork of ${forkedFrom.run.slice(0, 8)} at ${forkedFrom.at}` : ''
  const details = [usage ? usageText(usage) : '', about, subject(input)].filter(Boolean).join(' · ')
  return [
    id,
    paintedStatus(record, paint, WIDEST),
    timeText(startedAt),
    took.padStart(8),
    workflow,
    paint('dim', details),
  ].join('  ')
}

/** The first text of the input: what the run is about. */
function subject(input: RunRecord['input']): string {
  const texts = typeof input === 'object' && input !== null ? Object.values(input) : [input]
  const first = texts.find((one): one is string => typeof one === 'string') ?? ''
  const line = printable(first).replaceAll(/\s+/g, ' ')
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`
}
