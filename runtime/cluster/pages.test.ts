/** Lists in pages, asked for and put together again, with every answer small enough to be sent. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Plain } from '../../actors/plain.ts'
import { createCodec } from '../codec.ts'
import { errorOf } from '../testkit/sample-actors.ts'
import { testSuite } from '../testkit/suite.ts'
import { allPages } from './client/pages.ts'
import { answerInPages } from './pages.ts'

const test = testSuite('runtime/cluster/pages')

const codec = createCodec({ maxBytes: 1_000_000 })
const over = (value: Plain): Plain => codec.decode(codec.encode(value))

type Row = readonly [string, Plain]

/** A partition that lists `rows`; `seen` are the pages it was asked for. */
function lister(rows: readonly Row[], whole?: (found: readonly Plain[]) => Plain) {
  const seen: string[] = []
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
  const answer = async (body: Plain): Promise<Plain> => {
    const behind = (after: string | undefined) => sorted.filter(([key]) => after === undefined || key > after)
    return over(await answerInPages(over(body), behind, whole))
  }
  const ask = (body: { readonly after: string }) => {
    seen.push(body.after)
    return answer(body)
  }
  return { ask, answer, seen, sorted }
}

const run = (i: number): Row => {
  const id = `0190f3a2-7c1e-7abc-9def-${String(i).padStart(12, '0')}`
  return [
    id,
    { id, workflow: 'research-team', status: 'done', startedAt: i, error: { message: 'é'.repeat(100) } },
  ]
}

test('thousands of rows in one partition are listed, which do not fit into one answer', async () => {
  const rows = Array.from({ length: 8_000 }, (_, i) => run(i))
  const { ask, answer, seen } = lister(rows)
  assert.equal(
    await allPages(ask),
    rows.map(([, row]) => row),
  )
  assert.ok(seen.length >= 8 && seen.length <= 40, `${seen.length} pages`)
  assert.is((await errorOf(answer({}))).kind, 'codec-too-large')
})

test('whatever rows there are, each comes once and in order', async () => {
  const row = fc.record({ text: fc.nat(120_000), key: fc.string({ minLength: 1, maxLength: 8 }) })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(row, { selector: ({ key }) => key, maxLength: 40 }), async rows => {
      const { ask, sorted } = lister(
        rows.map(({ key, text }): Row => [key, { key, text: '漢'.repeat(text / 2) }]),
      )
      assert.equal(
        await allPages(ask),
        sorted.map(([, one]) => one),
      )
    }),
    { numRuns: 30 },
  )
})

test('an answer with a list in it is put together as one, with its other fields', async () => {
  const rows = Array.from({ length: 2_500 }, (_, i) => run(i))
  const { ask, seen } = lister(rows, actors => ({ epoch: 7, actors }))
  const whole = (await allPages(ask)) as { epoch: number; actors: Plain[] }
  assert.equal([whole.epoch, whole.actors.length, seen.length > 1], [7, 2_500, true])
  assert.equal(await allPages(lister([], actors => ({ epoch: 7, actors })).ask), { epoch: 7, actors: [] })
})

test('older clients are told all at once, and older nodes are understood', async () => {
  const { answer } = lister([run(1), run(2)])
  assert.equal(await answer({}), [run(1)[1], run(2)[1]])
  for (const whole of [[], [1, 2], { epoch: 1, actors: [1] }, { letters: [], total: 0 }, null] as Plain[])
    assert.equal(await allPages(async () => whole), whole)
})

test('what is no key is refused, and a page that leads to itself ends', async () => {
  const { answer } = lister([run(1)])
  for (const after of [7, null, [], {}]) assert.is((await errorOf(answer({ after }))).kind, 'usage')
  assert.is((await errorOf(allPages(async () => ({ page: [], next: 'a' })))).kind, 'internal')
})

test.run()
