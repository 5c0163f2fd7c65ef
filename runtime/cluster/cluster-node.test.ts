/** Nodes of a cluster in one process: who serves what, and that asks are answered while nodes come, die and go. */
import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { clusterRig, type RigNode } from '../testkit/cluster-rig.ts'
import { echo, notebook } from '../testkit/sample-actors.ts'
import { testSuite } from '../testkit/suite.ts'
import { partitionOf } from './placement.ts'

const test = testSuite('runtime/cluster/cluster-node', { limitMs: 60_000 })

const BEHAVIOURS = [echo(), notebook()]
const owned = (...nodes: readonly RigNode[]): number =>
  nodes.reduce((sum, { ownership }) => sum + ownership.owned().size, 0)

const spawns = (served: { runtime: { spawn: (...args: never[]) => Promise<string> } }) => ({
  spawn: async (body: unknown) => {
    const { type, id } = body as { type: string; id: string }
    const behaviour = BEHAVIOURS.find(one => one.type === type)
    if (!behaviour) throw new RuntimeError('usage', `no ${type}`)
    return (served.runtime.spawn as (...args: unknown[]) => Promise<string>)(behaviour, { id })
  },
})

async function three() {
  const rig = clusterRig(BEHAVIOURS)
  const nodes: RigNode[] = []
  for (const name of ['a', 'b', 'c']) nodes.push(await rig.node(name, { more: spawns as never }))
  const [a, b, c] = nodes as [RigNode, RigNode, RigNode]
  await rig.until(() => owned(a, b, c) === 64)
  // What the first took before the others were there moves to them.
  await rig.until(() => Math.max(...nodes.map(node => node.ownership.owned().size)) < 35)
  const client = rig.client()
  await rig.within(client.heard)
  const spawn = (type: string, id: string) =>
    rig.within(client.inPartition(partitionOf(`${type}/${id}`), 'spawn', { type, id }))
  const ask = (to: string, type: string, body: unknown) =>
    rig.within(client.ask(to as never, type, body, { timeoutMs: 60_000 }))
  const tell = (to: string, note: string) => rig.within(client.tell(to as never, 'note.add', note))
  return { rig, a, b, c, nodes, client, spawn, ask, tell }
}

test('three nodes share the partitions, and an actor answers wherever it lives', async () => {
  const { a, b, c, client, spawn, ask } = await three()
  assert.is(owned(a, b, c), 64)
  assert.equal(
    client.nodes().map(({ node }) => node),
    ['a', 'b', 'c'],
  )
  for (let i = 0; i < 12; i++) {
    await spawn('echo', `e${i}`)
    assert.equal(await ask(`echo/e${i}`, 'echo.say', { i }), { i })
  }
  assert.is((await client.actors()).filter(({ address: actor }) => actor.startsWith('echo/')).length, 12)
  assert.equal([...a.reported, ...b.reported, ...c.reported], [])
})

test('a node that dies is taken over within its TTL and two seconds, with all its actors knew', async () => {
  const { rig, a, b, c, client, spawn, ask, tell } = await three()
  const ids = Array.from({ length: 9 }, (_, i) => `n${i}`)
  for (const id of ids) {
    await spawn('notebook', id)
    await tell(`notebook/${id}`, `of ${id}`)
  }
  const victims = ids.filter(id => a.ownership.owned().has(partitionOf(`notebook/${id}`)))
  assert.ok(victims.length > 0, 'none of them lives on the node that dies')
  await a.die()
  const asks = ids.map(id => ask(`notebook/${id}`, 'note.read', null))
  const tookMs = await rig.until(() => owned(b, c) === 64)
  assert.ok(tookMs <= 8_000, `${tookMs} ms`)
  for (const [i, answer] of (await Promise.all(asks)).entries()) assert.equal(answer, [`of ${ids[i]}`])
  assert.equal(
    client.nodes().map(({ node }) => node),
    ['b', 'c'],
  )
})

test('a node that is asked to go hands everything over at once, and nobody asks in vain', async () => {
  const { rig, a, b, c, spawn, ask, tell, client } = await three()
  await spawn('notebook', 'kept')
  await tell('notebook/kept', 'one')
  const owner = [a, b, c].find(({ ownership }) =>
    ownership.owned().has(partitionOf('notebook/kept')),
  ) as RigNode
  await rig.within(client.drain(owner.name))
  assert.equal(owner.ended, ['asked'])
  const began = rig.clock.now()
  const drained = rig.within(owner.drain())
  const answered = ask('notebook/kept', 'note.read', null)
  const others = [a, b, c].filter(node => node !== owner)
  await rig.until(() => owned(...others) === 64)
  assert.ok(rig.clock.now() - began <= 1_000, `${rig.clock.now() - began} ms`)
  assert.equal(await answered, ['one'])
  await drained
})

test('a node that was cut off commits nothing more, and takes part again when it is back', async () => {
  const { rig, a, b, c, spawn, ask, tell } = await three()
  await spawn('notebook', 'torn')
  await tell('notebook/torn', 'one')
  const partition = partitionOf('notebook/torn')
  const owner = [a, b, c].find(({ ownership }) => ownership.owned().has(partition)) as RigNode
  const others = [a, b, c].filter(node => node !== owner)
  const zombie = owner.partitions.served().get(partition)
  await owner.die()
  await rig.until(() => owned(...others) === 64)
  zombie?.runtime.tell(address('notebook', 'torn'), 'note.add', 'by the zombie')
  await tell('notebook/torn', 'two')
  rig.broker.heal(owner.name)
  // What it was writing when it was cut off is given up first.
  await rig.until(() => !owner.partitions.served().has(partition), 90_000)
  assert.equal(await ask('notebook/torn', 'note.read', null), ['one', 'two'])
})

test('a broker that forgets everything loses nothing: its owners give it back', async () => {
  const { rig, a, b, c, spawn, ask, tell } = await three()
  await spawn('notebook', 'kept')
  await tell('notebook/kept', 'one')
  rig.broker.wipe()
  await tell('notebook/kept', 'two')
  const owner = [a, b, c].find(({ ownership }) =>
    ownership.owned().has(partitionOf('notebook/kept')),
  ) as RigNode
  await rig.clock.advance(10_000)
  await owner.die()
  assert.equal(await ask('notebook/kept', 'note.read', null), ['one', 'two'])
})

test.run()
