/** A node among nodes of a later major version, whose log entries it cannot read: it takes and writes nothing there. */
import * as assert from 'uvu/assert'
import { failingStore } from '../../../memory/testdata/failing-store.ts'
import { createSimulatedBroker } from '../../testkit/simulated-broker.ts'
import { simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import { claim } from './claim.ts'
import { ENTRY_VERSION, isReadable, opsEntries, readEntry, sealEntry } from './entry.ts'
import { partitionLog } from './partition-log.ts'
import { next } from './place.ts'

const test = testSuite('runtime/cluster/log (later versions)')

const LATER = { node: 'later', life: 'l', origin: 'o' }
const later = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from([ENTRY_VERSION + 1]), bytes.slice(1)])

async function world() {
  const clock = simulatedClock()
  const broker = createSimulatedBroker(clock, { namespace: 'main' })
  const log = partitionLog({ broker: broker.connect('own'), namespace: 'main', partition: 7 })
  const lost = { now: false }
  const take = async () =>
    claim({
      ...{ log, copy: failingStore().store, deed: await log.tip(), node: 'own', life: 'x', origin: 'o' },
      now: () => clock.now(),
      onLost: () => {
        lost.now = true
      },
      report: () => {},
    })
  return { clock, log, lost, take }
}

test('an owner that a later version has taken over from is none any more', async () => {
  for (const write of [true, false]) {
    const { clock, log, lost, take } = await world()
    const stores = await take()
    assert.ok(stores)
    const { place, epoch } = await log.tip()
    await log.broker.create(
      log.subjects.entry(next(place)),
      later(sealEntry(LATER, { epoch: epoch + 1, node: 'later' })),
    )
    await clock.advance(5_000)
    let isWritten = false
    if (write) {
      const wrote = stores.store('journal').batch([{ type: 'put', key: 'k', value: new Uint8Array() }])
      wrote.then(
        () => {
          isWritten = true
        },
        () => {},
      )
      await clock.advance(5_000)
    } else assert.is(await stores.isOwned(), false)
    assert.equal([isWritten, lost.now], [false, true])
  }
})

test('a log that a later version has written is left as it is', async () => {
  const { log, take } = await world()
  const first = next({ epoch: 0, n: 0 })
  const [entry] = opsEntries(LATER, [])
  await log.broker.create(log.subjects.entry(first), later(entry ?? new Uint8Array()))
  const error = await take().then(
    () => undefined,
    thrown => thrown,
  )
  assert.is(error?.kind, 'store-corrupt')
  assert.match(error.fix, 'or a later one')
  assert.is(await log.broker.get(log.subjects.entry(next(first))), undefined)
})

test('what a later minor version says besides is left out', () => {
  const seal = { epoch: 3, node: 'n', reason: 'upgrade' }
  const [version = 0, kind = 0, flags = 0, named = 0, ...rest] = sealEntry(LATER, seal)
  const word = Buffer.from(' more')
  const name = rest.slice(0, named)
  const bytes = Buffer.from([
    version,
    kind,
    flags | 0x80,
    named + word.length,
    ...name,
    ...word,
    ...rest.slice(named),
  ])
  assert.is(isReadable(bytes), true)
  assert.equal(readEntry(bytes), { kind: 'seal', by: LATER, seal: { epoch: 3, node: 'n' } })
})

test.run()
