import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { address } from './address.ts'
import type { Envelope } from './envelope.ts'
import { type ErrorKind, RuntimeError, toWireError } from './errors.ts'
import { NO_USAGE } from './events.ts'
import type { Plain } from './plain.ts'
import {
  answer,
  CHILD_FAILED,
  causeOf,
  checkForeign,
  EFFECT_FAILED,
  EFFECT_RETRY,
  takenOf,
} from './protocol.ts'

const test = testSuite('actors/protocol')

const to = address('a', '1')
const envelope = (type: string, body: unknown): Envelope => ({
  v: 1,
  id: 'm.1',
  type,
  to,
  body: body as Plain,
})

const kindOf = (type: string, body: unknown): ErrorKind | undefined => {
  const message = envelope(type, body)
  try {
    assert.is(checkForeign(message), message)
  } catch (error) {
    if (error instanceof RuntimeError) return error.kind
    throw error
  }
  return undefined
}

const error = toWireError(new Error('x'))

test('lets through what users, answers and cancellations say', () => {
  assert.is(kindOf('task.assign', null), undefined)
  assert.is(kindOf('ac.reply', { value: null }), undefined)
  assert.is(kindOf('ac.reply', { value: 1, spent: { ...NO_USAGE, costUsd: null } }), undefined)
  assert.is(kindOf('ac.error', { error, spent: NO_USAGE }), undefined)
  assert.is(kindOf('ac.error', { error: { ...error, kind: 'of-a-newer-peer' } }), undefined)
  assert.is(kindOf('ac.cancel', { correlation: 'c' }), undefined)
})

test('refuses answers and cancellations that would break whoever reads them', () => {
  for (const body of [null, 1, 'x', [], {}]) {
    for (const type of ['ac.reply', 'ac.error', 'ac.cancel'])
      assert.is(kindOf(type, body), 'envelope-invalid')
  }
  for (const bad of [null, 'text', {}, { kind: 'internal' }]) {
    assert.is(kindOf('ac.error', { error: bad }), 'envelope-invalid')
  }
})

test('refuses spending that would give a budget back more than it lent', () => {
  for (const spent of [
    null,
    5,
    {},
    { ...NO_USAGE, inputTokens: -1 },
    { ...NO_USAGE, costUsd: '1' },
    { ...NO_USAGE, toolCalls: Number.NaN },
  ]) {
    assert.is(kindOf('ac.reply', { value: 1, spent }), 'envelope-invalid')
  }
})

test('refuses from other nodes what supervisors and children say to each other', () => {
  for (const type of [CHILD_FAILED, EFFECT_FAILED, EFFECT_RETRY, 'ac', 'ac.made.up', 'ac.toString']) {
    assert.is(kindOf(type, {}), 'reserved-event')
  }
})

test('answers only where somebody waits', () => {
  assert.is(answer('r', to, { correlation: 'c' }, { value: 1 }), undefined)
  assert.is(answer('r', to, { replyTo: to }, { value: 1 }), undefined)
  const cause = { replyTo: to, correlation: 'c', run: 'run-1' }
  assert.equal(answer('r', to, cause, { value: 1 }), {
    v: 1,
    id: 'r',
    type: 'ac.reply',
    to,
    from: to,
    correlation: 'c',
    run: 'run-1',
    body: { value: 1 },
  })
  assert.is(answer('r', undefined, cause, { error })?.type, 'ac.error')
  // It goes back to the partition the ask came from, wherever the asker's address belongs.
  assert.is(answer('r', to, { ...cause, home: 0 }, { value: 1 })?.at, 0)
  assert.not.ok('home' in (answer('r', to, { ...cause, home: 0 }, { value: 1 }) ?? {}))
})

test('takes a message with all that follows from it', () => {
  const full: Envelope = {
    ...envelope('x.y', { a: 1 }),
    from: to,
    replyTo: to,
    correlation: 'c',
    deadline: 5,
    chain: [to],
    trace: 't',
    budget: { tokens: 1 },
    run: 'r',
    home: 5,
    attempt: 2,
  }
  const { v: _, type, to: __, body, attempt, ...cause } = full
  assert.equal(causeOf(full), cause)
  assert.equal(takenOf(full), { kind: 'message', type, body, cause, attempt })
  assert.is(takenOf(envelope('x', 1)).attempt, 1)
})

test.run()
