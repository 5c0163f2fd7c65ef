import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { address, addressId, addressType, isToken, parseAddress, token } from './address.ts'
import { RuntimeError } from './errors.ts'

const test = testSuite('actors/address')

const refuses = (work: () => unknown): void =>
  assert.throws(work, (error: unknown) => error instanceof RuntimeError && error.kind === 'address-invalid')

const tokens = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)

test('joins a type and an id, and takes them apart again', () => {
  fc.assert(
    fc.property(tokens, tokens, (type, id) => {
      const joined = address(type, id)
      assert.equal(parseAddress(joined), { type, id })
      assert.is(addressType(joined), type)
      assert.is(addressId(joined), id)
    }),
  )
})

test('takes tokens of 1 to 64 safe characters', () => {
  for (const good of ['a', 'A-z_09', 'x'.repeat(64), '-', '0']) {
    assert.ok(isToken(good))
    assert.is(token(good), good)
  }
})

test('refuses everything that would need escaping in a subject or a key', () => {
  const bad = ['', 'x'.repeat(65), 'a b', 'a.b', 'a/b', '*', '>', 'a\n', 'a\0', 'é', '\u{1F600}', 'a\u2028']
  for (const text of bad) {
    assert.not.ok(isToken(text))
    refuses(() => token(text))
    refuses(() => address(text, '1'))
    refuses(() => address('a', text))
    refuses(() => parseAddress(`a/${text}`))
  }
  for (const value of [undefined, null, 7, {}, ['a']]) {
    assert.not.ok(isToken(value))
    refuses(() => token(value as string))
    refuses(() => parseAddress(value as string))
  }
})

test('refuses an address without a slash or with more than one', () => {
  for (const text of ['a', '', '/', 'a/', '/1', 'a/b/c', 'a//b']) refuses(() => parseAddress(text))
})

test('accepts a string as an address exactly when it is one', () => {
  const whole = /^[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}$/
  const near = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_\-/. ]{0,8}$/))
  fc.assert(
    fc.property(near, text => {
      if (whole.test(text))
        assert.is(address(...(Object.values(parseAddress(text)) as [string, string])), text)
      else refuses(() => parseAddress(text))
    }),
  )
})

test.run()
