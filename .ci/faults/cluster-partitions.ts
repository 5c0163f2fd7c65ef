/** Nodes of a cluster are cut off from the broker for a while, in one direction or both, or reach it badly. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterNodeProcess } from './cluster-nodes.ts'
import { AS_ABOVE, type ClusterCase, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'
import type { Link } from './link.ts'

const AT_ONCE = 2
const KINDS = ['cut', 'deaf', 'mute', 'refused', 'flapping', 'slow'] as const

async function strike(scene: Scene): Promise<void> {
  const { processes, random } = scene
  const broken = new Map<ClusterNodeProcess, Promise<void>>()
  while (scene.left() > 0) {
    await sleep(random.between(500, 2_000))
    const [first, ...others] = processes.nodes.filter(node => !broken.has(node))
    if (!first || broken.size >= AT_ONCE) {
      await Promise.race(broken.values())
      continue
    }
    const node = random.pick([first, ...others])
    const { link } = node
    if (!link) throw new Error(`${node.name} has no link`)
    const kind = random.pick(KINDS)
    // One in ten as long as it takes the connection to be given up on both sides.
    const ms = random.chance(1 / 10) ? random.between(10_000, 20_000) : random.between(2_500, 8_000)
    scene.struck()
    scene.count(`of these ${kind}`)
    broken.set(
      node,
      breakLink(scene, link, kind, ms).finally(() => broken.delete(node)),
    )
  }
  await Promise.all(broken.values())
}

async function breakLink(
  { random }: Scene,
  link: Link,
  kind: (typeof KINDS)[number],
  ms: number,
): Promise<void> {
  const until = performance.now() + ms
  if (kind === 'flapping') {
    while (performance.now() < until) {
      link.set(random.pick(['cut', 'refused', 'deaf']))
      await sleep(random.between(100, 800))
      link.set('whole')
      await sleep(random.between(100, 800))
    }
  } else {
    link.set(kind, random.between(50, 600))
    await sleep(ms)
  }
  link.set('whole')
}

export const partitions: ClusterCase = { name: 'cluster-partitions', perRound: 35, linked: true, strike }

export const clusterPartitions: FaultCase = {
  name: partitions.name,
  title: 'Nodes of a cluster cut off from the broker',
  count: 100,
  how: `${AS_ABOVE}
Each node reaches the broker through a TCP proxy. Every 0.5 to 2 seconds one is broken for 2.5 to 8
seconds, one time in ten for 10 to 20: cut in both directions (what was sent arrives when it is whole again), in one
(\`deaf\`: the node hears nothing, but what it sends takes effect; \`mute\`: the other way round), connections broken
off and refused, all of that in turns of 0.1 to 0.8 seconds, or up to 0.6 seconds of delay each way. Up to two of the three
nodes are cut off at once. The client is not: it reaches whoever answers.`,
  run: options => runClusterCase(partitions, options),
}
