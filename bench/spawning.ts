/**
 * Starts many actors, weighs them while they idle, and asks each one whether it is there. Shared by the
 * subjects of `spawn`. Needs `--expose-gc`.
 */
import type { Measured } from './scenario.ts'
import { IDLE_ACTORS } from './work.ts'

const WARM_UP = IDLE_ACTORS / 10

export interface Spawning<Actor> {
  start(n: number): Promise<Actor> | Actor
  /** What the actor was started with: proof that it lives. */
  read(actor: Actor): Promise<number> | number
  stop(actor: Actor): Promise<void> | void
}

export async function spawned<Actor>({ start, read, stop }: Spawning<Actor>): Promise<Measured> {
  const actors: Actor[] = new Array(IDLE_ACTORS)
  // Compiled code must not be weighed; the tables that grow with the actors must be, so these are few.
  for (let n = 0; n < WARM_UP; n++) actors[n] = await start(n)
  for (const actor of actors.slice(0, WARM_UP)) await stop(actor)
  actors.fill(undefined as never)

  const before = heapAfterCollection()
  const began = performance.now()
  for (let n = 0; n < IDLE_ACTORS; n++) actors[n] = await start(n)
  const seconds = (performance.now() - began) / 1_000
  const bytes = (heapAfterCollection() - before) / IDLE_ACTORS
  let answered = 0
  for (const [n, actor] of actors.entries()) if ((await read(actor)) === n) answered++
  return {
    values: { started: IDLE_ACTORS / seconds, 'idle actor': bytes },
    asked: IDLE_ACTORS,
    answered,
  }
}

function heapAfterCollection(): number {
  if (!globalThis.gc) throw new Error('run with --expose-gc')
  for (let i = 0; i < 4; i++) globalThis.gc()
  return process.memoryUsage().heapUsed
}
