/**
 * Shows a run while it works: events on stdout, rows drawn in place on a screen, or lines elsewhere. What the
 * rows are is `run-progress.ts`; this only subscribes, draws and stops.
 */

import type { Clock } from '../actors/clock.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import type { Events } from '../runtime/events.ts'
import { advance, isNews, line, type Rows } from './run-progress.ts'
import { type LiveArea, printable, type Terminal } from './terminal.ts'

export interface Shown {
  readonly events: Pick<Events, 'subscribe'>
  /** The one that stamps the events. */
  readonly clock: Pick<Clock, 'now'>
  /** Where it is carried out. */
  readonly where: string
  readonly workflow: string
  readonly runId: string
  /** `provider:model`. */
  readonly model: string | undefined
  /** Whether it can be resumed and replayed. */
  readonly kept: boolean
  /** Every event as a line of JSON instead. */
  readonly stream: boolean
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

/** Says what runs, and shows its progress until the returned function is called. */
export function showRun(shown: Shown): () => void {
  const { events, workflow, runId, model, kept, stream, terminal, where } = shown
  terminal.message(
    paint =>
      `${paint('bold', 'AgentiCraft')} · ${workflow} · run ${runId} · ${where}${kept ? '' : ' · nothing is kept'}`,
  )
  terminal.message(paint =>
    model === undefined
      ? `  ${paint('yellow', '!')} extractive: no language model configured. The report is composed from sentences of your sources.\n` +
        '    Use --model provider:model to get a language model.'
      : `  thinking with ${printable(model)}`,
  )
  if (stream) return events.subscribe(event => terminal.data(JSON.stringify({ v: 1, ...event })))
  return terminal.live ? showLive(shown, terminal.live) : showLines(shown)
}

const FRAME_MS = 100

function showLive({ events, clock, runId, signal }: Shown, live: LiveArea): () => void {
  let rows: Rows = new Map()
  let changed = true
  const draw = (): void => {
    const working = [...rows.values()].some(row => row.since !== undefined)
    const now = clock.now()
    if (changed || working)
      live.draw((paint, width) => [...rows.values()].map(row => line(row, paint, now, width)))
    changed = false
  }
  const unsubscribe = events.subscribe(event => {
    const next = event.run === runId ? advance(rows, event) : rows
    changed ||= next !== rows
    rows = next
  })
  // What is said on Ctrl-C stands above the rows, which are drawn again below it.
  const makeRoom = (): void => {
    live.clear()
    changed = true
  }
  signal.addEventListener('abort', makeRoom, { once: true })
  const timer = setInterval(draw, FRAME_MS)
  return once(() => {
    clearInterval(timer)
    signal.removeEventListener('abort', makeRoom)
    unsubscribe()
    changed = true
    draw()
  })
}

/** Lines that are not drawn again have the room of a log. */
const LINE_WIDTH = 140

/** Away from a screen: a line whenever an agent begins something, waits, fails or is done. */
function showLines({ events, runId, terminal }: Shown): () => void {
  let rows: Rows = new Map()
  return once(
    events.subscribe((event: RuntimeEvent) => {
      if (event.run !== runId) return
      const before = rows.get(event.actor)
      rows = advance(rows, event)
      const row = rows.get(event.actor)
      if (row && row !== before && isNews(before, row))
        terminal.message(paint => line(row, paint, event.at, LINE_WIDTH))
    }),
  )
}

function once(stop: () => void): () => void {
  let stopped = false
  return () => {
    if (!stopped) stop()
    stopped = true
  }
}
