import * as assert from 'uvu/assert'
import { z } from 'zod'
import { effect } from '../../actors/effect.ts'
import type { EffectDecision } from '../../actors/protocol.ts'
import type { Seen } from '../../runtime/testkit/loose-machine.ts'
import { mortal } from '../../runtime/testkit/mortal.ts'
import { errorOf, fail, reply, sample } from '../../runtime/testkit/sample-actors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ask, workflowOf } from '../testdata/workflow-rig.ts'
import { compileWorkflow } from '../workflow/compile.ts'
import { ref } from '../workflow/reference.ts'
import { runWorkflow } from '../workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../workflow/runnable.ts'
import { decidedRuns, type RunDecisions, readDecisions, writeDecisions } from './run-decisions.ts'
import { runHost } from './run-host.ts'
import { takeTurns } from './turns.ts'

const test = testSuite('agents/cluster/run-decisions')

/** Does what nobody may repeat unasked, and is in the middle of it until the test says otherwise. */
function payer(log: string[], pays: () => boolean) {
  const work = effect({
    class: 'manual',
    run: (v: unknown) => {
      log.push(String(v))
      return pays() ? 'paid' : new Promise<never>(() => {})
    },
  })
  const task = ({ event }: Seen) => (event['body'] as unknown as { input: { v: unknown } }).input.v
  return sample(
    'worker',
    {
      initial: 'idle',
      states: {
        idle: { on: { 'task.assign': 'working' } },
        working: {
          tags: 'busy',
          invoke: {
            src: 'work',
            input: task,
            onDone: { target: 'idle', actions: reply(({ event }) => ({ v: event['output'] })) },
            onError: { target: 'idle', actions: fail },
          },
        },
      },
    },
    { actors: { work: work as never } },
  )
}

/** Owners of one partition, one after the other, with a run of which an effect may not be repeated unasked. */
function scene() {
  const world = mortal()
  const log: string[] = []
  const state = { pays: false }
  const worker = payer(log, () => state.pays)
  const behaviour = compileWorkflow(workflowOf([ask('a', 'any', 'bill')], ref('a.v')))
  const workflow: RunnableWorkflow = {
    name: behaviour.type,
    description: 'pays once',
    input: z.object({}),
    async run(input, { runtime, runId, signal, decisions }) {
      const members = { worker: [await runtime.spawn(worker, { id: `w-${runId}`, run: runId })] }
      return runWorkflow({
        runtime,
        behaviour,
        input,
        members,
        runId,
        signal,
        ...(decisions && { decisions }),
      })
    },
    behaviours: () => [],
    replayed: () => null,
    render: String,
  }
  /** The next owner takes over: the one before is dead. */
  const takeOver = async (ms = 2_000) => {
    const runtime = world.live({ behaviours: [behaviour, worker], recover: 'auto' })
    await runtime.ready
    const host = runHost({
      ...{ runtime, workflows: [workflow], folder: '/', env: {}, turns: takeTurns(8) },
      tell: () => {},
      report: error => assert.unreachable(String(error)),
    })
    await host.resume()
    await world.clock.advance(ms)
    return { runtime, host }
  }
  const decision = (effectId: string, attempt: number, decided: EffectDecision): RunDecisions =>
    new Map([[effectId, { attempt, decision: decided }]])
  const order = { id: 'r', workflow: workflow.name, input: {}, options: {} }
  /** Begun by one, left in the middle, and found by the next. */
  const waiting = async () => {
    const first = await takeOver(0)
    await first.host.start(order)
    await world.clock.advance(1_000)
    const second = await takeOver()
    const [{ effect: id } = { effect: '' }] = await second.host.open('r')
    return { ...second, id }
  }
  return { world, log, state, takeOver, decision, waiting }
}

test('what was decided holds for the owner after the one that asked, and once', async () => {
  const { world, log, takeOver, decision, waiting } = scene()
  const { host, id } = await waiting()
  assert.is((await host.get('r'))?.status, 'needs-human')
  assert.equal(
    (await host.open('r')).map(({ name, attempt, parked }) => [name, attempt, typeof parked]),
    [['work', 1, 'string']],
  )
  const next = await takeOver()
  assert.is((await next.host.get('r'))?.status, 'needs-human')
  const done = decision(id, 1, { as: 'done', output: 'a person paid' })
  assert.is((await next.host.decide('r', done)).status, 'running')
  // Its answer was lost, and it is sent again.
  await next.host.decide('r', done)
  await world.clock.advance(2_000)
  const { status, result } = (await next.host.get('r')) ?? {}
  assert.equal([status, (result as { output?: unknown }).output], ['done', 'a person paid'])
  assert.equal(log, ['bill'], 'nobody did it again')
  await next.host.decide('r', done)
  const otherwise = decision(id, 1, { as: 'redo' })
  assert.is((await errorOf(next.host.decide('r', otherwise))).kind, 'usage')
  assert.is((await next.host.get('r'))?.status, 'done')
})

test('a decision that was kept is carried out, also when the node died before anything followed', async () => {
  const { takeOver, decision, waiting } = scene()
  const { runtime, id } = await waiting()
  await decidedRuns(runtime).note('r', decision(id, 1, { as: 'done', output: 'kept' }))
  const { host } = await takeOver()
  const { status, result } = (await host.get('r')) ?? {}
  assert.equal([status, (result as { output?: unknown }).output], ['done', 'kept'])
})

test('a decision to do it again holds for one attempt: when that breaks off, a person is asked again', async () => {
  const { world, log, state, takeOver, decision, waiting } = scene()
  const { host, id } = await waiting()
  const redo = decision(id, 1, { as: 'redo' })
  await host.decide('r', redo)
  await world.clock.advance(1_000)
  assert.equal(log, ['bill', 'bill'])
  const next = await takeOver()
  assert.equal([(await next.host.get('r'))?.status, log.length], ['needs-human', 2])
  // What was said of the first attempt, and comes late, is not said of the second.
  await next.host.decide('r', redo)
  await world.clock.advance(2_000)
  assert.equal([(await next.host.get('r'))?.status, log.length], ['needs-human', 2])
  state.pays = true
  await next.host.decide('r', decision(id, 2, { as: 'redo' }))
  await world.clock.advance(2_000)
  assert.equal([(await next.host.get('r'))?.status, log.length], ['done', 3])
})

test('two people decide at the same time: one decision counts, and both are told which', async () => {
  const { world, log, decision, waiting } = scene()
  const { host, id } = await waiting()
  const outcomes = await Promise.allSettled([
    host.decide('r', decision(id, 1, { as: 'done', output: 'one' })),
    host.decide('r', decision(id, 1, { as: 'done', output: 'two' })),
  ])
  await world.clock.advance(2_000)
  assert.equal(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  const { result } = (await host.get('r')) ?? {}
  assert.equal([(result as { output?: unknown }).output, log.length], ['one', 1])
})

test('what does not wait for a person, or is no run, is refused', async () => {
  const { decision, waiting } = scene()
  const { host, id } = await waiting()
  const skip = { as: 'skip' } as const
  assert.is((await errorOf(host.decide('r', decision('other/1.x.2.0', 1, skip)))).kind, 'effect-unknown')
  assert.is((await errorOf(host.decide('r', decision(id, 2, skip)))).kind, 'effect-unknown')
  assert.is((await errorOf(host.decide('nothing', decision(id, 1, skip)))).kind, 'run-unknown')
  assert.is((await errorOf(host.open('nothing'))).kind, 'run-unknown')
  assert.is((await host.get('r'))?.status, 'needs-human')
})

test('a run that waits for a person can be cancelled', async () => {
  const { world, host, takeOver, log } = await (async () => {
    const made = scene()
    return { ...made, ...(await made.waiting()) }
  })()
  await host.cancel('r')
  await world.clock.advance(2_000)
  assert.is((await host.get('r'))?.status, 'cancelled')
  const next = await takeOver()
  assert.equal([(await next.host.get('r'))?.status, log.length], ['cancelled', 1])
})

test('decisions travel as plain data, and what is none is refused', async () => {
  const decisions: RunDecisions = new Map([
    ['a', { attempt: 1, decision: { as: 'done', output: { ok: true } } }],
    ['b', { attempt: 2, decision: { as: 'done' } }],
    ['c', { attempt: 1, decision: { as: 'skip' } }],
  ])
  assert.equal(readDecisions(writeDecisions(decisions)), decisions)
  for (const wrong of [7, 'yes', { attempt: 1 }, { as: 'redo' }, { attempt: 1, as: 'maybe' }, null])
    assert.throws(
      () => readDecisions({ a: wrong }),
      (error: { kind?: string }) => error.kind === 'usage',
    )
})

test.run()
