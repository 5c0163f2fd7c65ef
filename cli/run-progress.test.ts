import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { RuntimeError, toWireError } from '../actors/errors.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { advance, isNews, line, type Row, type Rows, seconds } from './run-progress.ts'

const test = testSuite('cli/run-progress')

const WHO = address('web-researcher', 'ab12cd34-2')
const plain = (_: unknown, text: string): string => text
const at = (ms: number) => ({ at: ms, actor: WHO, run: 'r' })
const effect = (ms: number, name = 'extract') => ({ ...at(ms), effect: 'e', name, attempt: 1 })
const error = toWireError(new RuntimeError('model-failed', 'it answered 500'))

const started = (ms: number, name?: string): RuntimeEvent => ({ type: 'effect.started', ...effect(ms, name) })
const note = (ms: number, said: unknown): RuntimeEvent => ({
  type: 'effect.progress',
  ...effect(ms),
  note: said,
})
const succeeded = (ms: number): RuntimeEvent => ({ type: 'effect.succeeded', ...effect(ms), durationMs: 1 })
const failed = (ms: number): RuntimeEvent => ({
  type: 'effect.failed',
  ...effect(ms),
  durationMs: 1,
  reason: 'failed',
  error,
})
const retrying = (ms: number): RuntimeEvent => ({
  type: 'effect.retrying',
  ...effect(ms),
  delayMs: 2_000,
  reason: 'rate-limited',
})
const gaveUp = (ms: number): RuntimeEvent => ({
  type: 'effect.gave-up',
  ...effect(ms),
  reason: 'failed',
  error,
})
const idle = (ms: number, state = 'idle'): RuntimeEvent => ({
  type: 'actor.committed',
  ...at(ms),
  seq: 1,
  message: 'result',
  state,
  durationMs: 1,
})

const rowsAfter = (...events: readonly RuntimeEvent[]): Rows =>
  events.reduce<Rows>((rows, event) => advance(rows, event), new Map())
const rowAfter = (...events: readonly RuntimeEvent[]): Row => {
  const row = rowsAfter(...events).get(WHO)
  if (!row) throw new Error('there is no row')
  return row
}
/** A task with a model, from its first effect to the answer. */
const task = (from: number): RuntimeEvent[] => [
  started(from, 'prepare'),
  note(from, { doing: 'reading', question: 'why?' }),
  succeeded(from + 10),
  started(from + 10, 'model'),
  note(from + 20, { token: 'a' }),
  succeeded(from + 90),
  idle(from + 100),
]

test('an agent that works is shown with what it does, and its question', () => {
  const row = rowAfter(started(0), note(1, { doing: 'reading', question: 'why?' }))
  assert.equal([row.state, row.doing, row.about], ['working', ['reading'], 'why?'])
  assert.match(line(row, plain, 1_500), /^ {2}• web-researcher 2 +reading +1\.5 s +why\?$/)
})

test('an agent is not done while its model thinks', () => {
  const row = rowAfter(...task(0).slice(0, 4))
  assert.equal([row.state, row.doing], ['working', ['reading', 'thinking']])
})

test('an agent is done when it is idle again, and its clock stands still', () => {
  const row = rowAfter(...task(0))
  assert.equal([row.state, row.tasks, row.since, row.workedMs], ['done', 1, undefined, 100])
  assert.is(line(row, plain, 100), line(row, plain, 99_999))
  assert.match(line(row, plain, 0), /✔ web-researcher 2 +reading → thinking → done +0\.1 s$/)
})

test('time between tasks is not counted, tasks are, and what was done is named once', () => {
  const row = rowAfter(...task(0), ...task(5_000), ...task(9_000))
  assert.equal([row.workedMs, row.tasks, row.doing], [300, 3, ['reading', 'thinking']])
  assert.match(line(row, plain, 0), '3 tasks')
})

test('a retry says why and when, and the next attempt works again', () => {
  const waiting = rowAfter(started(0), failed(5), retrying(5))
  assert.is(waiting.state, 'retrying')
  assert.match(line(waiting, plain, 5, 140), /↻ .*retried 1× +AC-3004 it answered 500, again in 2\.0 s/)
  const again = rowAfter(started(0), failed(5), retrying(5), started(2_005))
  assert.equal([again.state, again.trouble], ['working', ''])
})

test('a task that was given up is a failure with its code, also after others that went well', () => {
  const row = rowAfter(...task(0), started(200), failed(210), gaveUp(210), idle(220))
  assert.equal([row.state, row.tasks, row.failures], ['failed', 1, 1])
  assert.match(line(row, plain, 220), /✖ .*AC-3004 it answered 500/)
  const later = rowAfter(...task(0), started(200), gaveUp(210), idle(220), ...task(300))
  assert.equal([later.state, later.tasks, later.failures], ['done', 2, 1])
  assert.match(line(later, plain, 0), /✔ .*1 failed/)
})

test('a task that was taken back is no success', () => {
  const row = rowAfter(started(0, 'model'), idle(50))
  assert.equal([row.state, row.failures, row.trouble], ['failed', 1, 'cancelled'])
})

test('what says nothing about work changes nothing', () => {
  const rows = rowsAfter(...task(0))
  for (const event of [
    idle(500),
    idle(500, 'thinking'),
    note(500, { passages: 3 }),
    { type: 'step.started', ...at(500), step: 'x' } as RuntimeEvent,
    { type: 'actor.started', ...at(500) } as RuntimeEvent,
  ])
    assert.is(advance(rows, event), rows, event.type)
  assert.is(advance(new Map(), idle(0)).size, 0)
})

test('only news get a line of their own: a beginning, a new question, a wait, an end', () => {
  const told: string[] = []
  let rows: Rows = new Map()
  for (const event of [
    ...task(0),
    started(200),
    failed(201),
    retrying(201),
    started(300),
    succeeded(301),
    idle(302),
  ]) {
    const before = rows.get(WHO)
    rows = advance(rows, event)
    const row = rows.get(WHO)
    if (row && row !== before && isNews(before, row)) told.push(`${event.type} ${row.state}`)
  }
  assert.equal(told, [
    'effect.progress working',
    'effect.started working',
    'actor.committed done',
    'effect.retrying retrying',
    'actor.committed done',
  ])
})

test('a line is never wider than the screen, and shows nothing that moves the cursor', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 5, max: 200 }),
      (text, width) => {
        const row = rowAfter(started(0), note(0, { doing: 'reading', question: `a${text}` }))
        const shown = line(row, plain, 10, width)
        assert.ok(shown.length <= width, `${shown.length} > ${width}`)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
        assert.not.match(shown, /[\u0000-\u001f\u007f-\u009f]/)
      },
    ),
  )
})

test('durations are short texts', () => {
  assert.equal([0, 99.4, 100, 1_249, 61_000].map(seconds), ['0 ms', '99 ms', '0.1 s', '1.2 s', '61.0 s'])
})

test.run()
