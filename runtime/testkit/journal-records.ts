/** What the records beside the actors must do in every journal. Part of `actors/journal.conformance.ts`. */
import * as assert from 'uvu/assert'
import type { Records } from '../../actors/journal.ts'
import type { Plain } from '../../actors/plain.ts'
import { kindOf, type Scenario } from './journal-scenario.ts'

async function listOf(records: Records, kind: string, after?: string): Promise<(readonly [string, Plain])[]> {
  const found: (readonly [string, Plain])[] = []
  for await (const entry of records.list(kind, after)) found.push(entry)
  return found
}

/** Names that would be taken for others if they stood in a key as they are, in the order of their bytes. */
const IDS = ['!', '"', '%21', '..', '/', '0', 'a', 'a b', 'a!', 'a!b', 'a/b', 'é', '\uffff', '\u{10000}']

export function recordScenarios(scenario: Scenario, { keeps }: { readonly keeps: boolean }): void {
  scenario('keeps plain values by kind and id, the last one of each', async ({ journal: { records } }) => {
    const values: Plain[] = [null, 0, '', [1, { a: null }], { text: 'é\u{1F600}' }, new Uint8Array([1, 2])]
    for (const [at, value] of values.entries()) {
      await records.put('kind', `id ${at}`, 'first', { sync: true })
      await records.put('kind', `id ${at}`, value)
      assert.equal(await records.get('kind', `id ${at}`), value)
    }
    assert.is(await records.get('kind', 'other'), undefined)
    assert.is(await records.get('other', 'id 0'), undefined)
    await records.remove('kind', 'id 0')
    await records.remove('kind', 'id 0')
    assert.is(await records.get('kind', 'id 0'), undefined)
    assert.is((await listOf(records, 'kind')).length, values.length - 1)
  })

  scenario(
    'lists one kind in the order of its ids, whatever they are called',
    async ({ journal: { records } }) => {
      for (const kind of IDS) for (const id of [...IDS].reverse()) await records.put(kind, id, [kind, id])
      for (const kind of IDS) {
        const expected = IDS.map(id => [id, [kind, id]])
        assert.equal(await listOf(records, kind), expected, kind)
        for (const id of IDS) assert.equal(await records.get(kind, id), [kind, id])
      }
      assert.equal(await listOf(records, 'none'), [])
    },
  )

  listsBehind(scenario)
  scenario(
    'accepts 256 characters and refuses names that cannot be stored',
    async ({ journal: { records } }) => {
      await records.put('k'.repeat(256), '\u{1F600}'.repeat(128), 1)
      assert.is(await records.get('k'.repeat(256), '\u{1F600}'.repeat(128)), 1)
      for (const name of ['', 'x'.repeat(257), 'a\u0000b', 'a\nb', '\u007f', '\u0085', '\ud800', 'a\udc00']) {
        for (const call of [
          () => records.put(name, 'id', 1),
          () => records.put('kind', name, 1),
          () => records.get('kind', name),
          () => records.remove('kind', name),
          () => listOf(records, name),
        ]) {
          const kind = await kindOf(call)
          assert.is(kind, 'address-invalid', `${JSON.stringify(name)} ${call}`)
        }
      }
    },
  )

  scenario('shares no memory with those who write and read records', async ({ journal: { records } }) => {
    const value = { list: [1] }
    await records.put('kind', 'id', value)
    value.list.push(2)
    const read = (await records.get('kind', 'id')) as { list: number[] }
    assert.equal(read, { list: [1] })
    read.list.push(3)
    assert.equal(await records.get('kind', 'id'), { list: [1] })
  })

  if (!keeps) return
  scenario('has its records again after a reopening, and not those removed', async ({ journal, reopen }) => {
    if (!reopen) throw new Error('an adapter that keeps its journals offers `reopen`')
    for (const id of IDS) await journal.records.put('kind', id, id)
    await journal.records.put('kind', 'a', 'later')
    await journal.records.remove('kind', '!')
    const { records } = await reopen()
    assert.equal(
      await listOf(records, 'kind'),
      IDS.slice(1).map(id => [id, id === 'a' ? 'later' : id]),
    )
    await records.put('kind', '!', 'again')
    assert.is(await records.get('kind', '!'), 'again')
  })
}

function listsBehind(scenario: Scenario): void {
  scenario('lists those behind an id, which need not be there', async ({ journal: { records } }) => {
    for (const kind of ['a', 'b', 'c']) for (const id of IDS) await records.put(kind, id, [kind, id])
    for (const [at, id] of IDS.entries()) {
      const expected = IDS.slice(at + 1).map(other => [other, ['b', other]])
      assert.equal(await listOf(records, 'b', id), expected, id)
    }
    await records.remove('b', 'a b')
    assert.equal(await listOf(records, 'b', 'a b'), (await listOf(records, 'b')).slice(IDS.indexOf('a b')))
    assert.is(await kindOf(() => listOf(records, 'b', 'x\u0000')), 'address-invalid')
  })
}
