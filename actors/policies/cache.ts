/**
 * A bounded map that forgets: the entry not used for longest goes first, and none outlives its time to live.
 * The only policy that holds its state, because copying a map per call would defeat a cache. Time is a
 * parameter. It does not compute missing values and knows nothing of promises.
 */
import { checkedCount, checkedPositive } from './checked.ts'

export interface LruOptions {
  readonly maxEntries: number
  /** Counted from `set`. Without it entries leave only by being the least recently used. */
  readonly ttlMs?: number | undefined
  now(): number
}

export interface LruCache<Value> {
  /** The value, now the most recently used; undefined when absent or outlived. */
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): boolean
  clear(): void
  /** Entries held, those outlived but not yet asked for included: never more than `maxEntries`. */
  size(): number
}

/** Every operation is O(1): a Map keeps insertion order, so its first key is the least recently used. */
export function lruCache<Value>({ maxEntries, ttlMs, now }: LruOptions): LruCache<Value> {
  checkedCount('cache maxEntries', maxEntries)
  if (ttlMs !== undefined) checkedPositive('cache ttlMs', ttlMs)
  const entries = new Map<string, { readonly value: Value; readonly until: number }>()

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      if (now() >= entry.until) return undefined
      entries.set(key, entry)
      return entry.value
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, { value, until: ttlMs === undefined ? Number.POSITIVE_INFINITY : now() + ttlMs })
      if (entries.size <= maxEntries) return
      const oldest = entries.keys().next()
      if (!oldest.done) entries.delete(oldest.value)
    },
    delete: key => entries.delete(key),
    clear: () => entries.clear(),
    size: () => entries.size,
  }
}
