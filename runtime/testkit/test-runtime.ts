/** A runtime whose time, chance and ids belong to the test: the same test makes the same run, and nobody sleeps. */
import type { RuntimeEvent } from '../../actors/events.ts'
import { createRuntime, type Runtime, type RuntimeOptions } from '../create-runtime.ts'
import { type SimulatedClock, simulatedClock } from './simulated-clock.ts'

export interface TestRuntime extends Runtime {
  readonly clock: SimulatedClock
  /** Everything that happened so far. */
  readonly seen: readonly RuntimeEvent[]
  /** What was seen of one type. */
  eventsOf<T extends RuntimeEvent['type']>(type: T): readonly Extract<RuntimeEvent, { type: T }>[]
}

/** `random` is uniform in [0, 1) and constant by default, so that backoff is exact. */
export function testRuntime(options: RuntimeOptions & { readonly random?: () => number } = {}): TestRuntime {
  const clock = simulatedClock()
  const { random = () => 0.5, host, ...rest } = options
  let ids = 0
  const runtime = createRuntime({
    name: 'test',
    ...rest,
    host: { clock, random, id: () => `id-${++ids}`, ...host },
  })
  const seen: RuntimeEvent[] = []
  runtime.events.subscribe(event => seen.push(event))
  const of = <T extends RuntimeEvent['type']>(type: T) =>
    seen.filter((event): event is Extract<RuntimeEvent, { type: T }> => event.type === type)
  return Object.assign(runtime, { clock, seen, eventsOf: of })
}
