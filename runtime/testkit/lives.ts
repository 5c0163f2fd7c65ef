/**
 * Forced replay: a program lived through as many processes as it takes, killed at each of its commits in turn,
 * just before and just after it is stored. What it comes to must not depend on it, and no effect whose result is
 * stored is started again.
 */
import type { Behaviour } from '../../actors/behaviour.ts'
import type { Runtime, RuntimeOptions } from '../create-runtime.ts'
import { type Mortal, mortal } from './mortal.ts'
import { outcomeOf } from './sample-actors.ts'

export interface Life {
  readonly behaviours: readonly Behaviour[]
  readonly options?: RuntimeOptions
  /** Longest time, simulated ms, until the program comes to an end. Default 100 seconds. */
  readonly limitMs?: number
  /** How far time moves between two looks, ms: little for programs that wait for a real disk. Default 50. */
  readonly stepMs?: number
  /** What the program does at every start; it must come to the same. */
  program(runtime: Runtime): Promise<unknown>
}

export interface Deaths {
  /** Only every so many commits. Default 1. */
  readonly every?: number
  readonly snapshotEvery?: number
  /** Whether the journal stores all commits in the order of the calls. Default true. */
  readonly ordered?: boolean
}

const STEP_MS = 50

/** Runs the program until it ends, through as many lives as it takes. */
export async function livedThrough(
  world: Mortal,
  { behaviours, options, program, limitMs = 100_000, stepMs = STEP_MS }: Life,
  deaths: (() => void)[] = [],
): Promise<unknown> {
  for (;;) {
    const runtime = world.live({ ...options, behaviours })
    const repeated: string[] = []
    runtime.events.subscribe(event => {
      if (event.type === 'effect.started' && world.results.has(event.effect)) repeated.push(event.effect)
    })
    deaths.shift()?.()
    let outcome: { readonly value: unknown } | undefined
    outcomeOf(program(runtime)).then(value => {
      outcome = { value }
    })
    for (let i = 0; i < limitMs / stepMs && !outcome && !world.isDead; i++) await world.clock.advance(stepMs)
    if (repeated.length > 0) throw new Error(`done before, and started again: ${repeated.join(', ')}`)
    if (outcome && !world.isDead) return outcome.value
    if (!world.isDead) throw new Error('the program does not come to an end')
  }
}

/**
 * Kills the program at every commit, before and after it is stored, and checks what it comes to. Returns how many
 * commits it makes when it is left alone.
 */
export async function atEveryCommit<L extends Life>(
  lives: () => L | Promise<L>,
  check: (outcome: unknown, world: Mortal, life: L) => unknown,
  { every = 1, snapshotEvery = 4, ordered = true }: Deaths = {},
): Promise<number> {
  const whole = mortal({ snapshotEvery, ordered })
  const calm = await lives()
  await check(await livedThrough(whole, calm), whole, calm)
  for (let at = 1; at <= whole.commits; at += every) {
    for (const stored of [false, true]) {
      const world = mortal({ snapshotEvery, ordered })
      const life = await lives()
      let outcome: unknown = 'it came to no end'
      try {
        outcome = await livedThrough(world, life, [() => world.dieAt(at, stored)])
        await check(outcome, world, life)
      } catch (error) {
        const when = `death at commit ${at} of ${whole.commits}, ${stored ? 'stored' : 'lost'}`
        throw new Error(`${when}: ${JSON.stringify(outcome)} ${error}`, { cause: error })
      }
    }
  }
  return whole.commits
}
