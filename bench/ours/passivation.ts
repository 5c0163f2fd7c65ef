/**
 * Our side of `passivation`: one process starts the actors, lets them fall asleep, and talks to some of them
 * again. They are started in waves, each asleep before the next, as a process would have them over a day.
 */
import { join } from 'node:path'
import { type Address, address } from '../../actors/address.ts'
import { defineBehaviour } from '../../actors/behaviour.ts'
import { type AnyStateMachine, outputs, setup } from '../../actors/machine.ts'
import { createRuntime, type Runtime } from '../../runtime/create-runtime.ts'
import type { Measured } from '../scenario.ts'
import { woken } from '../waking.ts'
import { SLEEPERS } from '../work.ts'

const WAVE = 5_000
const IDLE_MS = 200
const POLL_MS = 20
const PATIENCE_MS = 60_000

const cell = defineBehaviour({
  type: 'cell',
  machine: setup({
    types: { context: {} as { n: number }, input: {} as { n: number } },
    actions: outputs,
  }).createMachine({
    context: ({ input }) => ({ n: input.n }),
    initial: 'idle',
    states: {
      idle: {
        on: { 'cell.read': { actions: { type: 'reply', params: ({ context }) => ({ body: context }) } } },
      },
    },
  }) as unknown as AnyStateMachine,
})

const actorOf = (n: number): Address => address(cell.type, `cell-${n}`)

export async function passivation(scratch: string): Promise<Measured> {
  const runtime = createRuntime({
    dataDir: join(scratch, 'data'),
    behaviours: [cell],
    passivateAfterMs: IDLE_MS,
  })
  for (let first = 0; first < SLEEPERS; first += WAVE) {
    const wave = Array.from({ length: WAVE }, (_, i) => first + i)
    await Promise.all(wave.map(n => runtime.spawn(cell, { id: `cell-${n}`, input: { n } })))
    await untilAsleep(runtime)
  }
  const found = await woken(
    async n => ((await runtime.ask(actorOf(n), 'cell.read')) as { readonly n: number }).n,
  )
  await runtime.stop()
  return found
}

/** Throws when an actor is still in memory after a minute. */
async function untilAsleep(runtime: Runtime): Promise<void> {
  const awake = (): number => runtime.actors().filter(({ address }) => address.startsWith('cell/')).length
  for (const end = performance.now() + PATIENCE_MS; awake() > 0; ) {
    if (performance.now() > end) throw new Error(`${awake()} actors do not fall asleep`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}
