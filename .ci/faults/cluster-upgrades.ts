/** A cluster is rolled from one build to another under load, node by node, and back: nothing is lost or done twice. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MAJOR, MINOR } from './builds/next-builds.ts'
import { drain, owns } from './cluster-drains.ts'
import type { ClusterNodeProcess } from './cluster-nodes.ts'
import { AS_ABOVE, type ClusterCase, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'

/** Heartbeats of a process that has just joined may not have been heard. */
const HEARD_MS = 5_000
const LOOK_MS = 100

/** Nodes are rolled in their order, to the other build and then back to the own one, and so on. */
async function strike(scene: Scene): Promise<void> {
  const { nodes } = scene.processes
  for (let n = 0; scene.left() > 0; n++) {
    const node = nodes[n % nodes.length] as ClusterNodeProcess
    const isForward = Math.floor(n / nodes.length) % 2 === 0
    await owns(scene, node)
    await roll(scene, node, isForward)
    scene.count(isForward ? 'of these to the later build' : 'of these back to the earlier build')
  }
}

async function roll(scene: Scene, node: ClusterNodeProcess, isForward: boolean): Promise<void> {
  const { own, other } = scene.programs
  const before = versionOf(scene, node)
  await drain(scene, node)
  node.start(isForward ? other : own)
  if (!(await node.joined())) scene.wrong(`${node.name} did not join again`)
  // It must really be the other one.
  for (const until = performance.now() + HEARD_MS; versionOf(scene, node) === before; await sleep(LOOK_MS))
    if (performance.now() > until) return scene.wrong(`${node.name} is still of version ${before}`)
  const versions = new Set(scene.load.client.nodes().map(({ version }) => version))
  scene.most('versions side by side, at most', versions.size)
}

const versionOf = ({ load }: Scene, { name }: ClusterNodeProcess): string | undefined =>
  load.client.nodes().find(({ node }) => node === name)?.version

export const upgrades: ClusterCase = {
  ...{ name: 'cluster-upgrades', perRound: 24, isOrderly: true, other: MINOR },
  strike,
}

export const clusterUpgrades: FaultCase = {
  name: upgrades.name,
  title: 'Rolling a cluster from one version to the next, and back',
  count: 50,
  how: `${AS_ABOVE}
Two builds of the node are made: this one, and one of a later version that writes more than this one knows of into
envelopes, receipts, requests and their answers, heartbeats, log entries and the commits of the journal. One node after the
other gets SIGTERM and is started again as the other build, on the same disk; once all are of the later build, they are
rolled back in the same way, and so on. Whatever one build has written the other has to read. Each must end by itself
with 0 within 20 seconds, and no effect may be called twice, whatever its class.`,
  run: options => runClusterCase(upgrades, options),
}

/** All nodes, one after the other, to a build whose letters the others cannot read. */
async function strikeOnce(scene: Scene): Promise<void> {
  for (const node of scene.processes.nodes) {
    await owns(scene, node)
    await sleep(1_000)
    scene.most('letters put aside, at most', await parked(scene))
    await roll(scene, node, true)
  }
}

/** Letters that wait for a node that can read them. */
async function parked({ load }: Scene): Promise<number> {
  const { answers } = await load.client.survey('letters', 5_000)
  const letters = [...answers.values()].flatMap(answer => {
    const { letters: rows = [] } = Object(answer) as {
      readonly letters?: readonly { readonly kind: string }[]
    }
    return rows
  })
  return letters.filter(({ kind }) => kind === 'parked').length
}

/** For a test: it is rolled in one direction only. */
export const majorUpgrade: ClusterCase = {
  ...{ name: 'cluster-major-upgrade', perRound: 3, isOrderly: true, other: MAJOR },
  strike: strikeOnce,
}
