/** Broker conformance: what is written once, read back and purged. */
import * as assert from 'uvu/assert'
import { MAX_STORED } from '../cluster/broker.ts'
import { all, type BrokerScenarios, numbers, texts } from './broker-scenario.ts'
import { bytes, refuses, text } from './transport-scenario.ts'

export const LOG: BrokerScenarios = {
  'writes a subject once: the same bytes again are created, others are taken': async ({
    first,
    second,
    at,
  }) => {
    assert.is(await first.create(at('jrn.7.1.1'), bytes('a')), 'created')
    assert.is(await second.create(at('jrn.7.1.1'), bytes('a')), 'created')
    assert.is(await second.create(at('jrn.7.1.1'), bytes('b')), 'taken')
    assert.is(await first.create(at('jrn.7.1.1'), bytes('')), 'taken')
    assert.equal(texts(await all(first.read(at('jrn.>')))), ['a'])
  },

  'lets one of many contenders create a subject': async ({ first, second, at }) => {
    for (let round = 0; round < 20; round++) {
      const tries = numbers(6).map((n, i) =>
        (i % 2 ? first : second).create(at(`jrn.7.${round}`), bytes(`by ${n}`)),
      )
      const outcomes = await Promise.all(tries)
      assert.is(outcomes.filter(outcome => outcome === 'created').length, 1)
      const stored = await first.get(at(`jrn.7.${round}`))
      assert.is(stored && text(stored.data), `by ${outcomes.indexOf('created')}`)
    }
  },

  'keeps the order in which one client writes without waiting': async ({ first, second, at }) => {
    await Promise.all(numbers(300).map(n => first.create(at(`jrn.7.1.${n}`), bytes(n))))
    const found = await all(second.read(at('jrn.7.>')))
    assert.equal(texts(found), numbers(300))
    assert.ok(found.every(({ seq }, i) => i === 0 || seq > (found[i - 1]?.seq ?? 0)))
    assert.ok((found[0]?.seq ?? 0) >= 1)
  },

  'stores the bytes as they were when asked, empty ones and the largest too': async ({
    first,
    second,
    at,
  }) => {
    const given = bytes('before')
    const created = first.create(at('snp.1'), given)
    given.fill(0)
    await created
    const large = new Uint8Array(MAX_STORED).map((_, i) => (i * 31) % 251)
    await first.create(at('snp.2'), new Uint8Array(0))
    await first.create(at('snp.3'), large)
    const found = await all(second.read(at('snp.*')))
    assert.is(text(found[0]?.data ?? bytes('')), 'before')
    assert.is(found[1]?.data.length, 0)
    assert.is(Buffer.compare(found[2]?.data ?? bytes(''), large), 0)
    assert.is(Buffer.compare((await second.get(at('snp.3')))?.data ?? bytes(''), large), 0)
    await refuses('codec-too-large', first.create(at('snp.4'), new Uint8Array(MAX_STORED + 1)))
    await refuses('codec-too-large', first.post(at('mbx.7.a.b'), new Uint8Array(MAX_STORED + 1), 'id'))
  },

  'gives every reader bytes of its own': async ({ first, at }) => {
    await first.create(at('jrn.1'), bytes('kept'))
    for (const stored of await all(first.read(at('jrn.>')))) stored.data.fill(0)
    ;(await first.get(at('jrn.1')))?.data.fill(0)
    ;(await first.last(at('jrn.>')))?.data.fill(0)
    assert.equal(texts(await all(first.read(at('jrn.>')))), ['kept'])
  },

  'gets what is under one subject, and the last of many': async ({ first, second, at }) => {
    assert.is(await first.get(at('jrn.7.1.1')), undefined)
    assert.is(await first.last(at('jrn.7.>')), undefined)
    for (const name of ['jrn.7.1.1', 'jrn.70.1.1', 'jrn.7.2.1', 'snp.7.9']) {
      await first.create(at(name), bytes(name))
    }
    assert.is(text((await second.get(at('jrn.7.1.1')))?.data ?? bytes('')), 'jrn.7.1.1')
    const last = async (pattern: string) => (await second.last(at(pattern)))?.subject
    assert.is(await last('jrn.7.>'), at('jrn.7.2.1'))
    assert.is(await last('jrn.*.1.*'), at('jrn.70.1.1'))
    assert.is(await last('jrn.7.1.1'), at('jrn.7.1.1'))
    assert.is(await last('jrn.8.>'), undefined)
    assert.is(await last('snp.>'), at('snp.7.9'))
  },

  'reads what matches from a number on, oldest first, and ends when there is nothing': async ({
    first,
    at,
  }) => {
    assert.equal(await all(first.read(at('jrn.>'))), [])
    for (const n of numbers(6)) await first.create(at(`jrn.${Number(n) % 2}.${n}`), bytes(n))
    const found = await all(first.read(at('jrn.0.>')))
    assert.equal(texts(found), ['0', '2', '4'])
    assert.equal(texts(await all(first.read(at('jrn.0.>'), found[1]?.seq))), ['2', '4'])
    assert.equal(texts(await all(first.read(at('jrn.*.*'), (found[1]?.seq ?? 0) + 1))), ['3', '4', '5'])
    assert.equal(await all(first.read(at('jrn.0.>'), (found[2]?.seq ?? 0) + 1)), [])
    assert.equal(await all(first.read(at('snp.>'), 1)), [])
  },

  'reads thousands of messages, small and large, without a hole': async ({ first, second, at }) => {
    const sizes = numbers(2_000).map((_, i) => (i % 100 === 0 ? 200_000 : i % 50))
    await Promise.all(
      sizes.map((size, i) => first.create(at(`jrn.1.${i}`), new Uint8Array(size).fill(i % 256))),
    )
    const found = await all(second.read(at('jrn.1.*')))
    assert.is(found.length, sizes.length)
    for (const [i, { subject, data }] of found.entries()) {
      assert.is(subject, at(`jrn.1.${i}`))
      assert.is(data.length, sizes[i])
      assert.ok(data.every(byte => byte === i % 256))
    }
  },

  'ends a reading at what was there when it began': async ({ first, second, at }) => {
    for (const n of numbers(3)) await first.create(at(`jrn.1.${n}`), bytes(n))
    const found: string[] = []
    for await (const { data } of second.read(at('jrn.1.>'))) {
      found.push(text(data))
      await first.create(at(`jrn.1.later${found.length}`), bytes('later'))
    }
    assert.equal(found, numbers(3))
  },

  'lets a reading be given up and begun again': async ({ first, at }) => {
    for (const n of numbers(20)) await first.create(at(`jrn.1.${n}`), bytes(n))
    for (let i = 0; i < 3; i++) {
      for await (const { data } of first.read(at('jrn.1.>'))) {
        assert.is(text(data), '0')
        break
      }
    }
    assert.is((await all(first.read(at('jrn.1.>')))).length, 20)
  },

  'purges what matches below a number, and only that': async ({ first, second, at }) => {
    for (const n of numbers(6)) await first.create(at(`jrn.${Number(n) % 2}.${n}`), bytes(n))
    const middle = (await first.get(at('jrn.0.2')))?.seq ?? 0
    await first.purge(at('jrn.0.>'), 1)
    await first.purge(at('jrn.0.>'), 0)
    assert.is((await all(first.read(at('jrn.>')))).length, 6)
    await first.purge(at('jrn.0.>'), middle)
    assert.equal(texts(await all(second.read(at('jrn.>')))), ['1', '2', '3', '4', '5'])
    await first.purge(at('jrn.0.>'))
    assert.equal(texts(await all(second.read(at('jrn.>')))), ['1', '3', '5'])
    await first.purge(at('jrn.0.>'))
    await first.purge(at('jrn.*.5'))
    assert.is(await second.last(at('jrn.0.>')), undefined)
    assert.is((await second.last(at('jrn.>')))?.subject, at('jrn.1.3'))
    assert.is(await second.create(at('jrn.0.2'), bytes('again')), 'created')
    assert.is(text((await first.last(at('jrn.>')))?.data ?? bytes('')), 'again')
  },

  'refuses subjects that it does not keep': async ({ first, at }) => {
    for (const subject of [
      'ac.other.jrn.1',
      'jrn.1',
      '',
      at('event.a.b'),
      at('mbx.7.a.b'),
      at('jrn'),
      at('jrn.*'),
    ]) {
      await refuses('subject-invalid', first.create(subject, bytes('x')))
      await refuses('subject-invalid', first.get(subject))
    }
    for (const pattern of ['>', at('>'), at('mbx.>'), at('jrn.>.1')]) {
      await refuses('subject-invalid', first.last(pattern))
      await refuses('subject-invalid', first.purge(pattern))
      await refuses('subject-invalid', (async () => await all(first.read(pattern)))())
    }
    for (const subject of [
      at('jrn.1'),
      at('mbx.7.a'),
      at('mbx.x.a.b'),
      at('mbx.07.a.b'),
      at('mbx.7.a.b.c'),
    ]) {
      await refuses('subject-invalid', first.post(subject, bytes('x'), 'id'))
    }
    for (const partition of [-1, 1.5, Number.NaN]) {
      await refuses(
        'subject-invalid',
        first.collect(partition, () => {}, { max: 1 }),
      )
    }
  },
}
