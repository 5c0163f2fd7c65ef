import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type KnownFact, replacementsIn } from './replacements.ts'
import { statementsOf } from './statements.ts'

const test = testSuite('memory/facts/replacements')

const AT = Date.UTC(2024, 4, 15, 10, 30)

/** `Ana | car | Kia Niro`, as held before. */
const held = (line: string, single = true): KnownFact => {
  const [subject = '', predicate = '', object = ''] = line.split(' | ')
  return { subject, predicate, object, single }
}

const KNOWN: readonly KnownFact[] = [
  held('Ana | lives in | Porto'),
  held('Ana | works at | Globex'),
  held('Ana | car | Fiat Panda'),
  held('Ana | plan | Basic'),
  held('Ana | package | film package'),
  held('Ana | best time to call | Friday afternoons'),
  held('Ana | email | old@post.example'),
  held('Ana | is learning | Greek', false),
  held('Ana | plays | cello', false),
  held('Ana | likes | coffee', false),
  held('Bob | car | Golf'),
  held('Kate | lives in | Porto'),
  held('Orion | database | SQLite'),
  held('Orion | payment provider | Mollie'),
  held('Orion | tester | Marek'),
  held('Orion | budget | 40,000 euros'),
  held('Ana | uses | Slack', false),
  held("Ana's brother | is called | Tom"),
]

/** What the turn ends and states, beside what it states without knowing anything. */
function read(text: string, who = 'Ana'): string[] {
  const turn = { text, who, at: AT }
  const found = statementsOf(turn)
  const { statements, endings } = replacementsIn(turn, found, KNOWN)
  return [
    ...statements.map(({ subject, predicate, object }) => `${subject} | ${predicate} | ${object}`),
    ...endings.map(({ subject, predicate, object }) => `- ${subject} | ${predicate} | ${object}`),
  ]
}

const CHANGES: readonly (readonly [string, ...string[]])[] = [
  ['The harp has replaced the cello in my evenings.', 'Ana | plays | harp', '- Ana | plays | cello'],
  ['I gave up Greek.', '- Ana | is learning | Greek'],
  ['Enough of Greek for me.', '- Ana | is learning | Greek'],
  ['The Greek course was cancelled.', '- Ana | is learning | Greek'],
  ['The Fiat Panda is gone.', '- Ana | car | Fiat Panda'],
  ['The Fiat Panda broke down, and the Mazda 3 is mine.', 'Ana | car | Mazda 3', '- Ana | car | Fiat Panda'],
  ['Goodbye SQLite, nobody will miss you on Orion.', '- Orion | database | SQLite'],
  [
    'We replaced Mollie by Zettle for the payments of Orion.',
    'Orion | payment provider | Zettle',
    '- Orion | payment provider | Mollie',
  ],
  ['Marek left the team, so Orion is without a tester.', '- Orion | tester | Marek'],
  [
    'They moved us from 40,000 euros to 60,000 euros for Orion.',
    'Orion | budget | 60,000 euros',
    '- Orion | budget | 40,000 euros',
  ],
  ['Unpacked it all: Graz it is, no more Porto for me.', 'Ana | lives in | Graz', '- Ana | lives in | Porto'],
  ["Kate doesn't live in Porto any more, she gave up the flat in Porto.", '- Kate | lives in | Porto'],
  ['I have left Porto for good.', '- Ana | lives in | Porto'],
  [
    'Take Monday mornings instead of Friday afternoons.',
    'Ana | best time to call | Monday mornings',
    '- Ana | best time to call | Friday afternoons',
  ],
  ['I no longer read old@post.example, sorry.', '- Ana | email | old@post.example'],
  ["I don't miss Globex at all.", '- Ana | works at | Globex'],
]

for (const [text, ...expected] of CHANGES)
  test(`reads the change in "${text}"`, () => {
    assert.equal(read(text), expected)
  })

/** What is named here and goes on. */
const UNCHANGED = [
  'I love Porto.',
  'Greetings from Porto to all of you!',
  'I left Porto on Friday for a week in Rome.',
  'I flew from Porto to Rome.',
  'Is the Fiat Panda gone?',
  'If the Fiat Panda breaks down, I will cry.',
  'I should give up coffee, maybe.',
  'The Fiat Panda needs new tyres.',
  'Bob sold the Fiat Panda of his aunt.',
  'My brother gave up on Tom.',
  'She said she gave up Greek.',
  'Coffee is not enough today.',
  'SQLite is great.',
  'I like Slack too.',
  'We use Slack and Discord also.',
  'The Basics of cooking are over my head.',
]

for (const text of UNCHANGED)
  test(`ends nothing in "${text}"`, () => {
    assert.equal(read(text), [])
  })

test('of two who have the same, the one who is named is meant', () => {
  assert.equal(read('Kate gave up the flat in Porto.'), ['- Kate | lives in | Porto'])
  assert.equal(read('I gave up the flat in Porto.'), ['- Ana | lives in | Porto'])
})

test('nobody ends what is known of others without naming them', () => {
  assert.equal(read('I sold the Golf.', 'Eve'), [])
  assert.equal(read('Bob sold the Golf.', 'Eve'), ['- Bob | car | Golf'])
})

test('a thing of the same kind that is used now ends the other, and one that is used too does not', () => {
  assert.equal(read('We use Mattermost now.'), ['- Ana | uses | Slack'])
  assert.equal(read('We use Mattermost now, too.'), [])
  assert.equal(read('We use Kafka now.'), [])
})

test('a long turn with many known objects takes time in proportion', () => {
  const known = Array.from({ length: 300 }, (_, n) => held(`Ana | plays | thing${n}`, false))
  const text = known.map(({ object }) => `I gave up ${object}.`).join(' ')
  const before = process.hrtime.bigint()
  const { endings } = replacementsIn({ text, who: 'Ana', at: AT }, { statements: [], endings: [] }, known)
  assert.is(endings.length, 300)
  assert.ok(Number(process.hrtime.bigint() - before) / 1e6 < 1_000)
})

test.run()
