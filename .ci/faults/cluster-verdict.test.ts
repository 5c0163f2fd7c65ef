import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Note } from './cluster-actors.ts'
import { commitsByTwo, judgeNotes, type LogRow } from './cluster-verdict.ts'

const test = testSuite('.ci/faults/cluster-verdict')

const ops = (epoch: number, n: number, by: string): LogRow => ({ partition: 7, epoch, n, kind: 'ops', by })
const seal = (epoch: number, n: number, by: string, isOwned = true): LogRow => ({
  ...{ partition: 7, epoch, n, by, isOwned },
  kind: 'seal',
  begins: epoch + 1,
})

test('accepts a log in which one process after the other wrote', () => {
  const rows = [seal(0, 1, 'a'), ops(1, 1, 'a'), ops(1, 2, 'a'), seal(1, 3, 'b'), ops(2, 1, 'b')]
  assert.equal(commitsByTwo(rows), [])
})

test('accepts a partition that was given up, and another of the same epochs', () => {
  const rows = [seal(0, 1, 'a'), ops(1, 1, 'a'), seal(1, 2, 'a', false), seal(2, 1, 'b'), ops(3, 1, 'b')]
  const other = [seal(0, 1, 'c'), ops(1, 1, 'c')].map(row => ({ ...row, partition: 8 }))
  assert.equal(commitsByTwo([...rows, ...other]), [])
})

test('finds an entry behind the seal of its epoch', () => {
  const rows = [seal(0, 1, 'a'), ops(1, 1, 'a'), seal(1, 2, 'b'), ops(1, 3, 'a')]
  assert.is(commitsByTwo(rows).length, 1)
})

test('finds two processes that wrote in one epoch, also when what began it is lost', () => {
  assert.is(commitsByTwo([ops(4, 1, 'a'), ops(4, 2, 'b')]).length, 1)
  assert.is(commitsByTwo([seal(3, 9, 'a'), ops(4, 1, 'b')]).length, 1)
})

test('finds an epoch that was sealed twice', () => {
  assert.ok(commitsByTwo([seal(1, 2, 'a'), seal(1, 3, 'b')]).length > 0)
})

const told = (...notes: readonly (readonly [n: number, job: number, what: Note[3]])[]): Note[] =>
  notes.map(([n, job, what]) => ['w', n, job, what])
const WHOLE = told([1, 1, 'begun'], [2, 1, 'done'], [3, 2, 'begun'], [4, 2, 'done'])
const countsOf = (notes: readonly Note[], counted: readonly number[] = [1, 2]) => {
  const { lost, repeated, disordered } = judgeNotes([1, 2], [notes], [counted])
  return [lost.length, repeated.length, disordered.length]
}

test('accepts what was told and counted once and in order', () => {
  assert.equal(countsOf(WHOLE), [0, 0, 0])
  assert.is(judgeNotes([1, 2], [WHOLE], [[1], [2]]).messages, 6)
})

test('tells what never came from what came twice and what came in another order', () => {
  const [first, second, third, fourth] = WHOLE as [Note, Note, Note, Note]
  // The message is missing, and with it that the job was done.
  assert.equal(countsOf([first, third, fourth]), [2, 0, 0])
  assert.equal(countsOf([first, second, second, third, fourth]), [0, 1, 0])
  assert.equal(countsOf([first, third, second, fourth]), [0, 0, 1])
})

test('finds jobs that were never counted, or twice', () => {
  assert.equal(countsOf(WHOLE, [1]), [1, 0, 0])
  assert.equal(countsOf(WHOLE, [1, 2, 2]), [0, 1, 0])
})

test.run()
