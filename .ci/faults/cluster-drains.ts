/** A cluster is restarted node by node under load: every node hands over before it goes, and nothing is done twice. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterNodeProcess } from './cluster-nodes.ts'
import { AS_ABOVE, type ClusterCase, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'

/** What a node may take from SIGTERM to its end, ms. */
const LIMIT_MS = 20_000
/** A node that has nothing would hand over nothing. */
const OWNED = 8
const LOOK_MS = 50

async function strike(scene: Scene): Promise<void> {
  const { processes } = scene
  for (let n = 0; scene.left() > 0; n++) {
    const node = processes.nodes[n % processes.nodes.length] as ClusterNodeProcess
    await owns(scene, node)
    await drain(scene, node)
    node.start()
    if (!(await node.joined())) scene.wrong(`${node.name} did not join again`)
  }
}

/** Waits until a node has taken over its share, and a little. */
export async function owns({ load, wrong, random }: Scene, { name }: ClusterNodeProcess): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until; await sleep(LOOK_MS)) {
    const member = load.client.nodes().find(({ node }) => node === name)
    if (member && member.partitions.size >= OWNED) return void (await sleep(random.between(0, 1_000)))
  }
  wrong(`${name} did not take over ${OWNED} partitions within a minute`)
}

/** SIGTERM; it must end by itself, with 0 and in time. */
export async function drain(scene: Scene, node: ClusterNodeProcess): Promise<void> {
  const { line, code, ms } = await node.drain(LIMIT_MS + 2_000)
  scene.struck()
  const [, , owned = '0'] = line?.split(' ') ?? []
  if (code !== 0 || line === undefined)
    scene.wrong(`${node.name} ended with ${code} after ${Math.round(ms)} ms`)
  else if (ms > LIMIT_MS) scene.wrong(`${node.name} took ${Math.round(ms)} ms to go`)
  scene.count('partitions that were handed over', Number(owned))
  scene.most('milliseconds from SIGTERM to the end, at most', ms)
  const left = scene.load.client.owners().filter(owner => owner?.node === node.name).length
  if (left > 0) scene.count('partitions that were still said to be its own at its end', left)
}

export const drains: ClusterCase = { name: 'cluster-drains', perRound: 40, isOrderly: true, strike }

export const clusterDrains: FaultCase = {
  name: drains.name,
  title: 'Restarting a cluster node by node',
  count: 200,
  how: `${AS_ABOVE}
One node after the other gets SIGTERM, as soon as it owns ${OWNED} partitions, and is started again when
it has ended. It must end by itself with 0 within 20 seconds. No effect may be called twice here, whatever its class: what
is under way is finished before its partition changes hands.`,
  run: options => runClusterCase(drains, options),
}
