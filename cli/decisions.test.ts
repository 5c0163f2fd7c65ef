import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import type { RuntimeError } from '../actors/errors.ts'
import type { OpenEffect } from '../runtime/history/open-effects.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { checkDecisions, parkedText, readDecisions } from './decisions.ts'

const test = testSuite('cli/decisions')

const plain = (_: unknown, text: string): string => text
const kindOf = (act: () => unknown): string | undefined => {
  try {
    act()
  } catch (error) {
    return (error as RuntimeError).kind
  }
  return undefined
}
const effectOf = (effect: string, input: unknown = { sum: 5 }): OpenEffect => ({
  ...{ effect, actor: address('worker', 'w'), name: 'tool:pay', input: input as never },
  ...{ attempt: 1, parked: 'it may have been paid', startedAt: 0 },
})

test('reads every kind of decision; a result is JSON and may hold an equals sign', () => {
  const decisions = readDecisions(['a/1.x.2.0=done', 'b=redo', 'c=skip', 'd=done:{"a":"x=y"}', 'e=done:null'])
  assert.equal(
    [...decisions],
    [
      ['a/1.x.2.0', { as: 'done' }],
      ['b', { as: 'redo' }],
      ['c', { as: 'skip' }],
      ['d', { as: 'done', output: { a: 'x=y' } }],
      ['e', { as: 'done', output: null }],
    ],
  )
})

test('refuses what is no decision, and two about one effect', () => {
  for (const text of ['', 'a', '=done', 'a=', 'a=maybe', 'a=done:', 'a=done:{', 'a=redo:1', 'a=DONE'])
    assert.is(
      kindOf(() => readDecisions([text])),
      'usage',
      text,
    )
  assert.is(
    kindOf(() => readDecisions(['a=redo', 'a=skip'])),
    'usage',
  )
})

test('refuses a decision about an effect that is not open', () => {
  const open = [effectOf('a')]
  checkDecisions(readDecisions(['a=redo']), open)
  checkDecisions(readDecisions([]), [])
  assert.is(
    kindOf(() => checkDecisions(readDecisions(['b=redo']), open)),
    'effect-unknown',
  )
})

test('shows what there is to decide, harmless on a screen, with commands that can be typed', () => {
  const effects = [effectOf('a/1.x.2.0', { text: '\u001b[31mred' }), effectOf('a/1.x.3.0')]
  const context = { options: { dataDir: 'my runs' } }
  const text = parkedText(effects, 'run-1', context, plain)
  for (const word of ['tool:pay', 'it may have been paid', '{"sum":5}', 'a/1.x.2.0', 'a/1.x.3.0'])
    assert.ok(text.includes(word), word)
  assert.not.match(text, '\u001b')
  for (const { effect } of effects)
    assert.ok(text.includes(`agenticraft resume run-1 --effect ${effect}=done --data-dir 'my runs'`), text)
})

test.run()
