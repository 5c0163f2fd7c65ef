import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { statementsOf } from './statements.ts'

const test = testSuite('memory/facts/paraphrases')

const AT = Date.UTC(2024, 4, 15, 10, 30)

/** Different ways to say the same kind of thing: the sentence, and each `subject | predicate | object` it states. */
const SAID: Readonly<Record<string, readonly (readonly [string, ...string[]])[]>> = {
  'where somebody lives': [
    ['I just relocated to Leeds for work.', 'Ana | lives in | Leeds'],
    ["We're based in Bristol now.", 'Ana | lives in | Bristol'],
    ['Moving boxes everywhere, but I am finally in Leeds.', 'Ana | lives in | Leeds'],
    ['My new home is Ghent.', 'Ana | lives in | Ghent'],
    ["I've settled down in Oslo.", 'Ana | lives in | Oslo'],
    ['I found a flat in Malaga and moved in on Sunday.', 'Ana | lives in | Malaga'],
    ['We left Rome for good and moved to Turin.', 'Ana | lives in | Turin'],
    ['I call Lisbon home these days.', 'Ana | lives in | Lisbon'],
    ['Since March I live in Antwerp.', 'Ana | lives in | Antwerp'],
    ['I have a small apartment in Prague.', 'Ana | lives in | Prague', 'Ana | has | a small apartment'],
  ],
  work: [
    ['I started at Globex last week.', 'Ana | works at | Globex'],
    ['I left Initech for Hooli, new job since Monday.', 'Ana | works at | Hooli'],
    ['I got promoted to head of marketing.', 'Ana | works as | head of marketing'],
    ['New job at Umbrella, starting today!', 'Ana | works at | Umbrella'],
    ['I joined Acme as a data engineer.', 'Ana | works at | Acme', 'Ana | works as | data engineer'],
    ['I was hired by Stark Industries.', 'Ana | works at | Stark Industries'],
    ["I'm the new CTO at Wayne Enterprises.", 'Ana | works as | CTO', 'Ana | works at | Wayne Enterprises'],
    ['My employer is Soylent.', 'Ana | works at | Soylent'],
    ['I retrained as an electrician.', 'Ana | works as | electrician'],
    ['I quit my job and became a teacher.', 'Ana | works as | teacher'],
  ],
  plans: [
    ["We're on the Pro plan.", 'Ana | plan | Pro'],
    ['I upgraded to Premium yesterday, a better plan.', 'Ana | plan | Premium'],
    ['I switched from the Basic plan to the Family plan.', 'Ana | plan | Family'],
    ['My plan is Business.', 'Ana | plan | Business'],
    ['I just downgraded to the Free tier.', 'Ana | plan | Free'],
    ["I'm on the Enterprise subscription now.", 'Ana | plan | Enterprise'],
    ['We took the Unlimited plan.', 'Ana | plan | Unlimited'],
    ['New plan: Standard.', 'Ana | plan | Standard'],
    ['Please change my plan from Starter to Growth.', 'Ana | plan | Growth'],
    ['Our subscription was changed to Gold.', 'Ana | subscription | Gold'],
  ],
  'devices and cars': [
    ['I traded my Golf for a Tesla.', 'Ana | car | Tesla'],
    ['I replaced my laptop with a ThinkPad.', 'Ana | laptop | ThinkPad'],
    ['I drive a Volvo XC40.', 'Ana | car | Volvo XC40'],
    ['My phone is an iPhone 15.', 'Ana | phone model | iPhone 15'],
    ['Got myself a new MacBook Air.', 'Ana | laptop | MacBook Air'],
    ['I swapped my router for a Netgear Orbi.', 'Ana | router | Netgear Orbi'],
    ['I sold the Polo and bought a Skoda Octavia.', 'Ana | car | Skoda Octavia'],
    ['My new car is a Dacia Spring.', 'Ana | car | Dacia Spring'],
    ['We have a new printer, a Brother L2400.', 'Ana | printer | Brother L2400'],
    ['I upgraded from a Pixel 6 to a Pixel 9.', 'Ana | phone model | Pixel 9'],
  ],
  'tools of a team': [
    ['We use Slack.', 'Ana | uses | Slack'],
    ['We settled on Postgres for Orion.', 'Orion | database | Postgres'],
    ['We migrated Orion from Jenkins to Buildkite.', 'Orion | CI | Buildkite'],
    ['Orion runs on Hetzner now.', 'Orion | hosting | Hetzner'],
    ['We replaced Jira with Linear.', 'Ana | uses | Linear'],
    ['Our database is CockroachDB.', 'database | is | CockroachDB'],
    ["Orion's framework is Svelte.", 'Orion | framework | Svelte'],
    ['We publish Orion under MIT.', 'Orion | licence | MIT'],
    ['The issue tracker for Orion is YouTrack.', 'Orion | issue tracker | YouTrack'],
    ['Payments for Orion go through Adyen.', 'Orion | payment provider | Adyen'],
  ],
  'dates of a project': [
    ['The deadline moved to 3 June.', 'deadline | is on | 3 June'],
    ['The launch of Orion slipped to 12 September.', 'Orion | release date | 12 September'],
    ['The deadline is now Friday.', 'deadline | is on | Friday'],
    ['Orion goes live on 4 May.', 'Orion | release date | 4 May'],
    ['The retro for Orion is at 14:30 now.', 'Orion | retrospective | 14:30'],
    ['We pushed the Orion release to 8 October.', 'Orion | release date | 8 October'],
    ['Our demo is on Thursday.', 'demo | is on | Thursday'],
    ['New release date for Orion: 1 December.', 'Orion | release date | 1 December'],
    ['The review was rescheduled to 7 July.', 'review | is on | 7 July'],
    ['Stand-up of Orion: 9:30.', 'Orion | stand-up | 9:30'],
  ],
  'ways to be reached': [
    ['You can reach me at ana@post.example.', 'Ana | email | ana@post.example'],
    ['My new number is +44 20 7946 0958.', 'Ana | phone | +44 20 7946 0958'],
    ['Call me on 0161 496 0123.', 'Ana | phone | 0161 496 0123'],
    ['Please write to hello@ana.example.', 'Ana | email | hello@ana.example'],
    ['My e-mail changed to a@b.example.', 'Ana | email | a@b.example'],
    ['My address is 5 Elm Street.', 'Ana | address | 5 Elm Street'],
    ['We moved to 12 Baker Street.', 'Ana | address | 12 Baker Street'],
    ['My postal address is now 7 Church Road.', 'Ana | address | 7 Church Road'],
    ['I can be reached at 030 1234567.', 'Ana | phone | 030 1234567'],
    ['Please update my address to 9 Park Lane.', 'Ana | address | 9 Park Lane'],
  ],
  'habits and diets': [
    ['I went vegan in January.', 'Ana | diet | vegan'],
    ['I gave up coffee.', 'Ana | gave up | coffee'],
    ["These days I'd rather have tea.", 'Ana | prefers | tea'],
    ["I've switched to oat milk.", 'Ana | prefers | oat milk'],
    ['I stopped eating meat.', 'Ana | does not eat | meat'],
    ["I'm on a keto diet.", 'Ana | diet | keto'],
    ["I'd rather take the train than fly.", 'Ana | prefers | the train'],
    ['I quit smoking.', 'Ana | gave up | smoking'],
    ["We're gluten-free now.", 'Ana | diet | gluten-free'],
    ["I'm a tea drinker.", 'Ana | likes | tea'],
  ],
  people: [
    ['I got engaged to Tom.', 'Ana | engaged to | Tom'],
    ['I married Eva last summer.', 'Ana | married to | Eva'],
    ["I'm dating Luca.", 'Ana | in a relationship with | Luca'],
    ['My boss is Carla.', 'Ana | boss | Carla'],
    ['Priya lives in Mumbai.', 'Priya | lives in | Mumbai'],
    ['Our lead is now Sam.', 'lead | is | Sam'],
    ['Sam is the product owner of Orion.', 'Orion | product owner | Sam'],
    ['Nina took over Orion as tech lead.', 'Orion | tech lead | Nina'],
    [
      'My sister Kate moved to Dublin.',
      'Ana | has | sister',
      "Ana's sister | is called | Kate",
      'Kate | lives in | Dublin',
    ],
  ],
  health: [
    ['I was diagnosed with asthma.', 'Ana | has | asthma'],
    [
      "I'm allergic to bees, wasps, and hornets.",
      'Ana | allergic to | bees',
      'Ana | allergic to | wasps',
      'Ana | allergic to | hornets',
    ],
    ['I have a peanut allergy.', 'Ana | allergic to | peanut'],
    ["I'm diabetic.", 'Ana | is | diabetic'],
    ['My blood type is zero negative.', 'Ana | blood type | zero negative'],
    ['My doctor is Dr. Chen.', 'Ana | doctor | Dr. Chen'],
    ['I go to Dr. Novak now.', 'Ana | doctor | Dr. Novak'],
    ['I have migraines.', 'Ana | has | migraines'],
    ["I'm lactose-intolerant.", 'Ana | is | lactose-intolerant'],
    ['My dentist is Dr. Hall.', 'Ana | dentist | Dr. Hall'],
  ],
  days: [
    ['My birthday is 3 March.', 'Ana | birthday | 3 March'],
    ['Our anniversary is 9 August.', 'Ana | anniversary | 9 August'],
    ['I do yoga on Wednesdays.', 'Ana | yoga | Wednesdays'],
    ['My piano lesson is on Mondays.', 'Ana | piano | Mondays'],
    ['My interview is on Tuesday.', 'Ana | interview | Tuesday'],
    ["My wife's birthday is 1 May.", "Ana's wife | birthday | 1 May"],
    ['My shift is on weekday evenings.', 'Ana | shift | weekday evenings'],
    ['The best time to call me is Saturday mornings.', 'Ana | best time to call | Saturday mornings'],
    ['Our wedding is on 5 June.', 'Ana | wedding | 5 June'],
    ['I was born on 2 April 1988.', 'Ana | born on | 2 April 1988'],
  ],
  amounts: [
    ['My rent is 800 euros.', 'Ana | rent | 800 euros'],
    ['I pay 900 euros rent.', 'Ana | rent | 900 euros'],
    ['The budget of Orion is 50,000 euros.', 'Orion | budget | 50,000 euros'],
    ['Orion has a budget of 20,000 dollars.', 'Orion | budget | 20,000 dollars'],
    ['My rent went from 700 to 750 euros.', 'Ana | rent | 750 euros'],
    ['The coverage threshold of Orion is 85 percent.', 'Orion | coverage | 85 percent'],
    ['We raised the price of Orion to 12 dollars.', 'Orion | price | 12 dollars'],
    ['My line has 250 Mbit.', 'Ana | line | 250 Mbit'],
    ['My salary is 3,000 euros.', 'Ana | salary | 3,000 euros'],
    ['The rate limit of Orion is 100 requests per minute.', 'Orion | rate limit | 100 requests per minute'],
  ],
  'what is learnt': [
    ["I'm learning the cello.", 'Ana | is learning | cello'],
    ['I took up the banjo.', 'Ana | is learning | banjo'],
    ['I started learning Polish.', 'Ana | is learning | Polish'],
    ['I play the harp now.', 'Ana | plays | harp'],
    ['I signed up for Spanish.', 'Ana | is learning | Spanish'],
    ["I've started the violin.", 'Ana | is learning | violin'],
    ['My instrument is the flute.', 'Ana | instrument | flute'],
    ['New year, new language: Greek.', 'Ana | is learning | Greek'],
    ["I'm studying Japanese.", 'Ana | is learning | Japanese'],
    ['I switched to the ukulele.', 'Ana | is learning | ukulele'],
    ['New hobby: pottery.', 'Ana | hobby | pottery'],
  ],
}

for (const [about, sentences] of Object.entries(SAID))
  for (const [text, ...expected] of sentences)
    test(`${about}: reads "${text}"`, () => {
      const { statements } = statementsOf({ text, who: 'Ana', at: AT })
      assert.equal(
        statements.map(({ subject, predicate, object }) => `${subject} | ${predicate} | ${object}`),
        expected,
      )
    })

/** What a change ends besides: `subject | predicate | object`. */
const ENDED: readonly (readonly [string, ...string[]])[] = [
  ['I traded my Golf for a Tesla.', 'Ana | car | Golf'],
  ['I switched from the Basic plan to the Family plan.', 'Ana | plan | Basic'],
  ['Please change my plan from Starter to Growth.', 'Ana | plan | Starter'],
  ['We migrated Orion from Jenkins to Buildkite.', 'Orion | CI | Jenkins'],
  ['We replaced Jira with Linear.', 'Ana | uses | Jira'],
  ['Noor took over Orion as tester from Pia.', 'Orion | tester | Pia'],
  ['Orion changed from Apache 2.0 to MIT.', 'Orion | licence | Apache 2.0'],
  ['I switched jobs, from Globex to Initech.', 'Ana | works at | Globex'],
  ['My rent went from 700 euros to 750 euros.', 'Ana | rent | 700 euros'],
  ['I no longer live at 3 Elm Street.', 'Ana | address | 3 Elm Street'],
  ['I cancelled my Netflix subscription.', 'Ana | plan | Netflix', 'Ana | subscribes to | Netflix'],
  ["I'm no longer vegan.", 'Ana | diet | vegan'],
  ['I quit Globex.', 'Ana | works at | Globex'],
]

for (const [text, ...expected] of ENDED)
  test(`"${text}" says what is so no more`, () => {
    const { endings } = statementsOf({ text, who: 'Ana', at: AT })
    const ended = endings.map(({ subject, predicate, object }) => `${subject} | ${predicate} | ${object}`)
    assert.equal([...new Set(ended)], expected)
  })

test.run()
