/**
 * What a run looks like while it works: one row per agent, made from runtime events. Pure: events in, rows out,
 * rows to lines. `commands/run.ts` draws them, live on a screen, line by line elsewhere.
 */
import { addressId, addressType } from '../actors/address.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import { type Paint, printable } from './terminal.ts'

export interface Row {
  readonly agent: string
  /** All it has done, each thing once, in the order of its beginning: `reading`, `thinking`. */
  readonly doing: readonly string[]
  /** The question of its present task. */
  readonly about: string
  /** Why it waits for another attempt, or failed. */
  readonly trouble: string
  /** When its present task began, ms; undefined between tasks. */
  readonly since: number | undefined
  /** Milliseconds spent on finished tasks. */
  readonly workedMs: number
  readonly tasks: number
  /** Tasks that ended without an answer. */
  readonly failures: number
  /** Pieces of text the model has streamed. */
  readonly pieces: number
  readonly retries: number
  readonly state: 'working' | 'done' | 'retrying' | 'failed'
}

export type Rows = ReadonlyMap<string, Row>

/** The rows after `event`; the same rows when it says nothing about an agent's work. */
export function advance(rows: Rows, event: RuntimeEvent): Rows {
  const known = rows.get(event.actor)
  const set = (change: Partial<Row>): Rows =>
    new Map(rows).set(event.actor, { ...(known ?? newRow(event)), ...change })
  const also = (doing: string): readonly string[] => [...new Set([...(known?.doing ?? []), doing])]
  switch (event.type) {
    case 'effect.started':
      return set({
        state: 'working',
        trouble: '',
        since: known?.since ?? event.at,
        ...(event.name === 'model' && { doing: also('thinking') }),
      })
    case 'effect.progress': {
      const { doing, token, question, query } = (event.note ?? {}) as Record<string, string | undefined>
      if (token !== undefined) return set({ pieces: (known?.pieces ?? 0) + 1 })
      return doing === undefined ? rows : set({ doing: also(doing), about: question ?? query ?? '' })
    }
    case 'effect.failed':
      return set({ state: 'failed', trouble: `${event.error.code} ${event.error.message}` })
    case 'effect.retrying':
      return set({
        state: 'retrying',
        retries: (known?.retries ?? 0) + 1,
        trouble: `${known?.trouble || event.reason}, again in ${seconds(event.delayMs)}`,
      })
    case 'effect.gave-up':
      return set({ state: 'failed', trouble: `${event.error.code} ${event.error.message}` })
    case 'effect.succeeded':
      return set({ state: 'done' })
    case 'actor.committed':
      return known?.since !== undefined && event.state === 'idle' ? set(taskEnded(known, event.at)) : rows
    default:
      return rows
  }
}

/** A task that ends while an effect still runs was taken back. */
function taskEnded(row: Row, at: number): Partial<Row> {
  const over = { since: undefined, workedMs: elapsed(row, at), about: '' }
  if (row.state === 'done') return { ...over, tasks: row.tasks + 1 }
  const trouble = row.state === 'failed' ? row.trouble : 'cancelled'
  return { ...over, state: 'failed', trouble, failures: row.failures + 1 }
}

const newRow = ({ actor }: RuntimeEvent): Row => ({
  agent: `${addressType(actor)} ${addressId(actor).split('-').at(-1)}`,
  doing: [],
  about: '',
  trouble: '',
  since: undefined,
  workedMs: 0,
  tasks: 0,
  failures: 0,
  pieces: 0,
  retries: 0,
  state: 'working',
})

const elapsed = ({ workedMs, since }: Row, now: number): number =>
  workedMs + (since === undefined ? 0 : Math.max(0, now - since))

/** Whether the change from `before` is worth a line of its own where nothing can be drawn again. */
export function isNews(before: Row | undefined, row: Row): boolean {
  if (row.state === 'retrying') return row.retries !== before?.retries
  if (row.tasks !== (before?.tasks ?? 0) || row.failures !== (before?.failures ?? 0)) return true
  if (row.doing.length === 0 || row.since === undefined) return false
  return row.doing.length !== (before?.doing.length ?? 0) || (row.about !== before?.about && row.about !== '')
}

const MARKS: Readonly<
  Record<Row['state'], { readonly sign: string; readonly colour: 'green' | 'cyan' | 'yellow' | 'red' }>
> = {
  working: { sign: '•', colour: 'cyan' },
  done: { sign: '✔', colour: 'green' },
  retrying: { sign: '↻', colour: 'yellow' },
  failed: { sign: '✖', colour: 'red' },
}

/** One line for a row at the time `now`, at most `width` characters without its colours. */
export function line(row: Row, paint: Paint, now: number, width = 100): string {
  const { sign, colour } = MARKS[row.state]
  const path = [...row.doing, ...(row.state === 'done' ? ['done'] : [])].join(' → ')
  const counts = [
    seconds(elapsed(row, now)),
    row.tasks > 1 ? `${row.tasks} tasks` : '',
    row.pieces > 0 && row.state === 'working' ? `${row.pieces} pieces` : '',
    row.retries > 0 ? `retried ${row.retries}×` : '',
    row.failures > 0 && row.state !== 'failed' ? `${row.failures} failed` : '',
  ].filter(Boolean)
  const head = `${row.agent.padEnd(19)} ${path.padEnd(28)} ${counts.join('  ').padEnd(7)}`
  const detail = row.trouble || (row.state === 'working' ? row.about : '')
  const text = detail === '' ? head : `${head}  ${printable(detail).replaceAll(/\s+/g, ' ')}`
  return `  ${paint(colour, sign)} ${clip(text, width - 4)}`
}

const clip = (text: string, width: number): string => {
  const trimmed = text.trimEnd()
  return trimmed.length <= width ? trimmed : `${trimmed.slice(0, Math.max(0, width - 1))}…`
}

export const seconds = (ms: number): string =>
  ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
