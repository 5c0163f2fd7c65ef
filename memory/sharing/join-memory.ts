/**
 * Joins the processes that share a directory: as its owner, or as a client of its owner. Called by
 * `memory/open-memory.ts`, which says how the directory is opened by its owner; nothing here knows what stands in it.
 */
import type { Clock } from '../../actors/clock.ts'
import type { Encoder } from '../encoder.ts'
import type { Memory } from '../memory.ts'
import { thisProcess, usableDirectory } from '../owner.ts'
import type { OwnedMemory } from './calls.ts'
import { SHARING_LIMITS, type SharingLimits } from './limits.ts'
import { meetOwner } from './meet-owner.ts'
import { serveMemory } from './serve.ts'
import { sharedMemory } from './shared-memory.ts'
import { type Seat, takeSeat } from './take-seat.ts'

export interface JoinOptions {
  readonly dir: string
  /** Opens `dir` (its real name) as its owner. Throws `store-locked` when another process is that. */
  readonly open: (dir: string) => Promise<OwnedMemory>
  /** Throws `input-invalid` for what cannot be the name of a namespace. */
  readonly checkName: (name: string) => void
  /**
   * `auto` (default): processes of this user on this machine share the directory, one as its owner. `never`: this
   * one owns it or fails.
   */
  readonly share?: 'auto' | 'never'
  /** For messages. All processes need one that makes the same of the same bytes. */
  readonly encoder: Encoder
  /** Drives waiting and retries, so it must move on by itself. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Unique tokens. */
  readonly id: () => string
  readonly limits?: Partial<SharingLimits>
}

/**
 * Throws `store-locked` (`pid`, `command` and `startedAt` of the owner in its details, when that says who it is) when
 * another process owns the directory and does not serve, and what `open` throws.
 */
export async function joinMemory(options: JoinOptions): Promise<Memory> {
  const { open, encoder, clock, random, share = 'auto' } = options
  const limits = { ...SHARING_LIMITS, ...options.limits }
  const dir = await usableDirectory(options.dir)

  const own = async (): Promise<Seat> => {
    const memory = await open(dir)
    try {
      const served = share === 'auto' ? memory : undefined
      const server = await serveMemory(dir, { memory: served, owner: thisProcess(), encoder, clock, limits })
      return { role: 'owner', memory, server }
    } catch (error) {
      await memory.close()
      throw error
    }
  }
  const meet = () => meetOwner(dir, { encoder, clock, limits })
  return sharedMemory({
    ...options,
    dir,
    limits,
    takeSeat: () =>
      takeSeat({ own, clock, random, ownerMs: limits.ownerMs, ...(share === 'auto' && { meet }) }),
  })
}
