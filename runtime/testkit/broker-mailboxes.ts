/** Broker conformance: letters, from posting to done; and what a closed client does. */
import * as assert from 'uvu/assert'
import {
  all,
  BOUND,
  type BrokerScenarios,
  collecting,
  eventually,
  numbers,
  texts,
} from './broker-scenario.ts'
import { bytes, pause, refuses, until } from './transport-scenario.ts'

export const MAILBOXES: BrokerScenarios = {
  'hands over letters of a partition in the order they were kept': async ({ first, second, at }) => {
    const { letters } = await collecting(second, 7, { done: true })
    for (const n of numbers(12)) await first.post(at(`mbx.7.t.a${Number(n) % 4}`), bytes(n), `id${n}`)
    await first.post(at('mbx.70.t.a'), bytes('other'), 'other')
    await until(() => letters.length >= 12)
    assert.equal(texts(letters), numbers(12))
    assert.is(letters[1]?.subject, at('mbx.7.t.a1'))
    await eventually(async () => (await first.mailboxes()).size === 1)
    assert.equal([...(await first.mailboxes())], [[at('mbx.70.t.a'), 1]])
  },

  'keeps letters for whoever collects later': async ({ first, second, at }) => {
    for (const n of numbers(3)) await first.post(at('mbx.7.t.a'), bytes(n), `id${n}`)
    assert.equal([...(await second.mailboxes())], [[at('mbx.7.t.a'), 3]])
    const { letters } = await collecting(second, 7)
    await until(() => letters.length >= 3)
    assert.equal(texts(letters), numbers(3))
  },

  'keeps one copy of a letter that is posted again': async ({ first, second, at }) => {
    await first.post(at('mbx.7.t.a'), bytes('once'), 'same')
    await first.post(at('mbx.7.t.a'), bytes('once'), 'same')
    await second.post(at('mbx.7.t.a'), bytes('once'), 'same')
    const { letters } = await collecting(second, 7, { done: true })
    await first.post(at('mbx.7.t.a'), bytes('end'), 'end')
    await until(() => letters.length >= 2)
    await first.post(at('mbx.7.t.a'), bytes('once'), 'same')
    await first.post(at('mbx.7.t.a'), bytes('last'), 'last')
    await until(() => letters.length >= 3)
    assert.equal(texts(letters), ['once', 'end', 'last'])
  },

  'refuses letters to a full mailbox, while others take them, until some are done': async ({ first, at }) => {
    for (const n of numbers(BOUND)) await first.post(at('mbx.7.t.a'), bytes(n), `id${n}`)
    await refuses('mailbox-full', first.post(at('mbx.7.t.a'), bytes('more'), 'more'))
    await first.post(at('mbx.7.t.b'), bytes('other'), 'other')
    // Kept before, so it is kept.
    await first.post(at('mbx.7.t.a'), bytes('0'), 'id0')
    const { letters } = await collecting(first, 7)
    await until(() => letters.length >= BOUND + 1)
    letters[0]?.done()
    // That it was refused must not count as having been kept.
    await eventually(() =>
      first.post(at('mbx.7.t.a'), bytes('more'), 'more').then(
        () => true,
        () => false,
      ),
    )
    await until(() => letters.length >= BOUND + 2)
    assert.equal(texts(letters), [...numbers(BOUND), 'other', 'more'])
  },

  'hands over no more than may be open, and the next when one is done': async ({ first, at }) => {
    for (const n of numbers(9)) await first.post(at(`mbx.7.t.a${n}`), bytes(n), `id${n}`)
    const { letters } = await collecting(first, 7, { max: 3 })
    await until(() => letters.length >= 3)
    await pause(100)
    assert.equal(texts(letters), numbers(3))
    letters[1]?.done()
    letters[1]?.done()
    await until(() => letters.length >= 4)
    await pause(100)
    assert.equal(texts(letters), numbers(4))
    for (let i = 0; i < 9; i++) {
      await until(() => letters.length > i)
      letters[i]?.done()
    }
    assert.equal(texts(letters), numbers(9))
    await eventually(async () => (await first.mailboxes()).size === 0)
  },

  'gives a partition to whoever collects last, what was not done first': async ({ first, second, at }) => {
    const old = await collecting(first, 7)
    for (const n of numbers(4)) await second.post(at('mbx.7.t.a'), bytes(n), `id${n}`)
    await until(() => old.letters.length >= 4)
    old.letters[1]?.done()
    await eventually(async () => (await second.mailboxes()).get(at('mbx.7.t.a')) === 3)
    const young = await collecting(second, 7)
    await first.post(at('mbx.7.t.b'), bytes('new'), 'new')
    await until(() => young.letters.length >= 4)
    assert.equal(texts(young.letters), ['0', '2', '3', 'new'])
    const third = await collecting(second, 7, { done: true })
    await first.post(at('mbx.7.t.b'), bytes('newer'), 'newer')
    await until(() => third.letters.length >= 5)
    assert.equal(texts(third.letters), ['0', '2', '3', 'new', 'newer'])
    await pause(50)
    assert.is(old.letters.length, 4)
    assert.is(young.letters.length, 4)
  },

  'tells who collected that somebody else does now, unless it has left': async ({ first, second }) => {
    const told: string[] = []
    const collect = (broker: typeof first, partition: number, name: string) =>
      broker.collect(partition, () => {}, { max: 10, onTaken: () => told.push(name) })
    await collect(first, 7, 'stays')
    const left = await collect(first, 8, 'left')
    left.unsubscribe()
    await collect(second, 8, 'second')
    await collect(second, 7, 'second')
    // Between its end and the beginning of the next one nobody knows for some seconds whether there is a next one.
    for (let waited = 0; waited < 80 && told.length === 0; waited++) await pause(100)
    assert.equal(told, ['stays'])
  },

  'hands nothing over after unsubscribe, and still hears what is done': async ({ first, second, at }) => {
    const { letters, subscription } = await collecting(first, 7)
    await second.post(at('mbx.7.t.a'), bytes('0'), 'id0')
    await until(() => letters.length >= 1)
    subscription.unsubscribe()
    await second.post(at('mbx.7.t.a'), bytes('1'), 'id1')
    await pause(50)
    assert.equal(texts(letters), ['0'])
    letters[0]?.done()
    await eventually(async () => (await second.mailboxes()).get(at('mbx.7.t.a')) === 1)
    const again = await collecting(second, 7)
    await until(() => again.letters.length >= 1)
    assert.equal(texts(again.letters), ['1'])
  },

  'hands over many letters of many senders, each once': async ({ first, second, at }) => {
    const { letters } = await collecting(second, 7, { max: 16, done: true })
    await Promise.all(
      numbers(600).map(n => (Number(n) % 2 ? first : second).post(at(`mbx.7.t.a${n}`), bytes(n), `id${n}`)),
    )
    await until(() => letters.length >= 600)
    await pause(50)
    assert.equal(
      texts(letters).sort((a, b) => Number(a) - Number(b)),
      numbers(600),
    )
    const odd = texts(letters).filter(n => Number(n) % 2)
    assert.equal(
      odd,
      numbers(600).filter(n => Number(n) % 2),
    )
  },
}

export const ENDINGS: BrokerScenarios = {
  'refuses everything once it is closed, and hands nothing over': async ({ first, second, at }) => {
    const { letters } = await collecting(first, 7)
    const reading = first.read(at('jrn.>'))
    await first.close()
    await first.close()
    await refuses('transport-closed', first.create(at('jrn.1'), bytes('x')))
    await refuses('transport-closed', first.get(at('jrn.1')))
    await refuses('transport-closed', first.last(at('jrn.>')))
    await refuses('transport-closed', all(reading))
    await refuses('transport-closed', first.purge(at('jrn.>')))
    await refuses('transport-closed', first.post(at('mbx.7.t.a'), bytes('x'), 'id'))
    await refuses('transport-closed', first.mailboxes())
    await refuses(
      'transport-closed',
      first.collect(7, () => {}, { max: 1 }),
    )
    await second.post(at('mbx.7.t.a'), bytes('x'), 'id')
    await pause(50)
    assert.is(letters.length, 0)
    assert.is(await second.create(at('jrn.1'), bytes('x')), 'created')
  },
}
