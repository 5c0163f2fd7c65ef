/**
 * What a sender allows the work it asks for to spend, as it travels in an envelope. Absent fields are not
 * limited by this lease. Reserving, settling and refusing are done elsewhere: this is the data only.
 */
import { RuntimeError } from './errors.ts'

export interface BudgetLease {
  readonly tokens?: number
  readonly costUsd?: number
  readonly modelCalls?: number
  readonly toolCalls?: number
  readonly spawns?: number
  readonly depth?: number
}

const COUNTS = ['tokens', 'modelCalls', 'toolCalls', 'spawns', 'depth'] as const

/**
 * A received lease: whole non-negative numbers, `costUsd` any finite non-negative number; unknown fields are
 * left out. Throws `envelope-invalid`: a limit that cannot be read must not become no limit.
 */
export function parseLease(value: unknown): BudgetLease {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('budget', 'is not an object')
  }
  const given = value as Readonly<Record<string, unknown>>
  const lease: { -readonly [K in keyof BudgetLease]: BudgetLease[K] } = {}
  for (const name of COUNTS) {
    const count = given[name]
    if (count === undefined) continue
    if (!isCount(count)) throw refuse(`budget.${name}`, 'is not a whole number of 0 or more')
    lease[name] = count
  }
  const cost = given['costUsd']
  if (cost === undefined) return lease
  if (typeof cost !== 'number' || !Number.isFinite(cost) || cost < 0) {
    throw refuse('budget.costUsd', 'is not a number of 0 or more')
  }
  return { ...lease, costUsd: cost }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const refuse = (field: string, found: string): RuntimeError =>
  new RuntimeError('envelope-invalid', `${field} ${found}`, { details: { field } })
