import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import type { Address } from './address.ts'
import { RuntimeError, toWireError } from './errors.ts'
import type { Self } from './ledger.ts'
import { Ledger } from './ledger.ts'
import type { Outstanding } from './outstanding.ts'
import { sameData } from './plain.ts'

const test = testSuite('actors/ledger')

const SELF = {
  address: 'all/a',
  spec: {
    behaviour: { effect: (src: string) => (src === 'work' ? { class: 'pure', run: () => null } : undefined) },
  },
} as unknown as Self

const text = fc.stringMatching(/^[a-z]{1,6}$/)
const time = fc.nat(2 ** 40)
const amounts = fc.record({ tokens: fc.nat(), modelCalls: fc.nat() }, { requiredKeys: [] })
const cause = fc.record(
  {
    id: text,
    from: fc.constant('t/a' as Address),
    replyTo: fc.constant('t/a' as Address),
    correlation: text,
    deadline: time,
    run: text,
  },
  { requiredKeys: ['id'] },
)
const error = fc
  .constantFrom('cancelled', 'budget-exhausted', 'tool-failed')
  .map(kind => toWireError(new RuntimeError(kind as 'cancelled', `${kind} for a reason`)))
const usage = fc.record({
  inputTokens: fc.nat(),
  outputTokens: fc.nat(),
  modelCalls: fc.nat(),
  toolCalls: fc.nat(),
  costUsd: fc.constant(null),
})

const debt = fc.record(
  {
    cause,
    account: fc.record({ lease: amounts, spent: usage, spawned: fc.nat(), held: amounts }),
    cancelled: fc.constant(true),
    lent: fc.dictionary(text, amounts, { minKeys: 1 }),
  },
  { requiredKeys: ['cause', 'account'] },
)
const intent = fc.record(
  {
    id: text,
    child: text,
    src: fc.constantFrom('work', 'ask'),
    input: fc.constant(null),
    cause,
    startedAt: time,
    deadline: time,
    phase: fc.constantFrom('unstarted', 'running', 'reported', 'waiting', 'parked'),
    attempt: fc.integer({ min: 1, max: 9 }),
    interruptions: fc.nat(5),
    remedy: fc.dictionary(text, text),
    first: fc.constantFrom('check', 'undo'),
    due: time,
    held: amounts,
    askedOf: fc.constant('t/b' as Address),
    lease: amounts,
    error,
    why: text,
    refused: error,
  },
  { requiredKeys: ['id', 'child', 'src', 'input', 'startedAt', 'phase', 'attempt', 'interruptions'] },
)
const timer = fc.record(
  { id: text, due: time, event: fc.record({ type: text }), cause },
  { requiredKeys: ['id', 'due', 'event'] },
)
const envelope = fc.record({
  v: fc.constant(1 as const),
  id: text,
  type: text,
  to: fc.constant('t/b' as Address),
  body: fc.constant(null),
})
const spawn = fc.record(
  { child: text.map(id => `t/${id}` as Address), id: text, type: text, input: fc.nat(), cause },
  { requiredKeys: ['child', 'id', 'type'] },
)
const unique = <T>(one: fc.Arbitrary<T>, key: (value: T) => string) =>
  fc.uniqueArray(one, { selector: key, maxLength: 4 })

const outstanding = fc.record({
  life: text,
  restarts: fc.nat(),
  successes: fc.nat(),
  debts: unique(debt, ({ cause }) => cause.id),
  intents: unique(intent, ({ id }) => id),
  timers: unique(timer, ({ id }) => id),
  outbox: unique(fc.tuple(text, envelope), ([key]) => key),
  answers: unique(fc.tuple(text, envelope), ([key]) => key),
  spawning: unique(spawn, ({ child }) => child),
  marks: fc.dictionary(
    text.map(id => `t/${id}`),
    fc.record({ life: text, seq: fc.nat(), k: fc.nat() }),
    { maxKeys: 4 },
  ),
})

test('is the same after it was stored and loaded', () => {
  fc.assert(
    fc.property(outstanding, given => {
      const stored = given as unknown as Outstanding
      const ledger = new Ledger('another')
      ledger.load(stored, SELF)
      const again = ledger.store()
      if (!sameData(again, stored)) assert.equal(again, stored)
      const twice = new Ledger('a third')
      twice.load(again, SELF)
      assert.ok(sameData(twice.store(), again))
      const owes = [stored.debts, stored.intents, stored.timers, stored.outbox, stored.spawning]
      assert.is(
        ledger.isIdle,
        owes.every(part => part.length === 0),
        'answers and marks keep nobody awake',
      )
    }),
    { numRuns: 300 },
  )
})

test('a new one owes nothing and stores nothing but its life', () => {
  const ledger = new Ledger('l1')
  assert.is(ledger.isIdle, true)
  assert.equal(ledger.store(), {
    life: 'l1',
    restarts: 0,
    successes: 0,
    debts: [],
    intents: [],
    timers: [],
    outbox: [],
    answers: [],
    spawning: [],
    marks: {},
  })
})

test.run()
