/**
 * A whole cluster, simulated: nodes on one broker and one bus, from thousands of seeds. The simulation itself is in
 * `runtime/testkit/simulation/cluster.ts`; this counts what came of it. A fault case of `cases.ts`.
 */
import { CLUSTER_FAULTS } from '../../runtime/testkit/simulation/cluster-faults.ts'
import { type ManyClusters, simulateClusters } from '../../runtime/testkit/simulation/cluster-many.ts'
import type { Invariant } from '../../runtime/testkit/simulation/invariants.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'

export async function runClusterSimulations(options: FaultOptions): Promise<Tally> {
  const progress = progressOf(options, 'seeds')
  // Seeds of their own for every run of this case: another `seed` begins a million further on.
  const from = options.seed * 1_000_000
  let done = 0
  const seeds = Array.from({ length: options.count }, (_, n) => from + n)
  return tallyOf(await simulateClusters({ seeds, onReport: () => progress(++done) }))
}

function tallyOf(many: ManyClusters): Tally {
  const broken = (...invariants: readonly Invariant[]) =>
    many.failures
      .flatMap(({ violations }) => violations)
      .filter(({ invariant }) => invariants.includes(invariant)).length
  return {
    faults: many.seeds,
    lost: broken('I1', 'I3', 'D'),
    repeated: broken('I2'),
    figures: {
      nodes: many.nodes,
      'lives of nodes': many.starts,
      'take-overs of partitions': many.takeovers,
      'commits in the logs': many.commits,
      'attempts of effects': many.effects,
      'attempts by a node that had lost the partition, of what it had stored before': many.zombieAttempts,
      'tasks scheduled': many.picks,
      'seeds with a broken invariant': many.failures.length,
      ...Object.fromEntries(CLUSTER_FAULTS.map(fault => [`struck: ${fault}`, many.struck[fault] ?? 0])),
    },
    problems: [
      ...many.neverStruck.map(fault => `the fault ${fault} never struck`),
      ...many.failures.map(
        ({ seed, violations }) => `seed ${seed}: ${violations[0]?.invariant}: ${violations[0]?.what}`,
      ),
    ].slice(0, 20),
  }
}

export const clusterSimulations: FaultCase = {
  name: 'cluster-simulations',
  title: 'A whole cluster, simulated',
  count: 2_000,
  how: `Two to five nodes run in one process on a simulated clock, broker, bus, disks and models, with actors in
several partitions that tell and ask each other, wait, start others and do effects of all classes, and clients that ask
under keys. A seed decides when a node dies, loses its power or its disk, stands still, is cut off from the broker or
the bus, has its clock set wrong by up to an hour, drains, joins or is replaced, and when the broker is out of reach, full, restarted or has lost everything.
Then the faults stop and everything must come to rest: each partition served by one node, each ask answered once, each
note written once and in order. The logs are compared with the copies of the owners and with what was seen to be
written, and each attempt of an effect with who owned the partition when it began; every 25th seed is run twice and
must do the same. The number injected counts seeds.`,
  run: runClusterSimulations,
}
