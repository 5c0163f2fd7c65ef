import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { MemoryRecord } from '../memory.ts'
import { sentenceOf } from './fact-proposals.ts'
import { pauseEvery } from './pause.ts'
import { type Stated, statedIn } from './stated.ts'

const test = testSuite('memory/consolidation/stated')

const DAY = 86_400_000
const T0 = Date.UTC(2024, 0, 10, 9)

const record = (id: string, text: string, day: number, more: Partial<MemoryRecord> = {}): MemoryRecord => ({
  id,
  kind: 'episode',
  text,
  who: 'Ana',
  at: T0 + day * DAY,
  importance: 0.5,
  trust: 'untrusted',
  storedAt: T0,
  ...more,
})

const fact = (line: string, day: number, more: Partial<MemoryRecord> = {}): MemoryRecord => {
  const [subject = '', predicate = '', object = ''] = line.split(' | ')
  return record(`held ${line}`, line, day, {
    kind: 'fact',
    fact: { subject, predicate, object, single: true },
    validFrom: T0 + day * DAY,
    ...more,
  })
}

/** One episode a day. */
const stated = (texts: readonly string[], held: readonly MemoryRecord[] = []): Promise<Stated> =>
  statedIn(
    texts.map((text, day) => record(`e${day}`, text, day)),
    held,
    pauseEvery(1_000),
  )

/** `subject | predicate | object`, and the days between which it holds where they are said. */
const facts = ({ facts: found }: Stated): string[] =>
  found.map(
    ({ subject, predicate, object, validFrom, validUntil }) =>
      `${subject} | ${predicate} | ${object} ${(validFrom - T0) / DAY}-${validUntil === undefined ? '' : (validUntil - T0) / DAY}`,
  )
const ends = ({ endings }: Stated): string[] =>
  endings.map(
    ({ subject, predicate, object, at }) => `${subject} | ${predicate} | ${object} at ${(at - T0) / DAY}`,
  )

test('a relative is one person, by name and by relation, wherever the name is said', async () => {
  const found = await stated([
    'My brother works as a baker.',
    'My brother Davi called.',
    'Davi became a pilot.',
    'My brother moved to Lyon.',
  ])
  assert.equal(
    facts(found).filter(line => !/ (?:has|is called) /.test(line)),
    ['Davi | works as | baker 0-', 'Davi | works as | pilot 2-', 'Davi | lives in | Lyon 3-'],
  )
  assert.ok(found.facts.filter(({ predicate }) => predicate === 'works as').every(({ single }) => single))
})

test('two brothers with names stay two, and the one without a name neither', async () => {
  const found = await stated([
    'My brother Davi lives in Lyon.',
    'My brother Tom lives in Kyiv.',
    'My brother works as a baker.',
  ])
  const subjects = new Set(found.facts.map(({ subject }) => subject))
  assert.equal([...subjects].sort(), ['Ana', "Ana's brother", 'Davi', 'Tom'])
})

test('what was held of a relation ends when another is stated under the name', async () => {
  const held = [fact("Ana's sister | lives in | Lyon", -9)]
  const found = await stated(['My sister Kate moved to Turin.'], held)
  assert.ok(ends(found).includes("Ana's sister | lives in | Lyon at 0"))
})

test('"from A to B" says that it was A since the speaker was first heard, unless that is known already', async () => {
  const unknown = await stated([
    'Good morning!',
    'Nothing new.',
    'I switched from the Basic plan to the Family plan.',
  ])
  assert.equal(facts(unknown), ['Ana | plan | Family 2-', 'Ana | plan | Basic 0-2'])
  const known = await stated(
    ['Good morning!', 'I switched from the Basic plan to the Family plan.'],
    [fact('Ana | plan | Basic', -9)],
  )
  assert.equal(facts(known), ['Ana | plan | Family 1-'])
})

test('a change is read with what was held and with what earlier episodes said', async () => {
  const held = await stated(['The Greek course was cancelled.'], [fact('Ana | is learning | Greek', -9)])
  assert.equal(ends(held), ['Ana | is learning | Greek at 0'])
  const said = await stated(["I'm learning Greek.", 'I gave up Greek.'])
  assert.equal(ends(said), ['Ana | is learning | Greek at 1'])
  const younger = await stated(['I gave up Greek.'], [fact('Ana | is learning | Greek', 9)])
  assert.equal(ends(younger), [])
})

test('facts read as sentences, with the relation of who is named', () => {
  const read = (line: string, relation?: string): string => {
    const [subject = '', predicate = '', object = ''] = line.split(' | ')
    return sentenceOf({
      subject,
      predicate,
      object,
      validFrom: T0,
      ...(relation !== undefined && { relation }),
    })
  }
  assert.is(read('Davi | lives in | Lyon', "Ana's brother"), "Davi (Ana's brother) lives in Lyon")
  assert.is(read('Ana | doctor | Dr. Okafor'), "Ana's doctor is Dr. Okafor")
  assert.is(read('Ana | engaged to | Tom'), 'Ana is engaged to Tom')
  assert.is(read('Orion | release date | Friday'), "Orion's release date is Friday (2024-01-12)")
  assert.is(read('Ana | gave up | coffee'), 'Ana gave up coffee')
})

test('others get their turn while many episodes are read', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const episodes = Array.from({ length: 400 }, (_, n) =>
    record(`e${n}`, `I live in Porto${n}. I love jazz.`, n),
  )
  await statedIn(episodes, [], pauseEvery(1))
  clearInterval(timer)
  assert.ok(turns > 3, `${turns}`)
})

test.run()
