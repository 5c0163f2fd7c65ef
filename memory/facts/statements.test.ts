import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { FoundStatement } from './found-statement.ts'
import { statementsOf } from './statements.ts'

const test = testSuite('memory/facts/statements')

/** A Wednesday. */
const AT = Date.UTC(2024, 4, 15, 10, 30)
const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** `subject | predicate | object`, with `since`/`until` where they differ from the turn's time; endings begin with a minus. */
function read(text: string, who = 'Ana', earlier: readonly FoundStatement[] = []): string[] {
  const { statements, endings } = statementsOf({ text, ...(who !== '' && { who }), at: AT }, { earlier })
  return [
    ...statements.map(
      ({ subject, predicate, object, validFrom, validUntil }) =>
        `${subject} | ${predicate} | ${object}${validFrom === AT ? '' : ` since ${day(validFrom)}`}${validUntil === undefined ? '' : ` until ${day(validUntil)}`}`,
    ),
    ...endings
      // What liking something takes back is tested on its own.
      .filter(
        ({ predicate, object }) =>
          !statements.some(
            one => one.object === object && /likes$/.test(predicate) && one.predicate !== predicate,
          ),
      )
      .map(
        ({ subject, predicate, object, at }) =>
          `- ${subject} | ${predicate} | ${object ?? '*'}${at === AT ? '' : ` at ${day(at)}`}`,
      ),
  ]
}

const POSITIVE: readonly (readonly [string, ...string[]])[] = [
  // Places
  ['I live in Porto.', 'Ana | lives in | Porto'],
  ["Hi! I'm living in Porto now, near the river.", 'Ana | lives in | Porto'],
  ['I live in the Netherlands with my two cats.', 'Ana | lives in | the Netherlands'],
  ["Well, I'm based in New York these days.", 'Ana | lives in | New York'],
  ["I've moved to Lisbon.", 'Ana | lives in | Lisbon'],
  ['I moved to Lisbon last month.', 'Ana | lives in | Lisbon since 2024-04-01'],
  [
    'We moved from Porto to Lisbon last month.',
    'Ana | lives in | Lisbon since 2024-04-01',
    '- Ana | lives in | Porto at 2024-04-01',
  ],
  ['I just moved back to Rio de Janeiro', 'Ana | lives in | Rio de Janeiro'],
  ['I have lived in Ghent since 2019.', 'Ana | lives in | Ghent since 2019-01-01'],
  ["I've been living in Oslo for three years.", 'Ana | lives in | Oslo since 2021-01-01'],
  ['I lived in Rome from 2010 to 2015.', 'Ana | lives in | Rome since 2010-01-01 until 2016-01-01'],
  ["I'm from Bristol, by the way.", 'Ana | is from | Bristol'],
  ['Bob lives in Leeds.', 'Bob | lives in | Leeds'],
  ['Maria Silva moved to Braga in March 2023.', 'Maria Silva | lives in | Braga since 2023-03-01'],
  [
    'My sister lives in Dublin and my brother lives in Cork.',
    'Ana | has | sister',
    "Ana's sister | lives in | Dublin",
    'Ana | has | brother',
    "Ana's brother | lives in | Cork",
  ],
  ["I don't live in Porto any more.", '- Ana | lives in | Porto'],
  ['I no longer live in Porto', '- Ana | lives in | Porto'],
  ['I used to live in Turin.', '- Ana | lives in | Turin'],
  ['I moved here from Seoul two weeks ago', '- Ana | lives in | Seoul at 2024-04-28'],
  // Work and study
  ['I work at Acme.', 'Ana | works at | Acme'],
  [
    'I work for the University of Porto as a lecturer.',
    'Ana | works at | the University of Porto',
    'Ana | works as | lecturer',
  ],
  ["I'm a nurse.", 'Ana | works as | nurse'],
  ["I'm a software engineer at Globex.", 'Ana | works as | software engineer', 'Ana | works at | Globex'],
  ["I've been a teacher for ten years.", 'Ana | works as | teacher since 2014-01-01'],
  ['I work as a freelance translator', 'Ana | works as | freelance translator'],
  ['I work at a hospital.', 'Ana | works at | a hospital'],
  ['I started working at Initech last week!', 'Ana | works at | Initech since 2024-05-06'],
  ['I got a new job at Hooli', 'Ana | works at | Hooli'],
  ['Bob works at Acme.', 'Bob | works at | Acme'],
  ['My husband is a carpenter.', 'Ana | has | husband', "Ana's husband | works as | carpenter"],
  ['I no longer work at Acme.', '- Ana | works at | Acme'],
  ['I quit my job at Acme yesterday.', '- Ana | works at | Acme at 2024-05-14'],
  ['I was laid off from Initech last month.', '- Ana | works at | Initech at 2024-04-01'],
  [
    'I lost my job as a banker yesterday.',
    '- Ana | works at | * at 2024-05-14',
    '- Ana | works as | banker at 2024-05-14',
  ],
  [
    "I'm studying biology at Leeds University.",
    'Ana | studies | biology',
    'Ana | studies at | Leeds University',
  ],
  ['I stopped working for Globex', '- Ana | works at | Globex'],
  // Names and people
  ['My name is Ana Costa.', 'Ana | is called | Ana Costa'],
  ["Hello, my name's Ana and I live in Faro.", 'Ana | is called | Ana', 'Ana | lives in | Faro'],
  ['My wife is called Eva.', 'Ana | has | wife', "Ana's wife | is called | Eva"],
  ["My wife's name is Eva.", "Ana's wife | is called | Eva"],
  [
    'My brother Tom lives in Kyiv.',
    'Ana | has | brother',
    "Ana's brother | is called | Tom",
    'Tom | lives in | Kyiv',
  ],
  ["I'm married to Jonas.", 'Ana | married to | Jonas'],
  ['My son is 7 years old.', 'Ana | has | son', "Ana's son | age | 7"],
  ["I'm 34.", 'Ana | age | 34'],
  ["I'm 34 years old and I live in Vigo.", 'Ana | age | 34', 'Ana | lives in | Vigo'],
  ['I turned 40 last week!', 'Ana | age | 40'],
  ['I was born on 3 March 1990.', 'Ana | born on | 3 March 1990'],
  ['I was born in Salzburg.', 'Ana | born in | Salzburg'],
  ['My birthday is on 12 June.', 'Ana | birthday | 12 June'],
  ['I have two dogs.', 'Ana | has | two dogs'],
  ['We have a black cat named Pixel.', 'Ana | has | a black cat', "Ana's cat | is called | Pixel"],
  ["I've got three kids", 'Ana | has | three kids'],
  ['I adopted a puppy last week.', 'Ana | has | a puppy since 2024-05-06'],
  ['I sold my car.', '- Ana | has | car'],
  ['I no longer have a dog.', '- Ana | has | dog'],
  ['I have asthma.', 'Ana | has | asthma'],
  ["I'm allergic to peanuts.", 'Ana | allergic to | peanuts'],
  ["I'm allergic to peanuts and shellfish", 'Ana | allergic to | peanuts', 'Ana | allergic to | shellfish'],
  ['I have a nut allergy.', 'Ana | allergic to | nut'],
  ['My daughter is allergic to cats.', 'Ana | has | daughter', "Ana's daughter | allergic to | cats"],
  ["I'm vegan.", 'Ana | diet | vegan'],
  ["I'm no longer vegetarian.", '- Ana | diet | vegetarian'],
  ["I'm Portuguese.", 'Ana | is | Portuguese'],
  ['I speak Spanish and a little Catalan.', 'Ana | speaks | Spanish', 'Ana | speaks | Catalan'],
  ["I don't eat meat.", 'Ana | does not eat | meat'],
  ['I play the piano.', 'Ana | plays | piano'],
  // Tastes
  ['I like olives.', 'Ana | likes | olives'],
  ['I really love hiking in the mountains.', 'Ana | likes | hiking in the mountains'],
  ['I love jazz and blues.', 'Ana | likes | jazz', 'Ana | likes | blues'],
  ['I hate early meetings.', 'Ana | dislikes | early meetings'],
  ["I can't stand coriander.", 'Ana | dislikes | coriander'],
  ["I don't like horror films.", 'Ana | dislikes | horror films'],
  ['I prefer tea to coffee.', 'Ana | prefers | tea'],
  ['I prefer window seats.', 'Ana | prefers | window seats'],
  ["I'm a big fan of Fado.", 'Ana | likes | Fado'],
  ['I like to cook, and I enjoy gardening.', 'Ana | likes | to cook', 'Ana | likes | gardening'],
  ["I don't like olives any more.", '- Ana | likes | olives'],
  ['I no longer enjoy running', '- Ana | likes | running'],
  ['My favourite colour is green.', 'Ana | favourite colour | green'],
  ['My favorite book is "The Left Hand of Darkness".', 'Ana | favourite book | "The Left Hand of Darkness"'],
  ['My favourite band is Radiohead now.', 'Ana | favourite band | Radiohead'],
  ['Rita loves sushi.', 'Rita | likes | sushi'],
  ['Harry Potter is my favourite book!', 'Ana | favourite book | Harry Potter'],
  ['Lasagna is one of my favourite dishes.', 'Ana | likes | Lasagna'],
  ['One of my favourite dishes is lasagna.', 'Ana | likes | lasagna'],
  ['Yesterday my husband and I went to the beach.', 'Ana | has | husband'],
  ["It was my daughter Sara's birthday.", 'Ana | has | daughter', "Ana's daughter | is called | Sara"],
  ['My goal is to run a marathon.', 'Ana | goal | to run a marathon'],
  ['I joined a chess club last week.', 'Ana | joined | a chess club since 2024-05-06'],
  ["I'm learning German.", 'Ana | is learning | German'],
  ['I grew up in Ghana.', 'Ana | grew up in | Ghana'],
  ['I volunteer at a homeless shelter.', 'Ana | volunteers at | a homeless shelter'],
  [
    'Lost my job as a banker yesterday.',
    '- Ana | works at | * at 2024-05-14',
    '- Ana | works as | banker at 2024-05-14',
  ],
  ['Our database uses Postgres and Redis.', 'database | uses | Postgres', 'database | uses | Redis'],
  ['The deadline moved from 3 March to 10 June.', 'deadline | is on | 10 June'],
  ["My son's birthday is 4 May.", "Ana's son | birthday | 4 May"],
  ["I'm living in London until July.", 'Ana | lives in | London until 2024-07-01'],
  ['I work at Google on Search.', 'Ana | works at | Google'],
  ['I live in Porto and Bob works at Acme.', 'Ana | lives in | Porto'],
  ['My husband and I live in Porto.', 'Ana | has | husband', 'Ana | lives in | Porto'],
  ['I lost my job at Initech yesterday.', '- Ana | works at | Initech at 2024-05-14'],
  [
    'My girlfriend, Rosa, works at Acme.',
    'Ana | has | girlfriend',
    "Ana's girlfriend | is called | Rosa",
    'Rosa | works at | Acme',
  ],
  ['My girlfriend, Toby and I are going camping.', 'Ana | has | girlfriend'],
  ['My girlfriend, Toby, and I are going camping.', 'Ana | has | girlfriend'],
  [
    "I'm allergic to bees, wasps, and hornets.",
    'Ana | allergic to | bees',
    'Ana | allergic to | wasps',
    'Ana | allergic to | hornets',
  ],
  ['I like Tom Brady, father and player.', 'Ana | likes | Tom Brady'],
  [
    'I love climbing, sliding and swimming.',
    'Ana | likes | climbing',
    'Ana | likes | sliding',
    'Ana | likes | swimming',
  ],
  // Contacts
  ['My email is ana@example.com.', 'Ana | email | ana@example.com'],
  ['You can reach me at ana.costa@example.co.uk', 'Ana | email | ana.costa@example.co.uk'],
  ['My phone number is +351 912 345 678.', 'Ana | phone | +351 912 345 678'],
  ['Hi, my order number is #A-10234.', 'Ana | order number | #A-10234'],
  ['my account number is 88213345', 'Ana | account number | 88213345'],
  // Projects
  ['Our deadline is 3 March.', 'deadline | is on | 3 March'],
  ['The deadline is now 3 June 2024.', 'deadline | is on | 3 June 2024'],
  ['The meeting is on Thursday.', 'meeting | is on | Thursday'],
  ['The launch was moved to 5 July.', 'launch | is on | 5 July'],
  ['My interview is on Friday', 'Ana | interview | Friday'],
  ['We decided to use Postgres.', 'Ana | decided | to use Postgres', 'Ana | uses | Postgres'],
  ["We've agreed to ship on Fridays only", 'Ana | decided | to ship on Fridays only'],
  ['The billing service uses Redis.', 'billing service | uses | Redis'],
  ['Acme uses Kafka.', 'Acme | uses | Kafka'],
  ['We use TypeScript for everything new.', 'Ana | uses | TypeScript'],
  ['We switched from Jenkins to GitLab.', 'Ana | uses | GitLab', '- Ana | uses | Jenkins'],
  ['We moved from MySQL to Postgres.', 'Ana | uses | Postgres', '- Ana | uses | MySQL'],
  ['We no longer use Slack.', '- Ana | uses | Slack'],
  ['The API key rotates every 30 days.', 'API key | rotates | every 30 days'],
  ['The report is sent weekly.', 'report | is sent | weekly'],
  ['The port is 8080.', 'port | is | 8080'],
  ['Our budget is €5,000.', 'budget | is | €5,000'],
]

for (const [text, ...expected] of POSITIVE)
  test(`reads "${text}"`, () => {
    assert.equal(read(text), expected)
  })

test('the first person is nobody without a speaker', () => {
  assert.equal(read('I live in Porto, my wife is called Eva, my email is a@b.example.', ''), [])
  assert.equal(
    statementsOf({ text: 'I live in Porto. Bob lives in Leeds.', at: AT }).statements.map(
      ({ subject }) => subject,
    ),
    ['Bob'],
  )
})

test('a correction replaces what was said before, from when that would have held', () => {
  const { statements } = statementsOf({ text: 'The meeting is on Friday.', who: 'Ana', at: AT - 60_000 })
  assert.equal(read("Actually, it's Thursday, not Friday.", 'Bob', statements), [
    `meeting | is on | Thursday since ${day(AT)}`,
  ])
  assert.equal(read("it's Thursday, not Monday", 'Bob', statements), [])
})

test('"I meant" corrects the last thing the speaker said, and nobody else\'s', () => {
  const { statements } = statementsOf({ text: 'I live in Porto.', who: 'Ana', at: AT })
  assert.equal(read('Sorry, I meant Lisbon.', 'Ana', statements), ['Ana | lives in | Lisbon'])
  assert.equal(read('Sorry, I meant Lisbon.', 'Bob', statements), [])
  assert.equal(read('I live in Porto. Sorry, I meant Lisbon.'), [
    'Ana | lives in | Porto',
    'Ana | lives in | Lisbon',
  ])
})

test('liking takes back disliking, and the other way round', () => {
  const { endings } = statementsOf({ text: 'I hate olives.', who: 'Ana', at: AT })
  assert.equal(
    endings.map(({ predicate, object }) => `${predicate} ${object}`),
    ['likes olives'],
  )
})

test('only predicates with one object at a time are single, and only of someone there is one of', () => {
  const single = (text: string) =>
    statementsOf({ text, who: 'Ana', at: AT }).statements.map(one => one.single)
  assert.equal(single('I live in Porto.'), [true])
  assert.equal(single('I like olives.'), [false])
  assert.equal(single('My wife lives in Porto.'), [false, true])
  assert.equal(single('My brother lives in Porto.'), [false, false])
  assert.equal(single('I work at a hospital.'), [false])
})

test('objects are stretches of the text as written, typographic apostrophes included', () => {
  const [found] = statementsOf({ text: 'I like Bob’s Burgers.', who: 'Ana', at: AT }).statements
  assert.is(found?.object, 'Bob’s Burgers')
  assert.is(found?.sentence, 'I like Bob’s Burgers.')
})

test('hostile texts take time in proportion to their length', () => {
  for (const unit of [
    'I live in ',
    'and I ',
    "I'm a ",
    'A ',
    'my name is ',
    ', ',
    'a,b;',
    '" ',
    'I have two ',
    'The a b c ',
    'I moved from A to B from ',
    '@a.',
    '  ',
  ]) {
    const text = unit.repeat(Math.ceil(65_536 / unit.length))
    const before = process.hrtime.bigint()
    statementsOf({ text, who: 'Ana', at: AT })
    statementsOf({ text: `${text.slice(0, 590)}.`, who: 'Ana', at: AT })
    const took = Number(process.hrtime.bigint() - before) / 1e6
    assert.ok(took < 1_000, `"${unit}" took ${took} ms`)
  }
})

test.run()
