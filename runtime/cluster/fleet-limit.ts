/**
 * One rate for all nodes of a cluster, for what is paid or limited per key of a provider. Whoever owns the partition
 * of a limit lends tokens in slices; a node spends a slice on its own and gives none back, so
 * that all together never exceed the rate. What a provider says to one node (wait so long) all are told.
 *
 * The schedule is not kept: a new owner begins with nothing to lend, which errs on the side of waiting. Nothing but
 * durations goes from one node to another, so each may count by a clock of its own that never jumps.
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
/** No word of a provider counts for longer: it says so again when it is asked then. */
const MOST_PAUSE_MS = 600_000
/** Between two tries with an owner that refuses, ms: doubled each time, up to the latter. */
const RETRY_MS = 250
const MOST_RETRY_MS = 10_000

interface Granted {
  readonly tokens: number
  readonly waitMs: number
}

type Rates = Readonly<Record<string, RatePolicy>>

const rateOf = (rates: Rates, key: unknown): RatePolicy | undefined =>
  typeof key === 'string' && Object.hasOwn(rates, key) ? rates[key] : undefined

/** What `rate` gives in a slice, at least one token. */
const sliceSize = ({ limit, perMs }: RatePolicy): number =>
  Math.max(1, Math.floor((limit * SLICE_MS) / perMs))

/** For how long a provider wants to be left alone, as far as that is believed; `undefined` for what is no duration. */
const pauseIn = (forMs: unknown): number | undefined =>
  typeof forMs === 'number' && Number.isFinite(forMs) && forMs > 0
    ? Math.min(forMs, MOST_PAUSE_MS)
    : undefined

/**
 * What the owner of a partition answers about limits. Slices are promised one behind the other, in the order of the
 * asking: a virtual schedule, as in the generic cell rate algorithm (ITU-T I.371). `clock` must not jump; what whoever
 * asks believes the rates to be does not count, those of `rates` do. Throws `usage`.
 */
export function limitOperations(clock: Clock, rates: Rates): Operations {
  /** When the next slice of a limit may be spent, absolute ms; of limits without one it is now. */
  const freeAt = new Map<string, number>()
  const emptyUntil = clock.now() + SLICE_MS
  const nextFree = (key: string): number => {
    const now = clock.now()
    for (const [known, at] of freeAt) if (at <= now) freeAt.delete(known)
    return Math.max(now, emptyUntil, freeAt.get(key) ?? 0)
  }
  return {
    'limit.lend': async body => {
      const { key, wanted } = Object(body) as { readonly key?: string; readonly wanted?: unknown }
      const policy = rateOf(rates, key)
      if (key === undefined || !policy) throw unknownLimit(key)
      const { limit, perMs } = checkRate(policy)
      if (typeof wanted !== 'number' || !(wanted > 0 && wanted <= Math.max(1, limit)))
        throw wrongRequest('wanted', `a number above 0 and at most ${Math.max(1, limit)}`)
      const from = nextFree(key)
      const waitMs = from - clock.now()
      if (waitMs > HORIZON_MS) return { tokens: 0, waitMs: HORIZON_MS }
      const tokens = Math.min(wanted, sliceSize(policy))
      freeAt.set(key, from + (tokens * perMs) / limit)
      return { tokens, waitMs }
    },
    'limit.pause': async body => {
      const { key, forMs } = Object(body) as { readonly key?: string; readonly forMs?: unknown }
      if (key === undefined || !rateOf(rates, key)) throw unknownLimit(key)
      const pausedMs = pauseIn(forMs)
      if (pausedMs === undefined) throw wrongRequest('forMs', 'milliseconds, more than 0')
      freeAt.set(key, Math.max(nextFree(key), clock.now() + pausedMs))
      return null
    },
  }
}

const unknownLimit = (key: unknown): RuntimeError =>
  new RuntimeError('usage', `this node knows no rate of "${String(key).slice(0, 80)}"`, {
    why: 'it serves the partition of that limit, and lends only by rates that it was given itself',
    fix: 'give all nodes the same rates: joinCluster({ rates })',
  })

const wrongRequest = (field: string, what: string): RuntimeError =>
  new RuntimeError('usage', `a request about a limit lacks ${what} as "${field}"`, {
    fix: 'give all nodes the same rates, and run the same version of agenticraft on them',
  })

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
  /** Must not jump. */
  readonly clock: Clock
  readonly namespace: string
  /** By key, the same on all nodes. */
  readonly rates: Rates
  readonly report: (error: unknown) => void
}

interface Slice {
  tokens: number
  /** When what is left of it is forfeited. */
  until: number
  pausedUntil: number
  /** Whoever asks for the next one; the others wait for it. */
  asking: Promise<void> | undefined
  /** How often in a row nothing was lent because its owner could not be asked or refused, and how. */
  failures: number
  reported: string | undefined
}

export function fleetLimits(options: FleetLimitsOptions): FleetLimits {
  const { transport, codec, requests, clock, namespace, rates, report } = options
  const slices = new Map<string, Slice>()
  const sliceOf = (key: string): Slice => {
    const found = slices.get(key) ?? newSlice()
    slices.set(key, found)
    return found
  }
  const told = subject(namespace, 'limit')
  const heard = transport.subscribe(told, ({ data }) => {
    const { key, forMs } = Object(codec.decode(data)) as { readonly key?: string; readonly forMs?: unknown }
    const pausedMs = pauseIn(forMs)
    if (key === undefined || !rateOf(rates, key) || pausedMs === undefined) return
    const slice = sliceOf(key)
    slice.pausedUntil = Math.max(slice.pausedUntil, clock.now() + pausedMs)
  })
  const { sleep, ...sleepers } = sleeping(clock)
  const atOwner = (key: string): string => partitionSubject(namespace, partitionOf(`limit/${key}`))
  const borrow = async (key: string, policy: RatePolicy, slice: Slice): Promise<void> => {
    const request = { op: 'limit.lend', key, policy: policy as unknown as Plain, wanted: sliceSize(policy) }
    try {
      const { tokens, waitMs } = (await requests.persist(atOwner(key), request, {
        timeoutMs: PATIENCE_MS,
      })) as unknown as Granted
      if (waitMs > 0) await sleep(Math.min(waitMs, HORIZON_MS))
      slice.tokens = tokens
      slice.until = clock.now() + KEPT_MS
      Object.assign(slice, { failures: 0, reported: undefined })
    } catch (thrown) {
      // Nobody serves the limit at the moment, or who does refuses: without its word nothing is spent.
      const { kind } = toRuntimeError(thrown, 'internal')
      if (kind === 'transport-closed') throw thrown
      if (slice.reported !== kind) report(thrown)
      slice.reported = kind
      await sleep(Math.min(RETRY_MS * 2 ** slice.failures++, MOST_RETRY_MS))
    } finally {
      slice.asking = undefined
    }
  }

  return {
    async admit(key, { signal, onWait }) {
      const policy = rateOf(rates, key)
      if (!policy) return
      const slice = sliceOf(key)
      for (;;) {
        if (signal.aborted) throw toRuntimeError(signal.reason, 'cancelled')
        if (sleepers.isClosed())
          throw new RuntimeError('runtime-stopped', `the limit of "${key}" is not kept any more`)
        const now = clock.now()
        if (slice.pausedUntil > now) {
          onWait?.()
          await untilAborted(sleep(Math.min(slice.pausedUntil - now, PATIENCE_MS)), signal)
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
      const pausedMs = pauseIn(forMs)
      const policy = rateOf(rates, key)
      if (!policy || pausedMs === undefined) return
      transport.publish(told, codec.encode({ key, forMs: pausedMs }))
      const request = { op: 'limit.pause', key, policy: policy as unknown as Plain, forMs: pausedMs }
      requests.persist(atOwner(key), request, { timeoutMs: PATIENCE_MS }).catch(report)
    },
    close() {
      heard.unsubscribe()
      sleepers.close()
    },
  }
}

const newSlice = (): Slice => ({
  ...{ tokens: 0, until: 0, pausedUntil: 0, asking: undefined },
  ...{ failures: 0, reported: undefined },
})

/** Pauses that end early when this is closed, so that no timer outlives it. */
function sleeping(clock: Clock) {
  const sleepers = new Set<() => void>()
  let closed = false
  return {
    isClosed: () => closed,
    async sleep(ms: number): Promise<void> {
      if (closed) return
      let wake = (): void => {}
      const slept = new Promise<void>(resolve => {
        wake = resolve
      })
      sleepers.add(wake)
      const cancel = clock.at(clock.now() + ms, wake)
      await slept
      cancel()
      sleepers.delete(wake)
    },
    close() {
      closed = true
      for (const wake of sleepers) wake()
    },
  }
}

const untilAborted = (work: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(toRuntimeError(signal.reason ?? new RuntimeError('cancelled', 'aborted'), 'cancelled'))
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
