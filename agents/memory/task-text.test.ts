import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Plain } from '../../actors/plain.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { quoted } from './quoted.ts'
import { inWords, textFields } from './task-text.ts'

const test = testSuite('agents/memory/task-text')

test('what a task is about is its texts', () => {
  const task = { topic: 'NATS', depth: 2, deep: true, parts: ['one', { why: 'two' }], id: '17', no: null }
  assert.is(textFields(task, 100), 'NATS\none\ntwo')
  assert.is(textFields(task, 6), 'NATS\no')
  assert.is(textFields(7, 100), '')
})

test('a lone text is remembered as it is, all else with its names', () => {
  assert.is(inWords({ answer: 'There are 120 bolts.' }, 100), 'There are 120 bolts.')
  assert.is(inWords('plain', 100), 'plain')
  assert.is(inWords({ pieces: 120 }, 100), 'pieces: 120')
  assert.is(
    inWords({ name: 'bolt', stock: { pieces: 120, sold: false } }, 100),
    'name: bolt\nstock.pieces: 120\nstock.sold: false',
  )
  assert.is(inWords({ answers: ['a', 'b'] }, 100), 'answers: a\nanswers: b')
  assert.is(inWords({}, 100), '(nothing)')
  assert.is(inWords({ answer: 'x'.repeat(50) }, 10), `${'x'.repeat(9)}…`)
})

test('whatever a task is, its words are bounded and there are some', () => {
  const deep = (levels: number): Plain => (levels === 0 ? 'end' : { in: deep(levels - 1) })
  assert.is(inWords(deep(50), 100), '(nothing)')
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const words = inWords(value as Plain, 40)
      assert.ok(words.length > 0 && words.length <= 40)
      assert.ok(textFields(value as Plain, 40).length <= 40)
    }),
  )
})

test('quoted text is one line of JSON that closes no tag, whatever is in it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), text => {
      const line = quoted(text)
      assert.not.ok(/[<>\n\r\u2028\u2029]/.test(line))
      assert.is(JSON.parse(line), text.toWellFormed())
    }),
  )
})

test.run()
