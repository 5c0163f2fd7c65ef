/**
 * Plain data: what may be sent, stored and replayed. Null, booleans, finite numbers, well-formed strings,
 * Uint8Array, arrays and plain objects of these. `toPlain` copies while it checks, so a sender that later
 * changes its object cannot change a message that is already under way.
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import { RuntimeError } from './errors.ts'

export type Plain =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain }

/** Deeper values are refused: no real message nests this far, and recursion must end. */
export const MAX_DEPTH = 64

/**
 * A deep copy of `value` as plain data. `undefined` members of objects are left out, lone surrogates become
 * U+FFFD (a hash of the value must survive encoding). Throws `not-plain-data` with the path of the offender.
 */
export function toPlain(value: unknown, what = 'message'): Plain {
  return copy(value, what, 0)
}

function copy(value: unknown, path: string, depth: number): Plain {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed()
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw refuse(path, 'a number that is not finite')
    case 'object':
      if (value === null) return null
      if (depth >= MAX_DEPTH) throw refuse(path, `nesting deeper than ${MAX_DEPTH}`)
      return Array.isArray(value) ? copyArray(value, path, depth) : copyObject(value, path, depth)
    default:
      throw refuse(path, `a ${typeof value}`)
  }
}

function copyArray(value: readonly unknown[], path: string, depth: number): Plain {
  const out = new Array<Plain>(value.length)
  for (let i = 0; i < value.length; i++) {
    const item = value[i]
    out[i] = item === undefined ? null : copy(item, `${path}[${i}]`, depth + 1)
  }
  return out
}

function copyObject(value: object, path: string, depth: number): Plain {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw refuse(path, `an instance of ${prototype.constructor?.name ?? 'a class'}`)
  }
  const out: Record<string, Plain> = {}
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member === undefined) continue
    out[keyOf(key, path)] = copy(member, `${path}.${key}`, depth + 1)
  }
  return out
}

function keyOf(key: string, path: string): string {
  if (key === '__proto__') throw refuse(path, 'a key named __proto__')
  return key.isWellFormed() ? key : key.toWellFormed()
}

const refuse = (path: string, found: string): RuntimeError =>
  new RuntimeError('not-plain-data', `${path} holds ${found}`, {
    why: 'only null, booleans, finite numbers, strings, bytes, arrays and plain objects can be stored and sent',
    fix: 'turn it into plain data first, for example a Date into its ISO string',
    details: { path },
  })

/**
 * Checks without copying, for values that are immutable by contract (a machine's context). Objects found
 * plain are remembered in `verified` with how deep they go, so a context that changed in one place is walked
 * in that place only. Accepts what `toPlain` accepts. Throws `not-plain-data`.
 */
export function assertPlain(value: unknown, what: string, verified: WeakMap<object, number>): void {
  check(value, what, 0, verified)
}

/** Returns how many levels `value` has: 0 for what holds nothing. */
function check(value: unknown, path: string, depth: number, verified: WeakMap<object, number>): number {
  if (typeof value !== 'object' || value === null) {
    if (value !== undefined) copy(value, path, depth)
    return 0
  }
  const known = verified.get(value)
  if (depth + (known ?? 1) > MAX_DEPTH) throw refuse(path, `nesting deeper than ${MAX_DEPTH}`)
  if (known !== undefined) return known
  const levels = 1 + checkMembers(value, path, depth, verified)
  verified.set(value, levels)
  return levels
}

function checkMembers(value: object, path: string, depth: number, verified: WeakMap<object, number>): number {
  let levels = 0
  if (value instanceof Uint8Array) return levels
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++)
      levels = Math.max(levels, check(value[i], `${path}[${i}]`, depth + 1, verified))
    return levels
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw refuse(path, `an instance of ${prototype.constructor?.name ?? 'a class'}`)
  }
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member === undefined) continue
    keyOf(key, path)
    levels = Math.max(levels, check(member, `${path}.${key}`, depth + 1, verified))
  }
  return levels
}
