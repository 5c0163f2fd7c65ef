import * as assert from 'uvu/assert'
import { type EffectContext, effect } from '../actors/effect.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import { NO_USAGE } from '../actors/events.ts'
import type { Runtime } from './create-runtime.ts'
import { type Mortal, mortal } from './testkit/mortal.ts'
import { asker, errorOf, notebook, outcomeOf, reply, sample, watch, worker } from './testkit/sample-actors.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/recovery (effects)', { limitMs: 30_000 })

const never = () => new Promise<never>(() => {})
const down = () => Promise.reject(new RuntimeError('tool-failed', 'down', { retryable: true }))

/** The next life, which brings everything back. */
async function again(world: Mortal, behaviours: Parameters<Mortal['live']>[0], downMs = 0): Promise<Runtime> {
  world.die()
  await world.clock.advance(downMs)
  const runtime = world.live({ ...behaviours, recover: 'auto' })
  await runtime.ready
  return runtime
}

const RETRY = {
  attempts: 3,
  backoff: { kind: 'fixed', baseMs: 1_000, maxMs: 1_000, factor: 1, jitter: 'none' },
} as never

test('attempts, and the retries that are left, are counted over all lives', async () => {
  const world = mortal()
  const attempts: number[] = []
  const work = worker((_, { attempt }) => {
    attempts.push(attempt)
    return down()
  })
  const policy = { retry: RETRY } as never
  const options = { behaviours: [work], policy }
  let runtime = world.live(options)
  const doer = await runtime.spawn(work, { id: 'w' })
  void outcomeOf(runtime.ask(doer, 'work.do', 'it', { key: 'k' }))
  await world.clock.advance(10)
  assert.equal(attempts, [1])
  runtime = await again(world, options)
  const answer = watch(runtime.ask(doer, 'work.do', 'it', { key: 'k' }))
  await world.clock.advance(1_500)
  assert.equal(attempts, [1, 2])
  runtime = await again(world, options)
  const last = watch(runtime.ask(doer, 'work.do', 'it', { key: 'k' }))
  await world.clock.advance(60_000)
  assert.equal(attempts, [1, 2, 3])
  assert.is(last.outcome, 'tool-failed')
  assert.is(answer.outcome, undefined)
})

test('an effect that a node left to the next is undone when that one dies in the middle of it', async () => {
  const world = mortal()
  const done: string[] = []
  const work = worker(
    () => {
      done.push('run')
      return never()
    },
    {
      class: 'compensable',
      undo: async () => void done.push('undo'),
    },
  )
  const options = { behaviours: [work] }
  const first = world.live(options)
  const doer = await first.spawn(work, { id: 'w' })
  first.quiesce()
  void outcomeOf(first.ask(doer, 'work.do', 'it', { key: 'k' }))
  await world.clock.advance(10)
  await first.stop()
  assert.equal(done, [])
  await again(world, options)
  await world.clock.advance(10)
  assert.equal(done, ['run'])
  await again(world, options)
  await world.clock.advance(60_000)
  assert.equal(done.slice(0, 3), ['run', 'undo', 'run'])
})

test('an effect that was under way too often when its process ended waits for a person', async () => {
  const world = mortal()
  let runs = 0
  const work = worker(() => {
    runs++
    return never()
  })
  const options = { behaviours: [work] }
  let runtime = world.live(options)
  const doer = await runtime.spawn(work, { id: 'w' })
  void outcomeOf(runtime.ask(doer, 'work.do', 'it', { key: 'k' }))
  await world.clock.advance(10)
  for (let i = 0; i < 9; i++) {
    runtime = await again(world, options)
    await world.clock.advance(10)
  }
  assert.is(runs, 6)
  assert.is(runtime.parkedEffects().length, 1)
})

test('a parked effect waits for a person as long as it takes', async () => {
  const world = mortal()
  const work = worker(never, { class: 'manual' })
  const options = { behaviours: [work] }
  let runtime = world.live(options)
  const doer = await runtime.spawn(work, { id: 'w' })
  void outcomeOf(runtime.ask(doer, 'work.do', 'it', { key: 'k', timeoutMs: 1e9 }))
  await world.clock.advance(10)
  runtime = await again(world, options)
  const answer = watch(runtime.ask(doer, 'work.do', 'it', { key: 'k', timeoutMs: 1e9 }))
  await world.clock.advance(3_600_000)
  const [parked] = runtime.parkedEffects()
  assert.is(answer.outcome, undefined)
  await runtime.decideEffect(parked?.effect ?? '', { as: 'done', output: 'it happened' })
  await world.clock.advance(10)
  assert.is(answer.outcome, 'it happened')
})

const USED = { ...NO_USAGE, modelCalls: 1 }

/** Thinks until its budget is used up, one call after the other. */
const thinker = (run: (context: EffectContext) => unknown) =>
  sample(
    'thinker',
    {
      initial: 'idle',
      context: { calls: 0 },
      states: {
        idle: { on: { think: 'thinking' } },
        thinking: {
          tags: 'busy',
          invoke: {
            src: 'call',
            onDone: { target: 'thinking', reenter: true },
            onError: {
              target: 'idle',
              actions: reply(({ event }) => (event['error'] as unknown as { kind: string }).kind),
            },
          },
        },
      },
    },
    {
      actors: {
        call: effect({
          class: 'idempotent',
          reserve: () => ({ modelCalls: 1 }),
          run: (_: never, c) => run(c) as never,
        }),
      },
    },
  )

test('a budget is spent once, over however many lives', async () => {
  for (const snapshotEvery of [1, 2, 100]) {
    const world = mortal({ snapshotEvery })
    let calls = 0
    const think = thinker(async ({ spent }) => {
      calls++
      await new Promise<void>(resolve => world.clock.at(world.clock.now() + 100, resolve))
      spent(USED)
    })
    const options = { behaviours: [think] }
    let runtime = world.live(options)
    const one = await runtime.spawn(think, { id: 't' })
    const ask = () => watch(runtime.ask(one, 'think', null, { key: 'k', budget: { modelCalls: 5 } }))
    let answer = ask()
    let interrupted = 0
    for (let i = 0; i < 4; i++) {
      await world.clock.advance(150)
      runtime = await again(world, options)
      interrupted++
      answer = ask()
    }
    await world.clock.advance(5_000)
    assert.is(answer.outcome, 'budget-exhausted')
    assert.ok(interrupted === 4 && calls === 5, 'what was interrupted may have been spent, and counts')
  }
})

test('what its budget refused is still refused after a stop or a crash', async () => {
  for (const orderly of [true, false]) {
    const world = mortal()
    let calls = 0
    const think = thinker(({ spent }) => {
      calls++
      spent(USED)
      return down()
    })
    const options = { behaviours: [think] }
    let runtime = world.live(options)
    const one = await runtime.spawn(think, { id: 't', policy: { retry: RETRY } })
    void outcomeOf(runtime.ask(one, 'think', null, { key: 'k', budget: { modelCalls: 1 } }))
    await world.clock.advance(10)
    if (orderly) await runtime.stop()
    runtime = await again(world, options)
    const answer = watch(runtime.ask(one, 'think', null, { key: 'k', budget: { modelCalls: 1 } }))
    await world.clock.advance(60_000)
    assert.is(answer.outcome, 'budget-exhausted')
    assert.is(calls, 1, orderly ? 'stopped' : 'died')
  }
})

test('deadlines do not count the time a node was down, nor lose their meaning over an orderly stop', async () => {
  for (const orderly of [false, true]) {
    const world = mortal()
    const work = worker(never)
    const ask = asker()
    const options = { behaviours: [work, ask] }
    let runtime = world.live(options)
    const doer = await runtime.spawn(work, { id: 'w' })
    const who = await runtime.spawn(ask, { id: 'a' })
    const body = { to: doer, type: 'work.do', body: 'it', timeoutMs: 10_000 }
    void outcomeOf(runtime.ask(who, 'ask.on', body, { key: 'k', timeoutMs: 1e8 }))
    await world.clock.advance(100)
    if (orderly) await runtime.stop()
    runtime = await again(world, options, 3_600_000)
    const answer = watch(runtime.ask(who, 'ask.on', body, { key: 'k', timeoutMs: 1e8 }))
    await world.clock.advance(9_000)
    assert.is(answer.outcome, undefined)
    await world.clock.advance(2_000)
    assert.is(answer.outcome, 'deadline-exceeded', orderly ? 'stopped' : 'died')
  }
})

test('what was cancelled stays cancelled, and nothing of it starts again', async () => {
  for (const lost of [0, 1, 2, 3, 4, 5, 6]) {
    const world = mortal()
    let runs = 0
    const work = worker(() => {
      runs++
      return never()
    })
    const ask = asker()
    const options = { behaviours: [work, ask] }
    let runtime = world.live(options)
    const doer = await runtime.spawn(work, { id: 'w' })
    const who = await runtime.spawn(ask, { id: 'a' })
    const stop = new AbortController()
    const body = { to: doer, type: 'work.do', body: 'it' }
    void outcomeOf(runtime.ask(who, 'ask.on', body, { signal: stop.signal }))
    await world.clock.advance(10)
    if (lost > 0) world.dieAt(world.commits + lost, true)
    stop.abort()
    await world.clock.advance(10)
    runtime = await again(world, options)
    await world.clock.advance(10)
    // The asker learned of it; who worked for it may not have.
    assert.is(runs, 1, `death ${lost} commits after`)
    void outcomeOf(runtime.ask(doer, 'work.do', 'other'))
    await world.clock.advance(10)
    assert.is(runs, 2, 'and who worked for it is free again')
  }
})

test('late timers fire at once, the earliest first', async () => {
  const world = mortal()
  const clockwork = sample('clockwork', {
    context: { fired: [] },
    initial: 'on',
    states: {
      on: {
        type: 'parallel',
        states: Object.fromEntries(
          [300, 100, 200, 100_000].map(ms => [
            `t${ms}`,
            {
              initial: 'waits',
              states: {
                waits: {
                  after: {
                    [ms]: {
                      target: 'fired',
                      actions: { type: 'tell', params: { to: 'notebook/n', type: 'note.add', body: ms } },
                    },
                  },
                },
                fired: {},
              },
            },
          ]),
        ),
      },
    },
  })
  const notes = notebook()
  const options = { behaviours: [clockwork, notes] }
  let runtime = world.live(options)
  const book = await runtime.spawn(notes, { id: 'n' })
  await runtime.spawn(clockwork, { id: 'c' })
  runtime = await again(world, options, 50_000)
  await world.clock.advance(0)
  assert.equal(await runtime.ask(book, 'note.read'), [100, 200, 300])
  await world.clock.advance(60_000)
  assert.equal(await runtime.ask(book, 'note.read'), [100, 200, 300, 100_000])
})

test('how often a child was restarted is remembered over all lives', async () => {
  const world = mortal()
  const notes = notebook()
  const options = { behaviours: [notes] }
  let runtime = world.live(options)
  const children = [{ behaviour: notes, id: 'n' }]
  const spec = { id: 's', intensity: { restarts: 2, periodMs: 60_000 }, children }
  await runtime.supervise(spec)
  for (let i = 0; i < 2; i++) {
    assert.is(await outcomeOf(runtime.ask('notebook/n' as never, 'note.break')), 'actor-crashed')
    runtime = await again(world, options)
    await runtime.supervise(spec)
  }
  const crashes: RuntimeEvent[] = []
  runtime.events.subscribe(event => void (event.type === 'supervisor.decided' && crashes.push(event)))
  assert.is(
    await outcomeOf(runtime.ask('notebook/n' as never, 'note.break', null, { timeoutMs: 100 })),
    'actor-crashed',
  )
  assert.ok(crashes.some(event => event.type === 'supervisor.decided' && event.directive === 'escalate'))
})

test('children come back under their own supervisor when somebody writes to them', async () => {
  const world = mortal()
  const notes = notebook()
  const first = world.live({ behaviours: [notes] })
  await first.supervise({ id: 's', children: [{ behaviour: notes, id: 'n' }] })
  world.die()
  const second = world.live({ behaviours: [notes] })
  assert.equal(await second.ask('notebook/n' as never, 'note.read'), [])
  assert.is(second.actors().find(({ address }) => address === 'notebook/n')?.supervisor, 'supervisor/s')
})

test('dead letters are there after a restart, oldest first, and can be sent again or dropped', async () => {
  const world = mortal()
  const notes = notebook()
  const options = { behaviours: [notes] }
  let runtime = world.live(options)
  await runtime.ready
  for (const body of [1, 2, 3]) {
    runtime.tell('notebook/nobody' as never, 'note.add', body)
    await world.clock.advance(5)
  }
  void outcomeOf(runtime.ask('notebook/nobody' as never, 'note.read', null, { timeoutMs: 50 }))
  await world.clock.advance(100)
  for (let i = 0; i < 9; i++) runtime = await again(world, options)
  const letters = runtime.deadLetters()
  assert.equal(
    letters.map(({ envelope }) => envelope.body),
    [1, 2, 3, null],
  )
  const [one, two, three, question] = letters.map(({ envelope }) => envelope.id)
  await runtime.dropDeadLetter(two ?? '')
  assert.is((await errorOf(runtime.dropDeadLetter(two ?? ''))).kind, 'dead-letter-unknown')
  await runtime.retryDeadLetter(one ?? '')
  await world.clock.advance(10)
  assert.is(runtime.deadLetters().length, 3, 'nobody is there yet: it is a dead letter again')
  const book = await runtime.spawn(notes, { id: 'nobody' })
  let id = runtime.deadLetters().at(-1)?.envelope.id ?? ''
  assert.ok(id.length < (one ?? '').length + 60)
  await runtime.retryDeadLetter(id)
  await runtime.retryDeadLetter(three ?? '')
  await runtime.retryDeadLetter(question ?? '')
  await world.clock.advance(10)
  assert.equal(await runtime.ask(book, 'note.read'), [1, 3])
  assert.equal(runtime.deadLetters(), [], 'an old question is not too late when it is asked again')
  runtime = await again(world, options)
  assert.equal(runtime.deadLetters(), [])
  for (let i = 0; i < 20; i++) {
    runtime.tell('notebook/other' as never, 'note.add', i)
    await world.clock.advance(1)
    id = runtime.deadLetters().at(-1)?.envelope.id ?? ''
    for (let again = 0; again < 5; again++) {
      await runtime.retryDeadLetter(id)
      await world.clock.advance(1)
      id = runtime.deadLetters().at(-1)?.envelope.id ?? ''
    }
    assert.ok(id.length < 100, id)
  }
})

test.run()
