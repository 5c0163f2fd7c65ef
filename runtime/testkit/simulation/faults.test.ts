import * as assert from 'uvu/assert'
import { testSuite } from '../suite.ts'
import { FAULT_CLASSES, faultRates, faultsOf } from './faults.ts'
import { prng } from './prng.ts'

const test = testSuite('runtime/testkit/simulation/faults')

test('strikes as often as its rate says, and counts', () => {
  const faults = faultsOf({ 'net.drop': 0.25, 'net.delay': 0 }, prng(1))
  const hits = Array.from({ length: 4_000 }, () => faults.hit('net.drop')).filter(Boolean).length
  assert.ok(hits > 850 && hits < 1_150, `${hits} of 4,000`)
  assert.is(faults.hit('net.delay'), false)
  assert.equal(faults.struck, { 'net.drop': hits })
})

test('never strikes with a class that is not enabled', () => {
  const faults = faultsOf({}, prng(1))
  assert.ok(FAULT_CLASSES.every(fault => !faults.hit(fault)))
})

test('stops for good when it is told to', () => {
  const faults = faultsOf({ 'net.drop': 1 }, prng(1))
  assert.ok(faults.hit('net.drop'))
  faults.stop()
  assert.equal([faults.hit('net.drop'), faults.stopped], [false, true])
})

test('draws each class from a stream of its own', () => {
  const alone = faultsOf({ 'net.drop': 0.5 }, prng(1))
  const both = faultsOf({ 'net.drop': 0.5, 'net.delay': 0.5 }, prng(1))
  for (let i = 0; i < 100; i++) {
    both.hit('net.delay')
    assert.is(both.hit('net.drop'), alone.hit('net.drop'))
  }
})

test('enables all classes, or those that are named, at their own rates', () => {
  assert.equal(Object.keys(faultRates()), [...FAULT_CLASSES])
  assert.equal(Object.keys(faultRates(['net.drop'])), ['net.drop'])
})

test.run()
