/** Times runs of ten durable steps, one after the other and many at a time, for the scenarios of durable steps. */
import type { Measured } from './scenario.ts'
import { timed } from './timing.ts'
import { RUNS_AT_ONCE, STEPS } from './work.ts'

export interface DurableStepsOptions {
  /** How many runs at a time, one measurement after the other. */
  readonly atOnce?: readonly number[]
  /** How many entries have been written to a log so far: what a step takes of them is measured too. */
  readonly written?: () => Promise<number>
  readonly tell?: (soFar: Measured) => void
}

export const stepsMetric = (runs: number): string => (runs === 1 ? 'step, one run' : `steps, ${runs} runs`)
export const entriesMetric = (runs: number): string =>
  runs === 1 ? 'log entries, one run' : `log entries, ${runs} runs`

/** `run` adds one in each of its steps, and resolves when the last step is kept. */
export async function durableSteps(
  run: (n: number) => Promise<number>,
  { atOnce = [1, RUNS_AT_ONCE], written, tell }: DurableStepsOptions = {},
): Promise<Measured> {
  const operation = async (n: number): Promise<number> => ((await run(n)) === n + STEPS ? STEPS : 0)
  const values: Record<string, number> = {}
  let asked = 0
  let answered = 0
  for (const inFlight of atOnce) {
    const before = (await written?.()) ?? 0
    // Longer, as the lanes that are done wait for the others at the end of a sample.
    const sampleMs = inFlight === 1 ? 400 : 1_200
    const found = await timed(operation, { size: STEPS, inFlight, sampleMs })
    asked += found.asked
    answered += found.answered
    values[stepsMetric(inFlight)] = inFlight === 1 ? found.us : 1_000_000 / found.us
    if (written) values[entriesMetric(inFlight)] = ((await written()) - before) / found.asked
    if (inFlight !== atOnce.at(-1)) tell?.({ values: { ...values }, asked, answered })
  }
  return { values, asked, answered }
}
