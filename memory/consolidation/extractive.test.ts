import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ConsolidationInput, MemoryRecord, Proposal } from '../memory.ts'
import { extractiveConsolidator } from './extractive.ts'

const test = testSuite('memory/consolidation/extractive')

const DAY = 86_400_000
const T0 = Date.UTC(2024, 0, 10, 9)

const episode = (id: string, text: string, more: Partial<MemoryRecord> = {}): MemoryRecord => ({
  id,
  kind: 'episode',
  text,
  who: 'Ana',
  at: T0,
  session: 's1',
  importance: 0.5,
  trust: 'untrusted',
  storedAt: T0,
  ...more,
})

const propose = async (
  episodes: readonly MemoryRecord[],
  known: Partial<ConsolidationInput> = {},
): Promise<Proposal> =>
  await extractiveConsolidator()({ episodes, facts: [], insights: [], now: T0 + 400 * DAY, ...known })

const shown = ({ facts }: Proposal) =>
  facts.map(
    ({ statement: { subject, predicate, object }, from }) =>
      `${subject} ${predicate} ${object} <- ${from.join(' ')}`,
  )

test('a customer who moves gives two facts, each with the sentence it came from', async () => {
  const proposal = await propose([
    episode('e1', 'Hi, I live in Porto and my order number is #A-77.'),
    episode('e2', 'By the way, I moved to Lisbon last week.', { at: T0 + 60 * DAY, session: 's2' }),
  ])
  assert.equal(shown(proposal), [
    'Ana lives in Porto <- e1',
    'Ana order number #A-77 <- e1',
    'Ana lives in Lisbon <- e2',
  ])
  const [porto, , lisbon] = proposal.facts
  assert.is(porto?.statement.single, true)
  assert.is(porto?.validFrom, T0)
  assert.is(new Date(lisbon?.validFrom ?? 0).toISOString().slice(0, 10), '2024-02-26')
  assert.is(proposal.by, 'extraction')
})

test('the same said again is one fact with more sources and more importance', async () => {
  const once = await propose([episode('e1', 'I love jazz.')])
  const twice = await propose([
    episode('e1', 'I love jazz.'),
    episode('e2', 'I really love jazz!', { at: T0 + DAY, session: 's2' }),
  ])
  assert.equal(shown(twice), ['Ana likes jazz <- e1 e2'])
  assert.ok((twice.facts[0]?.importance ?? 0) > (once.facts[0]?.importance ?? 1))
})

test('sources of different trust are not mixed in one fact', async () => {
  const proposal = await propose([
    episode('e1', 'I love jazz.', { trust: 'trusted' }),
    episode('e2', 'I love jazz.', { at: T0 + DAY }),
  ])
  assert.equal(shown(proposal), ['Ana likes jazz <- e1', 'Ana likes jazz <- e2'])
})

test('what is taken back and said again later is two facts with a gap', async () => {
  const proposal = await propose([
    episode('e1', 'I like olives.'),
    episode('e2', "I don't like olives any more.", { at: T0 + DAY }),
    episode('e3', 'I like olives.', { at: T0 + 2 * DAY }),
  ])
  assert.equal(
    proposal.facts.map(({ statement, validFrom, validUntil }) => [statement.object, validFrom, validUntil]),
    [
      ['olives', T0, T0 + DAY],
      ['olives', T0 + 2 * DAY, undefined],
    ],
  )
  assert.ok(
    proposal.endings.some(
      ({ predicate, object, at }) => predicate === 'likes' && object === 'olives' && at === T0 + DAY,
    ),
  )
})

test('a correction refers to what its own session said, whoever corrects', async () => {
  const proposal = await propose([
    episode('e1', 'The meeting is on Friday.'),
    episode('e2', "Actually, it's Thursday, not Friday.", { who: 'Bob', at: T0 + 1_000 }),
    episode('e3', "Actually, it's Monday, not Thursday.", { who: 'Bob', session: 'other', at: T0 + 2_000 }),
  ])
  assert.equal(shown(proposal), ['meeting is on Friday <- e1', 'meeting is on Thursday <- e2'])
  assert.match(proposal.facts[1]?.text ?? '', '2024-01-11')
})

test('who somebody is stands in one insight, which takes the place of the one before', async () => {
  const first = await propose([episode('e1', "I live in Porto. I'm a nurse. I love jazz.")])
  const [profile] = first.insights
  assert.is(profile?.text, 'Ana: lives in Porto; works as nurse; likes jazz')
  assert.equal(profile?.from, ['e1'])
  const held = first.facts.map(({ statement, validFrom = T0, from }, index) =>
    episode(`f${index}`, statement.object, { kind: 'fact', fact: statement, validFrom, from }),
  )
  const old = episode('i1', profile?.text ?? '', { kind: 'insight', by: 'extraction' })
  const second = await propose(
    [episode('e2', "I've moved to Lisbon. I don't like jazz any more.", { at: T0 + DAY })],
    {
      facts: held,
      insights: [old],
    },
  )
  assert.is(second.insights[0]?.text, 'Ana: lives in Lisbon; works as nurse')
  assert.equal([...(second.insights[0]?.from ?? [])].sort(), ['e1', 'e2'])
  assert.equal(second.drop, ['i1'])
})

test('a profile that says the same is not made anew', async () => {
  const episodes = [episode('e1', "I live in Porto. I'm a nurse.")]
  const old = episode('i1', 'Ana: lives in Porto; works as nurse', { kind: 'insight', by: 'extraction' })
  const { insights, drop } = await propose(episodes, { insights: [old] })
  assert.equal(insights, [])
  assert.equal(drop, [])
})

test('profiles made by others are left alone', async () => {
  const old = episode('i1', 'Ana: is kind', { kind: 'insight', by: 'model:x' })
  assert.equal(
    (await propose([episode('e1', "I live in Porto. I'm a nurse.")], { insights: [old] })).drop,
    [],
  )
})

test('decisions and dates of a session are kept as sentences', async () => {
  const { insights } = await propose([
    episode('e1', 'We decided to use Postgres.'),
    episode('e2', 'Our deadline is 3 March.', { who: 'Bob', at: T0 + 1_000 }),
  ])
  const decisions = insights.find(({ text }) => text.startsWith('Decisions'))
  assert.is(
    decisions?.text,
    'Decisions and dates of 2024-01-10: "We decided to use Postgres." (Ana) "Our deadline is 3 March." (Bob)',
  )
  assert.equal(decisions?.from, ['e1', 'e2'])
})

const STORY = [
  'I planted tomatoes in the garden behind my house yesterday.',
  'Wow, that sounds great!',
  'The tomatoes in my garden need a lot of sun and water.',
  'Thanks, you are so kind to me about everything!',
  'My neighbour gave me seeds for the garden in March.',
  'Your support means a lot to me.',
  'I will water the garden every evening this summer.',
  'Our cat sleeps between the tomatoes of the garden.',
  'I bought a watering can for the tomatoes on Friday.',
  'It is great that you are doing so well!',
]

test('a session is summed up in sentences of its own, in their order, each with its source', async () => {
  const episodes = STORY.map((text, index) =>
    episode(`e${index}`, text, { at: T0 + index, who: index % 2 === 0 ? 'Ana' : 'Bob' }),
  )
  const summary = (await propose(episodes)).insights.find(({ text }) =>
    text.startsWith('Session of 2024-01-10 with Ana, Bob'),
  )
  const quotes = [...(summary?.text ?? '').matchAll(/"([^"]+)"/g)].map(([, quote]) => quote ?? '')
  assert.ok(quotes.length > 0)
  assert.equal(
    summary?.from,
    quotes.map(quote => `e${STORY.indexOf(quote)}`),
  )
  for (const quote of quotes) assert.match(quote, /garden|tomatoes/)
})

test('what somebody comes back to in several sessions is a theme', async () => {
  const lines = [
    'I went to the pottery with my son.',
    'My bowl broke in the pottery last week.',
    'I found peace at the pottery.',
  ]
  const themed = await propose(
    lines.map((text, index) => episode(`e${index}`, text, { session: `s${index}`, at: T0 + index * DAY })),
  )
  const theme = themed.insights.find(({ text }) => text.startsWith('Ana speaks of "pottery" in 3 sessions'))
  assert.equal(theme?.from, ['e0', 'e1', 'e2'])
  const single = await propose(lines.map((text, index) => episode(`e${index}`, text)))
  assert.is(
    single.insights.some(({ text }) => text.includes('speaks of')),
    false,
  )
})

test('whatever the episodes say, every source is one of them, shares are shares, and the same input gives the same', async () => {
  const sentences = [
    ...STORY,
    'I live in Porto.',
    "I'm vegan.",
    'We decided to use Kafka.',
    'I sold my car.',
    'Our deadline is 3 March.',
    'My name is Bo.',
  ]
  const text = fc.oneof(fc.string({ maxLength: 200 }), fc.constantFrom(...sentences))
  const record = fc.record({
    text,
    who: fc.constantFrom('Ana', 'Bob'),
    session: fc.constantFrom('s1', 's2', 's3'),
    at: fc.integer({ min: 0, max: 2 ** 41 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 25 }), async list => {
      const episodes = list.map((one, index) => episode(`e${index}`, one.text, one))
      const proposal = await propose(episodes)
      assert.equal(await propose(episodes), proposal)
      const ids = new Set(episodes.map(({ id }) => id))
      for (const { from } of [...proposal.facts, ...proposal.insights, ...proposal.endings]) {
        assert.ok(from.length > 0)
        for (const id of from) assert.ok(ids.has(id))
      }
      for (const { importance = 0.5 } of [...proposal.facts, ...proposal.insights])
        assert.ok(importance >= 0 && importance <= 1)
      for (const { statement, from } of proposal.facts) {
        assert.ok(from.some(id => episodes.find(one => one.id === id)?.text.includes(statement.object)))
      }
    }),
    { numRuns: 300 },
  )
})

test.run()
