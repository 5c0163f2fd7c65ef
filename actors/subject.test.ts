import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Address, address } from './address.ts'
import { RuntimeError } from './errors.ts'
import {
  agentSubject,
  checkPattern,
  checkSubject,
  deadSubject,
  eventSubject,
  everyNode,
  mailboxSubject,
  matches,
  nodeSubject,
  partitionSubject,
  poolSubject,
  subject,
} from './subject.ts'

const test = testSuite('actors/subject')
const writer = address('writer', 'w-1')

function refuses(act: () => unknown, what: string): void {
  try {
    act()
  } catch (error) {
    assert.is(error instanceof RuntimeError && error.kind, 'subject-invalid', what)
    return
  }
  assert.unreachable(`${what} was accepted`)
}

test('builds the subjects of the design', () => {
  assert.is(subject('demo', 'node', 'n1', 'hb'), 'ac.demo.node.n1.hb')
  assert.is(agentSubject('demo', writer), 'ac.demo.agent.writer.w-1')
  assert.is(poolSubject('demo', 'search'), 'ac.demo.pool.search')
  assert.is(eventSubject('demo', writer, 'task.completed'), 'ac.demo.event.writer.w-1.task.completed')
  assert.is(deadSubject('demo', 'writer'), 'ac.demo.dead.writer')
  assert.is(nodeSubject('demo', 'n1', 'hb'), 'ac.demo.node.n1.hb')
  assert.is(everyNode('demo', 'hb'), 'ac.demo.node.*.hb')
  assert.is(partitionSubject('demo', 7), 'ac.demo.part.7')
  assert.is(partitionSubject('demo', 7, 'receipt'), 'ac.demo.part.7.receipt')
  assert.is(mailboxSubject('demo', 71, writer), 'ac.demo.mbx.71.writer.w-1')
})

test('the pattern of a lane covers that lane of every node and nothing else', () => {
  const pattern = everyNode('demo', 'hb')
  assert.ok(matches(pattern, nodeSubject('demo', 'n1', 'hb')))
  assert.not(matches(pattern, nodeSubject('demo', 'n1', 'ctl')))
  assert.not(matches(pattern, nodeSubject('other', 'n1', 'hb')))
})

const HOSTILE = [
  '',
  '.',
  '*',
  '>',
  'a.b',
  'a b',
  'a\r\nPUB x',
  'ä',
  'a/b',
  '$JS',
  'x'.repeat(65),
  '\0',
  '..',
  'a\u200b',
]

test('refuses a hostile token in any position', () => {
  for (const bad of HOSTILE) {
    refuses(() => subject(bad, 'x'), bad)
    refuses(() => subject('demo', 'x', bad), bad)
    refuses(() => subject('demo', bad, 'x'), bad)
    refuses(() => poolSubject('demo', bad), bad)
    refuses(() => deadSubject(bad, 'x'), bad)
    refuses(() => nodeSubject(bad, 'n1', 'hb'), bad)
    refuses(() => nodeSubject('demo', bad, 'hb'), bad)
    refuses(() => nodeSubject('demo', 'n1', bad as never), bad)
    refuses(() => everyNode(bad, 'hb'), bad)
    refuses(() => everyNode('demo', bad as never), bad)
    for (const forged of [`${bad}/1`, `writer/${bad}`, bad.replaceAll('/', '')]) {
      refuses(() => agentSubject('demo', forged as Address), forged)
      refuses(() => mailboxSubject('demo', 1, forged as Address), forged)
      refuses(() => eventSubject('demo', forged as Address, 'done'), forged)
    }
  }
  refuses(() => subject('demo'), 'no token')
  for (const kind of ['', 'a.', '.a', 'a..b', '*', 'a.>', 'a b']) {
    refuses(() => eventSubject('demo', writer, kind), kind)
  }
  for (const value of [undefined, null, 7, {}, ['a']]) {
    refuses(() => subject('demo', value as never), String(value))
    refuses(() => agentSubject('demo', value as never), String(value))
  }
})

test('takes wildcards in patterns only, and only whole and in place', () => {
  for (const good of ['a', 'a.b', '*', '>', 'a.*', 'a.>', '*.*.>', 'a.*.c'])
    assert.is(checkPattern(good), good)
  for (const bad of [
    '',
    'a.',
    '.a',
    'a..b',
    '>.a',
    'a.>.b',
    'a*',
    '*a.b',
    'a.>>',
    '**',
    'a b',
    'a.\n',
    '>.>',
  ]) {
    refuses(() => checkPattern(bad), bad)
  }
  for (const bad of ['*', '>', 'a.*', 'a.>', '', 'a..b']) refuses(() => checkSubject(bad), bad)
  assert.is(checkSubject('_INBOX.abc.1'), '_INBOX.abc.1')
  refuses(() => checkPattern(Array.from({ length: 600 }, () => '*').join('.')), 'a very long pattern')
  refuses(() => checkSubject(7 as never), 'a number')
})

test('has room for the longest subject that the grammar allows', () => {
  const long = 'x'.repeat(64)
  const kind = Array.from({ length: 8 }, () => long).join('.')
  assert.is(eventSubject(long, address(long, long), kind).split('.').length, 13)
})

test('matches one token with * and the rest with >', () => {
  const table: [pattern: string, subject: string, expected: boolean][] = [
    ['a.b', 'a.b', true],
    ['a.b', 'a.b.c', false],
    ['a.b.c', 'a.b', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['*.b', 'a.b', true],
    ['*', 'a', true],
    ['*', 'a.b', false],
    ['a.>', 'a', false],
    ['a.>', 'a.b', true],
    ['a.>', 'a.b.c.d', true],
    ['>', 'a', true],
    ['>', 'a.b', true],
    ['*.>', 'a', false],
    ['*.>', 'a.b', true],
    ['a.b', 'A.b', false],
  ]
  for (const [pattern, subject, expected] of table) {
    assert.is(matches(pattern, subject), expected, `${pattern} on ${subject}`)
  }
})

test('no token can widen a subject: what was built has the tokens that were given', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ unit: 'binary' }), (first, second) => {
      let built: string
      try {
        built = subject('demo', first, second)
      } catch (error) {
        return error instanceof RuntimeError && error.kind === 'subject-invalid'
      }
      return (
        built === `ac.demo.${first}.${second}` &&
        built.split('.').length === 4 &&
        checkSubject(built) === built
      )
    }),
    { numRuns: 2_000 },
  )
})

test('replacing tokens of a subject by wildcards gives a pattern that matches it', () => {
  const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(token, fc.boolean()), { minLength: 1, maxLength: 8 }),
      fc.nat(8),
      (parts, cut) => {
        const given = parts.map(([token]) => token).join('.')
        const starred = parts.map(([token, star]) => (star ? '*' : token))
        const open = cut < starred.length ? [...starred.slice(0, cut), '>'] : starred
        assert.ok(matches(checkPattern(starred.join('.')), given))
        assert.ok(matches(checkPattern(open.join('.')), given))
        assert.not.ok(matches(checkPattern([...starred, '*'].join('.')), given))
      },
    ),
  )
})

test.run()
