/**
 * `cache` for users' own functions and methods, synchronous ones too: equal calls share one result, and equal
 * calls at the same time share one promise. Results are shared, not copied: treat them as read-only.
 */
import type { Clock } from '../../actors/clock.ts'
import { type LruOptions, lruCache } from '../../actors/policies/cache.ts'
import { checkedCount, checkedPositive } from '../../actors/policies/checked.ts'
import { systemClock } from '../clock.ts'
import { cacheKey } from './cache-key.ts'
import { bothWays, type CallKey, isThenable, keyOfCall, type Method } from './wrap.ts'

export interface CacheOptions {
  /** Counted from when a result is there. Without it results leave only to make room. */
  readonly ttlSeconds?: number
  /** Default 1000; for methods, per instance. */
  readonly maxEntries?: number
  /** What makes two calls the same. Default: all arguments, which must then be plain data. */
  readonly key?: CallKey
  readonly clock?: Clock
}

export interface CacheInfo {
  /** Calls answered by a kept result or by joining a call under way. */
  readonly hits: number
  readonly misses: number
  /** Results kept. */
  readonly size: number
  /** Calls under way that others may join. */
  readonly pending: number
}

export interface CacheControls {
  /** Forgets every result; a call under way still answers its callers, but its result is not kept. */
  clear(): void
  info(): CacheInfo
}

/** A wrapped function has the controls. A decorated method has a cache for each instance, and no controls. */
export interface CachePolicy {
  <F extends Method>(fn: F): F & CacheControls
  <F extends Method>(fn: F, context: ClassMethodDecoratorContext): F
}

/**
 * Remembers results by arguments, the least recently used leaving first. Failures are not kept. A call whose
 * arguments have no key throws `not-plain-data` at once, from asynchronous methods too.
 */
export function cache(options: CacheOptions = {}): CachePolicy {
  const { key, maxEntries = 1000, ttlSeconds, clock = systemClock } = options
  checkedCount('cache maxEntries', maxEntries)
  const ttlMs = ttlSeconds === undefined ? undefined : checkedPositive('cache ttlSeconds', ttlSeconds) * 1000
  const open = (): Store => openStore({ maxEntries, ttlMs, now: () => clock.now() })

  return <F extends Method>(fn: F, context?: ClassMethodDecoratorContext): F & CacheControls => {
    const shared = open()
    const wrapped = bothWays('cache', ({ isMethod, invoke }) => {
      const storeOf = isMethod ? perInstance(shared, open) : () => shared
      return (self, args) => {
        const named = key ? keyOfCall('cache', key, self, args) : cacheKey(args)
        return storeOf(self).ask(named, () => invoke(self, args))
      }
    })(fn, context)
    // A method's type promises no controls, and there is no one cache that they could be about.
    const controls = context?.kind === 'method' ? {} : { clear: shared.clear, info: shared.info }
    return Object.assign(wrapped, controls) as F & CacheControls
  }
}

interface Store extends CacheControls {
  ask(key: string, compute: () => unknown): unknown
}

function openStore(options: LruOptions): Store {
  const kept = lruCache<{ readonly result: unknown }>(options)
  const pending = new Map<string, Promise<unknown>>()
  const count = { hits: 0, misses: 0 }

  const share = (key: string, work: Promise<unknown>): Promise<unknown> => {
    pending.set(key, work)
    // After `clear` the call is no longer the one that `pending` knows, and leaves no trace.
    const end = (): boolean => pending.get(key) === work && pending.delete(key)
    work.then(
      () => end() && kept.set(key, { result: work }),
      () => end(),
    )
    return work
  }

  return {
    ask(key, compute) {
      const hit = kept.get(key) ?? (pending.has(key) ? { result: pending.get(key) } : undefined)
      if (hit) {
        count.hits++
        return hit.result
      }
      count.misses++
      const result = compute()
      if (isThenable(result)) return share(key, Promise.resolve(result))
      kept.set(key, { result })
      return result
    },
    clear() {
      kept.clear()
      pending.clear()
    },
    info: () => ({ ...count, size: kept.size(), pending: pending.size }),
  }
}

/** A store for each `this`, gone when the instance is; a method called without one uses `shared`. */
function perInstance(shared: Store, open: () => Store): (self: unknown) => Store {
  const stores = new WeakMap<object, Store>()
  return self => {
    if ((typeof self !== 'object' || self === null) && typeof self !== 'function') return shared
    const store = stores.get(self) ?? open()
    stores.set(self, store)
    return store
  }
}
