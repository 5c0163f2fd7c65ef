import * as assert from 'uvu/assert'
import type { Address } from '../../actors/address.ts'
import type { RuntimeEvent } from '../../actors/events.ts'
import { createEvents } from '../events.ts'
import { testSuite } from '../testkit/suite.ts'
import { EVENT_TABLE } from './event-table.ts'
import { logEvents } from './log-events.ts'
import { createLogger, type LoggerOptions } from './logger.ts'
import { SAMPLE_EVENTS } from './testdata/sample-events.ts'

const test = testSuite('runtime/telemetry/log-events')

const CANARY = 'the-canary-that-nobody-prints'

function observed(level: NonNullable<LoggerOptions['level']> = 'trace') {
  const lines: string[] = []
  const logger = createLogger({
    level,
    secrets: [CANARY],
    destination: { write: line => void lines.push(line) },
  })
  const events = createEvents(error => {
    throw error
  })
  const stop = logEvents(events, logger)
  return { events, stop, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

/** The same data with `replace` applied to every string but the event's type. */
function withStrings(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(entry => withStrings(entry, replace))
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, key === 'type' ? entry : withStrings(entry, replace)]),
  )
}

test('writes one line per event, at its level, with its type, actor, run and fields', () => {
  const { events, lines, last } = observed()
  for (const sample of Object.values(SAMPLE_EVENTS) as readonly RuntimeEvent[]) {
    events.emit(sample)
    const line = last()
    assert.is(line['event'], sample.type)
    assert.is(line['actor'], sample.actor)
    assert.is(line['run'], 'r1')
    for (const field of EVENT_TABLE[sample.type].fields)
      assert.ok(line[field] !== undefined, `${sample.type} ${field}`)
  }
  assert.is(lines.length, Object.keys(SAMPLE_EVENTS).length)
})

test('writes no secret, whatever field of whatever event it hides in', () => {
  for (const hide of [(_: string) => CANARY, (text: string) => `${text} ${CANARY} ${text}`]) {
    const { events, lines } = observed()
    const samples = Object.values(SAMPLE_EVENTS) as readonly RuntimeEvent[]
    for (const sample of samples) {
      const secret = withStrings(
        { ...sample, error: { ...('error' in sample ? sample.error : {}), details: { a: ['x'] } } },
        hide,
      )
      events.emit(secret as RuntimeEvent)
    }
    assert.is(lines.length, samples.length)
    for (const line of lines) {
      assert.not.ok(line.includes(CANARY), line)
      assert.match(line, '[redacted]')
    }
  }
})

test('does not write what is published or noted, only its kind and size', () => {
  const { events, last } = observed()
  const published = SAMPLE_EVENTS['actor.published']
  const bodies: [unknown, unknown][] = [
    ['a private text', { kind: 'text', size: 14 }],
    [['a private text'], { kind: 'list', size: 1 }],
    [{ text: 'a private text' }, { kind: 'object', size: 1 }],
    [null, { kind: 'null' }],
    [5, { kind: 'number' }],
    [new TextEncoder().encode('a private text'), { kind: 'bytes', size: 14 }],
  ]
  for (const [body, shape] of bodies) {
    events.emit({ ...published, body })
    assert.equal(last()['body'], shape)
    assert.not.match(JSON.stringify(last()), 'private')
    events.emit({ ...SAMPLE_EVENTS['effect.progress'], note: body })
    assert.equal(last()['note'], shape)
    assert.not.match(JSON.stringify(last()), 'private')
  }
})

test('does not write fields that the event table does not list', () => {
  const { events, lines } = observed()
  events.emit({ ...SAMPLE_EVENTS['run.started'], prompt: 'a private text' } as RuntimeEvent)
  assert.is(lines.length, 1)
  assert.not.match(lines[0] ?? '', 'private')
})

test('names some of the actors that a decision affects, and counts the others', () => {
  const { events, last } = observed()
  const affected = Array.from({ length: 5_000 }, (_, i) => `w/${i}` as Address)
  events.emit({ ...SAMPLE_EVENTS['supervisor.decided'], affected })
  const logged = last()['affected'] as readonly string[]
  assert.is(logged.length, 21)
  assert.is(logged.at(-1), '4980 more')
})

test('leaves out events below the level of the logger', () => {
  const { events, lines } = observed('warn')
  events.emit(SAMPLE_EVENTS['effect.started'])
  events.emit({ ...SAMPLE_EVENTS['run.finished'], status: 'done' })
  assert.is(lines.length, 0)
  events.emit(SAMPLE_EVENTS['run.finished'])
  assert.is(lines.length, 1)
})

test('follows the level of the logger when it changes', () => {
  const lines: string[] = []
  const logger = createLogger({
    level: 'error',
    secrets: [],
    destination: { write: line => void lines.push(line) },
  })
  const events = createEvents(() => {})
  logEvents(events, logger)
  events.emit(SAMPLE_EVENTS['effect.started'])
  logger.level = 'debug'
  events.emit(SAMPLE_EVENTS['effect.started'])
  assert.is(lines.length, 1)
})

test('passes over a type that it does not know', () => {
  const { events, lines } = observed()
  events.emit({ ...SAMPLE_EVENTS['run.started'], type: 'actor.cloned' } as unknown as RuntimeEvent)
  assert.is(lines.length, 0)
})

test('writes nothing after it was stopped', () => {
  const { events, lines, stop } = observed()
  stop()
  events.emit(SAMPLE_EVENTS['run.started'])
  assert.is(lines.length, 0)
  assert.is(events.on, false)
})

test.run()
