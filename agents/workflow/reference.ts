/**
 * References between steps, as data: `{ $ref: 'plan.subtasks' }` names the input or an earlier step's output
 * and a path into it. Conditions are data too. Nothing here is ever evaluated as code.
 */
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

/** A test over values. `exists` is false for null and for what is not there. */
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
export function resolve(template: Template, scope: Scope): Plain {
  if (isReference(template)) return lookUp(template.$ref, scope)
  if (Array.isArray(template)) return template.map(item => resolve(item, scope))
  if (typeof template === 'object' && template !== null) {
    const entries = Object.entries(template as { readonly [key: string]: Template })
    return Object.fromEntries(entries.map(([key, member]) => [key, resolve(member, scope)]))
  }
  return template as Plain
}

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

export function holds(condition: Condition, scope: Scope): boolean {
  if ('not' in condition) return !holds(condition.not, scope)
  if ('all' in condition) return condition.all.every(part => holds(part, scope))
  if ('any' in condition) return condition.any.some(part => holds(part, scope))
  if ('exists' in condition) return reads(condition.exists, scope) !== null
  if ('empty' in condition) return isEmpty(reads(condition.empty, scope))
  const [operator, operands] = Object.entries(condition)[0] as [
    'eq' | 'ne' | 'gt' | 'lt',
    readonly [Template, Template],
  ]
  const [left, right] = operands.map(operand => resolve(operand, scope)) as [Plain, Plain]
  return compare(operator, left, right)
}

function compare(operator: 'eq' | 'ne' | 'gt' | 'lt', left: Plain, right: Plain): boolean {
  if (operator === 'eq' || operator === 'ne')
    return (JSON.stringify(left) === JSON.stringify(right)) === (operator === 'eq')
  if (typeof left !== 'number' || typeof right !== 'number') return false
  return operator === 'gt' ? left > right : left < right
}

function reads(reference: Reference, scope: Scope): Plain {
  try {
    return resolve(reference, scope)
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'reference-unresolved') return null
    throw error
  }
}

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
