import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Hit } from '../memory/memory.ts'
import { FEATURE_MEANINGS, FEATURES } from '../memory/recall/weights.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { isKnown, KNOWN, legend, partTable } from './memory-explained.ts'
import type { Paint } from './terminal.ts'

const test = testSuite('cli/memory-explained')

const plain: Paint = (_, text) => text
const hit = (parts: Record<string, number>): Hit => ({
  ...{ id: 'a', kind: 'episode', text: 't', at: 0, trust: 'trusted' },
  score: Object.values(parts).reduce((sum, part) => sum + part, 0),
  parts,
})

test('the table is short and says where all of the score comes from', () => {
  const names = FEATURES.slice(0, 12)
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
      values => {
        const parts = Object.fromEntries(names.map((name, i) => [name, values[i] ?? 0]))
        const lines = partTable(parts, 1, plain)
        assert.ok(lines.length <= 7)
        const shown = lines.map(line => Number(/(-?\d+\.\d{3})/.exec(line)?.[1]))
        const sum = shown.reduce((total, one) => total + one, 0)
        const whole = values.reduce((total, one) => total + one, 0)
        assert.ok(Math.abs(sum - whole) < 0.02, `${sum} ${whole}`)
      },
    ),
  )
})

test('parts stand in the order of what they do, with a bar as long as they are large', () => {
  const lines = partTable({ session: 0.1, words: 0.4, asks: -0.2, length: 0 }, 0.4, plain)
  assert.equal(
    lines.map(line => line.split(/\s+/)[0]),
    ['words', 'asks', 'session'],
  )
  const bars = lines.map(line => line.match(/█/g)?.length ?? 0)
  assert.equal(bars, [24, 12, 6])
})

test('the legend explains the parts that are shown, and no others', () => {
  const text = legend([hit({ context: 0.4, time: 0 })], plain, 80).join('\n')
  assert.match(text.replaceAll(/\s+/g, ' '), FEATURE_MEANINGS.context)
  assert.not.match(text, FEATURE_MEANINGS.time)
})

test('something is known when the best score reaches the threshold', () => {
  assert.is(isKnown([]), false)
  assert.is(isKnown([{ score: KNOWN }]), true)
  assert.is(isKnown([{ score: KNOWN - 0.001 }, { score: 1 }]), false)
})

test.run()
