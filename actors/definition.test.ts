import * as assert from 'uvu/assert'
import { createMachine } from 'xstate'
import { testSuite } from '../runtime/testkit/suite.ts'
import { definitionHash } from './definition.ts'

const test = testSuite('actors/definition')

const hashOf = (config: object): string => definitionHash(createMachine(config as never))

const door = { id: 'door', initial: 'open', states: { open: { on: { shut: 'closed' } }, closed: {} } }

test('is the same for the same structure, whatever the order of its keys and the text of its functions', () => {
  assert.is(hashOf(door), hashOf({ ...door }))
  assert.is(
    hashOf(door),
    hashOf({ states: { closed: {}, open: { on: { shut: 'closed' } } }, initial: 'open', id: 'door' }),
  )
  const guarded = (guard: () => boolean) => ({ ...door, on: { knock: { guard, target: '.open' } } })
  assert.is(hashOf(guarded(() => true)), hashOf(guarded(() => 1 > 2)))
  assert.is(hashOf({ ...door, entry: undefined }), hashOf(door))
})

test('differs when a state, a transition, a name or the place of a function does', () => {
  const others = [
    { ...door, id: 'gate' },
    { ...door, initial: 'closed' },
    { ...door, states: { ...door.states, locked: {} } },
    { ...door, states: { ...door.states, open: { on: { shut: 'open' } } } },
    { ...door, states: { ...door.states, open: { on: { close: 'closed' } } } },
    { ...door, entry: () => {} },
    { ...door, context: { n: 1 } },
  ]
  const hashes = [door, ...others].map(hashOf)
  assert.is(new Set(hashes).size, hashes.length)
})

test('a configuration that goes round in itself has a hash all the same', () => {
  const meta: Record<string, unknown> = {}
  for (const key of ['a', 'b', 'c']) meta[key] = { up: meta, list: [meta] }
  assert.type(hashOf({ ...door, meta }), 'string')
})

test('an instance of a class counts by being there, however large it is', () => {
  class Large {
    readonly left: unknown
    readonly right: unknown
    constructor(depth: number) {
      const inner = depth > 0 ? new Large(depth - 1) : null
      this.left = inner
      this.right = inner
    }
  }
  assert.is(hashOf({ ...door, meta: new Large(60) }), hashOf({ ...door, meta: new Large(1) }))
  assert.is.not(hashOf({ ...door, meta: new Large(1) }), hashOf(door))
})

test.run()
