import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { advisoriesOf, canSync, isUpToDate } from './nats-advisories.ts'

const test = testSuite('cli/nats-advisories')

const has = (version: string, id: string): boolean => advisoriesOf(version).some(one => one.id.includes(id))

test('knows each line by its own fix: newer lines are fixed, older ones and those without a fix are not', () => {
  for (const [version, isAffected] of [
    ['2.9.10', true],
    ['2.9.22', true],
    ['2.9.23', false],
    ['2.10.1', true],
    ['2.10.2', false],
    ['2.11.0', false],
    ['2.8.4', true],
  ] as const)
    assert.is(has(version, 'CVE-2023-47090'), isAffected, version)
  assert.ok(has('2.9.25', 'CVE-2025-30215'), 'the 2.9 line never got it')
  assert.not.ok(has('2.10.27', 'CVE-2025-30215'))
})

test('does not blame a version for a feature it does not have', () => {
  assert.not.ok(has('2.9.10', 'CVE-2026-33249'))
  assert.ok(has('2.11.3', 'CVE-2026-33249'))
})

test('calls up to date only what has none', () => {
  for (const version of ['2.9.25', '2.10.29', '2.12.11', '2.13.9', '2.14.2'])
    assert.not.ok(isUpToDate(version), version)
  for (const version of ['2.12.12', '2.14.3', '2.15.0', '3.0.0', '2.14.3-RC.1'])
    assert.ok(isUpToDate(version), version)
})

test('knows since when JetStream can wait for the disk', () => {
  assert.not.ok(canSync('2.9.25'))
  assert.ok(canSync('2.10.0'))
})

test.run()
