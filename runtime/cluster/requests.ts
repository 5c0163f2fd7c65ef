/**
 * Requests between the parts of a cluster over core subjects: plain data there and back, errors as errors. Nothing
 * is kept: who asks and hears nothing may ask again, so what is asked must bear being asked twice.
 */

import type { Clock } from '../../actors/clock.ts'
import {
  fromWireError,
  RuntimeError,
  toRuntimeError,
  toWireError,
  type WireError,
} from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Codec } from '../codec.ts'
import type { Listening, Transport } from '../transport/transport.ts'

export interface Requests {
  /** Answers what is asked on `subject`; what `answer` throws is what the asker is given. */
  serve(
    subject: string,
    answer: (body: Plain) => Promise<Plain>,
    options?: { readonly queue?: string },
  ): Listening
  /** One try. Throws `no-responders`, `request-timeout`, `transport-closed`, and what the other side throws. */
  ask(subject: string, body: Plain, timeoutMs: number, signal?: AbortSignal): Promise<Plain>
  /**
   * Tries until it is answered or the time is over: nobody may be there for some seconds while a partition changes
   * hands. Throws `partition-unowned` when nobody was there to the end, and as `ask` throws.
   */
  persist(subject: string, body: Plain, options: PersistOptions): Promise<Plain>
}

export interface PersistOptions {
  /** In all, ms. */
  readonly timeoutMs: number
  /** For one try, ms. Default 5,000. */
  readonly tryMs?: number
  readonly signal?: AbortSignal
}

export interface RequestsOptions {
  readonly transport: Transport
  readonly codec: Codec
  readonly clock: Clock
}

const TRY_MS = 5_000
const PAUSE_MS = 100

/** Failures after which nobody can have begun anything, or whoever did bears it again. */
const PASSING: ReadonlySet<RuntimeError['kind']> = new Set([
  'no-responders',
  'request-timeout',
  'broker-unavailable',
  'partition-unowned',
  'partition-lost',
  'runtime-stopped',
  'store-failed',
])

export const isPassing = (error: unknown): boolean => PASSING.has(toRuntimeError(error, 'internal').kind)

export function createRequests({ transport, codec, clock }: RequestsOptions): Requests {
  const ask: Requests['ask'] = async (subject, body, timeoutMs, signal) => {
    const options = { timeoutMs, ...(signal && { signal }) }
    const answered = codec.decode(await transport.request(subject, codec.encode(body), options))
    const { error, value = null } = Object(answered) as { readonly error?: WireError; readonly value?: Plain }
    if (error) throw fromWireError(error)
    return value
  }
  return {
    ask,
    serve(subject, answer, options) {
      const outcome = async (data: Uint8Array): Promise<Uint8Array> => {
        try {
          return codec.encode({ value: await answer(codec.decode(data)) })
        } catch (thrown) {
          return codec.encode({ error: toWireError(thrown) as unknown as Plain })
        }
      }
      return transport.subscribe(
        subject,
        async ({ data, reply }) => {
          const answered = await outcome(data)
          if (transport.status !== 'closed') reply?.(answered)
        },
        options,
      )
    },
    async persist(subject, body, { timeoutMs, tryMs = TRY_MS, signal }) {
      const end = clock.now() + timeoutMs
      for (;;) {
        const left = end - clock.now()
        try {
          return await ask(subject, body, Math.max(1, Math.min(tryMs, left)), signal)
        } catch (thrown) {
          const error = toRuntimeError(thrown, 'internal')
          if (!isPassing(error)) throw error
          if (clock.now() + PAUSE_MS >= end)
            throw error.kind === 'no-responders' ? unowned(subject, error) : error
        }
        await new Promise<void>(resolve => void clock.at(clock.now() + PAUSE_MS, resolve))
        if (signal?.aborted) throw toRuntimeError(signal.reason, 'cancelled')
      }
    },
  }
}

const unowned = (subject: string, cause: RuntimeError): RuntimeError =>
  new RuntimeError('partition-unowned', `no node answers on "${subject}"`, {
    why: 'the node that served it is gone and nobody has taken over yet, or no node is running',
    fix: 'try again in some seconds, or start a node: agenticraft node --nats URL',
    cause,
  })
