import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { kindOf, linesOf, START, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/transfer', { limitMs: 60_000 })

const HEADER = '{"format":"agenticraft.memory","version":1}'
const LINE = JSON.stringify({
  id: 'a-1',
  kind: 'episode',
  text: 'hello',
  at: START,
  importance: 0.5,
  trust: 'agent',
  storedAt: START,
})

test(
  'an export of thousands is imported as it was, in its order, with its facts and what waits',
  withStore(async opened => {
    const { space, memory } = opened
    await space.rememberAll(
      Array.from({ length: 900 }, (_, at) => ({
        text: at % 3 === 0 ? `P${at % 7} lives in City${at % 11}` : `talk ${at}`,
        session: `s${at % 9}`,
        who: `P${at % 7}`,
        at: START + ((at * 7_919) % 900),
        trust: at % 2 === 0 ? 'agent' : 'untrusted',
        meta: { at },
      })),
    )
    await space.consolidate({ limit: 500 })
    opened.now += 1_000
    const [some] = (await space.list({ limit: 1 })).memories
    await space.update(some?.id ?? '', { importance: 0.9 })
    const lines = await linesOf(space)
    const copy = memory.namespace('copy')
    assert.equal(await copy.import(lines), { imported: lines.length - 1, known: 0 })
    assert.equal(await linesOf(copy), lines)
    assert.equal(
      await copy.facts(undefined, { limit: 1_000 }),
      await space.facts(undefined, { limit: 1_000 }),
    )
    const { indexBytes: _a, namespace: _b, ...stats } = await copy.stats()
    const { indexBytes: _c, namespace: _d, ...same } = await space.stats()
    assert.equal(stats, same)
    assert.equal((await copy.verify()).problems, [])
    assert.equal(await copy.import(lines), { imported: 0, known: lines.length - 1 })
    async function* slowly(): AsyncIterable<string> {
      yield* lines
    }
    assert.is((await memory.namespace('third').import(slowly())).imported, lines.length - 1)
  }),
)

test(
  'refuses lines that are no memories, and names them',
  withStore(async ({ space }) => {
    const wrong: readonly (readonly string[])[] = [
      [],
      ['not json'],
      ['{}'],
      ['{"format":"agenticraft.memory","version":2}'],
      [LINE],
      [HEADER, '{'],
      [HEADER, '7'],
      [HEADER, '{"text":"no id","at":1,"storedAt":1}'],
      [HEADER, LINE.replace('a-1', 'a 1')],
      [HEADER, LINE.replace('"hello"', '""')],
      [HEADER, LINE.replace('"agent"', '"total"')],
      [HEADER, LINE.replace('}', ',"more":1}')],
      [HEADER, LINE.replace('}', ',"endings":7}')],
      [HEADER, LINE.replace(`"at":${START},`, '')],
      [HEADER, LINE, LINE],
      [HEADER, `"${'x'.repeat(3_000_000)}"`],
    ]
    for (const lines of wrong)
      assert.is(await kindOf(() => space.import(lines)), 'input-invalid', `${lines}`.slice(0, 90))
    assert.equal((await space.list()).memories, [])
  }),
)

test(
  'refuses a memory that is there under its id with other content, and takes blank lines for none',
  withStore(async ({ space }) => {
    assert.equal(await space.import([HEADER, '', LINE, ' ']), { imported: 1, known: 0 })
    assert.equal(await space.import([HEADER, LINE]), { imported: 0, known: 1 })
    assert.is(await kindOf(() => space.import([HEADER, LINE.replace('hello', 'hullo')])), 'input-invalid')
    assert.is((await space.get('a-1'))?.text, 'hello')
  }),
)

test(
  'a source that is not among the lines is kept by its name only',
  withStore(async ({ space }) => {
    const line = LINE.replace('"episode"', '"insight"').replace('}', ',"from":["nowhere"]}')
    await space.import([HEADER, line])
    assert.equal((await space.get('a-1'))?.from, ['nowhere'])
    assert.equal((await space.verify()).problems, [])
    assert.equal((await linesOf(space)).length, 2)
  }),
)

test.run()
