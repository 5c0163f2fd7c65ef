/**
 * What a run looks like while it works: one row per agent, made from runtime events. Pure: events in, rows out,
 * rows to lines. `commands/run.ts` draws them, live on a screen, line by line elsewhere.
 */
import { addressId, addressType } from '../actors/address.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import { type Paint, printable } from './terminal.ts'

export interface Row {
  readonly agent: string
  /** What it does, oldest first: `reading`, `checking`. */
  readonly doing: readonly string[]
  readonly detail: string
  readonly since: number
  readonly until: number
  readonly tokens: number
  readonly retries: number
  readonly state: 'working' | 'done' | 'retrying' | 'failed'
}

export type Rows = ReadonlyMap<string, Row>

/** The rows after `event`; the same rows when it says nothing about an agent's work. */
export function advance(rows: Rows, event: RuntimeEvent): Rows {
  const known = rows.get(event.actor)
  const set = (change: Partial<Row>): Rows => {
    const before = known ?? newRow(event)
    return new Map(rows).set(event.actor, { ...before, until: event.at, ...change })
  }
  switch (event.type) {
    case 'effect.started':
      // An agent that works already shows what it does next as soon as it says so.
      return known ? rows : set({})
    case 'effect.progress': {
      const { doing, token, question, query } = (event.note ?? {}) as Record<string, string | undefined>
      if (token !== undefined) return set({ tokens: (known?.tokens ?? 0) + 1 })
      if (doing === undefined) return rows
      const before = known?.doing ?? []
      return set({
        state: 'working',
        doing: before.at(-1) === doing ? before : [...before, doing],
        detail: question ?? query ?? '',
      })
    }
    case 'effect.retrying':
      return set({
        state: 'retrying',
        retries: (known?.retries ?? 0) + 1,
        detail: `${event.reason}, again in ${seconds(event.delayMs)}`,
      })
    case 'effect.gave-up':
      return set({ state: 'failed', detail: `${event.error.code} ${event.error.message}` })
    case 'effect.succeeded':
      return set({ state: 'done' })
    default:
      return rows
  }
}

const newRow = ({ actor, at }: RuntimeEvent): Row => ({
  agent: `${addressType(actor)} ${addressId(actor).split('-').at(-1)}`,
  doing: [],
  detail: '',
  since: at,
  until: at,
  tokens: 0,
  retries: 0,
  state: 'working',
})

const MARKS: Readonly<
  Record<Row['state'], { readonly sign: string; readonly colour: 'green' | 'cyan' | 'yellow' | 'red' }>
> = {
  working: { sign: '•', colour: 'cyan' },
  done: { sign: '✔', colour: 'green' },
  retrying: { sign: '↻', colour: 'yellow' },
  failed: { sign: '✖', colour: 'red' },
}

/** One line for a row, at most `width` characters without its colours. */
export function line(row: Row, paint: Paint, width = 100): string {
  const { sign, colour } = MARKS[row.state]
  const path = [...row.doing, ...(row.state === 'done' ? ['done'] : [])].join(' → ')
  const counts = [
    seconds(row.until - row.since),
    row.tokens > 0 ? `${row.tokens} tokens` : '',
    row.retries > 0 ? `retried ${row.retries}×` : '',
  ].filter(Boolean)
  const head = `${row.agent.padEnd(20)} ${path.padEnd(34)} ${counts.join('  ')}`
  const detail = row.state === 'done' ? '' : `  ${printable(row.detail).replaceAll('\n', ' ')}`
  return `  ${paint(colour, sign)} ${clip(head + detail, width - 4)}`
}

const clip = (text: string, width: number): string => {
  const trimmed = text.trimEnd()
  return trimmed.length <= width ? trimmed : `${trimmed.slice(0, width - 1)}…`
}

export const seconds = (ms: number): string => (ms < 100 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`)
