import { createHash } from 'node:crypto'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { CASTS } from './cast.ts'
import type { Dialogue, Question } from './dialogue.ts'
import { ASKED, ASSISTANT, generate, questionsIn } from './generate.ts'

const test = testSuite('bench/memory-update/generate')

const dialogues = generate()
const each = (check: (question: Question, dialogue: Dialogue) => void): void => {
  for (const dialogue of dialogues) for (const question of dialogue.questions) check(question, dialogue)
}
const textsOf = (turns: readonly number[], dialogue: Dialogue): readonly string[] =>
  turns.map(turn => dialogue.turns[turn]?.text ?? '')

/** Of the set that was read. Whoever changes a template reads the questions again, then this. */
const READ = '4e3082acfe4e8f729db0753d7d01ca4991a278f4129a972aafdea78fddda1203'

test('the seed makes the set that was read, and another seed another one', () => {
  const hash = (set: readonly Dialogue[]) => createHash('sha256').update(JSON.stringify(set)).digest('hex')
  assert.is(hash(generate()), READ)
  assert.is.not(hash(generate(1)), READ)
})

test('there are at least 200 questions, of every kind, over dozens of sessions each', () => {
  const questions = questionsIn(dialogues)
  assert.ok(questions.length >= 200)
  for (const kind of ['now', 'month', 'before', 'assistant', 'none']) {
    assert.ok(questions.filter(question => question.kind === kind).length >= 25, kind)
  }
  for (const { turns } of dialogues) {
    assert.ok(new Set(turns.map(({ session }) => session)).size >= 36)
    assert.ok(turns.length >= 300)
    assert.ok(turns.every(({ at }, n) => at >= (turns[n - 1]?.at ?? 0) && at < ASKED))
  }
})

test('no template is left unfilled', () => {
  const texts = dialogues.flatMap(({ turns, questions }) => [...turns, ...questions].map(({ text }) => text))
  assert.equal(
    texts.filter(text => /[{}]|undefined/.test(text)),
    [],
  )
})

test('the evidence of an update says the object, and what is outdated does not', () => {
  each(({ fact, evidence, outdated }, dialogue) => {
    if (!fact) return
    assert.ok(evidence.length > 0)
    assert.ok(textsOf(evidence, dialogue).every(text => text.includes(fact.object)))
    assert.ok(textsOf(outdated, dialogue).every(text => !text.includes(fact.object)))
    assert.ok(textsOf(outdated, dialogue).every(text => fact.others.some(other => text.includes(other))))
  })
})

test('what is so now was said after everything else about it', () => {
  each(({ kind, evidence, outdated }) => {
    if (kind === 'now') assert.ok(Math.min(...evidence) > Math.max(...outdated))
  })
})

test('what the assistant said was said by the assistant, once', () => {
  each(({ kind, evidence }, { turns }) => {
    if (kind !== 'assistant') return
    assert.is(evidence.length, 1)
    assert.is(turns[evidence[0] ?? -1]?.who, ASSISTANT)
  })
})

test('no value of an attribute is said by anybody but its own turns', () => {
  each(({ kind, fact, evidence, outdated }, { turns }) => {
    if (kind !== 'now' || !fact) return
    const known = new Set([...evidence, ...outdated])
    const whole = new RegExp(`(?<![\\w:])${fact.object.replaceAll(/[.*+?()]/g, '\\$&')}(?!\\w)`)
    turns.forEach(({ text }, turn) => {
      if (whole.test(text)) assert.ok(known.has(turn), `"${fact.object}" in "${text}"`)
    })
  })
})

test('a question without an answer has no evidence, and whom it asks for is talked about', () => {
  dialogues.forEach(({ turns, questions }, n) => {
    const names = [CASTS[n]?.sibling ?? '', ...(CASTS[n]?.friends ?? [])].filter(name => name !== '')
    for (const { kind, about, evidence, fact, text } of questions) {
      if (kind !== 'none') continue
      assert.equal(evidence, [])
      assert.is(fact, undefined)
      if (!about.startsWith('other person')) continue
      const name = names.find(one => text.includes(one)) ?? 'nobody'
      assert.ok(
        turns.some(turn => turn.text.includes(name)),
        text,
      )
    }
  })
})

test.run()
