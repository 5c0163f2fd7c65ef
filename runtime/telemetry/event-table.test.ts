import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { RuntimeEvent, RuntimeEventType } from '../../actors/events.ts'
import { createEvents } from '../events.ts'
import { testSuite } from '../testkit/suite.ts'
import { EVENT_TABLE, type EventOf, entryOf, levelOf } from './event-table.ts'
import { createMetrics } from './metrics.ts'
import { SAMPLE_EVENTS } from './testdata/sample-events.ts'

const test = testSuite('runtime/telemetry/event-table')

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')

/** The rows of the table whose first heading is `heading`, cells trimmed. */
function rowsOf(heading: string): string[][] {
  const lines = page.split('\n')
  const start = lines.findIndex(line => line.startsWith(`| ${heading} |`))
  assert.ok(start >= 0, `docs/events.md has a table "${heading}"`)
  const rows = lines.slice(start + 2)
  return rows
    .slice(
      0,
      rows.findIndex(line => !line.startsWith('|')),
    )
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    )
}

const codeIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(found => found[1] ?? '')
const documented = new Map(rowsOf('Event').map(row => [codeIn(row[0])[0] ?? '', row]))
const samples = Object.values(SAMPLE_EVENTS) as readonly RuntimeEvent[]

/** Every metric, and those that have a value. */
async function metricNames(metrics: { text(): Promise<string> }) {
  const text = await metrics.text()
  const names = (pattern: RegExp) => [...text.matchAll(pattern)].map(found => found[1] ?? '')
  const families = names(/^# TYPE (\S+) /gm)
  const series = names(/^([a-z_]+)[{ ]/gm)
  const moved = families.filter(family =>
    series.some(name => name === family || name.replace(/_(?:bucket|sum|count)$/, '') === family),
  )
  return { families, moved }
}

const sorted = (names: Iterable<string>): string[] => [...names].sort()
const change = <T extends RuntimeEventType>(type: T, fields: Partial<EventOf<T>>): RuntimeEvent =>
  ({ ...SAMPLE_EVENTS[type], ...fields }) as unknown as RuntimeEvent
const level = (event: RuntimeEvent): string => {
  const entry = entryOf(event)
  return entry ? levelOf(entry, event) : 'none'
}

test('has one row and one sample per event type, and the page documents exactly these', () => {
  assert.equal(sorted(Object.keys(EVENT_TABLE)), sorted(Object.keys(SAMPLE_EVENTS)))
  assert.equal(sorted(documented.keys()), sorted(Object.keys(EVENT_TABLE)))
})

test('lists every field of an event, in the table and on the page', () => {
  const stamp = new Set(['type', 'at', 'actor', 'run'])
  for (const sample of samples) {
    const fields = sorted(Object.keys(sample).filter(name => !stamp.has(name)))
    assert.equal(sorted(EVENT_TABLE[sample.type].fields), fields, sample.type)
    assert.equal(sorted(codeIn(documented.get(sample.type)?.[2])), fields, sample.type)
  }
})

test('has the level that the page names first, and says when there is an exception', () => {
  for (const [type, entry] of Object.entries(EVENT_TABLE)) {
    const [usual, ...exceptions] = (documented.get(type)?.[3] ?? '').split('; ')
    assert.is(usual, entry.level, type)
    assert.is(exceptions.length > 0, entry.levelOf !== undefined, type)
  }
})

test('says on the page when every event happens', () => {
  for (const [type, row] of documented) assert.ok((row[1] ?? '').length > 15, type)
})

test('names on the page the metrics that an event moves, and no others', async () => {
  for (const sample of samples) {
    const metrics = createMetrics()
    const events = createEvents(error => {
      throw error
    })
    metrics.observe(events)
    const priced = codeIn(documented.get(sample.type)?.[4])
    events.emit(sample)
    if (sample.type === 'effect.succeeded' || sample.type === 'effect.failed')
      events.emit(change(sample.type, { usage: { ...SAMPLE_EVENTS['run.finished'].usage, costUsd: null } }))
    // The gauge of live actors goes down only for an actor that was seen to start.
    if (sample.type === 'actor.stopped') events.emit(SAMPLE_EVENTS['actor.started'])
    assert.equal(sorted((await metricNames(metrics)).moved), sorted(priced), sample.type)
  }
})

test('documents every metric, with its kind and labels, and no other', async () => {
  const metrics = createMetrics()
  const events = createEvents(error => {
    throw error
  })
  metrics.observe(events)
  for (const sample of samples) events.emit(sample)
  events.emit(
    change('effect.succeeded', { usage: { ...SAMPLE_EVENTS['run.finished'].usage, costUsd: null } }),
  )
  const text = await metrics.text()
  const kinds = [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].map(found => `${found[1]} ${found[2]}`)
  const rows = rowsOf('Metric')
  assert.equal(sorted(rows.map(row => `${codeIn(row[0])[0]} ${row[1]}`)), sorted(kinds))
  for (const [name, , labels] of rows) {
    const family = codeIn(name)[0] ?? ''
    const series = new RegExp(`^${family}(?:_sum)?\\{([^}]*)\\}`, 'm').exec(text)
    const actual = [...(series?.[1] ?? '').matchAll(/(\w+)="/g)].map(found => found[1] ?? '')
    assert.equal(sorted(codeIn(labels)), sorted(actual), family)
  }
})

test('makes one line without an undefined for every event', () => {
  for (const sample of samples) {
    const message = entryOf(sample)?.message(sample) ?? ''
    assert.ok(message.length > 10, sample.type)
    assert.not.match(message, /undefined|\[object|\n/, sample.type)
  }
})

test('tells the parts of an event that a reader needs', () => {
  const message = (event: RuntimeEvent) => entryOf(event)?.message(event) ?? ''
  assert.match(message(SAMPLE_EVENTS['run.finished']), /r1.*research.*failed.*4000 ms.*AC-3004/)
  assert.match(message(SAMPLE_EVENTS['step.finished']), /draft\[2\]/)
  assert.match(message(change('effect.started', { attempt: 3 })), /attempt 3/)
})

test('does not call an unknown cost zero', () => {
  const { usage } = SAMPLE_EVENTS['run.finished']
  const event = change('run.finished', { usage: { ...usage, costUsd: null } })
  assert.match(entryOf(event)?.message(event) ?? '', /cost unknown/)
})

test('survives a signal of a user machine that left out its fields', () => {
  const { at, actor } = SAMPLE_EVENTS['run.started']
  for (const type of [
    'run.started',
    'run.finished',
    'step.started',
    'step.finished',
    'breaker.changed',
  ] as const) {
    const bare = { at, actor, type } as unknown as RuntimeEvent
    assert.type(entryOf(bare)?.message(bare), 'string')
    assert.type(level(bare), 'string')
  }
})

test('raises or lowers the level of particular events', () => {
  assert.is(level(change('run.finished', { status: 'done' })), 'info')
  assert.is(level(change('run.finished', { status: 'failed' })), 'error')
  assert.is(level(change('run.finished', { status: 'cancelled' })), 'info')
  assert.is(level(change('run.finished', { status: 'budget-exhausted' })), 'warn')
  assert.is(level(change('run.finished', { status: 'needs-human' })), 'warn')
  assert.is(level(change('actor.stopped', { reason: 'crashed' })), 'warn')
  assert.is(level(change('effect.failed', { reason: 'cancelled' })), 'debug')
  assert.is(level(change('effect.gave-up', { reason: 'cancelled' })), 'info')
  assert.is(level(change('breaker.changed', { state: 'closed' })), 'info')
  assert.is(level(SAMPLE_EVENTS['step.finished']), 'warn')
})

test('has no row for a type of a newer peer, or for a name of Object', () => {
  for (const type of ['actor.cloned', 'constructor', '__proto__'])
    assert.is(entryOf({ type } as unknown as RuntimeEvent), undefined)
})

test.run()
