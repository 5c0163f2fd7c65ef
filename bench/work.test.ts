import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { subjectsOf } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { answerText, operands, question } from './work.ts'

const test = testSuite('bench/work')

test('the scripted model reads its tool call from the question', () => {
  assert.equal(operands(question(41)), { a: 41, b: 1 })
})

test('a question without numbers gives no right answer', () => {
  const { a, b } = operands('What?')
  assert.ok(Number.isNaN(a) && Number.isNaN(b))
})

test('the scripted answer is what the tool returned', () => {
  assert.equal(JSON.parse(answerText(42)), { answer: 42 })
})

test('no two scenarios, subjects of one scenario or metrics of one scenario share a name', () => {
  const distinct = (names: readonly string[]) => assert.is(new Set(names).size, names.length, names.join())
  distinct(SCENARIOS.map(({ name }) => name))
  for (const scenario of SCENARIOS) {
    distinct(subjectsOf(scenario).map(({ name }) => name))
    distinct(scenario.metrics.map(({ name }) => name))
    assert.ok(scenario.rounds > 0)
  }
})

test.run()
