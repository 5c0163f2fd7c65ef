import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { judge, readSummary } from './test-file.ts'

const test = testSuite('.ci/test-file')

const printed = (total: number, passed: number, skipped = 0) =>
  ` a  • •   (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  3.15ms\n\n`
const verdict = (output: string, exit: number | NodeJS.Signals = 0, killedFor?: string) =>
  judge({ output, exit, killedFor })

test('reads the last summary, and none where there is none', () => {
  assert.equal(readSummary(printed(3, 2, 1)), { total: 3, passed: 2, skipped: 1 })
  assert.equal(readSummary(printed(9, 9) + printed(1, 1)), { total: 1, passed: 1, skipped: 0 })
  assert.is(readSummary('Total: 3'), undefined)
  assert.is(readSummary('\n  Total:     3\n  Passed:    3\n'), undefined)
})

test('passes a file whose tests all passed', () => {
  assert.equal(verdict(printed(4, 4)), { passed: 4, failed: 0, problem: undefined })
})

test('counts failed and skipped tests as failed', () => {
  assert.is(verdict(printed(4, 2), 1).failed, 2)
  assert.is(verdict(printed(4, 4, 3)).failed, 3)
})

test('fails a file that executed nothing, crashed, exited badly or was killed', () => {
  assert.is(verdict(printed(0, 0)).failed, 1)
  assert.is(verdict('').failed, 1)
  assert.is(verdict(printed(2, 2), 7).failed, 1)
  assert.is(verdict(printed(2, 2), 'SIGKILL', 'an open handle').problem, 'an open handle')
})

test('fails a file whose before hook threw, which uvu itself lets pass', () => {
  assert.is(verdict(printed(3, 0), 0).failed, 3)
})

test.run()
