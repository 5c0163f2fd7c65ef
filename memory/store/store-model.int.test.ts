import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { NewMemory } from '../memory.ts'
import { linesOf, type Opened, START, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/store-model', { limitMs: 300_000 })

type Step =
  | { readonly do: 'remember'; readonly memory: NewMemory; readonly key?: string }
  | {
      readonly do: 'fact'
      readonly place: string
      readonly at: number
      readonly trust: 'untrusted' | 'trusted'
    }
  | { readonly do: 'forget' | 'words' | 'weigh' | 'insight'; readonly pick: number }
  | { readonly do: 'forgetSession'; readonly session: string }
  | { readonly do: 'consolidate' | 'purge' | 'reopen' | 'wait' }

const people = fc.constantFrom('Ana', 'Bo', 'ana')
const places = fc.constantFrom('Porto', 'Lisbon', 'Faro')
const text = fc.oneof(
  fc.tuple(people, fc.constantFrom('lives in', 'works at', 'likes'), places).map(words => words.join(' ')),
  fc
    .tuple(people, fc.constantFrom('lives in', 'likes'), places)
    .map(([a, b, c]) => `${a} no longer ${b} ${c}`),
  fc.constantFrom('Note: rain', 'Note: sun', 'good morning', 'is it late?'),
)
const memory: fc.Arbitrary<NewMemory> = fc.record(
  {
    text,
    who: people,
    session: fc.constantFrom('s1', 's2', 's3'),
    at: fc.integer({ min: START - 1_000, max: START + 1_000 }),
    trust: fc.constantFrom('untrusted' as const, 'agent' as const, 'trusted' as const),
    importance: fc.constantFrom(0, 0.5, 1),
  },
  { requiredKeys: ['text'] },
)
const pick = fc.nat(1_000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('remember' as const), memory }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('remember' as const),
      memory,
      key: fc.constantFrom('k1', 'k2', 'k3'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fact' as const),
      place: places,
      at: fc.integer({ min: START - 1_000, max: START + 1_000 }),
      trust: fc.constantFrom('untrusted' as const, 'trusted' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('forget', 'words', 'weigh', 'insight'), pick }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('forgetSession' as const), session: fc.constantFrom('s1', 's2') }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('consolidate', 'purge', 'reopen', 'wait') }) },
)

/** What must be there: texts by id, in the order of storing. What is derived comes and goes by itself. */
interface Model {
  readonly texts: Map<string, string>
  readonly keys: Map<string, string>
  readonly derived: Set<string>
}

async function make(opened: Opened, model: Model, one: Step): Promise<void> {
  const { space } = opened
  const all = [...model.texts.keys()]
  switch (one.do) {
    case 'remember': {
      const known = one.key === undefined ? undefined : model.keys.get(one.key)
      const id = await space.remember(one.memory, one.key === undefined ? {} : { key: one.key })
      if (known === undefined) model.texts.set(id, one.memory.text)
      else assert.is(id, known)
      if (one.key !== undefined) model.keys.set(one.key, id)
      return
    }
    case 'fact': {
      const fact = { subject: 'Ana', predicate: 'lives in', object: one.place, single: true }
      const stated: NewMemory = { kind: 'fact', text: `in ${one.place}`, fact, at: one.at, trust: one.trust }
      model.texts.set(await space.remember(stated), stated.text)
      return
    }
    case 'insight': {
      const from = all[one.pick % Math.max(1, all.length)]
      if (from === undefined) return
      const id = await space.remember({ kind: 'insight', text: `from ${from}`, from: [from] })
      model.texts.set(id, `from ${from}`)
      model.derived.add(id)
      return
    }
    case 'forget': {
      const id = all[one.pick % Math.max(1, all.length)]
      if (id === undefined) return
      assert.is((await space.forget(id)).memories, 1)
      return settle(opened, model, [id])
    }
    case 'forgetSession': {
      const before = await space.list({ session: one.session, limit: 1_000 })
      const { memories } = await space.forget({ session: one.session })
      assert.is(memories, before.memories.length)
      return settle(
        opened,
        model,
        before.memories.map(({ id }) => id),
      )
    }
    case 'words':
    case 'weigh': {
      const id = all[one.pick % Math.max(1, all.length)]
      if (id === undefined) return
      const patch =
        one.do === 'words' ? { text: `new words ${one.pick}` } : { importance: 0.25, meta: { a: 1 } }
      const { text: now } = await space.update(id, patch)
      model.texts.set(id, now)
      return settle(opened, model, [])
    }
    case 'consolidate':
      return void (await space.consolidate({ limit: 3 }))
    case 'purge':
      return void (await space.purge())
    case 'reopen':
      return opened.reopen()
    case 'wait':
      opened.now += 500
  }
}

/** Takes out of the model what is gone: `ids`, and of what was derived whatever went with them. */
async function settle({ space }: Opened, model: Model, ids: readonly string[]): Promise<void> {
  for (const id of ids) model.texts.delete(id)
  for (const id of model.derived) if ((await space.get(id)) === undefined) model.texts.delete(id)
}

async function compare({ space, damage }: Opened, model: Model): Promise<void> {
  assert.equal((await space.verify()).problems, [])
  const { memories } = await space.list({ limit: 1_000 })
  const stated = memories.filter(({ id }) => model.texts.has(id))
  assert.equal(new Map(stated.map(one => [one.id, one.text])), model.texts)
  for (const one of memories) {
    assert.equal(await space.get(one.id), one)
    assert.ok(model.texts.has(one.id) || one.by === 'extraction', `${one.id} is known`)
    for (const from of one.from ?? []) assert.ok(await space.get(from), `source ${from} is there`)
  }
  for (const session of ['s1', 's2', 's3']) {
    const listed = memories.filter(one => one.session === session && one.kind === 'episode')
    assert.equal(await space.recent({ session, limit: 1_000 }), listed)
  }
  assert.equal(damage, [])
}

const run = (steps: readonly Step[]) =>
  withStore(async opened => {
    const model: Model = { texts: new Map(), keys: new Map(), derived: new Set() }
    for (const one of steps) await make(opened, model, one)
    await compare(opened, model)
    const lines = await linesOf(opened.space)
    const copy = opened.memory.namespace('copy')
    const count = lines.length - 1
    assert.equal(await copy.import(lines), { imported: count, known: 0 })
    assert.equal(await linesOf(copy), lines)
    assert.equal((await copy.verify()).problems, [])
    if (count > 0) assert.equal(await copy.import(lines), { imported: 0, known: count })
    await opened.reopen()
    await compare(opened, model)
    await opened.space.purge()
    await compare(opened, model)
  })()

test('records, ids, sessions, facts, index and exports agree after whatever was done', async () => {
  const runs = Number(process.env['STORE_RUNS'] ?? 25)
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), run), {
    numRuns: runs,
    ...(process.env['STORE_SEED'] !== undefined && { seed: Number(process.env['STORE_SEED']) }),
  })
})

test.run()
