/**
 * A run as tests of histories need one: an asker has a worker do three things, each of which costs tokens and the
 * second of which fails once; a notebook takes notes all along. Returns the journal it left behind.
 */
import { type Address, address } from '../../../actors/address.ts'
import type { Behaviour } from '../../../actors/behaviour.ts'
import { type EffectContext, effect } from '../../../actors/effect.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Usage } from '../../../actors/events.ts'
import type { Journal } from '../../../actors/journal.ts'
import type { RunStep } from '../../runs.ts'
import type { Runtime } from '../../runtime.ts'
import { mortal } from '../../testkit/mortal.ts'
import { asker, notebook, sample, worker } from '../../testkit/sample-actors.ts'

export const RUN = '11111111-aaaa-4bbb-8ccc-222222222222'
export const ASKER = address('asker', RUN)
export const WORKER = address('worker', `${RUN}-1`)
export const NOTEBOOK = address('notebook', `${RUN}-2`)

export const usageOf = (inputTokens: number, costUsd: number): Usage => ({
  inputTokens,
  outputTokens: 1,
  modelCalls: 1,
  toolCalls: 0,
  costUsd,
})

/** Fails on the first attempt at "two"; every attempt costs ten tokens and a cent. */
const work = (input: unknown, { spent, attempt }: EffectContext): unknown => {
  spent(usageOf(10, 0.01))
  if (input === 'two' && attempt === 1) throw new RuntimeError('effect-failed', 'not today')
  return `did ${String(input)}`
}

export const behaviours = (): readonly Behaviour[] => [asker(), worker(work), notebook()]

/** A worker of today that invokes its effect by another name than the one on record. */
export const changedWorker = (): Behaviour =>
  sample(
    'worker',
    {
      initial: 'idle',
      states: {
        idle: { on: { 'work.do': 'working' } },
        working: { tags: 'busy', invoke: { src: 'labour', onDone: 'idle', onError: 'idle' } },
      },
    },
    { actors: { labour: effect({ class: 'pure', run: work }) } },
  )

/** The same behaviours but for one. */
export const withOther = (other: Behaviour): readonly Behaviour[] =>
  behaviours().map(one => (one.type === other.type ? other : one))

export interface RecordedRun {
  readonly runtime: Runtime
  readonly journal: Journal
  readonly steps: readonly RunStep[]
  advance(ms: number): Promise<void>
}

export async function recordedRun(): Promise<RecordedRun> {
  const world = mortal()
  const runtime = world.live({ behaviours: behaviours() })
  await runtime.runs.begin({ id: RUN, workflow: 'sample', input: { topic: 'x' }, options: { size: 3 } })
  await start(runtime, RUN)
  for (const body of ['one', 'two', 'three']) {
    const asked = runtime.ask(ASKER, 'ask.on', { to: WORKER, type: 'work.do', body }, { run: RUN })
    let over = false
    asked.finally(() => {
      over = true
    })
    while (!over) await world.clock.advance(100)
    runtime.tell(NOTEBOOK, 'note.add', await asked)
  }
  // More than an interval of snapshots, so that a copy needs one too.
  for (let i = 0; i < 6; i++) runtime.tell(NOTEBOOK, 'note.add', i)
  await world.clock.advance(100)
  const { journal } = world
  return {
    runtime,
    journal,
    steps: await runtime.runs.steps(RUN),
    advance: ms => world.clock.advance(ms),
  }
}

/** The id of what an actor made with a commit. */
export function idOf(steps: readonly RunStep[], actor: Address, seq: number, act: number | string): string {
  const init = steps.find(({ commit }) => commit.actor === actor)?.commit.taken
  return `${actor}.${init?.kind === 'init' ? init.life : ''}.${seq}.${act}`
}

/** Starts the run's actors, or brings them back. */
export async function start(
  runtime: Runtime,
  run: string,
  known: readonly Behaviour[] = behaviours(),
): Promise<readonly Address[]> {
  const [ask, does, notes] = known as readonly [Behaviour, Behaviour, Behaviour]
  return [
    await runtime.spawn(ask, { id: run, run }),
    await runtime.spawn(does, { id: `${run}-1`, run }),
    await runtime.spawn(notes, { id: `${run}-2`, run }),
  ]
}
