/**
 * References between steps, as data: `{ $ref: 'plan.subtasks' }` names the input or an earlier step's output
 * and a path into it. Conditions are data too. Nothing here is ever evaluated as code.
 */
import { isDeepStrictEqual } from 'node:util'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'

export interface Reference {
  readonly $ref: string
}

/** A value in a step: plain data in which references may stand anywhere. */
export type Template =
  | Reference
  | null
  | boolean
  | number
  | string
  | readonly Template[]
  | { readonly [key: string]: Template }

/** A test over values. What is not there reads as null, so a condition always holds or does not. */
export type Condition =
  | { readonly eq: readonly [Template, Template] }
  | { readonly ne: readonly [Template, Template] }
  | { readonly gt: readonly [Template, Template] }
  | { readonly lt: readonly [Template, Template] }
  | { readonly exists: Reference }
  | { readonly empty: Reference }
  | { readonly not: Condition }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }

/** What the paths of references start from: `input`, step ids, a map's item, `round`. */
export type Scope = { readonly [name: string]: Plain | undefined }

/** Refers to a value by a dotted path, for example `ref('plan.subtasks.0.question')`. */
export const ref = (path: string): Reference => ({ $ref: path })

export const isReference = (value: unknown): value is Reference =>
  typeof value === 'object' && value !== null && typeof (value as Reference).$ref === 'string'

/** Every reference in a template or condition. */
export function* referencesIn(value: unknown): Generator<string> {
  if (isReference(value)) yield value.$ref
  else if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) yield* referencesIn(member)
  }
}

/** The value with its references replaced. Throws `reference-unresolved` naming the path. */
export function resolve(template: Template, scope: Scope, look = lookUp): Plain {
  if (isReference(template)) return look(template.$ref, scope)
  if (Array.isArray(template)) return template.map(item => resolve(item, scope, look))
  if (typeof template === 'object' && template !== null) {
    const entries = Object.entries(template as { readonly [key: string]: Template })
    return Object.fromEntries(entries.map(([key, member]) => [key, resolve(member, scope, look)]))
  }
  return template as Plain
}

/** The value with its references replaced; what leads nowhere reads as null. */
export const read = (template: Template, scope: Scope): Plain => resolve(template, scope, lookUpOrNull)

function lookUp(path: string, scope: Scope): Plain {
  const [root = '', ...rest] = path.split('.')
  let value: Plain | undefined = Object.hasOwn(scope, root) ? scope[root] : undefined
  if (value === undefined) throw unresolved(path, root)
  for (const key of rest) {
    const holder: Plain = value as Plain
    const known = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
    // A member that an optional field left out reads as null; reading into nothing is a mistake.
    if (holder === null || typeof holder !== 'object') throw unresolved(path, key)
    value = known ? (holder as { readonly [key: string]: Plain })[key] : null
  }
  return value ?? null
}

function lookUpOrNull(path: string, scope: Scope): Plain {
  try {
    return lookUp(path, scope)
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'reference-unresolved') return null
    throw error
  }
}

export function holds(condition: Condition, scope: Scope): boolean {
  if ('not' in condition) return !holds(condition.not, scope)
  if ('all' in condition) return condition.all.every(part => holds(part, scope))
  if ('any' in condition) return condition.any.some(part => holds(part, scope))
  if ('exists' in condition) return read(condition.exists, scope) !== null
  if ('empty' in condition) return isEmpty(read(condition.empty, scope))
  const values = (operands: readonly [Template, Template]) =>
    operands.map(operand => read(operand, scope)) as [Plain, Plain]
  if ('eq' in condition) return isDeepStrictEqual(...values(condition.eq))
  if ('ne' in condition) return !isDeepStrictEqual(...values(condition.ne))
  const [left, right] = values('gt' in condition ? condition.gt : condition.lt)
  if (typeof left !== 'number' || typeof right !== 'number') return false
  return 'gt' in condition ? left > right : left < right
}

/** True for a condition that `holds` can judge, whoever wrote it. */
export function isCondition(value: unknown): value is Condition {
  if (typeof value !== 'object' || value === null) return false
  const [entry, ...more] = Object.entries(value)
  if (!entry || more.length > 0) return false
  const [operator, operand] = entry
  switch (operator) {
    case 'not':
      return isCondition(operand)
    case 'all':
    case 'any':
      return Array.isArray(operand) && operand.every(isCondition)
    case 'exists':
    case 'empty':
      return isReference(operand)
    default:
      return COMPARISONS.has(operator) && Array.isArray(operand) && operand.length === 2
  }
}

const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'lt'])

const isEmpty = (value: Plain): boolean =>
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && Object.keys(value).length === 0)

const unresolved = (path: string, key: string): RuntimeError =>
  new RuntimeError('reference-unresolved', `the reference "${path}" leads nowhere`, {
    why: `there is no "${key}"`,
    fix: 'refer to the input, or to a step that comes earlier',
    details: { path },
  })
