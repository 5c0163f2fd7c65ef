import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { createCodec } from '../../codec.ts'
import { testSuite } from '../../testkit/suite.ts'
import { type Heartbeat, heartbeatVersion, readHeartbeat, writeHeartbeat } from './heartbeat.ts'

const test = testSuite('runtime/cluster/membership/heartbeat')
const codec = createCodec()

const BEAT: Heartbeat = {
  node: 'n1',
  life: 'l1',
  seq: 7,
  version: '0.2.0',
  state: 'active',
  serves: true,
  partitions: new Map([
    [0, 1],
    [63, 12],
  ]),
  taking: [5],
  unable: [6],
  types: ['writer'],
  models: ['ollama:llama3'],
  tools: ['search'],
  load: { actors: 3, runs: 1, lagMs: 2, mailboxes: 4 },
  startedAt: 1_700_000_000_000,
  upMs: 1_500,
}
const wire = (): Record<string, Plain> => writeHeartbeat(BEAT) as Record<string, Plain>
const sent = (value: Plain) => codec.decode(codec.encode(value))

function refuses(value: unknown, what: string): void {
  try {
    readHeartbeat(value)
  } catch (error) {
    assert.is(error instanceof RuntimeError && error.kind, 'codec-malformed', what)
    return
  }
  assert.unreachable(`${what} was accepted`)
}

test('a heartbeat arrives as it was', () => {
  const arrived = sent(wire())
  assert.is(heartbeatVersion(arrived), 1)
  assert.equal(readHeartbeat(arrived), BEAT)
})

test('fields that nobody here knows are left out', () => {
  const arrived = sent({ ...wire(), later: 'x', load: { actors: 1, runs: 0, lagMs: 0, later: 1 } })
  const beat = readHeartbeat(arrived)
  assert.not('later' in beat)
  assert.not('later' in beat.load)
})

test('of a later version the number is read, and of a wrong one nothing', () => {
  assert.is(heartbeatVersion({ v: 2, anything: true }), 2)
  for (const wrong of [{}, { v: 0 }, { v: 1.5 }, { v: '1' }, null, [], 'x', { v: -1 }]) {
    assert.throws(
      () => heartbeatVersion(wrong),
      (error: RuntimeError) => error.kind === 'codec-malformed',
    )
  }
})

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  node: ['', 'a.b', '*', 7, undefined],
  life: ['', 'a b', null],
  seq: [-1, 1.5, '1', undefined],
  version: ['', 'x'.repeat(200), 'a\u001b[2J', 3],
  state: ['gone', '', undefined],
  serves: ['yes', 1, undefined],
  partitions: [[], { 64: 1 }, { '-1': 1 }, { '01': 1 }, { 1: 0 }, { 1: 1.5 }, { x: 1 }, undefined],
  taking: [[64], [-1], ['1'], Array(65).fill(1), {}, undefined],
  unable: [[0.5], undefined],
  types: ['writer', undefined, {}],
  load: [undefined, {}, { actors: -1, runs: 0, lagMs: 0 }, { actors: 0, runs: 0, lagMs: 0, mailboxes: 'x' }],
  startedAt: [-1, '2026', undefined],
  upMs: [-1, undefined],
}

test('a field that is not what it should be makes it no heartbeat', () => {
  for (const [field, values] of Object.entries(WRONG)) {
    for (const value of values) refuses({ ...wire(), [field]: value }, `${field} ${JSON.stringify(value)}`)
  }
})

test('names that cannot be shown, and those that are too many, are left out of an otherwise sound heartbeat', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => `type-${i}`)
  const beat = readHeartbeat({ ...wire(), types: ['a', 'a', 7, '', 'x'.repeat(200), 'b\n'], tools: many })
  assert.equal(beat.types, ['a'])
  assert.is(beat.tools.length, 256)
})

test('a node with wrong figures, or more names than fit, sends what others accept', () => {
  const load = { actors: Number.NaN, runs: -1, lagMs: Number.POSITIVE_INFINITY, mailboxes: 2.4 }
  const many = Array.from({ length: 9_000 }, (_, i) => `tool-${i}`.padEnd(120, 'x'))
  const beat = readHeartbeat(sent(writeHeartbeat({ ...BEAT, load, tools: many })))
  assert.equal(beat.load, { actors: 0, runs: 0, lagMs: 0, mailboxes: 2 })
  assert.is(beat.tools.length, 256)
})

test('whatever comes is a heartbeat or refused as malformed', () => {
  const mutated = fc.record({ key: fc.constantFrom(...Object.keys(wire())), value: fc.anything() })
  fc.assert(
    fc.property(mutated, ({ key, value }) => {
      try {
        readHeartbeat({ ...wire(), [key]: value })
      } catch (error) {
        assert.is(error instanceof RuntimeError && error.kind, 'codec-malformed')
      }
    }),
    { numRuns: 1_000 },
  )
})

test.run()
