/**
 * `timeout` for users' own functions and methods. It stops waiting, it cannot stop the work: a method has
 * its own signature, so nothing is added to its arguments. Whoever wants the work to end hands it a signal.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { checkedPositive } from '../../actors/policies/checked.ts'
import { systemClock } from '../clock.ts'
import { type AsyncPolicy, bothWays, refuseOptions } from './wrap.ts'

export interface TimeoutOptions {
  /** Give this or `ms`, not both. */
  readonly seconds?: number
  readonly ms?: number
  readonly clock?: Clock
}

/**
 * Rejects with `attempt-timeout` (retryable) when a call is not settled in time. The call itself goes on, and
 * what it comes to later is dropped, a rejection included.
 */
export function timeout(options: TimeoutOptions): AsyncPolicy {
  const { clock = systemClock } = options
  const ms = limitOf(options)
  return bothWays('timeout', ({ name, invoke }) => (self, args) => {
    const due = clock.now() + ms
    return new Promise((resolve, reject) => {
      // A synchronous throw here rejects the promise, before there is a timer to clear.
      const work = Promise.resolve(invoke(self, args))
      const cancel = clock.at(due, () => reject(tooLate(name, ms)))
      work.then(resolve, reject).finally(cancel)
    })
  })
}

function limitOf({ seconds, ms }: TimeoutOptions): number {
  if (ms !== undefined && seconds === undefined) return checkedPositive('timeout ms', ms)
  if (seconds !== undefined && ms === undefined) return checkedPositive('timeout seconds', seconds) * 1000
  throw refuseOptions('timeout', 'needs one length of time', 'give either seconds or ms')
}

const tooLate = (name: string, ms: number): RuntimeError =>
  new RuntimeError('attempt-timeout', `"${name}" took longer than ${ms} ms`, {
    why: `timeout gave up after ${ms} ms`,
    fix: 'allow more time, or find out what it waits for',
    details: { policy: 'timeout', ms },
  })
