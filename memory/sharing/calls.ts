/**
 * The methods of a namespace that travel to the owner, as a table: a new method of `Namespace` is one line here,
 * and does not compile without it. Called by both ends. Exports and imports are streams: see `streams.ts`.
 */
import type { Memory, Namespace, RequestOptions } from '../memory.ts'

/** What a process that owns a directory can do with it. */
export type OwnedMemory = Pick<Memory, 'namespace' | 'namespaces' | 'close'>

interface Call {
  /** Position of its `RequestOptions`: it gets a request key, so that asking again does not do it again. */
  readonly keyAt?: number
  /** It may compute for milliseconds: others get their turn before the next one. */
  readonly heavy?: true
}

export type CallName = Exclude<keyof Namespace, 'name' | 'export' | 'import'>

/** All without a key do the same, and answer the same, when they are done twice. */
export const CALLS = {
  remember: { keyAt: 1 },
  rememberAll: { keyAt: 1, heavy: true },
  get: {},
  list: {},
  recent: {},
  recall: { heavy: true },
  facts: {},
  history: {},
  consolidate: { heavy: true },
  pending: { heavy: true },
  apply: { heavy: true },
  update: {},
  forget: { keyAt: 1 },
  purge: { heavy: true },
  stats: {},
  verify: { heavy: true },
} as const satisfies Readonly<Record<CallName, Call>>

const callOf = (method: string): Call | undefined =>
  Object.hasOwn(CALLS, method) ? CALLS[method as CallName] : undefined

export const isCall = (method: string): method is CallName => callOf(method) !== undefined

export const isHeavy = (method: string): boolean => callOf(method)?.heavy ?? false

/** `args` with a request key made by `id`, where one belongs and the caller gave none. */
export function withRequestKey(
  method: string,
  args: readonly unknown[],
  id: () => string,
): readonly unknown[] {
  const at = callOf(method)?.keyAt
  if (at === undefined) return args
  const options = (args[at] ?? {}) as RequestOptions
  // Options that are none are the store's to refuse.
  if (typeof options !== 'object' || options.key !== undefined) return args
  const keyed = [...args]
  keyed[at] = { ...options, key: id() }
  return keyed
}

/** The methods that travel, each as a call of `send`. */
export function forwardedCalls(
  send: (method: CallName, args: readonly unknown[]) => Promise<unknown>,
): Pick<Namespace, CallName> {
  const methods = (Object.keys(CALLS) as CallName[]).map(method => [
    method,
    (...args: readonly unknown[]) => send(method, args),
  ])
  return Object.fromEntries(methods) as Pick<Namespace, CallName>
}

/** Does what was asked. What a caller left out, and so arrived as null, is left out again. */
export function runCall(space: Namespace, method: CallName, args: readonly unknown[]): Promise<unknown> {
  const given = args.map(arg => (arg === null ? undefined : arg))
  return (space[method] as (...args: readonly unknown[]) => Promise<unknown>).apply(space, given)
}
