import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  ERRORS,
  type ErrorKind,
  fromWireError,
  isErrorKind,
  isWireError,
  RuntimeError,
  toRuntimeError,
  toWireError,
  type WireError,
} from './errors.ts'
import { toPlain } from './plain.ts'

const test = testSuite('actors/errors')

const kinds = Object.keys(ERRORS) as ErrorKind[]

test('gives every kind a code of its own', () => {
  const codes = kinds.map(kind => ERRORS[kind].code)
  assert.is(new Set(codes).size, codes.length)
  for (const code of codes) assert.match(code, /^AC-\d{4}$/)
})

test('takes whether it may be retried from the table, unless it is said', () => {
  assert.is(new RuntimeError('effect-failed', 'x').retryable, true)
  assert.is(new RuntimeError('refused', 'x').retryable, false)
  assert.is(new RuntimeError('refused', 'x', { retryable: true }).retryable, true)
  assert.is(new RuntimeError('effect-failed', 'x', { retryable: false }).retryable, false)
})

test('is an error like others, with its cause', () => {
  const cause = new Error('deep')
  const error = new RuntimeError('internal', 'x', { cause })
  assert.instance(error, Error)
  assert.is(error.cause, cause)
  assert.not.ok('cause' in new RuntimeError('internal', 'x'))
})

const wires = fc.record(
  {
    kind: fc.constantFrom(...kinds),
    message: fc.string({ unit: 'grapheme' }),
    retryable: fc.boolean(),
    why: fc.string(),
    fix: fc.string(),
    retryAfterMs: fc.nat(),
    details: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,5}$/),
      fc.oneof(fc.nat(), fc.string({ unit: 'grapheme' })),
      { noNullPrototype: true },
    ),
  },
  { requiredKeys: ['kind', 'message', 'retryable'] },
)

test('crosses the wire and comes back as it was', () => {
  fc.assert(
    fc.property(wires, ({ kind, ...rest }) => {
      const wire = { kind, code: ERRORS[kind].code, ...rest } as WireError
      assert.ok(isWireError(wire))
      assert.equal(toWireError(fromWireError(wire)), wire)
      assert.equal(toPlain(toWireError(fromWireError(wire))), toPlain(wire))
    }),
  )
})

test('leaves its stack and its cause at home', () => {
  const wire = toWireError(new RuntimeError('internal', 'x', { cause: new Error('secret') }))
  assert.equal(Object.keys(wire), ['kind', 'code', 'message', 'retryable'])
})

test('reads an error of a newer peer as a failed effect, and keeps what it was', () => {
  const wire = { kind: 'quantum-lost', code: 'AC-7777', message: 'gone', retryable: false, details: { a: 1 } }
  const error = fromWireError(wire as never)
  assert.is(error.kind, 'effect-failed')
  assert.is(error.code, 'AC-2012')
  assert.is(error.retryable, false)
  assert.is(error.message, 'gone')
  assert.equal(error.details, { a: 1, kind: 'quantum-lost', code: 'AC-7777' })
})

test('does not take a name that every object has for a kind', () => {
  for (const name of ['toString', 'constructor', '__proto__', '', 7, null])
    assert.is(isErrorKind(name), false)
  for (const kind of kinds) assert.is(isErrorKind(kind), true)
})

test('knows an error in its wire form from everything else', () => {
  const wire = toWireError(new Error('x'))
  assert.ok(isWireError(wire))
  for (const field of ['kind', 'code', 'message', 'retryable'])
    assert.not.ok(isWireError({ ...wire, [field]: undefined }))
  for (const value of [null, undefined, 'x', 7, [], {}, new Error('x')]) assert.not.ok(isWireError(value))
})

test('makes an error of whatever is thrown', () => {
  const own = new RuntimeError('stalled', 'x')
  assert.is(toRuntimeError(own), own)
  const foreign = new TypeError('not a function')
  assert.is(toRuntimeError(foreign).kind, 'effect-failed')
  assert.is(toRuntimeError(foreign, 'actor-crashed').kind, 'actor-crashed')
  assert.is(toRuntimeError(foreign).cause, foreign)
  assert.is(toRuntimeError(foreign).message, 'not a function')
  assert.is(toRuntimeError(new RangeError()).message, 'RangeError')
  const empty = Object.create(null)
  for (const thrown of ['text', 7, null, undefined, Symbol('s'), {}, empty, { toString: 1 }]) {
    assert.type(toRuntimeError(thrown).message, 'string')
  }
  const hostile = Object.assign(new Error('x'), { message: { not: 'a string' } })
  assert.type(toRuntimeError(hostile).message, 'string')
})

test('reads back what a machine was shown and threw again', () => {
  const shown = toWireError(new RuntimeError('schema-invalid', 'bad', { details: { at: 'a' } }))
  const error = toRuntimeError(shown, 'actor-crashed')
  assert.is(error.kind, 'schema-invalid')
  assert.equal(error.details, { at: 'a' })
})

test('is plain data on the wire whatever was put into its details', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  let deep: unknown = 1
  for (let i = 0; i < 200; i++) deep = { deep }
  const getter = {
    get bad(): never {
      throw new Error('no')
    },
  }
  const hostile: readonly Record<string, unknown>[] = [
    cycle,
    { deep },
    { n: 1n },
    getter,
    { when: new Date(0), not: Number.NaN, fn: () => 1, map: new Map() },
    JSON.parse('{"__proto__":{"polluted":1}}'),
  ]
  for (const details of hostile) {
    const wire = toWireError(
      new RuntimeError('tool-failed', 'x', { details, retryAfterMs: Number.POSITIVE_INFINITY }),
    )
    assert.equal(toPlain(wire), wire as never)
    assert.not.ok('retryAfterMs' in wire)
  }
  const kept = toWireError(
    new RuntimeError('tool-failed', 'x', { details: { when: new Date(0), a: undefined } }),
  )
  assert.equal(kept.details, { when: '1970-01-01T00:00:00.000Z' })
})

test.run()
