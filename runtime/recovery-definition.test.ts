import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import type { Behaviour, BehaviourDefinition } from '../actors/behaviour.ts'
import type { EffectClass } from '../actors/effect.ts'
import { effect } from '../actors/effect.ts'
import type { StoredState } from '../actors/journal.ts'
import { assign } from '../actors/machine.ts'
import type { Seen } from './testkit/loose-machine.ts'
import { mortal } from './testkit/mortal.ts'
import { echo, errorOf, outcomeOf, reply, sample } from './testkit/sample-actors.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/recovery (definitions)')

/** Counts `count.up`, and tells a friend so in `words`. */
const counter = (words: string, more: Partial<BehaviourDefinition> = {}, extra = {}): Behaviour =>
  sample(
    'counter',
    {
      context: { n: 0 },
      initial: 'counting',
      states: { counting: {} },
      on: {
        'count.up': {
          actions: [
            assign(({ context }: never) => ({ n: (context as { n: number }).n + 1 })),
            { type: 'publish', params: { kind: words, body: null } },
            reply(() => null),
          ],
        },
        'count.read': { actions: reply(({ context }) => context) },
        ...extra,
      },
    },
    {},
    more,
  )

const upTwice = async (world = mortal({ snapshotEvery: 100 })) => {
  const behaviour = counter('up')
  const runtime = world.live({ behaviours: [behaviour] })
  const one = await runtime.spawn(behaviour, { id: 'c' })
  await runtime.ask(one, 'count.up')
  await runtime.ask(one, 'count.up')
  return { world, runtime, one }
}

test('goes on under another definition that decides the same', async () => {
  const { world, one } = await upTwice()
  world.die()
  const wider = counter('up', {}, { 'count.reset': { actions: assign({ n: 0 } as never) } })
  const second = world.live({ behaviours: [wider] })
  assert.equal(await second.ask(one, 'count.read'), { n: 2 })
})

test('refuses a definition that decides otherwise, names both acts, and leaves the record as it is', async () => {
  for (const recover of ['auto', 'manual'] as const) {
    const { world, one } = await upTwice()
    world.die()
    const before = JSON.stringify(await world.journal.read(one))
    const other = counter('more')
    const good = echo()
    const second = world.live({ behaviours: [other, good], recover })
    const { broken } = await second.ready
    if (recover === 'auto')
      assert.equal(
        broken.map(({ actor, error }) => [actor, error.kind]),
        [[one, 'definition-changed']],
      )
    const refused = await errorOf(second.ask(one, 'count.read'))
    assert.is(refused.kind, 'definition-changed')
    assert.match(refused.why ?? '', /"up".*"more"/)
    assert.is(await outcomeOf(second.spawn(other, { id: 'c' })), 'definition-changed')
    assert.is(await outcomeOf(second.ask(one, 'count.read')), 'definition-changed')
    assert.is(JSON.stringify(await world.journal.read(one)), before)
    const lives = await second.spawn(good, { id: 'e' })
    assert.is(await second.ask(lives, 'echo.say', 'hi'), 'hi')
    world.die()
    const third = world.live({ behaviours: [counter('up')] })
    assert.equal(await third.ask(one, 'count.read'), { n: 2 }, 'the old definition finds it as it was')
  }
})

test('refuses it also when only `spawn` knows the type', async () => {
  const { world, one } = await upTwice()
  world.die()
  const second = world.live()
  assert.is(await outcomeOf(second.spawn(counter('more'), { id: 'c' })), 'definition-changed')
  assert.is(await outcomeOf(second.ask(one, 'count.read')), 'definition-changed')
  await second.spawn(counter('up'), { id: 'c' })
  assert.equal(await second.ask(one, 'count.read'), { n: 2 })
})

const renamed = (more: Partial<BehaviourDefinition> = {}) =>
  sample(
    'counter',
    {
      context: { total: 0 },
      initial: 'adding',
      states: { adding: {} },
      on: {
        'count.up': {
          actions: [
            assign(({ context }: never) => ({ total: (context as { total: number }).total + 1 })),
            reply(() => null),
          ],
        },
        'count.read': { actions: reply(({ context }) => context) },
      },
    },
    {},
    more,
  )

const migrate = (stored: StoredState): StoredState => ({
  ...stored,
  value: 'adding',
  context: { total: (stored.context as { n: number }).n },
})

test('goes on from what `migrate` makes of the state it was stopped in, once, also after a crash', async () => {
  const { world, runtime, one } = await upTwice()
  await runtime.stop()
  const from: unknown[] = []
  const next = renamed({
    version: '2',
    migrate(stored, was) {
      from.push(was)
      return migrate(stored)
    },
  })
  const second = world.live({ behaviours: [next], recover: 'auto' })
  assert.equal((await second.ready).broken, [])
  assert.equal(await second.ask(one, 'count.read'), { total: 2 })
  await second.ask(one, 'count.up')
  assert.is(from.length, 1)
  assert.equal(Object.keys(from[0] as object), ['definition'])
  world.die()
  const third = world.live({ behaviours: [next], recover: 'auto' })
  assert.equal((await third.ready).broken, [])
  assert.equal(await third.ask(one, 'count.read'), { total: 3 })
  await third.stop()
  const fourth = world.live({ behaviours: [next], recover: 'auto' })
  assert.equal((await fourth.ready).broken, [])
  assert.equal(await fourth.ask(one, 'count.read'), { total: 3 })
  assert.is(from.length, 1)
})

test('migrates a state that would fit the new definition as it is', async () => {
  const { world, runtime, one } = await upTwice()
  await runtime.stop()
  const next = counter('up', {
    version: '2',
    migrate: stored => ({ ...stored, context: { n: 100 + (stored.context as { n: number }).n } }),
  })
  const second = world.live({ behaviours: [next] })
  assert.equal(await second.ask(one, 'count.read'), { n: 102 })
})

test('says that nothing can be migrated while commits come after the snapshot', async () => {
  const { world, one } = await upTwice()
  world.die()
  const second = world.live({ behaviours: [renamed({ migrate })], recover: 'auto' })
  const { broken } = await second.ready
  assert.equal(
    broken.map(({ error }) => error.kind),
    ['definition-changed'],
  )
  assert.match(broken[0]?.error.fix ?? '', /runtime\.stop\(\)/)
  assert.is(await outcomeOf(second.ask(one, 'count.read')), 'definition-changed')
})

test('says that the definition changed when the stored state is not one of it, and there is no `migrate`', async () => {
  const { world, runtime, one } = await upTwice()
  await runtime.stop()
  const second = world.live({ behaviours: [renamed()] })
  assert.is(await outcomeOf(second.ask(one, 'count.read')), 'definition-changed')
})

for (const [effectClass, expected] of [
  ['manual', 1],
  ['pure', 2],
] as const)
  test(`an effect that was under way is interrupted by a migration as by a crash: ${effectClass}`, async () => {
    const world = mortal({ snapshotEvery: 100 })
    const keys: string[] = []
    const machine = (version: string, more: Partial<BehaviourDefinition> = {}) =>
      sample(
        'worker',
        {
          initial: 'idle',
          states: {
            idle: { on: { 'work.do': 'working' } },
            working: {
              tags: version,
              invoke: {
                src: 'work',
                input: ({ event }: Seen) => event['body'],
                onDone: { target: 'idle', actions: reply(({ event }) => event['output']) },
              },
            },
          },
        },
        {
          actors: {
            work: effect({
              class: effectClass as EffectClass,
              run: (_: never, { key }) => {
                keys.push(key)
                return new Promise(() => {})
              },
            }),
          },
        },
        { version, ...more },
      )
    const first = world.live({ behaviours: [machine('1')] })
    const one = await first.spawn(machine('1'), { id: 'w' })
    void outcomeOf(first.ask(one, 'work.do', 'it', { key: 'k' }))
    await world.clock.advance(10)
    await first.stop()
    const second = world.live({
      behaviours: [machine('2', { migrate: stored => stored })],
      recover: 'auto',
    })
    assert.equal((await second.ready).broken, [])
    await world.clock.advance(10)
    assert.is(keys.length, expected)
    assert.is(new Set(keys).size, 1)
    assert.is(second.parkedEffects().length, effectClass === 'manual' ? 1 : 0)
    assert.is((await world.journal.read('worker/w' as Address))?.commits[0]?.taken.kind, 'migrated')
  })

test.run()
