/**
 * How a process comes to its part in a directory: client of the owner when there is one, else owner. Called when a
 * memory is opened and whenever its owner is gone. It decides by trying; who wins is `owner.ts`'s business.
 */

import type { Clock } from '../../actors/clock.ts'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import { type Backoff, delayMs } from '../../actors/policies/backoff.ts'
import type { OwnedMemory } from './calls.ts'
import type { Connection, Met } from './connection.ts'
import type { MemoryServer } from './serve.ts'

export type Seat =
  | { readonly role: 'owner'; readonly memory: OwnedMemory; readonly server: MemoryServer }
  | { readonly role: 'client'; readonly connection: Connection }

export interface Attempts {
  /** Absent: it is not shared, so nobody is looked for. */
  readonly meet?: () => Promise<Met | { readonly type: 'absent' }>
  /** Throws `store-locked` when another process owns it. */
  readonly own: () => Promise<Seat>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** How long to try while another owns it and does not serve. */
  readonly ownerMs: number
}

/** Many may wait for the same owner: spread, so that one of them opens in peace. */
const BACKOFF: Backoff = { kind: 'exponential', baseMs: 20, maxMs: 400 }

/**
 * Throws `store-locked` when another process owns the directory and does not serve, at once when it says so and
 * else after `ownerMs`, and what `own` throws beside that.
 */
export async function takeSeat({ meet, own, clock, random, ownerMs }: Attempts): Promise<Seat> {
  const until = clock.now() + ownerMs
  for (let attempt = 1; ; attempt++) {
    const met = (await meet?.()) ?? { type: 'absent' }
    if (met.type === 'connected') return { role: 'client', connection: met.connection }
    try {
      return await own()
    } catch (thrown) {
      const error = toRuntimeError(thrown, 'store-failed')
      if (error.kind !== 'store-locked' || !meet) throw error
      if (met.type === 'refused') throw refused(error, met.refusal.refused)
      if (clock.now() >= until) throw silent(error, ownerMs)
    }
    const delay = delayMs(BACKOFF, attempt, random())
    await new Promise<void>(resolve => clock.at(clock.now() + delay, resolve))
  }
}

const refused = (locked: RuntimeError, why: 'protocol' | 'not-shared'): RuntimeError =>
  unshared(
    locked,
    why === 'protocol'
      ? 'its owner runs another version of this software, and they do not understand each other'
      : 'its owner opened it with share: "never"',
    why === 'protocol'
      ? 'restart both with the same version'
      : 'open it there with share: "auto", or stop it',
  )

const silent = (locked: RuntimeError, ms: number): RuntimeError =>
  unshared(
    locked,
    `its owner did not serve other processes for ${ms} ms`,
    'if it is stopped, let it go on; if it runs an older version, restart it',
  )

/** The owner's `pid`, `command` and `startedAt` are in the details when it says who it is. */
const unshared = (locked: RuntimeError, why: string, fix: string): RuntimeError =>
  new RuntimeError('store-locked', locked.message, {
    why,
    fix,
    cause: locked,
    ...(locked.details && { details: locked.details }),
  })
