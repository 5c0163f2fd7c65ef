import * as assert from 'uvu/assert'
import type { Address } from '../../actors/address.ts'
import type { Clock } from '../../actors/clock.ts'
import { effect } from '../../actors/effect.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { Seen } from '../../runtime/testkit/loose-machine.ts'
import { type Mortal, mortal } from '../../runtime/testkit/mortal.ts'
import { fail, reply, sample, watch } from '../../runtime/testkit/sample-actors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ask, workflowOf } from '../testdata/workflow-rig.ts'
import { compileWorkflow } from './compile.ts'
import type { MapStep } from './define-workflow.ts'
import { ref } from './reference.ts'
import { type RunOptions, type RunResult, runWorkflow } from './run-workflow.ts'

const test = testSuite('agents/workflow (runs that wait for a person)')

const never = () => new Promise<never>(() => {})

/** Does tasks that nobody may repeat unasked; some it gives up, some end, the others hang. */
function hands(log: string[], clock: Clock) {
  const work = effect({
    class: 'manual',
    run: (v: unknown, { signal }) => {
      log.push(String(v))
      if (v === 'quick') return 'did it'
      signal.throwIfAborted()
      return never()
    },
  })
  /** May be repeated, and fails for good without anybody being asked. */
  const late = effect({
    class: 'pure',
    run: async () => {
      await new Promise<void>(resolve => clock.at(clock.now() + 600, resolve))
      throw new RuntimeError('deadline-exceeded', 'too late')
    },
  })
  const task = ({ event }: Seen) => (event['body'] as unknown as { input: { v: unknown } }).input.v
  const isLate = (seen: Seen): boolean => task(seen) === 'late'
  return sample(
    'worker',
    {
      initial: 'idle',
      states: {
        idle: { on: { 'task.assign': [{ guard: isLate, target: 'late' }, { target: 'working' }] } },
        late: { tags: 'busy', invoke: { src: 'late', onError: { target: 'idle', actions: fail } } },
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
    { actors: { work: work as never, late: late as never } },
  )
}

const mapped: MapStep = {
  id: 'm',
  map: ref('input'),
  as: 'x',
  onError: 'skip',
  step: { ask: 'worker', skill: 'any', input: { v: ref('x') } },
}

/** Starts the run on the next life, or goes on with it. */
async function goOn(
  world: Mortal,
  log: string[],
  options: Partial<RunOptions> = {},
  recover: 'auto' | 'manual' = 'manual',
  ms = 2_000,
) {
  const behaviour = compileWorkflow(workflowOf([mapped, ask('z', 'any', 'quick')], [ref('m'), ref('z.v')]))
  const worker = hands(log, world.clock)
  const runtime: Runtime = world.live({ behaviours: [behaviour, worker], recover })
  await runtime.ready
  const members: Address[] = []
  for (const id of ['w1', 'w2', 'w3']) members.push(await runtime.spawn(worker, { id, run: 'r' }))
  const running = watch(
    runWorkflow({
      runtime,
      behaviour,
      input: ['hang', 'late', 'quick'],
      members: { worker: members },
      runId: 'r',
      ...options,
    }),
  )
  await world.clock.advance(ms)
  return { runtime, result: () => running.outcome as RunResult | undefined }
}

/** The effects that a person has to decide about. */
const waiting = (result: RunResult | undefined): readonly string[] =>
  ((result?.error?.details?.['effects'] ?? []) as { effect: string }[]).map(({ effect }) => effect)

for (const recover of ['manual', 'auto'] as const)
  test(`a run ends as needs-human when all that is left of it waits for a person, and goes on: ${recover}`, async () => {
    const world = mortal()
    const log: string[] = []
    const first = await goOn(world, log, {}, 'manual', 100)
    assert.is(first.result(), undefined)
    assert.equal([...log].sort(), ['hang', 'quick'])
    world.die()
    const second = await goOn(world, log, {}, recover)
    assert.equal([second.result()?.status, second.result()?.error?.kind], ['needs-human', 'human-required'])
    assert.is(log.length, 2, 'nothing was repeated')
    assert.is((await second.runtime.runs.get('r'))?.status, 'needs-human')
    const [effectId] = waiting(second.result())
    await second.runtime.stop()
    const decisions = new Map([[effectId ?? '', { as: 'done', output: 'a person did' } as const]])
    const third = await goOn(world, log, { decisions }, recover)
    assert.is(third.result()?.status, 'done', JSON.stringify(third.result()?.error))
    assert.equal(third.result()?.output, [[{ v: 'a person did' }, null, { v: 'did it' }], 'did it'])
    assert.is(log.filter(v => v === 'hang').length, 1)
    world.die()
    const last = await goOn(world, log)
    assert.equal(last.result()?.output, third.result()?.output, 'a run that is over gives what it gave')
  })

test('a run counts as blocked only when nothing of it is under way, also what fails for good', async () => {
  const world = mortal()
  const log: string[] = []
  const first = await goOn(world, log, {}, 'manual', 100)
  assert.is(first.runtime.effectsUnderWay('r'), 2)
  world.die()
  const second = await goOn(world, log)
  assert.is(second.result()?.status, 'needs-human')
})

test.run()
