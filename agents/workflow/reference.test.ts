import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import {
  type Condition,
  holds,
  isCondition,
  read,
  ref,
  referencesIn,
  resolve,
  type Template,
} from './reference.ts'

const test = testSuite('agents/workflow/reference')

const scope = {
  input: { topic: 'bees', tags: [], depth: null },
  plan: { subtasks: [{ q: 'what?' }, { q: 'why?', hint: 'wings' }], count: 2 },
  skipped: null,
  zero: 0,
  empty: '',
}

const UNRESOLVED = Symbol('reference-unresolved')
const outcome = (template: Template): Plain | symbol => {
  try {
    return resolve(template, scope)
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'reference-unresolved') return UNRESOLVED
    throw error
  }
}

const PATHS: readonly (readonly [string, Plain | symbol])[] = [
  ['input.topic', 'bees'],
  ['plan', scope.plan],
  ['plan.subtasks.1.hint', 'wings'],
  ['plan.subtasks.0.hint', null],
  ['plan.subtasks.7', null],
  ['plan.subtasks.length', 2],
  ['input.missing', null],
  ['input.depth', null],
  ['skipped', null],
  ['zero', 0],
  ['empty', ''],
  ['skipped.answer', UNRESOLVED],
  ['input.missing.deeper', UNRESOLVED],
  ['input.topic.length', UNRESOLVED],
  ['plan.subtasks.7.q', UNRESOLVED],
  ['nowhere', UNRESOLVED],
  ['', UNRESOLVED],
  ['constructor', UNRESOLVED],
  ['__proto__', UNRESOLVED],
  ['input.constructor', null],
  ['input.__proto__', null],
  ['plan.subtasks.map', null],
]
for (const [path, expected] of PATHS) {
  test(`"${path}" reads ${expected === UNRESOLVED ? 'as a mistake' : JSON.stringify(expected)}`, () => {
    assert.equal(outcome(ref(path)), expected)
    assert.equal(read(ref(path), scope), expected === UNRESOLVED ? null : expected)
  })
}

test('replaces references wherever they stand, and nothing else', () => {
  const template = {
    a: [ref('zero'), { b: ref('input.topic') }, 'input.topic'],
    c: { $ref: 7 },
    d: null,
  } as unknown as Template
  assert.equal(resolve(template, scope), { a: [0, { b: 'bees' }, 'input.topic'], c: { $ref: 7 }, d: null })
  assert.equal([...referencesIn(template)], ['zero', 'input.topic'])
})

test('plain data without references is itself', () => {
  const key = fc.string().filter(text => text !== '$ref' && text !== '__proto__')
  const plain = fc.letrec<{ value: Template }>(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string(),
      fc.array(tie('value')),
      fc.dictionary(key, tie('value')),
    ),
  })).value
  fc.assert(
    fc.property(plain, template => {
      assert.equal(JSON.stringify(resolve(template, {})), JSON.stringify(template))
    }),
  )
})

const t: Condition = { eq: [1, 1] }
const f: Condition = { eq: [1, 2] }
const CONDITIONS: readonly (readonly [Condition, boolean])[] = [
  [{ eq: [ref('plan.count'), 2] }, true],
  [{ eq: [ref('plan.count'), '2'] }, false],
  [
    {
      eq: [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
    },
    true,
  ],
  [
    {
      eq: [
        [1, 2],
        [2, 1],
      ],
    },
    false,
  ],
  [{ eq: [ref('skipped.answer'), null] }, true],
  [{ ne: [ref('plan.count'), 2] }, false],
  [{ ne: [ref('nowhere.at.all'), 'x'] }, true],
  [{ gt: [ref('plan.count'), 1] }, true],
  [{ gt: [2, 2] }, false],
  [{ gt: ['b', 'a'] }, false],
  [{ gt: [ref('skipped.score'), 1] }, false],
  [{ lt: [ref('zero'), 1] }, true],
  [{ lt: [null, 1] }, false],
  [{ exists: ref('zero') }, true],
  [{ exists: ref('empty') }, true],
  [{ exists: ref('skipped') }, false],
  [{ exists: ref('skipped.answer') }, false],
  [{ exists: ref('nowhere') }, false],
  [{ empty: ref('input.tags') }, true],
  [{ empty: ref('empty') }, true],
  [{ empty: ref('skipped') }, true],
  [{ empty: ref('nowhere.x') }, true],
  [{ empty: ref('zero') }, false],
  [{ empty: ref('plan.subtasks') }, false],
  [{ not: t }, false],
  [{ all: [] }, true],
  [{ any: [] }, false],
  [{ all: [t, f] }, false],
  [{ all: [t, { not: f }] }, true],
  [{ any: [f, t] }, true],
]
for (const [condition, expected] of CONDITIONS) {
  test(`${JSON.stringify(condition)} is ${expected}`, () => {
    assert.ok(isCondition(condition))
    assert.is(holds(condition, scope), expected)
  })
}

test('knows a condition from what is none', () => {
  const wrong: readonly unknown[] = [
    null,
    7,
    'eq',
    [],
    {},
    { eq: 1 },
    { eq: [1] },
    { eq: [1, 2, 3] },
    { eq: [1, 1], ne: [1, 1] },
    { gte: [1, 1] },
    { exists: 'plan' },
    { empty: null },
    { not: [] },
    { all: {} },
    { any: [{ gte: [1, 2] }] },
    { constructor: [1, 2] },
  ]
  for (const value of wrong) assert.not.ok(isCondition(value), JSON.stringify(value))
})

test.run()
