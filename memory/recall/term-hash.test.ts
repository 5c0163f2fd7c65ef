import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { HASH_LIMIT, termHash } from './term-hash.ts'

const test = testSuite('memory/recall/term-hash')

/** Alike on purpose: numbers, short words, words that differ at one place. */
function* manyTerms(): Generator<string> {
  for (let i = 0; i < 300_000; i++) {
    yield String(i)
    yield `w${i.toString(36)}`
    yield `${i.toString(2)}#`
  }
}

test('gives different numbers to 900,000 terms that are alike', () => {
  const terms = new Set(manyTerms())
  const hashes = new Set([...terms].map(termHash))
  assert.is(hashes.size, terms.size)
})

test('stays the same from version to version: it is stored', () => {
  assert.equal(['', 'a', 'porto', 'Ünïcödé', '\ud83d\ude00'].map(termHash), KNOWN)
})

test('spreads over all 53 bits evenly', () => {
  const ones = new Float64Array(53)
  let count = 0
  for (let i = 0; i < 20_000; i++) {
    const hash = BigInt(termHash(`term${i}`))
    for (let bit = 0; bit < 53; bit++) ones[bit] = (ones[bit] ?? 0) + Number((hash >> BigInt(bit)) & 1n)
    count++
  }
  // Six standard deviations of a fair coin.
  for (const [bit, one] of ones.entries())
    assert.ok(Math.abs(one - count / 2) < 6 * Math.sqrt(count / 4), `bit ${bit}: ${one}`)
})

test('is an integer below its limit for any text', () => {
  for (const text of ['', '\0', '\uffff'.repeat(1_000), 'x'.repeat(70_000), 'a\nb']) {
    const hash = termHash(text)
    assert.ok(Number.isSafeInteger(hash) && hash >= 0 && hash < HASH_LIMIT)
  }
})

const KNOWN: readonly number[] = [
  303312526080519, 2065700010249585, 4265127227505970, 8489156962807326, 1320823462756403,
]

test.run()
