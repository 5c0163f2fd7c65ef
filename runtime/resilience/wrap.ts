/**
 * How `retry`, `timeout`, `cache`, `rateLimit` and `fallback` come to be both a wrapper of a function and a
 * standard (stage 3) decorator of a method: the decorator call only adds a context. They are for users' own
 * methods; agents' effects are retried and timed out by their supervisor and by nobody else.
 */
import { RuntimeError } from '../../actors/errors.ts'

/** Any function or method. Parameters of type `never` make this the widest function type without `any`. */
export type Method = (this: never, ...args: never[]) => unknown

/** A policy that has to wait needs a method that may be waited for. */
export type AsyncMethod = (this: never, ...args: never[]) => Promise<unknown>

/** Makes a key of a call's arguments. Write their types: nothing ties them to the method's. */
export type CallKey = (this: never, ...args: never[]) => string

/** Wraps a function or decorates a method; what comes out has the very type of what went in. */
export type Policy = <F extends Method>(fn: F, context?: ClassMethodDecoratorContext) => F
export type AsyncPolicy = <F extends AsyncMethod>(fn: F, context?: ClassMethodDecoratorContext) => F

export type Invoke = (self: unknown, args: readonly unknown[]) => unknown

export interface Target {
  /** For messages. */
  readonly name: string
  /** True for a decorated method, false for a wrapped function. */
  readonly isMethod: boolean
  readonly invoke: Invoke
}

/**
 * The policy called `policy`, made from a function that surrounds one `invoke` with another. `this`, name,
 * length and own properties (another wrapper's controls) are carried over. What comes out throws
 * `definition-invalid` on anything but a function or a method.
 */
export function bothWays(policy: string, surround: (target: Target) => Invoke): Policy {
  return <F extends Method>(fn: F, context?: ClassMethodDecoratorContext): F => {
    const isMethod = isDecoration(policy, fn, context)
    const name = String(isMethod ? context?.name : fn.name) || 'anonymous function'
    const invoke = surround({ name, isMethod, invoke: (self, args) => Reflect.apply(fn, self, args) })
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      return invoke(this, args)
    }
    for (const key of ['name', 'length']) {
      Object.defineProperty(wrapped, key, { value: Reflect.get(fn, key), configurable: true })
    }
    return Object.assign(wrapped, fn) as unknown as F
  }
}

/** The options of a wrapper are wrong: `definition-invalid`, raised where it is written. */
export const refuseOptions = (policy: string, problem: string, fix: string): RuntimeError =>
  new RuntimeError('definition-invalid', `${policy}: ${problem}`, { fix, details: { policy } })

/** The key that a user's function gives to a call. Throws `definition-invalid` if that is no string. */
export function keyOfCall(policy: string, key: CallKey, self: unknown, args: readonly unknown[]): string {
  const made: unknown = Reflect.apply(key, self, args)
  if (typeof made === 'string') return made
  throw refuseOptions(policy, `key returned a ${typeof made}`, 'return a string')
}

/** What an error says, for the message of the one it causes. */
export const said = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error)

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

function isDecoration(policy: string, fn: unknown, context: unknown): boolean {
  // The older decorators of `experimentalDecorators` hand over a prototype or class, and a key.
  if (typeof context === 'string' || typeof context === 'symbol') {
    throw refuseOptions(
      policy,
      `decorates "${String(context)}" the experimental way`,
      'turn off experimentalDecorators in tsconfig.json: this is a standard decorator',
    )
  }
  const kind = typeof context === 'object' && context !== null ? Reflect.get(context, 'kind') : undefined
  if (kind !== undefined && kind !== 'method') {
    throw refuseOptions(policy, `decorates a ${String(kind)}`, 'put it on a method, or wrap a function')
  }
  if (typeof fn !== 'function') {
    throw refuseOptions(policy, `wraps a ${fn === null ? 'null' : typeof fn}`, 'give it a function')
  }
  return kind === 'method'
}
