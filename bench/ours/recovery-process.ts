/**
 * The two processes of `recovery.ts`: the one that starts runs, takes each one through its steps and is killed,
 * and the one that brings them back. A run is one actor that waits for its next step, with a deadline.
 */
import { join } from 'node:path'
import { type Address, address } from '../../actors/address.ts'
import { defineBehaviour } from '../../actors/behaviour.ts'
import { type AnyStateMachine, assign, outputs, setup } from '../../actors/machine.ts'
import { createRuntime, type Runtime } from '../../runtime/create-runtime.ts'
import { endWithParent, tellParent } from '../restarting.ts'
import { COMMITS_PER_RUN, STEP_BYTES, UNFINISHED_RUNS } from '../work.ts'

/** The first commit of a run is its start, all others are steps. */
const STEPS_DONE = COMMITS_PER_RUN - 1
const DAY_MS = 86_400_000

interface Progress {
  readonly done: number
}

const answer = { type: 'reply', params: ({ context }: { context: Progress }) => ({ body: context }) }

const unfinished = defineBehaviour({
  type: 'unfinished',
  machine: setup({
    types: { context: {} as Progress },
    actions: { ...outputs, advance: assign(({ context }) => ({ done: context.done + 1 })) },
  }).createMachine({
    context: { done: 0 },
    initial: 'working',
    states: {
      working: {
        on: {
          'run.step': { actions: ['advance', answer as never] },
          'run.read': { actions: answer as never },
        },
        after: { [DAY_MS]: 'late' },
      },
      late: { type: 'final' },
    },
  }) as unknown as AnyStateMachine,
})

const runs = Array.from({ length: UNFINISHED_RUNS }, (_, i) => `run-${i}`)
const actorOf = (run: string): Address => address(unfinished.type, run)

endWithParent()
const [, , role, folder = ''] = process.argv
const dataDir = join(folder, 'data')
if (role === 'write') await write()
else await read()

async function write(): Promise<void> {
  const runtime = createRuntime({ dataDir, behaviours: [unfinished] })
  await runtime.ready
  for (const id of runs) {
    await runtime.runs.begin({ id, workflow: unfinished.type, input: null, options: null })
  }
  await Promise.all(runs.map(run => runtime.spawn(unfinished, { id: run, run })))
  const result = 'x'.repeat(STEP_BYTES)
  for (let step = 0; step < STEPS_DONE; step++) {
    await Promise.all(runs.map(run => runtime.ask(actorOf(run), 'run.step', { step, result })))
  }
  for (const run of [runs[0], runs.at(-1)] as string[]) {
    const { length } = await runtime.runs.steps(run)
    if (length !== COMMITS_PER_RUN) throw new Error(`${run} has ${length} commits`)
  }
  tellParent({ done: 'written' })
}

async function read(): Promise<void> {
  const runtime = createRuntime({ dataDir, behaviours: [unfinished], recover: 'auto' })
  await runtime.ready
  const live = new Set(runtime.actors().map(({ address }) => address))
  const missing = runs.filter(run => !live.has(actorOf(run)))
  if (missing.length > 0) throw new Error(`${missing.length} runs are not live, the first is ${missing[0]}`)
  tellParent({ done: 'live' })
  tellParent({ right: await rightAnswers(runtime) })
}

async function rightAnswers(runtime: Runtime): Promise<number> {
  const answers = await Promise.all(
    runs.map(async run => (await runtime.ask(actorOf(run), 'run.read')) as Progress),
  )
  return answers.filter(({ done }) => done === STEPS_DONE).length
}
