/**
 * Budgets: a lease is what one piece of work may spend. The parent lends before the spending and settles
 * after it; what cannot be covered is refused, so a budget fails closed. Pure: an account is plain data.
 */
import type { BudgetLease } from './budget-lease.ts'
import { RuntimeError } from './errors.ts'
import { addUsage, NO_USAGE, type Usage } from './events.ts'

/** What is counted. Wall time is the deadline's; depth is a number of hops, not a sum. */
const COUNTED = ['tokens', 'costUsd', 'modelCalls', 'toolCalls', 'spawns'] as const
type Counted = (typeof COUNTED)[number]
export type Amounts = { readonly [K in Counted]?: number }

export interface Account {
  readonly lease: BudgetLease
  readonly spent: Usage
  readonly spawned: number
  /** Lent out or reserved, not yet settled. */
  readonly held: Amounts
}

export const openAccount = (lease: BudgetLease = {}): Account => ({
  lease,
  spent: NO_USAGE,
  spawned: 0,
  held: {},
})

const spentOf = (account: Account, what: Counted): number => {
  const { spent } = account
  switch (what) {
    case 'tokens':
      return spent.inputTokens + spent.outputTokens
    case 'costUsd':
      return spent.costUsd ?? Number.POSITIVE_INFINITY
    case 'spawns':
      return account.spawned
    default:
      return spent[what]
  }
}

/** What may still be promised, per limited quantity. An unknown cost leaves nothing of a cost limit. */
export function remaining(account: Account): BudgetLease {
  const left: Record<string, number> = {}
  for (const what of COUNTED) {
    const limit = account.lease[what]
    if (limit === undefined) continue
    const rest = toNano(limit - spentOf(account, what) - (account.held[what] ?? 0))
    // Written so that a damaged account (NaN) has nothing left.
    left[what] = rest > 0 ? rest : 0
  }
  if (account.lease.depth !== undefined) left['depth'] = account.lease.depth
  return left
}

/** The usage an effect wants to reserve, as amounts. An unknown cost is more than any limit covers. */
export const amountsOf = (usage: Partial<Usage>): Amounts => ({
  tokens: (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0),
  modelCalls: usage.modelCalls ?? 0,
  toolCalls: usage.toolCalls ?? 0,
  ...(usage.costUsd !== undefined && { costUsd: usage.costUsd ?? Number.POSITIVE_INFINITY }),
})

/** Sets `amounts` aside. Throws `budget-exhausted` naming the first quantity that does not cover them. */
export function hold(account: Account, amounts: Amounts): Account {
  const left = remaining(account)
  const held: { [K in Counted]?: number } = {}
  for (const what of COUNTED) {
    const limit = left[what]
    if (limit === undefined) continue
    const needed = Math.max(0, amounts[what] ?? 0)
    // Written so that an amount that is no number is not covered.
    if (!(needed <= limit)) throw exhausted(account, what, needed, limit)
    if (limit === 0 && METERED.has(what) && callsModel(amounts)) throw exhausted(account, what, needed, limit)
    held[what] = needed
  }
  return { ...account, held: combine(account.held, held, 1) }
}

/** What a model call spends in an amount that is known only afterwards: with none left, it is not begun. */
const METERED: ReadonlySet<Counted> = new Set(['tokens', 'costUsd'])

const callsModel = (amounts: Amounts): boolean => (amounts.modelCalls ?? 0) > 0 || (amounts.tokens ?? 0) > 0

/** Counts one spawned actor. Throws `budget-exhausted`. */
export const spawn = (account: Account): Account => {
  hold(account, { spawns: 1 })
  return { ...account, spawned: account.spawned + 1 }
}

/** Gives back what was set aside and books what was really spent. */
export const settle = (account: Account, held: Amounts, spent: Usage): Account => ({
  ...account,
  held: combine(account.held, held, -1),
  spent: spent === NO_USAGE ? account.spent : addUsage(account.spent, spent),
})

/**
 * Lends `share` (0 to 1) of what is left, one hop deeper, or exactly `asked` where that is smaller.
 * Returns the lease and the account that holds it back. Throws `budget-exhausted` when the depth is used up,
 * `definition-invalid` for a share that is no share.
 */
export function lend(
  account: Account,
  share: number,
  asked: BudgetLease = {},
): { lease: BudgetLease; account: Account } {
  if (!(share >= 0 && share <= 1)) {
    throw new RuntimeError('definition-invalid', `the share of a budget is "${share}"`, {
      fix: 'give a number from 0 to 1',
    })
  }
  const left = remaining(account)
  if (left.depth !== undefined && left.depth <= 0) throw exhausted(account, 'depth', 1, 0)
  const lease: Record<string, number> = {}
  for (const what of COUNTED) {
    const lent = left[what] === undefined ? undefined : portion(what, left[what], share)
    const limit = smaller(lent, asked[what])
    if (limit !== undefined) lease[what] = limit
  }
  const depth = smaller(left.depth === undefined ? undefined : left.depth - 1, asked.depth)
  if (depth !== undefined) lease['depth'] = depth
  const held = Object.fromEntries(Object.entries(lease).filter(([what]) => what !== 'depth')) as Amounts
  return { lease, account: { ...account, held: combine(account.held, held, 1) } }
}

/** The amounts of a lease that its lender holds back. */
export const heldFor = (lease: BudgetLease): Amounts => {
  const { depth: _, ...amounts } = lease
  return amounts
}

const portion = (what: Counted, left: number, share: number): number =>
  what === 'costUsd' ? left * share : Math.floor(left * share)

const smaller = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)

/** Costs are sums of fractions: counted in billionths, so that what was given back is whole again. */
const toNano = (amount: number): number => Math.round(amount * 1e9) / 1e9

function combine(a: Amounts, b: Amounts, sign: 1 | -1): Amounts {
  const sum: Record<string, number> = {}
  for (const what of COUNTED) {
    const total = toNano((a[what] ?? 0) + sign * (b[what] ?? 0))
    if (total > 0) sum[what] = total
  }
  return sum
}

const exhausted = (account: Account, what: string, needed: number, left: number): RuntimeError =>
  new RuntimeError('budget-exhausted', `the budget has ${left} ${what} left and ${needed} are needed`, {
    why:
      what === 'costUsd' && (account.spent.costUsd === null || !Number.isFinite(needed))
        ? 'the price of a model is not known, so its cost cannot be counted against the limit'
        : 'every model and tool call is reserved against the budget before it starts',
    fix: `raise the budget's ${what}, or give the models prices`,
    details: { what, left, ...(Number.isFinite(needed) && { needed }) },
  })
