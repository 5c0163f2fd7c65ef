import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'
import { createTaskQueue } from './task-queue.ts'

const test = testSuite('runtime/transport/task-queue')

/** Batches that run when the test says so. */
function manual() {
  const batches: (() => void)[] = []
  return {
    defer: (batch: () => void) => void batches.push(batch),
    waiting: () => batches.length,
    run: () => batches.shift()?.(),
  }
}

test('runs nothing before its batch, then everything in order', () => {
  const turns = manual()
  const enqueue = createTaskQueue(turns.defer)
  const ran: number[] = []
  for (const n of [1, 2, 3]) enqueue(() => ran.push(n))
  assert.equal(ran, [])
  assert.is(turns.waiting(), 1)
  turns.run()
  assert.equal(ran, [1, 2, 3])
  assert.is(turns.waiting(), 0)
})

test('leaves tasks added during a batch to a later batch', () => {
  const turns = manual()
  const enqueue = createTaskQueue(turns.defer)
  const ran: string[] = []
  enqueue(() => {
    ran.push('a')
    enqueue(() => ran.push('b'))
  })
  turns.run()
  assert.equal(ran, ['a'])
  turns.run()
  assert.equal(ran, ['a', 'b'])
})

test('splits a flood into batches of at most 1,000 and keeps the order', () => {
  const turns = manual()
  const enqueue = createTaskQueue(turns.defer)
  const ran: number[] = []
  for (let i = 0; i < 5_500; i++) enqueue(() => ran.push(i))
  turns.run()
  assert.is(ran.length, 1_000)
  while (turns.waiting() > 0) turns.run()
  assert.equal(
    ran,
    Array.from({ length: 5_500 }, (_, i) => i),
  )
})

test('runs the tasks behind one that throws', () => {
  const turns = manual()
  const enqueue = createTaskQueue(turns.defer)
  const ran: string[] = []
  enqueue(() => {
    throw new Error('broken')
  })
  enqueue(() => ran.push('next'))
  assert.throws(() => turns.run())
  turns.run()
  assert.equal(ran, ['next'])
})

test.run()
