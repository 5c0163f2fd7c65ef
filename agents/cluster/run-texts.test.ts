import * as assert from 'uvu/assert'
import { createCodec } from '../../runtime/codec.ts'
import { simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { runTexts } from './run-texts.ts'

const test = testSuite('agents/cluster/run-texts')

const codec = createCodec({ maxBytes: 1_000_000 })

function scene() {
  const clock = simulatedClock()
  const texts = runTexts(clock)
  const loads: string[] = []
  const fetch = async (id: string, record: object | undefined, most = Number.POSITIVE_INFINITY) => {
    let text = ''
    for (let [total, parts] = [1, 0]; text.length < total && parts < most; parts++) {
      const part = await texts.part(id, text.length, async () => {
        loads.push(id)
        return record
      })
      if (!part) return null
      const got = codec.decode(codec.encode(part)) as { text: string; total: number }
      total = got.total
      text += got.text
    }
    return text
  }
  return { clock, texts, loads, fetch }
}

test('a long record is fetched in parts, and made a text once', async () => {
  const { clock, loads, fetch } = scene()
  const record = { result: Array.from({ length: 40_000 }, (_, i) => `😀 ${i}`) }
  assert.equal(JSON.parse((await fetch('r1', record)) ?? ''), record)
  assert.equal(loads, ['r1'])
  assert.equal(clock.pending(), [])
  assert.equal(await fetch('r2', { a: 1 }), '{"a":1}')
  assert.is(await fetch('none', undefined), null)
  assert.equal(clock.pending(), [])
})

test('what nobody fetches to its end is kept for a while, and little of it', async () => {
  const { clock, loads, fetch, texts } = scene()
  const record = { result: 'x'.repeat(250_000) }
  for (let i = 0; i < 20; i++) await fetch(`r${i}`, record, 1)
  assert.is(clock.pending().length, 8)
  await texts.part('r19', 100_000, () => assert.unreachable() as never)
  await texts.part('r0', 100_000, async () => {
    loads.push('again')
    return record
  })
  assert.is(loads.at(-1), 'again')
  await clock.advance(11_000)
  assert.equal(clock.pending(), [])
  await fetch('big', { result: 'x'.repeat(20_000_000) }, 1)
  await fetch('bigger', { result: 'x'.repeat(40_000_000) }, 1)
  assert.is(clock.pending().length, 1)
  texts.close()
  assert.equal(clock.pending(), [])
})

test('a part of a record that changed meanwhile is of the one that was begun', async () => {
  const { texts } = scene()
  const before = { result: 'a'.repeat(150_000) }
  const first = (await texts.part('r', 0, async () => before)) as { text: string }
  const rest = (await texts.part('r', first.text.length, async () => ({ result: 'b' }))) as { text: string }
  assert.equal(JSON.parse(first.text + rest.text), before)
})

test.run()
