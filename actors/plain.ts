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

/** More values in one message or state are refused: shared references could unfold without end. */
const MAX_VALUES = 1_000_000

/**
 * A deep copy of `value` as plain data. `undefined` members of objects are left out, lone surrogates become
 * U+FFFD (a hash of the value must survive encoding). Throws `not-plain-data` with the path of the offender.
 */
export function toPlain(value: unknown, what = 'message'): Plain {
  if (typeof value === 'string') return wellFormed(value)
  refuseFlaw(flawIn(value, undefined, 0, { left: MAX_VALUES }), what)
  return copy(value)
}

/**
 * Checks without copying, for values that are immutable by contract (a machine's context). What is the very
 * same object as in `before`, which was checked, is not looked at again. Accepts what `toPlain` accepts.
 * Throws `not-plain-data`.
 */
export function assertPlain(value: unknown, before: unknown, what: string): void {
  if (value !== undefined) refuseFlaw(flawIn(value, before, 0, { left: MAX_VALUES }), what)
}

/** What is wrong, and where; the path grows while the search returns, so that a value without flaws pays nothing. */
interface Flaw {
  readonly path: string
  readonly found: string
}

/** How many more values may be looked at. */
interface Room {
  left: number
}

function flawIn(value: unknown, before: unknown, depth: number, room: Room): Flaw | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', found: 'a number that is not finite' }
    case 'object':
      if (value === null || value === before) return undefined
      if (depth >= MAX_DEPTH) return { path: '', found: `nesting deeper than ${MAX_DEPTH}` }
      if (--room.left < 0) return { path: '', found: `more than ${MAX_VALUES} values` }
      return Array.isArray(value)
        ? flawInItems(value, before, depth, room)
        : flawInMembers(value, before, depth, room)
    default:
      return { path: '', found: `a ${typeof value}` }
  }
}

function flawInItems(
  value: readonly unknown[],
  before: unknown,
  depth: number,
  room: Room,
): Flaw | undefined {
  const known = Array.isArray(before) ? before : NOTHING
  for (let i = 0; i < value.length; i++) {
    if (value[i] === undefined) continue
    const flaw = flawIn(value[i], known[i], depth + 1, room)
    if (flaw) return { path: `[${i}]${flaw.path}`, found: flaw.found }
  }
  return undefined
}

const NOTHING: readonly unknown[] = []

function flawInMembers(value: object, before: unknown, depth: number, room: Room): Flaw | undefined {
  if (value instanceof Uint8Array) return undefined
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    return { path: '', found: `an instance of ${prototype.constructor?.name ?? 'a class'}` }
  }
  const known =
    typeof before === 'object' && before !== null ? (before as Record<string, unknown>) : undefined
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member === undefined) continue
    if (key === '__proto__') return { path: '', found: 'a key named __proto__' }
    const flaw = flawIn(member, known?.[key], depth + 1, room)
    if (flaw) return { path: `.${key}${flaw.path}`, found: flaw.found }
  }
  return undefined
}

function refuseFlaw(flaw: Flaw | undefined, what: string): void {
  if (!flaw) return
  const path = `${what}${flaw.path}`
  throw new RuntimeError('not-plain-data', `${path} holds ${flaw.found}`, {
    why: 'only null, booleans, finite numbers, strings, bytes, arrays and plain objects can be stored and sent',
    fix: 'turn it into plain data first, for example a Date into its ISO string',
    details: { path },
  })
}

/** The copy of a value without flaws. */
function copy(value: unknown): Plain {
  if (typeof value === 'string') return wellFormed(value)
  if (typeof value !== 'object' || value === null) return value as Plain
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) {
    const items = new Array<Plain>(value.length)
    for (let i = 0; i < value.length; i++) items[i] = value[i] === undefined ? null : copy(value[i])
    return items
  }
  const members: Record<string, Plain> = {}
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) members[wellFormed(key)] = copy(member)
  }
  return members
}

const wellFormed = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

/** Whether two values are the same data; a member that is undefined is the same as one that is not there. */
export function sameData(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameData(item, b[i]))
  }
  if (Array.isArray(b)) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) return sameBytes(a, b)
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  for (const key of Object.keys(left)) if (!sameData(left[key], right[key])) return false
  for (const key of Object.keys(right)) if (right[key] !== undefined && left[key] === undefined) return false
  return true
}

const sameBytes = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array &&
  b instanceof Uint8Array &&
  a.length === b.length &&
  a.every((byte, i) => byte === b[i])
