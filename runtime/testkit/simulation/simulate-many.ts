/**
 * Many seeds of one scenario: what failed, by seed, and whether every fault class that was enabled did strike.
 * Used by tests and by whoever hunts for seeds. Says nothing itself.
 */
import type { FaultClass } from './faults.ts'
import type { Violation } from './invariants.ts'
import { faultsIn, type SimulateOptions, type SimulationReport, simulate } from './simulate.ts'

export interface SimulateManyOptions extends Omit<SimulateOptions, 'seed' | 'trace'> {
  /** How many, or which. */
  readonly seeds: number | Iterable<number | string>
  /** The first seed when `seeds` is a number. Default 0. */
  readonly from?: number
  /** Every so many seeds one is run twice, and must do the same. Default 50. */
  readonly repeatEvery?: number
  /** Told of each seed as it ends. */
  readonly onReport?: (report: SimulationReport) => void
}

export interface SimulationSummary {
  /** Nothing failed and every enabled fault class struck. */
  readonly ok: boolean
  readonly seeds: number
  readonly failures: readonly { readonly seed: number | string; readonly violations: readonly Violation[] }[]
  /** Enabled classes that never struck: what they would break is not tested. */
  readonly neverStruck: readonly FaultClass[]
  readonly struck: SimulationReport['struck']
  readonly starts: number
  readonly picks: number
  readonly commits: number
}

/** Runs the seeds one after the other. */
export async function simulateMany(options: SimulateManyOptions): Promise<SimulationSummary> {
  const { seeds, from = 0, repeatEvery = 50, onReport, ...each } = options
  const all = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => from + i) : [...seeds]
  const failures: { seed: number | string; violations: readonly Violation[] }[] = []
  const struck: { [K in FaultClass]?: number } = {}
  let [starts, picks, commits] = [0, 0, 0]
  for (const [index, seed] of all.entries()) {
    const report = await simulate({ ...each, seed })
    const again = index % repeatEvery === 0 ? await simulate({ ...each, seed }) : report
    const violations =
      again.hash === report.hash ? report.violations : [...report.violations, different(report, again)]
    if (violations.length > 0) failures.push({ seed, violations })
    for (const fault of faultsIn(options)) struck[fault] = (struck[fault] ?? 0) + (report.struck[fault] ?? 0)
    starts += report.starts
    picks += report.picks
    commits += report.commits
    onReport?.(report)
  }
  const neverStruck = faultsIn(options).filter(fault => !struck[fault])
  const ok = failures.length === 0 && neverStruck.length === 0
  return { ok, seeds: all.length, failures, neverStruck, struck, starts, picks, commits }
}

const different = (first: SimulationReport, second: SimulationReport): Violation => ({
  invariant: 'F1',
  what: `the same seed did ${first.picks} tasks, then ${second.picks}, with another trace`,
})
