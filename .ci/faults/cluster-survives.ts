/** The short form of a fault case of a cluster, for tests: `cluster.int.test.ts` and those beside it. */
import * as assert from 'node:assert/strict'
import { type ClusterCase, runClusterCase } from './cluster-round.ts'

/** Makes `count` faults; nothing may be lost or done again, and there must have been work. Returns what was counted. */
export async function survives(
  one: ClusterCase,
  count: number,
  seed: number,
): Promise<Readonly<Record<string, number>>> {
  const { problems, faults, lost, repeated, figures } = await runClusterCase(one, {
    count,
    seed,
    say: () => {},
  })
  assert.deepEqual(problems, [])
  assert.deepEqual([faults, lost, repeated], [count, 0, 0])
  assert.ok((figures['jobs done, a third of them as runs'] ?? 0) > 10, JSON.stringify(figures))
  assert.ok((figures['entries of logs that were compared'] ?? 0) > 100, JSON.stringify(figures))
  return figures
}
