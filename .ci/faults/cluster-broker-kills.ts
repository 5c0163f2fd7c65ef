/** The broker of a cluster is killed and started again, with what it has kept, or without. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AS_ABOVE, type ClusterCase, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'

async function strike(scene: Scene): Promise<void> {
  const { processes, random } = scene
  while (scene.left() > 0) {
    await sleep(random.between(1_000, 3_500))
    scene.struck()
    const downMs = random.chance(1 / 2) ? random.between(0, 300) : random.between(300, 5_000)
    await processes.server.kill()
    await sleep(downMs)
    await processes.server.restart()
  }
}

export const brokerKills: ClusterCase = { name: 'cluster-broker-kills', perRound: 50, strike }

export const clusterBrokerKills: FaultCase = {
  name: brokerKills.name,
  title: 'kill -9 of the broker of a cluster',
  count: 100,
  how: `${AS_ABOVE}
Every 1 to 3.5 seconds nats-server is killed (SIGKILL) and started again on its store, half of the
times within 0.3 seconds, else within 5.`,
  run: options => runClusterCase(brokerKills, options),
}

async function strikeOut(scene: Scene): Promise<void> {
  const { processes, random } = scene
  while (scene.left() > 0) {
    await sleep(random.between(2_000, 5_000))
    // What the log says is gone in a moment.
    await scene.readLog()
    scene.struck()
    await processes.wipe()
  }
  await sleep(2_000)
}

export const wipes: ClusterCase = { name: 'cluster-wipes', perRound: 10, strike: strikeOut }

export const clusterWipes: FaultCase = {
  name: wipes.name,
  title: 'The broker of a cluster loses its store',
  count: 20,
  how: `${AS_ABOVE}
Every 2 to 5 seconds nats-server is killed (SIGKILL), all that JetStream has on its disk is deleted,
and it is started again, while the nodes go on: logs, letters, consumers and what was acknowledged are gone, and the nodes
have to give it back from their disks. The log is compared before each wipe as well. No node dies meanwhile: what is on
no disk any more is lost.`,
  run: options => runClusterCase(wipes, options),
}
