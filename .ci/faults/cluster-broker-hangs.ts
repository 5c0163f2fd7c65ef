/** The broker of a cluster stands still for a while, and goes on as if nothing had been. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AS_ABOVE, type ClusterCase, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'

async function strike(scene: Scene): Promise<void> {
  const { processes, random } = scene
  const { server } = processes
  while (scene.left() > 0) {
    await sleep(random.between(1_000, 3_000))
    // Short ones nobody gives up a connection for, long ones cost all connections and everybody's patience.
    const ms = random.chance(1 / 2) ? random.between(1_000, 4_000) : random.between(4_000, 15_000)
    scene.struck()
    process.kill(server.pid, 'SIGSTOP')
    try {
      await sleep(ms)
    } finally {
      process.kill(server.pid, 'SIGCONT')
    }
    scene.count('milliseconds that it stood still', ms)
  }
}

export const brokerHangs: ClusterCase = { name: 'cluster-broker-hangs', perRound: 25, strike }

export const clusterBrokerHangs: FaultCase = {
  name: brokerHangs.name,
  title: 'SIGSTOP of the broker of a cluster',
  count: 50,
  how: `${AS_ABOVE}
Every 1 to 3 seconds nats-server is stopped (SIGSTOP) and goes on (SIGCONT): half of the times after 1 to 4
seconds, else after 4 to 15. What was asked of it meanwhile, by whoever gave up since or was taken for dead, it does then.`,
  run: options => runClusterCase(brokerHangs, options),
}
