import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import * as keys from './keys.ts'

const test = testSuite('memory/store/keys')

const number = fc.nat(keys.MAX_DOC)

test('keys sort as their numbers do, and stay within their namespace', () => {
  fc.assert(
    fc.property(number, number, number, (ns, one, other) => {
      const sign = Math.sign(one - other)
      const [a, b] = [keys.recordKey(ns, one), keys.recordKey(ns, other)]
      assert.is(a < b ? -1 : a > b ? 1 : 0, sign)
      const { from = '', to = '' } = keys.familyRange('e', ns)
      assert.ok(from <= a && a < to)
      assert.is(keys.unhex(keys.hex(one)), one)
    }),
  )
})

test('no key spells out what people wrote', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 6 }), text => {
      const made = [
        keys.namespaceKey(text),
        keys.sessionKey(1, text),
        keys.factKey(1, keys.pairOf(text, text), 2),
        keys.requestKey(1, 1, text),
        keys.subjectRange(1, text).from ?? '',
      ]
      for (const key of made) assert.match(key, /^[a-z]![0-9a-f!]+$/)
    }),
  )
})

test('one pair is not the beginning of another, and spellings of a name are one', () => {
  assert.is(keys.pairOf('Ana', 'Lives  in'), keys.pairOf('the ana', 'lives in'))
  assert.is.not(keys.pairOf('a', 'b c'), keys.pairOf('a b', 'c'))
  assert.is(keys.nameForm(' ＡＮＡ  María '), 'ana maría')
})

test.run()
