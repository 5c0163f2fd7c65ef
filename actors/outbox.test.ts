import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import type { Address } from './address.ts'
import type { Envelope } from './envelope.ts'
import { answerKey, isKeyed, KEY_PREFIX, keyOf, Outbox } from './outbox.ts'

const test = testSuite('actors/outbox')

const envelope = (id: string): Envelope => ({ v: 1, id, type: 't', to: 'a/b' as Address, body: null })

test('keeps what was sent, in order, until it is received', () => {
  const outbox = new Outbox()
  for (const id of ['1', '2', '3']) outbox.keep(id, envelope(id))
  outbox.settle('2')
  outbox.settle('2')
  outbox.settle('unknown')
  assert.equal(
    outbox.all().map(({ id }) => id),
    ['1', '3'],
  )
  assert.is(outbox.size, 2)
  assert.is(outbox.get('3')?.id, '3')
  assert.is(outbox.get('2'), undefined)
})

test('keeps the last 64 answers to keyed asks; they are not waiting for anybody', () => {
  const outbox = new Outbox()
  for (let i = 0; i < 100; i++) outbox.keepAnswer(`${KEY_PREFIX}${i}`, envelope(`${i}`))
  assert.is(outbox.size, 0)
  assert.is(outbox.answerTo(`${KEY_PREFIX}35`), undefined)
  assert.is(outbox.answerTo(`${KEY_PREFIX}36`)?.id, '36')
  assert.is(outbox.answerTo(`${KEY_PREFIX}99`)?.id, '99')
  assert.is(outbox.store().answers.length, 64)
})

test('comes back from what was stored as it was', () => {
  const outbox = new Outbox()
  outbox.keep('2', envelope('2'))
  outbox.keep(answerKey('ask'), envelope('1'))
  outbox.keepAnswer('key:a', envelope('3'))
  const stored = outbox.store()
  const loaded = new Outbox()
  loaded.load(stored.outbox, stored.answers)
  assert.equal(loaded.store(), stored)
  assert.equal(loaded.all(), outbox.all())
  assert.is(loaded.answerTo('key:a')?.id, '3')
})

test('only ids that were chosen outside are keyed', () => {
  assert.is(isKeyed('key:a/b:start'), true)
  assert.is(isKeyed('a/b.life.1.0'), false)
})

test('a message is known by its id, an answer by the ask it answers', () => {
  assert.is(keyOf(envelope('1')), '1')
  for (const type of ['ac.reply', 'ac.error'])
    assert.is(keyOf({ ...envelope('1'), type, correlation: 'ask' }), answerKey('ask'))
})

test.run()
