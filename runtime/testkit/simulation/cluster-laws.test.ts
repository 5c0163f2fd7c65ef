/** The simulation of clusters: that a seed repeats, that every fault strikes, and that it finds what is wrong. */
import * as assert from 'uvu/assert'
import { markEntry, opsEntries, sealEntry } from '../../cluster/log/entry.ts'
import { addressIn } from '../partitions.ts'
import { testSuite } from '../suite.ts'
import { simulateCluster } from './cluster.ts'
import { TROUBLE_NAMES } from './cluster-faults.ts'
import { simulateClusters } from './cluster-many.ts'
import { clusterWitness } from './cluster-witness.ts'

const test = testSuite('runtime/testkit/simulation/cluster (laws)', { limitMs: 240_000 })

test('without troubles everything is done once, by nodes that never change', async () => {
  const report = await simulateCluster({ seed: 1, troubles: [] })
  assert.equal([report.violations, report.errors, report.struck], [[], [], {}])
  assert.is(report.takeovers, 64)
  assert.ok(report.commits > 100 && report.effects > 0)
})

test('the same seed does the same, and another something else', async () => {
  const [first, again, other] = [
    await simulateCluster({ seed: 7 }),
    await simulateCluster({ seed: 7 }),
    await simulateCluster({ seed: 8 }),
  ]
  assert.is(first.hash, again.hash)
  assert.equal(first.ledger, again.ledger)
  assert.is.not(first.hash, other.hash)
})

test('every kind of trouble strikes, alone', async () => {
  const never: string[] = []
  for (const trouble of TROUBLE_NAMES) {
    let struck = 0
    for (let seed = 0; seed < 3 && struck === 0; seed++) {
      const report = await simulateCluster({ seed: `alone ${seed}`, troubles: [trouble] })
      assert.equal(report.violations, [], `${trouble}, seed ${seed}`)
      struck = report.struck[trouble] ?? 0
    }
    if (struck === 0) never.push(trouble)
  }
  assert.equal(never, [])
})

test('many seeds are added up, and some are run twice', async () => {
  const seen: unknown[] = []
  const many = await simulateClusters({
    seeds: ['x', 'y'],
    troubles: ['node.crash'],
    repeatEvery: 2,
    onReport: ({ seed }) => seen.push(seed),
  })
  assert.equal([many.seeds, seen, many.failures], [2, ['x', 'y'], []])
  assert.ok(many.neverStruck.includes('broker.wiped'))
  assert.ok((many.struck['node.crash'] ?? 0) > 0)
})

const writer = (node: string, number: number) => ({ node, life: `1x${node}${number}`, origin: 'o' })
const entry = (place: string, data: Uint8Array | undefined) => ({
  subject: `ac.test.jrn.7.${place}`,
  seq: 1,
  data: data as Uint8Array,
})

/** Partition 7, first a's, then b's. */
function twoReigns() {
  let order = 0
  const witness = clusterWitness(() => ++order)
  witness.stored(entry('0.1', sealEntry(writer('a', 1), { epoch: 1, node: 'a' })))
  witness.stored(entry('1.1', opsEntries(writer('a', 1), [])[0]))
  witness.stored(entry('1.2', sealEntry(writer('b', 1), { epoch: 2, node: 'b' })))
  return witness
}

test('finds an entry that is written in an epoch that is over', () => {
  const witness = twoReigns()
  assert.equal(witness.reign(7), { partition: 7, epoch: 2, life: 'b.1' })
  witness.stored(entry('2.1', opsEntries(writer('b', 1), [])[0]))
  witness.stored(entry('1.3', markEntry(writer('a', 1), { epoch: 1, n: 5 })))
  assert.equal(witness.violations, [])
  witness.stored(entry('1.3', opsEntries(writer('a', 1), [])[0]))
  assert.equal(
    witness.violations.map(({ invariant }) => invariant),
    ['I3'],
  )
})

test('finds an effect that is begun by who never owned its actor, or before its intent is stored', () => {
  const witness = twoReigns()
  const effect = { kind: 'started', key: 'k', name: 'pay', class: 'manual', attempt: 1 } as const
  witness.started({ ...effect, life: 'c.1', actor: addressIn(7, 'echo', 'e') })
  witness.started({ ...effect, life: 'b.1', actor: addressIn(7, 'echo', 'e') })
  assert.is(witness.violations.length, 2)
  assert.ok(witness.violations.every(({ invariant }) => invariant === 'I2'))
})

test('keeps of what a broker forgot what its writer knows of, and nothing else', () => {
  const witness = twoReigns()
  const put = (key: string) => [{ type: 'put', key: `s!journal!${key}`, value: new Uint8Array([1]) }] as const
  witness.stored(entry('2.1', opsEntries(writer('b', 1), put('v!kind!one'))[0]))
  witness.acknowledged('ac.test.jrn.7.2.1')
  witness.stored(entry('2.2', opsEntries(writer('b', 1), put('v!kind!two'))[0]))
  witness.wiped()
  assert.equal([...witness.contents(7).keys()], ['v!kind!one'])
  // The word of it was on the way.
  witness.acknowledged('ac.test.jrn.7.2.2')
  assert.equal([...witness.contents(7).keys()], ['v!kind!one', 'v!kind!two'])
})

test.run()
