/** Nodes of a cluster are killed, or stopped for so long that they are taken for dead and come back as zombies. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterNodeProcess } from './cluster-nodes.ts'
import { type ClusterCase, HOW, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'

/** Nodes that are down or stopped at a time: one is left, which has to take over everything. */
const AT_ONCE = 2

async function strike(scene: Scene): Promise<void> {
  const { processes, random } = scene
  const broken = new Map<ClusterNodeProcess, Promise<void>>()
  while (scene.left() > 0) {
    await sleep(random.between(600, 2_000))
    const [first, ...others] = processes.nodes.filter(node => !broken.has(node))
    if (!first || broken.size >= AT_ONCE) {
      await Promise.race(broken.values())
      continue
    }
    const node = random.pick([first, ...others])
    scene.struck()
    const work = random.chance(1 / 4)
      ? freeze(scene, node, random.between(4_000, 9_000))
      : kill(scene, node, random.between(0, 2_000), random.chance(1 / 3))
    broken.set(
      node,
      work.finally(() => broken.delete(node)),
    )
  }
  await Promise.all(broken.values())
  for (const node of processes.nodes)
    if (!(await node.joined())) scene.wrong(`${node.name} did not join again`)
}

/** With `isEarly` it may be killed again while it joins. */
async function kill(scene: Scene, node: ClusterNodeProcess, downMs: number, isEarly: boolean): Promise<void> {
  scene.count('of these kill -9')
  await node.kill()
  await sleep(downMs)
  node.start()
  if (!isEarly && !(await node.joined())) scene.wrong(`${node.name} did not join again`)
}

async function freeze(scene: Scene, node: ClusterNodeProcess, ms: number): Promise<void> {
  scene.count('of these SIGSTOP for 4 to 9 s, then SIGCONT')
  node.freeze()
  await sleep(ms)
  node.thaw()
}

export const nodeKills: ClusterCase = { name: 'cluster-node-kills', perRound: 50, strike }

export const clusterNodeKills: FaultCase = {
  name: nodeKills.name,
  title: 'kill -9 and SIGSTOP of the nodes of a cluster',
  count: 200,
  how: `${HOW}

Every 0.6 to 2 seconds a node is killed (SIGKILL) and started again on its disk within 2 seconds, one
time in three so that it may be killed again while it joins; one time in four it is stopped (SIGSTOP) for 4 to 9
seconds instead, taken for dead, and comes back (SIGCONT) as a zombie that believes it owns what others own by then.
Up to two of the three are away at once.`,
  run: options => runClusterCase(nodeKills, options),
}
