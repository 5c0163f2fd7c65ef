/**
 * DBOS: a workflow of ten `DBOS.runStep`, each step's result in a row of PostgreSQL before the next begins. All
 * settings but the database's address are its defaults (ten connections; 32 are no faster).
 */
import { durableSteps } from '../durable-steps.ts'
import { loadPeer } from '../peer-packages.ts'
import type { Measured } from '../scenario.ts'
import { STEPS } from '../work.ts'
import { startPostgres } from './postgres.ts'

interface Dbos {
  setConfig(config: Record<string, unknown>): void
  launch(): Promise<void>
  shutdown(): Promise<void>
  registerWorkflow(run: (n: number) => Promise<number>, options: { name: string }): typeof run
  runStep<T>(step: () => Promise<T>, options: { name: string }): Promise<T>
}

export async function durableStep(scratch: string): Promise<Measured> {
  // It uses its driver in a way that the driver warns about on every start.
  process.noDeprecation = true
  const url = await startPostgres(scratch)
  const { DBOS } = await loadPeer<{ DBOS: Dbos }>('@dbos-inc/dbos-sdk')
  const counting = DBOS.registerWorkflow(
    async start => {
      let n = start
      for (let step = 0; step < STEPS; step++) {
        const before = n
        n = await DBOS.runStep(async () => before + 1, { name: `step-${step}` })
      }
      return n
    },
    { name: 'counting' },
  )
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: `${url}/bench`,
    runAdminServer: false,
    logLevel: 'error',
  })
  await DBOS.launch()
  const found = await durableSteps(counting)
  await DBOS.shutdown()
  return found
}
