import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { matches } from '../../actors/subject.ts'
import { testSuite } from '../testkit/suite.ts'
import { createSubjectIndex } from './subject-index.ts'

const test = testSuite('runtime/transport/subject-index')

const token = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__')
const subject = fc.array(token, { minLength: 1, maxLength: 5 }).map(tokens => tokens.join('.'))
const pattern = fc
  .tuple(
    fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 4 }),
    fc.oneof(token, fc.constantFrom('*', '>')),
  )
  .map(([head, last]) => [...head, last].join('.'))

test('finds exactly what the reference rule finds, after any additions and removals', () => {
  const change = fc.record({ pattern, remove: fc.boolean() })
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40 }),
      fc.array(subject, { maxLength: 10 }),
      (changes, subjects) => {
        const index = createSubjectIndex<number>()
        const alive = new Map<number, string>()
        changes.forEach((change, id) => {
          const [oldest] = alive
          if (change.remove && oldest !== undefined) {
            alive.delete(oldest[0])
            index.remove(oldest[1], oldest[0])
          } else {
            alive.set(id, change.pattern)
            index.add(change.pattern, id)
          }
        })
        for (const subject of subjects) {
          const wanted = [...alive].filter(([, pattern]) => matches(pattern, subject)).map(([id]) => id)
          assert.equal(
            [...index.match(subject)].sort((a, b) => a - b),
            wanted,
          )
        }
        for (const [id, pattern] of alive) index.remove(pattern, id)
        assert.ok(index.isEmpty())
      },
    ),
    { numRuns: 500 },
  )
})

test('keeps nothing of thousands of subscriptions that have gone', () => {
  const index = createSubjectIndex<number>()
  for (let i = 0; i < 5_000; i++) index.add(`ac.t.agent.writer.n${i}`, i)
  assert.equal(index.match('ac.t.agent.writer.n4321'), [4_321])
  for (let i = 0; i < 5_000; i++) index.remove(`ac.t.agent.writer.n${i}`, i)
  assert.ok(index.isEmpty())
})

test('holds more values under one pattern than a call can take arguments', () => {
  const index = createSubjectIndex<number>()
  for (let i = 0; i < 200_000; i++) index.add('a.>', i)
  assert.is(index.match('a.b').length, 200_000)
})

test('ignores the removal of what was never added', () => {
  const index = createSubjectIndex<number>()
  index.add('a.b', 1)
  index.remove('a.c', 1)
  index.remove('a.b.c', 1)
  index.remove('a.b', 2)
  assert.equal(index.match('a.b'), [1])
})

test.run()
