/**
 * Asks from outside a cluster: whoever asks comes again under the same key until the answer is there, to whichever
 * node serves the partition then. Used by `cluster-client.ts`; the other side is `held-asks.ts`.
 */
import { type Address, parseAddress } from '../../../actors/address.ts'
import type { Host } from '../../../actors/clock.ts'
import { fromWireError, RuntimeError, type WireError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { partitionSubject } from '../../../actors/subject.ts'
import { partitionOf } from '../placement.ts'
import type { Requests } from '../requests.ts'
import { askPool } from './pool-asks.ts'

export interface ClusterAskOptions {
  /** Default ten minutes. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** The same ask made again under the same key joins the work under way. Default: made up. */
  readonly key?: string
  /**
   * Of a pool: whether another node may be asked when the one that took the ask is gone. Default true, for pools are for
   * work that may be repeated. Without it such an ask fails with `actor-stopped`.
   */
  readonly repeat?: boolean
}

export interface AskingOptions {
  readonly requests: Requests
  readonly namespace: string
  readonly host: Pick<Host, 'clock' | 'id'>
  /** How long one visit waits for somebody to serve the partition, ms. */
  readonly patienceMs: number
}

type Ask = (to: Address, type: string, body: Plain, options: ClusterAskOptions) => Promise<unknown>

interface Answer {
  readonly error?: WireError
  readonly pending?: true
  readonly value?: Plain
}

const DEFAULT_MS = 600_000
const WITHDRAW_MS = 1_000

/** Asks actors where they live, and `pool/<type>` of any node. */
export function askingIn(options: AskingOptions): Ask {
  const { requests, namespace, host, patienceMs } = options
  return (to, type, body, more) =>
    parseAddress(to).type === 'pool'
      ? askPool({
          ...{ requests, namespace, patienceMs, clock: host.clock },
          ...{ to, pool: parseAddress(to).id, type, body },
          key: more.key ?? host.id(),
          timeoutMs: more.timeoutMs ?? DEFAULT_MS,
          repeat: more.repeat ?? true,
          ...(more.signal && { signal: more.signal }),
        })
      : askActor(options, to, type, body, more)
}

async function askActor(
  { requests, namespace, host, patienceMs }: AskingOptions,
  ...[to, type, body, more]: Parameters<Ask>
): Promise<unknown> {
  const { timeoutMs = DEFAULT_MS, signal, key = host.id() } = more
  const deadline = host.clock.now() + timeoutMs
  const subject = partitionSubject(namespace, partitionOf(to))
  const request = { op: 'ask', to, type, body, key, deadline }
  try {
    for (;;) {
      const left = deadline - host.clock.now()
      if (left <= 0) throw tooLate(to, timeoutMs)
      const visit = { timeoutMs: Math.min(left, patienceMs), ...(signal && { signal }) }
      const answer = (await requests.persist(subject, request, visit)) as Answer
      if (answer.error) throw fromWireError(answer.error)
      if (!answer.pending) return answer.value ?? null
    }
  } catch (error) {
    // Nobody will come for it: the work would be done, and paid, for nothing.
    requests.ask(subject, { op: 'withdraw', key }, WITHDRAW_MS).catch(() => {})
    throw error
  }
}

const tooLate = (to: Address, timeoutMs: number): RuntimeError =>
  new RuntimeError('deadline-exceeded', `${to} did not answer within ${timeoutMs} ms`)
