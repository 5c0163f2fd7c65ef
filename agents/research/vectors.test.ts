import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { cosine, inverseFrequency, overlap, tfIdfVectors } from './vectors.ts'

const test = testSuite('agents/research/vectors')

test('calls a text entirely like itself and not at all like a text without common words', () => {
  const [a, b, c] = tfIdfVectors(['drain the buffer', 'draining buffers', 'green apples'])
  assert.ok(a && b && c)
  assert.ok(Math.abs(cosine(a, b) - 1) < 1e-9, 'stems decide, not forms')
  assert.is(cosine(a, c), 0)
})

test('gives a text without telling words the empty vector, like nothing', () => {
  const [empty, other] = tfIdfVectors(['the of and', 'buffer'])
  assert.ok(empty && other)
  assert.is(empty.size, 0)
  assert.is(cosine(empty, other), 0)
  assert.is(cosine(empty, empty), 0)
})

test('weighs rare stems above common ones and never below zero', () => {
  assert.ok(inverseFrequency(10, 1) > inverseFrequency(10, 5))
  assert.ok(inverseFrequency(10, 10) > 0)
})

test('measures the shared part of two sets', () => {
  assert.is(overlap(new Set(['a', 'b']), new Set(['b', 'c'])), 1 / 3)
  assert.is(overlap(new Set(), new Set()), 0)
})

test.run()
