import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import { HeldAnswers } from './bus-answers.ts'
import { simulatedClock } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/bus-answers')

const ACCEPTED = new Uint8Array([1])
const ASKER = 'node/near' as Address

function held() {
  const clock = simulatedClock()
  const answers = new HeldAnswers(clock, ACCEPTED, (reply, data) => reply(data))
  const said: string[] = []
  const hold = (correlation: string, name = correlation) =>
    answers.hold(ASKER, correlation, data =>
      said.push(`${name} ${data === ACCEPTED ? 'accepted' : 'answered'}`),
    )
  return { clock, answers, said, hold }
}

test('an answer that comes soon is all that is said', async () => {
  const { clock, answers, said, hold } = held()
  hold('q1')
  answers.take(ASKER, 'q1')?.(new Uint8Array([2]))
  await clock.advance(1_000)
  assert.equal(said, ['q1 answered'])
})

test('a question without an answer is accepted within 100 ms, and its answer is sent for itself', async () => {
  const { clock, answers, said, hold } = held()
  hold('q1')
  await clock.advance(60)
  hold('q2')
  await clock.advance(40)
  assert.equal(said, ['q1 accepted'])
  assert.is(answers.take(ASKER, 'q1'), undefined)
  await clock.advance(60)
  assert.equal(said, ['q1 accepted', 'q2 accepted'])
  assert.equal(clock.pending(), [])
})

test('of the same question asked twice the first is accepted, and the last gets the answer', () => {
  const { answers, said, hold } = held()
  hold('q1', 'first')
  hold('q1', 'last')
  assert.equal(said, ['first accepted'])
  answers.take(ASKER, 'q1')?.(new Uint8Array([2]))
  assert.equal(said, ['first accepted', 'last answered'])
})

test('questions of one number from two nodes are two questions', () => {
  const { answers, hold } = held()
  hold('q1')
  assert.is(answers.take('node/other' as Address, 'q1'), undefined)
  assert.ok(answers.take(ASKER, 'q1'))
})

test('of two questions of one number from two nodes the first is accepted, and its answer is sent for itself', () => {
  const { answers, said, hold } = held()
  const other = 'node/other' as Address
  hold('q1', 'first')
  answers.hold(other, 'q1', () => said.push('other answered'))
  assert.equal(said, ['first accepted'])
  assert.is(answers.take(ASKER, 'q1'), undefined)
  answers.take(other, 'q1')?.(new Uint8Array([2]))
  assert.equal(said, ['first accepted', 'other answered'])
})

test('all are accepted at once when the node ends, and no timer stays', () => {
  const { clock, answers, said, hold } = held()
  hold('q1')
  hold('q2')
  answers.acceptAll()
  assert.equal(said, ['q1 accepted', 'q2 accepted'])
  assert.equal(clock.pending(), [])
})

test.run()
