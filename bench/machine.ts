/** The machine a figure belongs to: without it a figure means nothing. */
import { availableParallelism, cpus } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
  /** Day of the measurement, UTC, `2030-01-31`. */
  readonly date: string
}

export const thisMachine = (now: Date): Machine => ({
  cpu: cpus()[0]?.model.trim() || process.arch,
  cores: availableParallelism(),
  node: process.versions.node,
  date: now.toISOString().slice(0, 10),
})
