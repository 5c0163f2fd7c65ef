import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { claimOf, namesIn, quantitiesOf } from './polarity.ts'

const test = testSuite('agents/research/polarity')

test('counts negations, but not "not only" and "no longer than"', () => {
  assert.is(claimOf('The client does not drain.').negations, 1)
  assert.is(claimOf("It doesn't drain and cannot close.").negations, 2)
  assert.is(claimOf('It can be used not only by clients.').negations, 0)
  assert.is(claimOf('It waits no longer than a second.').negations, 0)
})

test('separates what a claim is about from which side it takes', () => {
  const [on, off] = [claimOf('Reconnecting is enabled.'), claimOf('Reconnecting is disabled.')]
  assert.equal([...on.subject], [...off.subject])
  assert.not.equal([...on.sides], [...off.sides])
})

test('reads quantities in base units and leaves versions and identifiers alone', () => {
  const values = (text: string) => quantitiesOf(text).map(({ value, unit }) => `${value} ${unit}`)
  assert.equal(values('It waits 2 seconds or 2000 ms.'), ['2000 ms', '2000 ms'])
  assert.equal(values('At most 1,024 bytes, 5% and 3 attempts.'), ['1024 bytes', '5 %', '3 attempt'])
  assert.equal(values('The default is 10.'), ['10 '])
  assert.equal(values('Version 2.9.10 of http2 and utf-8.'), [])
})

test('finds names and identifiers, not the first word of a sentence or plain values', () => {
  assert.equal(
    [...namesIn('Drain `maxAttempts` on NATS with Alice, `true` or pino.child.')],
    ['maxAttempts', 'NATS', 'Alice', 'pino.child'],
  )
})

test('notices conditions', () => {
  assert.ok(claimOf('If the client drains, it closes.').conditional)
  assert.not(claimOf('The client closes.').conditional)
})

test.run()
