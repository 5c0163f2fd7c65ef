import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ticksIn } from './process-time.ts'

const test = testSuite('bench/cluster/process-time')

test('adds user and kernel time, whatever the program is called', () => {
  const rest = 'S 1 2 3 4 5 6 7 8 9 10 120 34 1 1 20 0'
  assert.is(ticksIn(`7 (node) ${rest}`), 154)
  assert.is(ticksIn(`7 (a (b) c 1 2) ${rest}`), 154)
})

test('a line that is none gives no number', () => {
  assert.ok(Number.isNaN(ticksIn('7 (node) S 1')))
})

test.run()
