import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { REDACTED, redactor } from './redact.ts'

const test = testSuite('agents/models/redact')

const LEAKS = [
  'Incorrect API key provided: canary-0123456789.',
  'Incorrect API key provided: sk-canary0123456789. Find yours',
  'Incorrect API key provided: sk-canar***********6789.',
  'header Authorization: Bearer canary.0123456789',
  '{"authorization":"canary0123456789"}',
  'x-api-key: canary0123456789',
  'https://host/v1?api_key=canary0123456789&x=1',
  'API key not valid: AIzacanary0123456789',
  'cannot fetch http://canary:6789@host/v1',
]

for (const leak of LEAKS) {
  test(`removes what looks like a key from "${leak}"`, () => {
    const clean = redactor()(leak)
    assert.not.match(clean, /canar|6789/)
    assert.ok(clean.includes(REDACTED))
  })
}

test('removes a known secret wherever it stands and whatever its characters', () => {
  const secret = fc.string({ minLength: 6 }).filter(text => !REDACTED.includes(text) && text.trim() === text)
  fc.assert(
    fc.property(secret, known => {
      assert.is(redactor([known])(`1 ${known} 2 ${known}`).split(REDACTED).length, 3)
    }),
  )
})

test('leaves ordinary words alone, also when a secret is too short to be one', () => {
  const words = 'the model gpt-4o does not support temperature 0.3 (max_tokens: 4096)'
  assert.is(redactor(['e', ''])(words), words)
})

test.run()
