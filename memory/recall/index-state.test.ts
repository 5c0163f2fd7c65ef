import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import {
  entry,
  type Search,
  sameColumns,
  sameFrequencies,
  sameSessions,
  sameTop,
} from './testdata/index-checks.ts'
import {
  add,
  emptyStore,
  end,
  expunge,
  living,
  remove,
  reopen,
  type Stored,
  seal,
} from './testdata/index-model.ts'

const test = testSuite('memory/recall/index-state', { limitMs: 120_000 })

const VOCABULARY = 24

/** Words by a law of few that are common and many that are rare, as in talk. */
const word = fc.nat(999).map(n => Math.floor(VOCABULARY * (n / 1_000) ** 2))
const text = fc.array(word, { maxLength: 9 }).map(words => words.join(' '))

type Step =
  | { readonly do: 'add'; readonly text: string; readonly session: number; readonly gap: number }
  | { readonly do: 'remove' | 'end'; readonly pick: number }
  | { readonly do: 'replace'; readonly pick: number; readonly text: string; readonly knows: number }
  | { readonly do: 'seal' | 'reopen' }
  | { readonly do: 'expunge' }

/** Some gaps reach into the next blocks of 65,536 numbers, so that runs are merged. */
const gap = fc.oneof(
  { weight: 30, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 140_000 }) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('add' as const), text, session: fc.nat(4), gap }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'end' as const), pick: fc.nat() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('replace' as const), pick: fc.nat(), text, knows: fc.nat(2) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('seal' as const, 'reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expunge' as const) }) },
)

interface World {
  readonly stored: Stored
  next: number
  /** The first memory of each session. */
  readonly firsts: number[]
}

async function take(world: World, one: Step): Promise<void> {
  const { stored } = world
  const pick = (nth: number): number | undefined => {
    const alive = living(stored)
    return alive[nth % Math.max(1, alive.length)]?.entry.doc
  }
  if (one.do === 'add') {
    world.next += one.gap
    addTo(world, one.text, one.session)
  }
  if (one.do === 'seal') await seal(stored, true)
  if (one.do === 'expunge') await expunge(stored)
  if (one.do === 'reopen') stored.index = reopen(stored)
  const doc = 'pick' in one ? pick(one.pick) : undefined
  if (doc === undefined) return
  if (one.do === 'replace') replace(world, doc, one.text, one.knows)
  if (one.do === 'remove') remove(stored, doc)
  if (one.do === 'end') end(stored, doc, one.pick % 3 > 0)
}

/** Session 4 is none. */
function addTo(world: World, text: string, session: number): void {
  const doc = world.next++
  world.firsts[session] ??= doc
  const first = session === 4 ? doc : (world.firsts[session] as number)
  const prev = world.stored.sessions.get(first)?.at(-1)
  add(
    world.stored,
    entry(doc, text, {
      session: first,
      who: doc % 7,
      kind: (['episode', 'fact', 'insight'] as const)[doc % 3] ?? 'fact',
      trust: (['untrusted', 'agent', 'trusted'] as const)[(doc >> 2) % 3] ?? 'agent',
      importance: (doc % 11) / 10,
      ...(prev !== undefined && { prev }),
    }),
  )
}

/** A store may say that it stands at the end of the session, after the old one, or after what was before that. */
function replace(world: World, old: number, text: string, knows: number): void {
  const { stored } = world
  const session = stored.known.get(old)?.entry.session ?? old
  const order = stored.sessions.get(session) ?? []
  const prev = [order.at(-1), old, order[order.indexOf(old) - 1] ?? old][knows]
  const doc = world.next++
  add(stored, entry(doc, text, { session, ...(prev !== undefined && { prev }) }))
  remove(stored, old, doc)
}

const search: fc.Arbitrary<Search> = fc.record({
  terms: fc.array(
    fc.record({
      hash: word,
      weight: fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 3, noNaN: true })),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  k: fc.integer({ min: 1, max: 60 }),
  modulus: fc.constantFrom(1, 1, 2, 3),
  maxBoost: fc.constantFrom(1, 1, 1.8),
})

test('agrees with plain lists after any history, before and after it is opened again', async () => {
  let ranks = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 160, size: 'max' }),
      fc.array(search, { minLength: 3, maxLength: 3 }),
      async (steps, searches) => {
        const world: World = { stored: emptyStore(), next: 1, firsts: [] }
        for (const one of steps) await take(world, one)
        const { stored } = world
        for (const index of [stored.index, reopen(stored)]) {
          sameColumns(index, stored)
          sameSessions(index, stored)
          for (const one of searches) {
            ranks += sameTop(index, stored, one)
            sameFrequencies(index, stored, one)
          }
        }
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
  )
  assert.ok(ranks > 3_000, `${ranks} ranks`)
})

test.run()
