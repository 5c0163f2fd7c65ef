import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'
import { desiredOwner, PARTITIONS, partitionOf, weightOf } from './placement.ts'

const test = testSuite('runtime/cluster/placement')
const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
const placed = (nodes: readonly string[]) => partitions.map(partition => desiredOwner(partition, nodes))
const share = (nodes: readonly string[], node: string) => placed(nodes).filter(owner => owner === node).length
/** More than six standard deviations above the mean: chance does not get there in the life of this project. */
const bound = (nodes: number) => PARTITIONS / nodes + 6 * Math.sqrt(PARTITIONS / nodes) + 3
const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{1,16}$/), { minLength: 1, maxLength: 12 })

test('the partition of an address or run is the one it always was', () => {
  const golden: Readonly<Record<string, number>> = {
    '': 11,
    a: 51,
    'writer/1': 57,
    'writer/2': 62,
    'supervisor/root': 38,
    'researcher/team-7': 0,
    '0b9f4c1e-6f0a-4a51-9d7e-3c2b1a0f9e8d': 33,
    'run-1': 19,
    'größe/ä': 15,
    日本: 31,
  }
  for (const [key, partition] of Object.entries(golden)) assert.is(partitionOf(key), partition, key)
})

test('the node wanted for a partition is the one it always was', () => {
  assert.is(weightOf('node-1', 0), 1_527_642_969)
  assert.is(
    placed(['n1', 'n2', 'n3'])
      .map(name => name?.slice(1))
      .join(''),
    '2112112113123113223111331213311312113111133322132132213132331312',
  )
})

test('a partition is a whole number from 0 to 63, whatever the key', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), key => {
      const partition = partitionOf(key)
      return Number.isInteger(partition) && partition >= 0 && partition < 64
    }),
  )
})

test('names that differ in one character, also in its high bits only, spread over all partitions', () => {
  for (const name of [(i: number) => `writer/${i}`, (i: number) => `run-${i.toString(36)}`]) {
    const counts = new Array<number>(PARTITIONS).fill(0)
    for (let i = 0; i < 64_000; i++) counts[partitionOf(name(i))] = (counts[partitionOf(name(i))] ?? 0) + 1
    assert.ok(
      Math.min(...counts) > 850 && Math.max(...counts) < 1_150,
      `${Math.min(...counts)} to ${Math.max(...counts)}`,
    )
  }
  const pairs = [...'01234567'].map(c => [c, String.fromCharCode(c.charCodeAt(0) + 0x40)] as const)
  assert.ok(pairs.some(([a, b]) => partitionOf(`a/${a}`) !== partitionOf(`a/${b}`)))
})

test('a node that is added takes partitions, at most its share and some, and no other partition moves', () => {
  fc.assert(
    fc.property(names, names, (nodes, [added = 'x']) => {
      fc.pre(!nodes.includes(added))
      const [before, after] = [placed(nodes), placed([...nodes, added])]
      for (const partition of partitions) {
        if (before[partition] !== after[partition]) assert.is(after[partition], added)
      }
      assert.ok(after.filter(owner => owner === added).length <= bound(nodes.length + 1))
    }),
  )
})

test('of a node that is removed its own partitions move, and no other', () => {
  fc.assert(
    fc.property(names, nodes => {
      const [removed, ...rest] = nodes
      const [before, after] = [placed(nodes), placed(rest)]
      for (const partition of partitions) {
        if (before[partition] !== after[partition]) assert.is(before[partition], removed)
      }
    }),
  )
})

test('no node gets far more than its share, and the order in which nodes are named is no matter', () => {
  fc.assert(
    fc.property(names, nodes => {
      const owners = placed(nodes)
      assert.equal(placed([...nodes].reverse()), owners)
      for (const node of nodes) {
        assert.ok(owners.filter(owner => owner === node).length <= bound(nodes.length), `${node} of ${nodes}`)
      }
    }),
  )
})

test('over many clusters of three the shares are those of a fair die', () => {
  let chiSquare = 0
  const clusters = 200
  const counts = [0, 0, 0]
  for (let cluster = 0; cluster < clusters; cluster++) {
    const nodes = [1, 2, 3].map(i => `c${cluster}-node-${i}`)
    nodes.forEach((node, i) => {
      counts[i] = (counts[i] ?? 0) + share(nodes, node)
    })
  }
  const expected = (clusters * PARTITIONS) / 3
  for (const count of counts) chiSquare += (count - expected) ** 2 / expected
  assert.ok(chiSquare < 13.8, `chi square ${chiSquare}, 0.1 % are above 13.8`)
})

test('without nodes nobody is wanted', () => {
  assert.is(desiredOwner(0, []), undefined)
})

test.run()
