/**
 * Many seeds of a simulated cluster: what failed, by seed, and whether every fault did strike. Used by tests and by
 * whoever hunts for seeds. Says nothing itself.
 */
import { type ClusterReport, type ClusterSimulationOptions, simulateCluster } from './cluster.ts'
import { CLUSTER_FAULTS, type ClusterFault } from './cluster-faults.ts'
import type { Violation } from './invariants.ts'

export interface ManyClustersOptions extends Omit<ClusterSimulationOptions, 'seed' | 'trace'> {
  readonly seeds: Iterable<number | string>
  /** Every so many seeds one is run twice, and must do the same. Default 25. */
  readonly repeatEvery?: number
  /** Told of each seed as it ends. */
  readonly onReport?: (report: ClusterReport) => void
}

export interface ManyClusters {
  readonly seeds: number
  readonly failures: readonly { readonly seed: number | string; readonly violations: readonly Violation[] }[]
  /** What these never break is not tested. */
  readonly neverStruck: readonly ClusterFault[]
  readonly struck: { readonly [K in ClusterFault]?: number }
  readonly nodes: number
  readonly starts: number
  readonly takeovers: number
  readonly commits: number
  readonly effects: number
  readonly zombieAttempts: number
  readonly picks: number
}

/** Runs the seeds one after the other. */
export async function simulateClusters(options: ManyClustersOptions): Promise<ManyClusters> {
  const { seeds, repeatEvery = 25, onReport, ...each } = options
  const reports: ClusterReport[] = []
  const failures: { seed: number | string; violations: readonly Violation[] }[] = []
  const struck: { [K in ClusterFault]?: number } = {}
  for (const seed of seeds) {
    const report = await simulateCluster({ ...each, seed })
    const again = reports.length % repeatEvery === 0 ? await simulateCluster({ ...each, seed }) : report
    const violations =
      again.hash === report.hash ? report.violations : [...report.violations, different(report, again)]
    if (violations.length > 0) failures.push({ seed, violations })
    for (const fault of CLUSTER_FAULTS) struck[fault] = (struck[fault] ?? 0) + (report.struck[fault] ?? 0)
    reports.push({ ...report, ledger: [], errors: [] })
    onReport?.(report)
  }
  const sum = (of: (report: ClusterReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0)
  return {
    seeds: reports.length,
    failures,
    neverStruck: CLUSTER_FAULTS.filter(fault => !struck[fault]),
    struck,
    nodes: sum(({ machines }) => machines),
    starts: sum(({ starts }) => starts),
    takeovers: sum(({ takeovers }) => takeovers),
    commits: sum(({ commits }) => commits),
    effects: sum(({ effects }) => effects),
    zombieAttempts: sum(({ zombieAttempts }) => zombieAttempts),
    picks: sum(({ picks }) => picks),
  }
}

const different = (first: ClusterReport, second: ClusterReport): Violation => ({
  invariant: 'F1',
  what: `the same seed did ${first.picks} tasks, then ${second.picks}, with another trace`,
})
