/**
 * `rateLimit` for users' own functions and methods: the queue around the token bucket of
 * `actors/policies/rate-limit.ts`. Waiting calls go in the order they came; how many may wait has no bound.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { checkedCount, checkedPositive } from '../../actors/policies/checked.ts'
import {
  checkRate,
  newRate,
  type RatePolicy,
  type RateState,
  refillMs,
  take,
} from '../../actors/policies/rate-limit.ts'
import { systemClock } from '../clock.ts'
import { type AsyncPolicy, bothWays, type CallKey, keyOfCall, refuseOptions } from './wrap.ts'

export interface RateLimitOptions {
  readonly calls: number
  readonly perSeconds: number
  /** Calls that may go at once after a quiet time. Default `calls`; 1 spaces them evenly. */
  readonly burst?: number
  /** Default `wait`. */
  readonly onLimit?: 'wait' | 'throw'
  /** A limit for each key, for example for each tenant. Default: one limit for all calls. */
  readonly key?: CallKey
  readonly clock?: Clock
}

/**
 * Lets through `calls` per `perSeconds` on average. The limit belongs to the wrapped function or the decorated
 * method and is shared by all instances, because what it protects is on the other side. A call too many waits
 * its turn, or with `throw` rejects with `rate-limited` and its `retryAfterMs`.
 */
export function rateLimit(options: RateLimitOptions): AsyncPolicy {
  const { key, onLimit = 'wait', clock = systemClock } = options
  const policy = policyOf(options)
  if (onLimit !== 'wait' && onLimit !== 'throw') {
    throw refuseOptions('rateLimit', `onLimit is "${String(onLimit)}"`, 'use wait or throw')
  }
  return bothWays('rateLimit', ({ name, invoke }) => {
    const gate = openGate(policy, clock)
    return async (self, args) => {
      const bucket = gate.bucket(key ? keyOfCall('rateLimit', key, self, args) : '')
      if (onLimit === 'wait') await gate.turn(bucket)
      else {
        const waitMs = gate.tryTake(bucket)
        if (waitMs > 0) throw tooMany(name, options, waitMs)
      }
      return invoke(self, args)
    }
  })
}

function policyOf({ calls, perSeconds, burst }: RateLimitOptions): RatePolicy {
  checkedCount('rateLimit calls', calls)
  const perMs = checkedPositive('rateLimit perSeconds', perSeconds) * 1000
  return checkRate({ limit: calls, perMs, ...(burst !== undefined && { burst }) })
}

interface Bucket {
  readonly key: string
  rate: RateState
  /** Who waits, in the order they came. */
  readonly waiting: Array<() => void>
}

interface Gate {
  bucket(key: string): Bucket
  /** Takes a token: 0, or the ms after which there is one. */
  tryTake(bucket: Bucket): number
  /** Resolves when a token has been taken; undefined when that was possible at once. */
  turn(bucket: Bucket): Promise<void> | undefined
}

function openGate(policy: RatePolicy, clock: Clock): Gate {
  // In order of last use, so that those nobody needs any more are found at the front.
  const buckets = new Map<string, Bucket>()

  // Keys come from outside: a bucket that has refilled is as good as new and must not be held for ever.
  const forgetRefilled = (): void => {
    const before = clock.now() - refillMs(policy)
    for (const bucket of buckets.values()) {
      if (bucket.rate.at > before || bucket.waiting.length > 0) return
      buckets.delete(bucket.key)
    }
  }

  const tryTake = (bucket: Bucket): number => {
    const { state, waitMs } = take(bucket.rate, policy, clock.now())
    bucket.rate = state
    buckets.delete(bucket.key)
    buckets.set(bucket.key, bucket)
    return waitMs
  }

  // Invariant: while calls wait on a bucket, exactly one timer of it is armed.
  const letThrough = (bucket: Bucket): void => {
    while (bucket.waiting.length > 0) {
      const waitMs = tryTake(bucket)
      if (waitMs > 0) {
        clock.at(clock.now() + waitMs, () => letThrough(bucket))
        return
      }
      bucket.waiting.shift()?.()
    }
  }

  return {
    bucket(key) {
      forgetRefilled()
      return buckets.get(key) ?? { key, rate: newRate(policy, clock.now()), waiting: [] }
    },
    tryTake,
    turn(bucket) {
      // Behind others nobody may take what they wait for.
      const first = bucket.waiting.length === 0
      if (first && tryTake(bucket) === 0) return undefined
      return new Promise(resolve => {
        bucket.waiting.push(resolve)
        if (first) letThrough(bucket)
      })
    },
  }
}

function tooMany(name: string, { calls, perSeconds }: RateLimitOptions, waitMs: number): RuntimeError {
  return new RuntimeError(
    'rate-limited',
    `"${name}" was called more than ${calls} times in ${perSeconds} s`,
    {
      why: `rateLimit lets through ${calls} calls per ${perSeconds} s`,
      fix: `call again in ${waitMs} ms, or let calls wait with { onLimit: 'wait' }`,
      retryAfterMs: waitMs,
      details: { policy: 'rateLimit', calls, perSeconds },
    },
  )
}
