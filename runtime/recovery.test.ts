import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import type { EffectClass, EffectContext } from '../actors/effect.ts'
import { atEveryCommit, type Life } from './testkit/lives.ts'
import { mortal } from './testkit/mortal.ts'
import { asker, notebook, outcomeOf, sample, worker } from './testkit/sample-actors.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/recovery', { limitMs: 60_000 })

interface Call {
  readonly key: string
  readonly what: 'run' | 'check' | 'undo'
  ended: boolean
}

/** The outside world: it remembers every call, over all lives. */
function outside() {
  const calls: Call[] = []
  const done = new Map<string, unknown>()
  const call = (key: string, what: Call['what']): Call => {
    const made = { key, what, ended: false }
    calls.push(made)
    return made
  }
  return {
    calls,
    done,
    async run(input: unknown, { key }: EffectContext): Promise<unknown> {
      const made = call(key, 'run')
      await Promise.resolve()
      done.set(key, `did ${String(input)}`)
      made.ended = true
      return done.get(key)
    },
    async check(key: string) {
      call(key, 'check')
      return { done: done.has(key), output: done.get(key) }
    },
    async undo(key: string) {
      call(key, 'undo')
      done.delete(key)
    },
  }
}

const workerOf = (world: ReturnType<typeof outside>, effectClass: EffectClass) => ({
  ...worker(world.run as never, { class: effectClass, check: world.check, undo: world.undo } as never),
})

for (const effectClass of ['pure', 'idempotent', 'verifiable', 'compensable'] as const) {
  test(`comes to the same end when it dies at any commit, with ${effectClass} effects`, async () => {
    const commits = await atEveryCommit(
      () => {
        const world = outside()
        const behaviours = [workerOf(world, effectClass), asker()]
        return {
          behaviours,
          world,
          async program(runtime) {
            const [work, ask] = behaviours as [Behaviour, Behaviour]
            const doer = await runtime.spawn(work, { id: 'w' })
            const one = await runtime.spawn(ask, { id: 'a' })
            return runtime.ask(one, 'ask.on', { to: doer, type: 'work.do', body: 'it' }, { key: 'k' })
          },
        } as Life & { world: ReturnType<typeof outside> }
      },
      (outcome, _, life) => {
        assert.is(outcome, 'did it')
        const { calls, done } = (life as Life & { world: ReturnType<typeof outside> }).world
        assert.is(done.size, 1, 'it has one result')
        const runs = calls.filter(({ what }) => what === 'run')
        assert.is(new Set(runs.map(({ key }) => key)).size, 1, 'under one key')
        assert.ok(runs.length <= 2)
        if (effectClass === 'verifiable') assert.is(runs.length, 1, 'what happened is found, not repeated')
        const undone = calls.findIndex(({ what }) => what === 'undo')
        if (effectClass === 'compensable' && runs.length > 1)
          assert.ok(undone > calls.indexOf(runs[0] as Call), 'undone before it is done again')
      },
    )
    assert.ok(commits > 6)
  })
}

test('passes on each message once, in order, when it dies at any commit', async () => {
  const teller = sample('teller', {
    context: { n: 0 },
    on: {
      'tell.all': {
        actions: [
          ...[1, 2, 3].map(n => ({
            type: 'tell',
            params: { to: 'notebook/n' as Address, type: 'note.add', body: n },
          })),
          { type: 'reply', params: { body: 'told' } },
        ],
      },
    },
  })
  await atEveryCommit(
    () => {
      const notes = notebook()
      return {
        behaviours: [teller, notes],
        async program(runtime) {
          const book = await runtime.spawn(notes, { id: 'n' })
          const one = await runtime.spawn(teller, { id: 't' })
          await runtime.ask(one, 'tell.all', null, { key: 'k' })
          return runtime.ask(book, 'note.read')
        },
      }
    },
    outcome => assert.equal(outcome, [1, 2, 3]),
  )
})

test('parks a manual effect that was under way, and goes on as a person decides', async () => {
  for (const [decision, expected] of [
    [{ as: 'done', output: 'told' }, 'told'],
    [{ as: 'skip' }, 'effect-skipped'],
    [{ as: 'redo' }, 'did it'],
  ] as const) {
    const world = mortal()
    const { calls, run } = outside()
    let hangs = true
    const work = worker(
      ((input: unknown, context: EffectContext) =>
        hangs
          ? new Promise(() => calls.push({ key: context.key, what: 'run', ended: false }))
          : run(input, context)) as never,
      {
        class: 'manual',
      },
    )
    const first = world.live({ behaviours: [work] })
    const doer = await first.spawn(work, { id: 'w' })
    void first.ask(doer, 'work.do', 'it', { key: 'k' })
    await world.clock.advance(10)
    assert.is(calls.length, 1)
    world.die()
    hangs = false
    const second = world.live({ behaviours: [work], recover: 'auto' })
    const outcome = outcomeOf(second.ask(doer, 'work.do', 'it', { key: 'k' }))
    await world.clock.advance(500_000)
    const [parked] = second.parkedEffects()
    assert.is(calls.length, 1, 'nobody repeats it')
    assert.equal([parked?.name, parked?.input, parked?.actor], ['work', 'it', doer])
    const again = outcomeOf(second.ask(doer, 'work.do', 'it', { key: 'k' }))
    await second.decideEffect(parked?.effect ?? '', decision)
    await world.clock.advance(10)
    assert.is(await again, expected)
    assert.is(await outcome, expected, 'whoever asked under the same key is told the same')
  }
})

test.run()
