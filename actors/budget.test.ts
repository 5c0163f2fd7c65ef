import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  type Account,
  type Amounts,
  amountsOf,
  heldFor,
  hold,
  lend,
  openAccount,
  remaining,
  settle,
} from './budget.ts'
import type { BudgetLease } from './budget-lease.ts'
import { type ErrorKind, RuntimeError } from './errors.ts'
import { NO_USAGE, type Usage } from './events.ts'

const test = testSuite('actors/budget')

const COUNTED = ['tokens', 'costUsd', 'modelCalls', 'toolCalls', 'spawns'] as const
const use = (usage: Partial<Usage>): Usage => ({ ...NO_USAGE, ...usage })

function kindOf(work: () => unknown): ErrorKind | 'nothing thrown' {
  try {
    work()
  } catch (error) {
    if (error instanceof RuntimeError) return error.kind
    throw error
  }
  return 'nothing thrown'
}

/** The quantity that was not enough. */
function lacking(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'budget-exhausted') return error.details?.['what']
    throw error
  }
  return 'nothing'
}

test('limits nothing that the lease does not name', () => {
  const account = hold(openAccount(), { tokens: 1e12, costUsd: 1e6, modelCalls: 1e6 })
  assert.equal(remaining(account), {})
  assert.equal(remaining(hold(openAccount({ tokens: 5 }), { modelCalls: 9 })), { tokens: 5 })
})

test('takes what is held and what is spent off what is left', () => {
  const lease = { tokens: 100, costUsd: 1, modelCalls: 3, toolCalls: 2, spawns: 1, depth: 4 }
  const account = hold(openAccount(lease), { tokens: 40, costUsd: 0.5, modelCalls: 1 })
  assert.equal(remaining(account), { ...lease, tokens: 60, costUsd: 0.5, modelCalls: 2 })
  const settled = settle(
    account,
    { tokens: 40, costUsd: 0.5, modelCalls: 1 },
    use({ inputTokens: 10, outputTokens: 5, costUsd: 0.25, modelCalls: 1 }),
  )
  assert.equal(settled.held, {})
  assert.equal(remaining(settled), { ...lease, tokens: 85, costUsd: 0.75, modelCalls: 2 })
})

test('refuses what is not covered, naming the first quantity that is not enough, and holds nothing of it', () => {
  const account = openAccount({ tokens: 10, toolCalls: 1 })
  assert.is(
    lacking(() => hold(account, { tokens: 11 })),
    'tokens',
  )
  assert.is(
    lacking(() => hold(account, { tokens: 10, toolCalls: 2 })),
    'toolCalls',
  )
  assert.is(
    lacking(() => hold(hold(account, { tokens: 6 }), { tokens: 5 })),
    'tokens',
  )
  assert.equal(remaining(account), { tokens: 10, toolCalls: 1 })
  assert.equal(remaining(hold(account, { tokens: 10, toolCalls: 1 })), { tokens: 0, toolCalls: 0 })
})

test('begins no model call once tokens or cost are used up, however little it asks for', () => {
  for (const [what, lease, spent] of [
    ['tokens', { tokens: 10 }, use({ inputTokens: 30 })],
    ['costUsd', { costUsd: 1 }, use({ costUsd: 1 })],
  ] as const) {
    const over = settle(openAccount(lease), {}, spent)
    assert.is(remaining(over)[what], 0)
    assert.is(
      lacking(() => hold(over, { modelCalls: 1 })),
      what,
    )
    assert.is(
      lacking(() => hold(over, { tokens: 1 })),
      what,
    )
    assert.is(
      lacking(() => hold(over, { toolCalls: 1 })),
      'nothing',
    )
  }
})

test('lets one quantity be forbidden without the others', () => {
  const account = openAccount({ toolCalls: 0, tokens: 100 })
  assert.is(
    lacking(() => hold(account, { modelCalls: 1, tokens: 50 })),
    'nothing',
  )
  assert.is(
    lacking(() => hold(account, { toolCalls: 1 })),
    'toolCalls',
  )
})

test('refuses a call of unknown cost where cost is limited, before it is made', () => {
  const unknown = amountsOf({ modelCalls: 1, costUsd: null })
  assert.is(
    lacking(() => hold(openAccount({ costUsd: 100 }), unknown)),
    'costUsd',
  )
  assert.is(
    lacking(() => hold(openAccount({ tokens: 100 }), unknown)),
    'nothing',
  )
})

test('has nothing left of a cost limit once something of unknown cost was spent', () => {
  const account = settle(openAccount({ costUsd: 100, tokens: 10 }), {}, use({ costUsd: null }))
  assert.equal(remaining(account), { costUsd: 0, tokens: 10 })
  assert.is(
    lacking(() => hold(account, { modelCalls: 1 })),
    'costUsd',
  )
  assert.is(lend(account, 1).lease.costUsd, 0)
})

test('fails closed on amounts that are no numbers', () => {
  const account = openAccount({ tokens: 10, costUsd: 1, modelCalls: 3 })
  assert.is(
    lacking(() => hold(account, amountsOf({ inputTokens: Number.NaN }))),
    'tokens',
  )
  assert.is(
    lacking(() => hold(account, { costUsd: Number.NaN })),
    'costUsd',
  )
  const damaged = settle(account, {}, use({ inputTokens: Number.NaN, costUsd: Number.NaN }))
  assert.equal(remaining(damaged), { tokens: 0, costUsd: 0, modelCalls: 3 })
  assert.is(
    lacking(() => hold(damaged, { modelCalls: 1 })),
    'tokens',
  )
})

test('gets no room from a negative amount', () => {
  const account = hold(openAccount({ tokens: 10 }), { tokens: -50 })
  assert.equal(remaining(account), { tokens: 10 })
})

test('has a cost of many parts back whole when it is given back', () => {
  let account = openAccount({ costUsd: 0.3 })
  for (const costUsd of [0.1, 0.2]) account = hold(account, { costUsd })
  for (const costUsd of [0.1, 0.2]) account = settle(account, { costUsd }, NO_USAGE)
  assert.is(
    lacking(() => hold(account, { costUsd: 0.3 })),
    'nothing',
  )
})

test('lends a share of what is left, one hop deeper, and holds it back', () => {
  const { lease, account } = lend(openAccount({ tokens: 101, costUsd: 1, modelCalls: 3, depth: 2 }), 0.5)
  assert.equal(lease, { tokens: 50, costUsd: 0.5, modelCalls: 1, depth: 1 })
  assert.equal(remaining(account), { tokens: 51, costUsd: 0.5, modelCalls: 2, depth: 2 })
  assert.equal(heldFor(lease), { tokens: 50, costUsd: 0.5, modelCalls: 1 })
})

test('lends exactly what is asked where that is less, and limits what was not limited', () => {
  const { lease } = lend(openAccount({ tokens: 100, depth: 5 }), 1, { tokens: 30, toolCalls: 2, depth: 1 })
  assert.equal(lease, { tokens: 30, toolCalls: 2, depth: 1 })
  assert.equal(lend(openAccount({ tokens: 100 }), 0.5, { tokens: 70 }).lease, { tokens: 50 })
  assert.equal(lend(openAccount(), 0.5).lease, {})
})

test('lends to asks made at the same time no more than there is', () => {
  let account = openAccount({ tokens: 100, modelCalls: 3 })
  const lent: BudgetLease[] = []
  for (let i = 0; i < 5; i++) {
    const next = lend(account, 0.5)
    account = next.account
    lent.push(next.lease)
  }
  assert.equal(
    lent.map(lease => lease.tokens),
    [50, 25, 12, 6, 3],
  )
  assert.equal(
    lent.map(lease => lease.modelCalls),
    [1, 1, 0, 0, 0],
  )
  assert.equal(remaining(account), { tokens: 4, modelCalls: 1 })
})

test('gets back what was lent and not spent', () => {
  const { lease, account } = lend(openAccount({ tokens: 100, costUsd: 1 }), 1)
  const settled = settle(account, heldFor(lease), use({ outputTokens: 30, costUsd: 0.25 }))
  assert.equal(remaining(settled), { tokens: 70, costUsd: 0.75 })
})

test('refuses to lend below the last hop', () => {
  assert.is(
    lacking(() => lend(openAccount({ depth: 0 }), 1)),
    'depth',
  )
  const first = lend(openAccount({ depth: 2 }), 1).lease
  const second = lend(openAccount(first), 1).lease
  assert.is(
    lacking(() => lend(openAccount(second), 1)),
    'depth',
  )
})

test('refuses a share that is none', () => {
  for (const share of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.is(
      kindOf(() => lend(openAccount({ tokens: 1 }), share)),
      'definition-invalid',
    )
  }
})

const whole = fc.nat({ max: 200 })
const dollars = fc.nat({ max: 2_000 }).map(mills => mills / 1_000)
const amounts = fc.record(
  { tokens: whole, costUsd: dollars, modelCalls: whole, toolCalls: whole, spawns: whole },
  { requiredKeys: [] },
)
const lease: fc.Arbitrary<BudgetLease> = fc.record(
  { tokens: whole, costUsd: dollars, modelCalls: whole, toolCalls: whole, depth: fc.nat({ max: 3 }) },
  { requiredKeys: [] },
) as never
const action = fc.oneof(
  fc.record({ does: fc.constant('hold' as const), amounts }),
  fc.record({
    does: fc.constant('lend' as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    asked: lease,
  }),
  /** `part` of what was held is really spent. */
  fc.record({
    does: fc.constant('settle' as const),
    which: whole,
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
)

const partOf = (held: Amounts, part: number): Usage => ({
  inputTokens: Math.floor((held.tokens ?? 0) * part),
  outputTokens: 0,
  modelCalls: Math.floor((held.modelCalls ?? 0) * part),
  toolCalls: Math.floor((held.toolCalls ?? 0) * part),
  costUsd: (held.costUsd ?? 0) * part,
})

const spentOf = ({ spent, held }: Account, what: (typeof COUNTED)[number]): number => {
  const settled = { tokens: spent.inputTokens + spent.outputTokens, costUsd: spent.costUsd ?? 0, spawns: 0 }
  const { modelCalls, toolCalls } = spent
  return { ...settled, modelCalls, toolCalls }[what] + (held[what] ?? 0)
}

test('never has more settled and held than the lease, for any sequence of actions', () => {
  fc.assert(
    fc.property(lease, fc.array(action, { maxLength: 60, size: 'max' }), (limits, actions) => {
      let account = openAccount(limits)
      const open: Amounts[] = []
      for (const next of actions) {
        const done = kindOf(() => {
          if (next.does === 'hold') {
            account = hold(account, next.amounts)
            open.push(Object.fromEntries(Object.entries(next.amounts).filter(([what]) => what in limits)))
          } else if (next.does === 'lend') {
            const lent = lend(account, next.share, next.asked)
            account = lent.account
            open.push(heldFor(lent.lease))
          } else if (open.length > 0) {
            const [held] = open.splice(next.which % open.length, 1) as [Amounts]
            account = settle(account, held, partOf(held, next.part))
          }
        })
        assert.ok(done === 'nothing thrown' || done === 'budget-exhausted')
        for (const what of COUNTED) {
          const limit = limits[what]
          if (limit !== undefined) assert.ok(spentOf(account, what) <= limit + 1e-6, `${what} over ${limit}`)
        }
      }
      for (const held of open) account = settle(account, held, NO_USAGE)
      assert.equal(account.held, {}, 'what is given back is not held')
    }),
  )
})

test.run()
