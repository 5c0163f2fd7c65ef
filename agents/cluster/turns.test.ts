import * as assert from 'uvu/assert'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { takeTurns } from './turns.ts'

const test = testSuite('agents/cluster/turns')

test('so many go at a time, the others in the order they came; ending twice ends once', async () => {
  const turns = takeTurns(2)
  const began: number[] = []
  const ends = new Map<number, () => void>()
  for (let i = 0; i < 5; i++)
    void turns.take().then(end => {
      began.push(i)
      ends.set(i, end)
    })
  await settle()
  assert.equal(began, [0, 1])
  ends.get(1)?.()
  ends.get(1)?.()
  await settle()
  assert.equal(began, [0, 1, 2])
  ends.get(0)?.()
  ends.get(2)?.()
  await settle()
  assert.equal(began, [0, 1, 2, 3, 4])
})

test.run()
