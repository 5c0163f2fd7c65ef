/**
 * One rate for all nodes of a cluster, for what is paid or limited per key of a provider. Whoever owns the partition
 * of a limit lends tokens in slices; a node spends a slice on its own and gives none back, so
 * that all together never exceed the rate. What a provider says to one node (wait so long) all are told.
 *
 * The schedule is not kept: a new owner begins with nothing to lend, which errs on the side of waiting.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { checkRate, type RatePolicy } from '../../actors/policies/rate-limit.ts'
import { partitionSubject, subject } from '../../actors/subject.ts'
import type { Codec } from '../codec.ts'
import type { Transport } from '../transport/transport.ts'
import type { Operations } from './partition-host.ts'
import { partitionOf } from './placement.ts'
import type { Requests } from './requests.ts'

/** A slice is what the rate gives in this time, at least one token. */
const SLICE_MS = 250
/** What is left of a slice after this time is forfeited. */
const KEPT_MS = 2_000
/** Nobody is promised anything later than this. */
const HORIZON_MS = 5_000
/** How long a node waits for the owner of a limit, ms, before it looks whether its caller still wants to. */
const PATIENCE_MS = 5_000

interface Granted {
  readonly tokens: number
  readonly waitMs: number
}

/**
 * What the owner of a partition answers about limits. Slices are promised one behind the other, in the order of the
 * asking: a virtual schedule, as in the generic cell rate algorithm (ITU-T I.371).
 */
export function limitOperations(clock: Clock): Operations {
  /** When the next slice of a limit may be spent, absolute ms. */
  const freeAt = new Map<string, number>()
  const nextFree = (key: string): number => Math.max(clock.now(), freeAt.get(key) ?? clock.now() + SLICE_MS)
  return {
    'limit.lend': async body => {
      const { key, policy, wanted } = body as unknown as { key: string; policy: RatePolicy; wanted: number }
      const { limit, perMs } = checkRate(policy)
      const from = nextFree(key)
      const waitMs = from - clock.now()
      if (waitMs > HORIZON_MS) return { tokens: 0, waitMs: HORIZON_MS }
      freeAt.set(key, from + (wanted * perMs) / limit)
      return { tokens: wanted, waitMs }
    },
    'limit.pause': async body => {
      const { key, forMs } = body as unknown as { key: string; forMs: number }
      freeAt.set(key, Math.max(nextFree(key), clock.now() + forMs))
      return null
    },
  }
}

export interface FleetLimits {
  /** Resolves when one call may be made. Rejects when `signal` aborts; waits as long as nobody lends. Free without a limit of that key. */
  admit(key: string, options: { readonly signal: AbortSignal; readonly onWait?: () => void }): Promise<void>
  /** A provider wants to be left alone for so long, by everybody. */
  paused(key: string, forMs: number): void
  close(): void
}

export interface FleetLimitsOptions {
  readonly transport: Transport
  readonly codec: Codec
  readonly requests: Requests
  readonly clock: Clock
  readonly namespace: string
  /** By key, the same on all nodes. */
  readonly rates: Readonly<Record<string, RatePolicy>>
  readonly report: (error: unknown) => void
}

interface Slice {
  tokens: number
  /** When what is left of it is forfeited. */
  until: number
  pausedUntil: number
  /** Whoever asks for the next one; the others wait for it. */
  asking: Promise<void> | undefined
}

export function fleetLimits(options: FleetLimitsOptions): FleetLimits {
  const { transport, codec, requests, clock, namespace, rates, report } = options
  const slices = new Map<string, Slice>()
  const sliceOf = (key: string): Slice => {
    const found = slices.get(key) ?? { tokens: 0, until: 0, pausedUntil: 0, asking: undefined }
    slices.set(key, found)
    return found
  }
  const told = subject(namespace, 'limit')
  const heard = transport.subscribe(told, ({ data }) => {
    const { key, forMs } = Object(codec.decode(data)) as { readonly key?: unknown; readonly forMs?: unknown }
    if (typeof key !== 'string' || typeof forMs !== 'number' || !Object.hasOwn(rates, key)) return
    const slice = sliceOf(key)
    slice.pausedUntil = Math.max(slice.pausedUntil, clock.now() + forMs)
  })
  const atOwner = (key: string): string => partitionSubject(namespace, partitionOf(`limit/${key}`))
  const borrow = async (key: string, policy: RatePolicy, slice: Slice): Promise<void> => {
    const wanted = Math.max(1, Math.floor((policy.limit * SLICE_MS) / policy.perMs))
    const request = { op: 'limit.lend', key, policy: policy as unknown as Plain, wanted }
    try {
      const { tokens, waitMs } = (await requests.persist(atOwner(key), request, {
        timeoutMs: PATIENCE_MS,
      })) as unknown as Granted
      if (waitMs > 0) await pauseFor(clock, waitMs)
      slice.tokens = tokens
      slice.until = clock.now() + KEPT_MS
    } catch (error) {
      // Nobody serves the limit at the moment: without its word nothing is spent.
      if (toRuntimeError(error, 'internal').kind === 'transport-closed') throw error
      report(error)
    } finally {
      slice.asking = undefined
    }
  }

  return {
    async admit(key, { signal, onWait }) {
      const policy = Object.hasOwn(rates, key) ? rates[key] : undefined
      if (!policy) return
      const slice = sliceOf(key)
      for (;;) {
        if (signal.aborted) throw toRuntimeError(signal.reason, 'cancelled')
        const now = clock.now()
        if (slice.pausedUntil > now) {
          onWait?.()
          await untilAborted(pauseFor(clock, Math.min(slice.pausedUntil - now, PATIENCE_MS)), signal)
        } else if (slice.tokens > 0 && slice.until > now) {
          slice.tokens--
          return
        } else {
          onWait?.()
          slice.asking ??= borrow(key, policy, slice)
          await untilAborted(slice.asking, signal)
        }
      }
    },
    paused(key, forMs) {
      const policy = Object.hasOwn(rates, key) ? rates[key] : undefined
      if (!policy) return
      transport.publish(told, codec.encode({ key, forMs }))
      const request = { op: 'limit.pause', key, policy: policy as unknown as Plain, forMs }
      requests.persist(atOwner(key), request, { timeoutMs: PATIENCE_MS }).catch(report)
    },
    close: () => heard.unsubscribe(),
  }
}

const pauseFor = (clock: Clock, ms: number): Promise<void> =>
  new Promise(resolve => void clock.at(clock.now() + ms, resolve))

const untilAborted = (work: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(toRuntimeError(signal.reason ?? new RuntimeError('cancelled', 'aborted'), 'cancelled'))
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
