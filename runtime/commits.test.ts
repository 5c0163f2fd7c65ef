import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import { effect } from '../actors/effect.ts'
import { heldJournal } from './testkit/held-journal.ts'
import type { Seen } from './testkit/loose-machine.ts'
import {
  asker,
  echo,
  fail,
  notebook,
  outcomeOf,
  reply,
  sample,
  watch,
  worker,
} from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/commits')

const setting = () => {
  const journal = heldJournal()
  return { journal, runtime: testRuntime({ journal }) }
}

test('sends, starts and shows nothing before the commit is safe', async () => {
  const { journal, runtime } = setting()
  const begun: unknown[] = []
  const other = await runtime.spawn(notebook(), { id: 'n' })
  const doer = sample(
    'doer',
    {
      initial: 'idle',
      states: {
        idle: {
          on: {
            'x.go': {
              target: 'busy',
              actions: [
                { type: 'tell', params: { to: other, type: 'note.add', body: 'told' } },
                { type: 'publish', params: { kind: 'k', body: 1 } },
                { type: 'signal', params: { name: 'step.started', body: { run: 'r', step: 's' } } },
                reply(() => 'answered'),
              ],
            },
          },
        },
        busy: { invoke: { src: 'work' }, after: { 50: 'late' } },
        late: {},
      },
    },
    { actors: { work: effect({ class: 'pure', run: () => new Promise(() => begun.push('effect')) }) } },
  )
  const actor = await runtime.spawn(doer)
  journal.hold(actor)
  const answer = watch(runtime.ask(actor, 'x.go'))
  await runtime.clock.advance(1_000)
  assert.is(journal.waiting.length, 1)
  assert.is(runtime.snapshot(actor)?.value, 'idle')
  assert.equal(await runtime.ask(other, 'note.read'), [])
  assert.equal([answer.outcome, begun], [undefined, []])
  for (const type of ['actor.published', 'step.started', 'effect.started'] as const)
    assert.equal(runtime.eventsOf(type), [])

  journal.release()
  await settle()
  assert.equal([answer.outcome, begun], ['answered', ['effect']])
  assert.equal(await runtime.ask(other, 'note.read'), ['told'])
  assert.is(runtime.snapshot(actor)?.value, 'busy')
  for (const type of ['actor.published', 'step.started', 'effect.started'] as const)
    assert.is(runtime.eventsOf(type).length, 1)
  assert.is(runtime.clock.pending().length, 1 + 1, 'the timer of the state and the limit of the effect')
  await runtime.stop()
})

test('shows the result of an effect to nobody before it is committed', async () => {
  const { journal, runtime } = setting()
  const actor = await runtime.spawn(worker(async () => 'result'))
  const answer = watch(runtime.ask(actor, 'work.do'))
  journal.hold(actor)
  await settle()
  assert.is(journal.waiting[0]?.taken.kind, 'message')
  journal.release()
  await settle()
  assert.equal(
    journal.waiting.map(({ taken }) => taken.kind),
    ['result'],
  )
  assert.is(answer.outcome, undefined)
  assert.is(runtime.snapshot(actor)?.value, 'working')
  journal.release()
  await settle()
  assert.is(answer.outcome, 'result')
  await runtime.stop()
})

test('takes one message at a time, and numbers its commits without a hole', async () => {
  const { journal, runtime } = setting()
  const actor = await runtime.spawn(notebook(), { id: 'n' })
  journal.hold(actor)
  for (const n of [1, 2, 3]) runtime.tell(actor, 'note.add', n)
  for (const seq of [2, 3, 4]) {
    await settle()
    assert.equal(
      journal.waiting.map(commit => commit.seq),
      [seq],
    )
    journal.release()
  }
  await settle()
  assert.equal(runtime.snapshot(actor)?.context, { notes: [1, 2, 3] })
  await runtime.stop()
})

test('suspends an actor whose commit fails, and nothing of the step leaks', async () => {
  const { journal, runtime } = setting()
  const heard = await runtime.spawn(notebook(), { id: 'heard' })
  const teller = sample('teller', {
    on: {
      'x.go': {
        actions: [
          {
            type: 'tell',
            params: ({ event }: Seen) => ({ to: heard, type: 'note.add', body: event['body'] }),
          },
          reply(() => 'told'),
        ],
      },
    },
  })
  const from = await runtime.spawn(teller)
  journal.hold(from)
  const answer = watch(runtime.ask(from, 'x.go', 'once'))
  await settle()
  journal.reject()
  await settle()
  assert.equal(
    runtime.eventsOf('actor.crashed').map(({ actor: who, error: { kind } }) => [who, kind]),
    [[from, 'internal']],
  )
  assert.equal(await runtime.ask(heard, 'note.read'), [])
  assert.is(answer.outcome, undefined, 'the message is tried again')
  journal.release()
  await settle()
  journal.release()
  await settle()
  assert.is(answer.outcome, 'told')
  assert.equal(await runtime.ask(heard, 'note.read'), ['once'])
  const own = journal.tried.filter(each => each.startsWith(from))
  assert.equal(own, [`${from}.1`, `${from}.2`, `${from}.2`, `${from}.3`])
  await runtime.stop()
})

test('treats a journal that throws at once like one that fails later', async () => {
  const journal = heldJournal()
  let broken = false
  const runtime = testRuntime({
    journal: {
      ...journal,
      append(commit, state) {
        if (broken && commit.actor.startsWith('notebook/')) throw new Error('no disk')
        return journal.append(commit, state)
      },
    },
  })
  const actor = await runtime.spawn(notebook())
  broken = true
  const answer = outcomeOf(runtime.ask(actor, 'note.read'))
  assert.is(await answer, 'restart-intensity')
  await runtime.stop()
})

test('ends what a committed step begins, when it is cancelled while the commit is under way', async () => {
  const { journal, runtime } = setting()
  const signals: AbortSignal[] = []
  const actor = await runtime.spawn(
    worker((_, { signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    }),
  )
  journal.hold(actor)
  const abort = new AbortController()
  const answer = outcomeOf(runtime.ask(actor, 'work.do', 1, { signal: abort.signal }))
  await settle()
  abort.abort()
  assert.is(await answer, 'cancelled')
  for (let i = 0; i < 4; i++) {
    journal.release()
    await settle()
  }
  assert.ok(signals.every(signal => signal.aborted))
  assert.is(runtime.snapshot(actor)?.value, 'idle')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('restarts a healthy actor after its commit, and never writes one number twice', async () => {
  const { journal, runtime } = setting()
  const ids = ['a', 'b']
  const children = ids.map(id => ({ behaviour: notebook(), id }))
  await runtime.supervise({ strategy: 'one-for-all', intensity: { restarts: 9, periodMs: 1_000 }, children })
  const [a, b] = ids.map(id => `notebook/${id}` as Address) as [Address, Address]
  journal.hold(b)
  runtime.tell(b, 'note.add', 'under way')
  await settle()
  const crashing = outcomeOf(runtime.ask(a, 'note.break'))
  assert.is(await crashing, 'actor-crashed')
  assert.equal(
    journal.waiting.map(({ seq, taken }) => [seq, taken.kind]),
    [[2, 'message']],
  )
  for (let i = 0; i < 8; i++) {
    journal.release()
    await settle()
  }
  assert.equal(
    journal.tried.filter(each => each.startsWith(b)),
    [`${b}.1`, `${b}.2`, `${b}.3`, `${b}.4`, `${b}.5`],
  )
  assert.equal(runtime.snapshot(b)?.context, { notes: [] })
  const reading = runtime.ask(b, 'note.read')
  await settle()
  journal.release()
  assert.equal(await reading, [])
  assert.is(runtime.eventsOf('actor.crashed').filter(({ actor }) => actor === b).length, 0)
  await runtime.stop()
})

test('escalates after its commit when a supervisor gives up while one is under way', async () => {
  const { journal, runtime } = setting()
  const none = { restarts: 0, periodMs: 1_000 }
  const children = [{ behaviour: notebook(), id: 'a' }]
  const supervisor = await runtime.supervise({ id: 's', intensity: none, children })
  journal.hold(supervisor)
  const answer = outcomeOf(runtime.ask('notebook/a' as Address, 'note.read'))
  runtime.tell('notebook/a' as Address, 'note.add', 'poison')
  await answer
  for (let i = 0; i < 10; i++) {
    await settle()
    journal.release()
  }
  await settle()
  assert.ok(runtime.eventsOf('actor.restarted').some(({ actor }) => actor === supervisor))
  assert.equal(new Set(journal.tried).size, journal.tried.length, 'no number is tried twice')
  await runtime.stop()
})

test('stops while a commit is under way, and answers who waits', async () => {
  const { journal, runtime } = setting()
  const actor = await runtime.spawn(echo())
  journal.hold(actor)
  const asks = [1, 2].map(n => outcomeOf(runtime.ask(actor, 'echo.say', n)))
  await settle()
  await runtime.stop(actor)
  assert.equal(await Promise.all(asks), ['actor-stopped', 'actor-stopped'])
  journal.release()
  await settle()
  assert.equal(
    runtime.eventsOf('actor.stopped').map(event => event.actor),
    [actor],
  )
  await runtime.stop()
})

test('does not count a failed commit of a stopped actor as a crash', async () => {
  const { journal, runtime } = setting()
  const actor = await runtime.spawn(echo(), { id: 'x' })
  journal.hold(actor)
  const answer = outcomeOf(runtime.ask(actor, 'echo.say'))
  await settle()
  await runtime.stop(actor)
  const again = runtime.spawn(echo(), { id: 'x' })
  journal.reject()
  await settle()
  journal.release()
  assert.is(await again, actor)
  assert.is(await answer, 'actor-stopped')
  assert.equal(runtime.eventsOf('actor.crashed'), [])
  await runtime.stop()
})

test('ends every actor of a node whose root cannot commit what it decides', async () => {
  const { journal, runtime } = setting()
  await runtime.supervise({ id: 's', children: [{ behaviour: echo(), id: 'e' }] })
  const actor = await runtime.spawn(notebook(), { id: 'n' })
  const answer = outcomeOf(runtime.ask(actor, 'note.break'))
  journal.hold('supervisor/root' as Address)
  await settle()
  journal.reject()
  assert.is(await answer, 'actor-stopped')
  assert.equal(runtime.actors(), [])
  await runtime.stop()
})

test('answers whoever wrote to an actor that then could not start, and keeps what is recorded', async () => {
  const { journal, runtime } = setting()
  await runtime.spawn(echo(), { id: 'first' })
  const actor = 'echo/x' as Address
  journal.hold(actor)
  const spawned = outcomeOf(runtime.spawn(echo(), { id: 'x' }))
  await settle()
  const answer = outcomeOf(runtime.ask(actor, 'echo.say'))
  journal.reject()
  assert.instance(await spawned, Error)
  assert.is(await answer, 'actor-crashed')
  assert.not.ok(runtime.eventsOf('actor.started').some(event => event.actor === actor))
  assert.equal(runtime.eventsOf('actor.stopped'), [])
  await runtime.stop()
})

test('goes on from the record of an actor that is started again under its address', async () => {
  const journal = heldJournal()
  const first = testRuntime({ journal })
  const actor = await first.spawn(notebook(), { id: 'n' })
  first.tell(actor, 'note.add', 'kept')
  assert.equal(await first.ask(actor, 'note.read'), ['kept'])
  await first.stop()
  const second = testRuntime({ journal })
  await second.spawn(notebook(), { id: 'n' })
  assert.equal(await second.ask(actor, 'note.read'), ['kept'])
  await second.stop()
})

test('forgets an actor that has ended, and keeps those that end with the node', async () => {
  const { journal, runtime } = setting()
  const [gone, kept] = [
    await runtime.spawn(echo(), { id: 'gone' }),
    await runtime.spawn(echo(), { id: 'kept' }),
  ]
  await runtime.stop(gone)
  await runtime.stop()
  assert.is(await journal.read(gone), undefined)
  assert.is((await journal.read(kept))?.commits.length, 1)
})

test('writes what was taken and what was decided, in order', async () => {
  const { journal, runtime } = setting()
  const to = await runtime.spawn(echo(), { id: 'e' })
  const actor = await runtime.spawn(asker(), { id: 'a' })
  await runtime.ask(actor, 'ask.on', { to, type: 'echo.say', body: 'hi' })
  const { commits } = (await journal.read(actor)) ?? { commits: [] }
  assert.equal(
    commits.map(({ seq, taken }) => [seq, taken.kind]),
    [
      [1, 'init'],
      [2, 'message'],
      [3, 'result'],
    ],
  )
  assert.equal(
    commits.slice(1).map(({ acts }) => acts.map(({ act }) => act)),
    [['start'], ['stop', 'reply']],
  )
  const [init] = commits
  const life = init?.taken.kind === 'init' ? init.taken.life : ''
  assert.ok(life.length > 0)
  assert.equal(commits[2]?.taken, { kind: 'result', intent: `asker/a.${life}.2.0`, output: 'hi' })
  await runtime.stop()
})

test('fails an effect the way it failed, with the failure committed', async () => {
  const { journal, runtime } = setting()
  const actor = await runtime.spawn(
    sample(
      'once',
      {
        initial: 'a',
        states: {
          a: { on: { 'x.go': 'b' } },
          b: { invoke: { src: 'work', onError: { target: 'a', actions: fail } } },
        },
      },
      { actors: { work: effect({ class: 'manual', run: async () => Promise.reject(new Error('no')) }) } },
    ),
    { id: 'o' },
  )
  assert.is(await outcomeOf(runtime.ask(actor, 'x.go')), 'effect-failed')
  const { commits } = (await journal.read(actor)) ?? { commits: [] }
  assert.equal(
    commits.map(({ taken }) => taken.kind),
    ['init', 'message', 'attempt-failed', 'failure'],
  )
  await runtime.stop()
})

test.run()
