/** Times runs of ten durable steps, one after the other and many at a time: shared by the subjects of `durable-step`. */
import type { Measured } from './scenario.ts'
import { timed } from './timing.ts'
import { RUNS_AT_ONCE, STEPS } from './work.ts'

/** `run` adds one in each of its steps, and resolves when the last step is on disk. */
export async function durableSteps(run: (n: number) => Promise<number>): Promise<Measured> {
  const operation = async (n: number): Promise<number> => ((await run(n)) === n + STEPS ? STEPS : 0)
  const alone = await timed(operation, { size: STEPS })
  // Longer, as the lanes that are done wait for the others at the end of a sample.
  const together = await timed(operation, { size: STEPS, inFlight: RUNS_AT_ONCE, sampleMs: 1_200 })
  return {
    values: {
      'step, one run': alone.us,
      'steps, 32 runs': 1_000_000 / together.us,
    },
    asked: alone.asked + together.asked,
    answered: alone.answered + together.answered,
  }
}
