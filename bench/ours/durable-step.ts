/** Our side of `durable-step`: one process, its journal on LevelDB, every step synced before it is used. */
import { join } from 'node:path'
import { createModelAccess } from '../../agents/models/access.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { durableSteps } from '../durable-steps.ts'
import type { Measure, Measured } from '../scenario.ts'
import { CLUSTER_RUNS, RUNS_AT_ONCE } from '../work.ts'
import { countingIn } from './counting.ts'

export const durableStep = (scratch: string): Promise<Measured> => measured(scratch, [1, RUNS_AT_ONCE])

/** As many runs at a time as in `cluster-steps`. */
export const durableStepAlone: Measure = (scratch, tell) => measured(scratch, CLUSTER_RUNS, tell)

async function measured(
  scratch: string,
  atOnce: readonly number[],
  tell?: (soFar: Measured) => void,
): Promise<Measured> {
  const runtime = createRuntime({ dataDir: join(scratch, 'data') })
  const run = await countingIn(runtime, createModelAccess({ runtime, env: {} }), Math.max(...atOnce))
  const found = await durableSteps(run, { atOnce, ...(tell && { tell }) })
  await runtime.stop()
  return found
}
