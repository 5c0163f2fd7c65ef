import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { capitalised, readable, withoutTicks } from './readable.ts'

const test = testSuite('agents/research/readable')

const CASES: readonly (readonly [string, string])[] = [
  ['See [the *guide*](https://x.org/a_(b)).', 'See the guide.'],
  ['A [reference][ref] and ![badge](b.svg) text', 'A reference and text'],
  ['[`fast`](https://x.org) adds **2%** to `a_b*c`.', '`fast` adds 2% to `a_b*c`.'],
  [
    '_any `error` event_ is __fatal__ for snake_case names',
    'any `error` event is fatal for snake_case names',
  ],
  ['- [ ] the\n  wrapped item', 'the wrapped item'],
  ['> quoted\n> text', 'quoted text'],
  ['a<br/>b &lt;c&gt; ``x``', 'a b <c> `x`'],
  ['2 * 3 is 6 \\*', '2 * 3 is 6 *'],
  ['note[^1].', 'note.'],
  ['2*3 and 4*5 in __dirname', '2*3 and 4*5 in __dirname'],
]

for (const [markdown, expected] of CASES) {
  test(`reads ${JSON.stringify(markdown)} as ${JSON.stringify(expected)}`, () => {
    assert.is(readable(markdown), expected)
  })
}

test('leaves plain words alone, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 1 }), words => {
      assert.is(readable(words.join('\n')), words.join(' '))
    }),
  )
})

test('reads half a megabyte of open marks in a moment', () => {
  const start = performance.now()
  for (const open of ['[', '![', '[^', '<http://', '<!--', '*a ', '_a ', '`', '[a](', '> ', '((']) {
    readable(open.repeat(500_000 / open.length))
  }
  assert.ok(performance.now() - start < 5_000)
})

test('keeps ticks around code that would otherwise read as marks', () => {
  assert.is(withoutTicks('`close()` and `a*b*`'), 'close() and `a*b*`')
})

test('capitalises words but not identifiers', () => {
  assert.is(capitalised('pending buffer'), 'Pending buffer')
  assert.is(capitalised('maxAttempts is set'), 'maxAttempts is set')
  assert.is(capitalised('`ping` waits'), '`ping` waits')
})

test.run()
