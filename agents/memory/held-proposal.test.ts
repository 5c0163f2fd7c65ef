import * as assert from 'uvu/assert'
import type { MemoryRecord } from '../../memory/memory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type ConsolidationReply, heldProposal } from './held-proposal.ts'

const test = testSuite('agents/memory/held-proposal')

const AT = Date.UTC(2026, 2, 11, 12)
const DAY = (date: number) => Date.UTC(2026, 2, date)

const episode = (text: string, who = 'Ana'): MemoryRecord => ({
  id: `id of ${text}`,
  kind: 'episode',
  text,
  who,
  at: AT,
  importance: 0.5,
  trust: 'untrusted',
  storedAt: AT,
})
const said = (fields: Partial<ConsolidationReply['facts'][number]>) => ({
  subject: 'Ana',
  predicate: 'lives in',
  object: 'Porto',
  single: true,
  sentence: 'Ana lives in Porto.',
  from: ['e1'],
  since: null,
  until: null,
  confidence: 1,
  ...fields,
})
const propose = (reply: Partial<ConsolidationReply>, ...texts: readonly string[]) =>
  heldProposal(
    { facts: [], ended: [], insights: [], ...reply },
    texts.map(text => episode(text)),
    'model:x',
  )
const facts = (text: string, fields: Parameters<typeof said>[0] = {}) =>
  propose({ facts: [said(fields)] }, text).proposal.facts

test('a fact stands in its episodes, or in who said them', () => {
  assert.is(facts('I live in Porto.').length, 1)
  assert.is(facts('I moved to Porto.').length, 1)
  assert.is(facts('I live in Braga.').length, 0)
  assert.is(facts('We live in Porto.', { subject: 'Ben' }).length, 0)
})

test('numbers and names of the model are not taken', () => {
  const text = 'The contract with Acme costs 40 euros.'
  const fields = { subject: 'contract', predicate: 'costs', object: '40 euros' }
  assert.is(facts(text, { ...fields, sentence: 'The contract costs 40 euros.' }).length, 1)
  assert.is(facts(text, { ...fields, sentence: 'The contract with Globex costs 40 euros.' }).length, 0)
  assert.is(
    facts(text, { ...fields, object: '45 euros', sentence: 'The contract costs 45 euros.' }).length,
    0,
  )
})

test('what the episode denies is not stated', () => {
  assert.is(facts('I do not live in Porto.').length, 0)
  assert.is(facts("I don't live in Lisbon, I live in Porto.").length, 1)
  assert.is(
    facts('I never liked Porto.', { predicate: 'likes', sentence: 'Ana never liked Porto.' }).length,
    1,
  )
})

test('an id that was not given makes a statement unheld, whatever else it points at', () => {
  const { proposal, unheld } = propose(
    {
      facts: [said({ from: ['e1', 'e9'] }), said({})],
      insights: [{ text: 'Ana lives in Porto', from: ['x'], importance: 1 }],
    },
    'I live in Porto.',
  )
  assert.equal([proposal.facts.length, proposal.insights.length, unheld], [1, 0, 2])
  assert.equal(proposal.facts[0]?.from, ['id of I live in Porto.'])
})

test('a day counts when an episode names it', () => {
  assert.is(facts('I have lived in Porto since 3 March 2026.', { since: '2026-03-03' })[0]?.validFrom, DAY(3))
  assert.is(facts('I moved to Porto yesterday.', { since: '2026-03-10' })[0]?.validFrom, DAY(10))
  assert.is(facts('I moved to Porto.', { since: '2026-03-11' })[0]?.validFrom, DAY(11))
  assert.is(facts('I moved to Porto.', { since: '2019-01-01' })[0]?.validFrom, undefined)
})

test('an end is of something the episode speaks of, on the day it was said', () => {
  const end = { subject: 'Ana', predicate: 'works at', object: 'Acme', since: null, from: ['e1'] }
  const { endings } = propose({ ended: [end] }, 'I no longer work at Acme.').proposal
  assert.equal(
    endings.map(one => [one.object, one.at]),
    [['Acme', AT]],
  )
  assert.equal(propose({ ended: [end] }, 'I like trains.').proposal.endings, [])
})

test('an insight may put things in words of its own, but not what they are about', () => {
  const insights = (text: string) =>
    propose(
      { insights: [{ text, from: ['e1', 'e2'], importance: 0.5 }] },
      'I went hiking on Sunday.',
      'Hiking again!',
    ).proposal.insights.length
  assert.is(insights('Ana goes hiking often.'), 1)
  assert.is(insights('Ana climbs mountains professionally with friends.'), 0)
})

test('nothing is deleted on the word of a model', () => {
  assert.equal(propose({ facts: [said({})] }, 'I live in Porto.').proposal.drop, [])
})

test.run()
