import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { cycleLength, fingerprint, observe, REPEATS, WINDOW } from './loop-detection.ts'

const test = testSuite('actors/loop-detection')

const CASES: readonly (readonly [string, number])[] = [
  ['', 0],
  ['a', 0],
  ['aa', 0],
  ['aaa', 1],
  ['baaa', 1],
  ['aaab', 0],
  ['ababab', 2],
  ['ababa', 0],
  ['xxababab', 2],
  ['abcabcabc', 3],
  ['abcdabcdabcd', 4],
  ['abcdeabcdeabcde', 0],
  ['aabaabaab', 3],
  ['abcdef', 0],
]
for (const [steps, cycle] of CASES) {
  test(`the steps "${steps}" ${cycle ? `form a cycle of ${cycle}` : 'form no cycle'}`, () => {
    assert.is(cycleLength([...steps].reduce(observe, [] as readonly string[])), cycle)
  })
}

test('any cycle that fits the window is found after three rounds, whatever came before', () => {
  const steps = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: WINDOW / REPEATS })
  fc.assert(
    fc.property(fc.array(fc.string()), steps, (before, cycle) => {
      const rounds = Array.from({ length: REPEATS }, () => cycle).flat()
      const window = [...before, ...rounds].reduce(observe, [] as readonly string[])
      const found = cycleLength(window)
      assert.ok(found > 0 && found <= cycle.length)
      assert.ok(window.length <= WINDOW)
    }),
  )
})

test('steps that are all different are never a cycle', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), steps => {
      assert.is(cycleLength(steps.reduce(observe, [] as readonly string[])), 0)
    }),
  )
})

test('a fingerprint does not depend on the order of keys, and does on everything else', () => {
  assert.is(
    fingerprint('t', { a: 1, b: [2, { c: 3, d: 4 }] }),
    fingerprint('t', { b: [2, { d: 4, c: 3 }], a: 1 }),
  )
  const different = [
    ['t', { a: 1 }],
    ['t', { a: '1' }],
    ['t', { a: [1] }],
    ['t', { a: null }],
    ['t', {}],
    ['t', []],
    ['t', null],
    ['t', 'null'],
    ['t', undefined],
    ['t', 'undefined'],
    ['t'],
    ['t{}'],
    ['t', { a: 1, b: 1 }],
    ['t', { 'a:1,b': 1 }],
    ['t', [1, 2]],
    ['t', [2, 1]],
    ['t', ['1,2']],
    ['', 't'],
    ['t', ''],
  ]
  assert.is(new Set(different.map(parts => fingerprint(...parts))).size, different.length)
})

test('fingerprints of different JSON differ', () => {
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(fc.json(), json => {
      const text = JSON.stringify(sorted(JSON.parse(json)))
      const print = fingerprint(JSON.parse(json))
      assert.is(seen.get(print) ?? text, text)
      seen.set(print, text)
    }),
  )
})

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value)
    .map(([key, member]) => [key, sorted(member)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    .concat([['object']])
}

test.run()
