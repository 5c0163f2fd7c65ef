/**
 * The default key of `cache`: arguments as text, such that two calls have the same key only if their
 * arguments are equal. Unlike JSON it keeps apart what JSON runs together (undefined and null, -0 and 0, NaN).
 */
import { RuntimeError } from '../../actors/errors.ts'
import { MAX_DEPTH } from '../../actors/plain.ts'

/**
 * The key of `args`; members of objects count in any order. Throws `not-plain-data` with the path of what has
 * no faithful text: functions, symbols, instances of classes, cycles and other very deep nesting.
 */
export const cacheKey = (args: readonly unknown[]): string => keyOf(args, 'arguments', 0)

function keyOf(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      if (value === null) return 'null'
      if (depth > MAX_DEPTH) throw refuse(path, `nesting deeper than ${MAX_DEPTH}, or a cycle`)
      return Array.isArray(value) ? keyOfArray(value, path, depth) : keyOfObject(value, path, depth)
    default:
      throw refuse(path, `a ${typeof value}`)
  }
}

const keyOfArray = (value: readonly unknown[], path: string, depth: number): string =>
  `[${Array.from(value, (item, i) => keyOf(item, `${path}[${i}]`, depth + 1)).join()}]`

function keyOfObject(value: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    const { name } = value.constructor ?? {}
    throw refuse(path, `an instance of ${name ?? 'a class'}`)
  }
  if (Object.getOwnPropertySymbols(value).length > 0) throw refuse(path, 'a member named by a symbol')
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${keyOf(v, `${path}.${k}`, depth + 1)}`).join()}}`
}

const refuse = (path: string, found: string): RuntimeError =>
  new RuntimeError('not-plain-data', `cache: ${path} holds ${found}`, {
    why: 'without a faithful text of the arguments two different calls could share one result',
    fix: 'give cache a key function that names what makes a call the same, for example { key: user => user.id }',
    details: { policy: 'cache', path },
  })
