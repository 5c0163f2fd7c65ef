import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type Example, learned, scoreOf } from './learning.ts'

const test = testSuite('bench/memory-recall/learning')

/** Evidence is where the first feature is high and the second low; the third is noise, the fourth never changes. */
const examples: readonly Example[] = Array.from({ length: 40 }, (_, nth) => {
  const rows = Array.from({ length: 10 }, (_, row) => {
    const noise = ((nth * 7 + row * 13) % 10) / 10
    return row === nth % 10 ? [0.9, 0.1, noise, 1] : [noise * 0.6, 0.3 + noise * 0.5, 1 - noise, 1]
  })
  return {
    rows: Float64Array.from(rows.flat()),
    isEvidence: Uint8Array.from(rows, (_, row) => (row === nth % 10 ? 1 : 0)),
  }
})
const FREE = [undefined, undefined, undefined, undefined]

test('what tells evidence gets the weight of its sign', () => {
  const [high = 0, low = 0, , constant = 1] = learned(examples, { fixed: FREE })
  assert.ok(high > 0.5, String(high))
  assert.ok(low < -0.5, String(low))
  assert.ok(Math.abs(constant) < 0.01)
})

test('with the learned weights the evidence comes first', () => {
  const weights = learned(examples, { fixed: FREE })
  for (const { rows, isEvidence } of examples) {
    const scores = Array.from(isEvidence, (_, row) => scoreOf(rows, row, weights))
    assert.is(scores.indexOf(Math.max(...scores)), isEvidence.indexOf(1))
  }
})

test('a fixed weight stays, and a larger penalty makes the others smaller', () => {
  assert.is(learned(examples, { fixed: [undefined, 0.25, undefined, undefined] })[1], 0.25)
  const size = (penalty: number) => Math.abs(learned(examples, { fixed: FREE, penalty })[0] ?? 0)
  assert.ok(size(1) < size(0.01))
})

test('the same examples give the same weights', () => {
  assert.equal(learned(examples, { fixed: FREE }), learned(examples, { fixed: FREE }))
})

test('without evidence there is nothing to learn', () => {
  const none = { rows: new Float64Array(8), isEvidence: new Uint8Array(2) }
  assert.throws(
    () => learned([none], { fixed: FREE }),
    (error: unknown) => error instanceof RangeError,
  )
})

test.run()
