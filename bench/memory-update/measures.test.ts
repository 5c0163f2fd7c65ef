import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Dialogue, Question } from './dialogue.ts'
import {
  type Answered,
  answers,
  auc,
  type Found,
  percent,
  plainObject,
  rankOf,
  retrievalFigures,
  thresholdFigures,
} from './measures.ts'

const test = testSuite('bench/memory-update/measures')

const question = (over: Partial<Question>): Question => ({
  kind: 'now',
  about: 'home',
  text: 'where?',
  evidence: [],
  outdated: [],
  ...over,
})
const dialogue = (questions: readonly Question[]): Dialogue => ({ name: 'd', turns: [], questions })
const hits = (...turns: readonly number[][]): readonly Found[] =>
  turns.map((some, at) => ({ turns: some, score: 1 / (at + 1) }))
const answer = (over: Partial<Question>, found: readonly Found[]): Answered => {
  const asked = question(over)
  return { dialogue: dialogue([asked]), question: asked, hits: found }
}

test('a rank is that of the first hit that stands for one of the turns', () => {
  const found = hits([4], [7, 2], [2])
  assert.is(rankOf(found, [2, 9]), 2)
  assert.is(rankOf(found, [4]), 1)
  assert.is(rankOf(found, [5]), Number.POSITIVE_INFINITY)
  assert.is(rankOf(found, []), Number.POSITIVE_INFINITY)
})

test('the area under the curve counts wins, and halves of ties', () => {
  assert.is(auc([3, 4], [1, 2]), 1)
  assert.is(auc([1, 2], [3, 4]), 0)
  assert.is(auc([1], [1]), 0.5)
  assert.is(auc([2, 2], [1, 3]), 0.5)
  assert.throws(() => auc([], [1]), RangeError)
  assert.throws(() => percent([], () => true), RangeError)
})

test('each figure counts its own kind of questions', () => {
  const all: readonly Answered[] = [
    answer({ evidence: [1], outdated: [2] }, hits([1], [2])),
    answer({ evidence: [1], outdated: [2] }, hits([2], [3], [1])),
    answer({ evidence: [1], outdated: [2] }, hits([3])),
    answer({ evidence: [1] }, hits([9], [9], [9], [1])),
    answer({ kind: 'month', evidence: [5] }, hits([5])),
    answer({ kind: 'before', evidence: [5] }, hits([6], [5])),
    answer({ kind: 'assistant', evidence: [8] }, hits([1], [2], [3], [4], [5], [8])),
    answer({ kind: 'none' }, [{ turns: [1], score: 0.5 }]),
  ]
  assert.equal(retrievalFigures(all), {
    'now: newest in top 1': 25,
    'now: newest in top 3': 50,
    'now: newest in top 5': 75,
    'now: newest above the outdated': 50,
    'past: in top 1': 50,
    'past: in top 3': 100,
    'past: in top 5': 100,
    'assistant said: in top 1': 0,
    'assistant said: in top 5': 0,
    'assistant said: in top 10': 100,
    'no answer: AUC of the top score': 100,
  })
  assert.equal(thresholdFigures(all, 1), {
    'known threshold: answers kept': 100,
    'known threshold: no answer told': 100,
  })
  assert.is(thresholdFigures(all, 0.5)['known threshold: no answer told'], 0)
})

test('every question is put to the search of its own dialogue', async () => {
  const dialogues = ['a', 'b'].map(name => ({ ...dialogue([question({ text: `in ${name}?` })]), name }))
  const asked: string[] = []
  const all = await answers(dialogues, ({ name }) => ({ text }) => {
    asked.push(`${name} ${text}`)
    return hits([1])
  })
  assert.equal(asked, ['a in a?', 'b in b?'])
  assert.is(all.length, 2)
})

test('objects are compared without articles, case and full stops', () => {
  assert.is(plainObject('The sports package.'), 'sports package')
  assert.is(plainObject('at Northwind Labs'), 'northwind labs')
  assert.is(plainObject('Dr. Abara'), 'dr. abara')
  assert.is(plainObject('Athens'), 'athens')
})

test.run()
