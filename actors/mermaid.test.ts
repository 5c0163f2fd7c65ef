import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type AnyStateMachine, setup } from './machine.ts'
import { toMermaid } from './mermaid.ts'

const test = testSuite('actors/mermaid')

const picture = (config: object): string =>
  toMermaid(setup({}).createMachine(config as never) as unknown as AnyStateMachine)

test('draws states, transitions, timers and guards', () => {
  const text = picture({
    id: 'light',
    initial: 'off',
    states: {
      off: { on: { press: 'on' } },
      on: {
        on: { press: { target: 'off', guard: 'isCool' }, glow: { actions: [] } },
        after: { 500: 'broken' },
      },
      broken: { type: 'final' },
    },
  })
  assert.is(
    text,
    `stateDiagram-v2
  [*] --> off
  state "off" as off
  state "on" as on
  state "broken" as broken
  broken --> [*]
  off --> on: press
  on --> off: press [isCool]
  on --> broken: after 500 ms`,
  )
})

test('nests states within states, and draws parallel regions apart', () => {
  const text = picture({
    initial: 'work',
    states: {
      work: {
        type: 'parallel',
        states: {
          a: { initial: 'x', states: { x: { on: { go: 'y' } }, y: { type: 'final' } } },
          b: { initial: 'x', states: { x: {} } },
        },
        onDone: 'over',
      },
      over: {},
    },
  })
  assert.is(
    text,
    `stateDiagram-v2
  [*] --> work
  state "work" as work {
    state "a" as work__a {
      [*] --> work__a__x
      state "x" as work__a__x
      state "y" as work__a__y
      work__a__y --> [*]
      work__a__x --> work__a__y: go
    }
    --
    state "b" as work__b {
      [*] --> work__b__x
      state "x" as work__b__x
    }
  }
  state "over" as over
  work --> over: done`,
  )
})

test('a transition out of its box is drawn where both its ends are seen', () => {
  const text = picture({
    initial: 'in',
    states: {
      in: { initial: 'deep', states: { deep: { on: { go: '#out', stay: '#top' } } }, id: 'top' },
      out: { id: 'out' },
    },
  })
  assert.is(
    text,
    `stateDiagram-v2
  [*] --> in
  state "in" as in {
    [*] --> in__deep
    state "deep" as in__deep
  }
  state "out" as out
  in__deep --> out: go
  in__deep --> in: stay`,
  )
})

test('states of any name get ids that are valid and their own, and labels that end where they should', () => {
  // XState reads a dot in a key as a path, and a leading one as a child: no machine has them.
  const keyOf = fc.string({ minLength: 1 }).filter(text => !/[.#]/.test(text) && text !== '__proto__')
  fc.assert(
    fc.property(fc.uniqueArray(keyOf, { minLength: 1, maxLength: 8 }), keys => {
      const lines = picture({
        initial: keys[0],
        states: Object.fromEntries(keys.map(key => [key, {}])),
      }).split('\n')
      const found = lines.slice(2).map(line => /^ {2}state "[^"\r\n]*" as ([A-Za-z0-9_]+)$/.exec(line)?.[1])
      assert.is(lines.length - 2, keys.length)
      assert.ok(found.every(Boolean), lines.join('\n'))
      assert.is(new Set(found).size, keys.length)
    }),
  )
})

test.run()
