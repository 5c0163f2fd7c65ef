import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { address } from './address.ts'
import { parseLease } from './budget-lease.ts'
import { checkMessageType, type Envelope, isReserved, parseEnvelope, refuseReserved } from './envelope.ts'
import { type ErrorKind, RuntimeError } from './errors.ts'

const test = testSuite('actors/envelope')

const small: Envelope = { v: 1, id: 'a/1.7.0', type: 'task.assign', to: address('writer', '1'), body: null }
const full: Envelope = {
  ...small,
  from: address('boss', '1'),
  replyTo: address('ask', 'x'),
  correlation: 'a/1.6.0',
  deadline: 1_800_000_000_000,
  chain: [address('boss', '1'), address('lead', '2')],
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  attempt: 2,
  budget: { tokens: 1_000, costUsd: 0.25, modelCalls: 3, toolCalls: 4, spawns: 0, depth: 1 },
  run: 'run-1',
  home: 0,
  at: 63,
  body: { text: 'write', bytes: new Uint8Array([1]) },
}

function refuses(value: unknown, field: string | undefined, kind: ErrorKind = 'envelope-invalid'): void {
  try {
    parseEnvelope(value)
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    assert.is(error.kind, kind)
    if (field !== undefined) assert.is(error.details?.['field'], field)
    return
  }
  assert.unreachable(`accepted ${JSON.stringify(value)}`)
}

test('reads the smallest and the fullest envelope as they are', () => {
  assert.equal(parseEnvelope(small), small)
  assert.equal(parseEnvelope(full), full)
  assert.equal(Object.keys(parseEnvelope(small)), ['v', 'id', 'type', 'to', 'body'])
})

test('drops unknown fields, of the envelope and of its budget', () => {
  const newer = { ...full, priority: 9, budget: { ...full.budget, wallMs: 5 }, constructor: 'x' }
  assert.equal(parseEnvelope(newer), full)
})

test('refuses an unknown version and says so', () => {
  for (const v of [2, 0, 1.5, '1', null, undefined, true]) refuses({ ...small, v }, 'v')
})

test('refuses what is not an object', () => {
  for (const value of [null, undefined, 1, 'x', true, [], [small], new Uint8Array(3), () => small]) {
    refuses(value, undefined)
  }
})

test('refuses every field that is malformed, by its name', () => {
  const bad: Record<string, readonly unknown[]> = {
    home: [-1, 0.5, 65_536, '1', null, Number.NaN],
    at: [-1, 0.5, 65_536, '1', null, Number.POSITIVE_INFINITY],
    id: ['', 'x'.repeat(257), 7, null, {}],
    to: [
      '',
      'writer',
      '/1',
      'writer/',
      'a/b/c',
      'a b/1',
      'a/*',
      `${'x'.repeat(65)}/1`,
      7,
      null,
      ['writer/1'],
    ],
    from: ['', 'x', null, 3],
    replyTo: ['', 'ac.demo.x', null],
    correlation: ['', 'x'.repeat(257), 4],
    deadline: [Number.NaN, Number.POSITIVE_INFINITY, -1, '5', null],
    chain: ['a/1', {}, null],
    trace: [
      '',
      'x',
      7,
      '00-xyz',
      `${full.trace}\r\n`,
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331',
    ],
    attempt: [0, -1, 1.5, '1', null, Number.NaN],
    budget: [null, 5, 'all', []],
    run: ['', 'x'.repeat(257), 5],
    body: [undefined],
  }
  for (const [field, values] of Object.entries(bad)) {
    for (const value of values) refuses({ ...full, [field]: value }, field)
  }
  refuses({ ...full, chain: ['a/1', 'nobody'] }, 'chain[1]')
})

test('reads a chain of 64 and refuses one of 65', () => {
  const chain = Array.from({ length: 64 }, (_, i) => address('a', String(i)))
  assert.is(parseEnvelope({ ...small, chain }).chain?.length, 64)
  refuses({ ...small, chain: [...chain, 'a/64'] }, 'chain')
})

test('does not share its chain or budget with the value it read', () => {
  const chain = ['a/1']
  const budget = { tokens: 5 }
  const read = parseEnvelope({ ...small, chain, budget })
  chain.push('b/1')
  budget.tokens = 50
  assert.equal(read.chain, ['a/1'])
  assert.equal(read.budget, { tokens: 5 })
})

test('refuses a limit that cannot be read rather than reading it as none', () => {
  for (const name of ['tokens', 'modelCalls', 'toolCalls', 'spawns', 'depth', 'costUsd']) {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
      refuses({ ...small, budget: { [name]: value } }, `budget.${name}`)
    }
    assert.equal(parseLease({ [name]: 0 }), { [name]: 0 })
  }
  refuses({ ...small, budget: { tokens: 1.5 } }, 'budget.tokens')
  assert.equal(parseLease({ costUsd: 0.5 }), { costUsd: 0.5 })
  assert.equal(parseLease({ tokens: undefined }), {})
})

test('takes message types of 1 to 8 tokens', () => {
  const longest = Array.from({ length: 8 }, () => 'x'.repeat(64)).join('.')
  for (const good of ['go', 'task.assign', 'a.b.c.d.e.f.g.h', 'A_1-b', longest]) {
    assert.is(checkMessageType(good), good)
  }
  const bad = [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a b',
    '*',
    'task.*',
    'a.b.c.d.e.f.g.h.i',
    'x'.repeat(65),
    'ä',
    'a\n',
    null,
    4,
  ]
  for (const type of bad) refuses({ ...small, type }, 'type')
})

test('refuses a type that never travels between nodes, and reads what the runtimes say to each other', () => {
  for (const type of ['xstate', 'xstate.done.actor.x', 'xstate.error.actor.model', 'xstate.init'])
    refuses({ ...small, type }, undefined, 'reserved-event')
  for (const type of ['ac.reply', 'ac.error', 'ac.cancel'])
    assert.is(parseEnvelope({ ...small, type }).type, type)
})

test('knows the types that users may not send', () => {
  for (const type of ['xstate', 'xstate.done.actor.x', 'xstate.init', 'ac', 'ac.reply', 'ac.child.failed']) {
    assert.ok(isReserved(type))
    assert.throws(
      () => refuseReserved(type),
      (error: RuntimeError) => error.kind === 'reserved-event',
    )
  }
  for (const type of ['xstates.done', 'my.xstate', 'Xstate.done', 'task.assign', 'acid.test', 'my.ac']) {
    assert.not.ok(isReserved(type))
    assert.is(refuseReserved(type), type)
  }
})

test('either reads a value or refuses it with an error of the project, whatever the value', () => {
  const fields = fc.record(
    Object.fromEntries(
      Object.keys(full).map(key => [key, fc.oneof(fc.constant(full[key as keyof Envelope]), fc.anything())]),
    ),
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fields, fc.anything()), value => {
      try {
        const read = parseEnvelope(value)
        assert.equal(parseEnvelope(read), read)
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error
        assert.ok(error.kind === 'envelope-invalid' || error.kind === 'reserved-event')
      }
    }),
    { numRuns: 2_000 },
  )
})

test.run()
