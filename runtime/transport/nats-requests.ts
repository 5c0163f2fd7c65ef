/**
 * The requests of a NATS transport that wait for an answer, by number. It sends nothing: `nats.ts` does, and
 * tells it what came.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { deadlinesOn } from '../deadlines.ts'
import { cancelled, noResponders, timedOut } from './refusals.ts'
import type { RequestOptions } from './transport.ts'

export interface OpenRequest {
  readonly number: number
  readonly subject: string
  /** Whether it was given to the client. */
  sent: boolean
  readonly settled: boolean
  fail(error: unknown): void
}

export interface OpenRequests {
  readonly size: number
  /** Throws `cancelled` and `request-timeout` when there is nothing to wait for. */
  open(subject: string, options: RequestOptions, settle: Settle): OpenRequest
  answer(number: number, data: Uint8Array): void
  /** Nobody is subscribed to what these were sent to. */
  unheard(first: number, last: number): void
  fail(which: (request: OpenRequest) => boolean, error: (request: OpenRequest) => unknown): void
}

export interface Settle {
  readonly resolve: (data: Uint8Array) => void
  readonly reject: (error: unknown) => void
}

interface Waiting extends OpenRequest {
  settled: boolean
  end(): void
  readonly resolve: (data: Uint8Array) => void
}

/** Wider spans than a frame can have come from no server. */
const WIDEST = 100_000

export function createOpenRequests(clock: Clock, onSettled: () => void): OpenRequests {
  const waiting = new Map<number, Waiting>()
  const deadlines = deadlinesOn(clock)
  let count = 0
  return {
    get size() {
      return waiting.size
    },
    open(subject, { timeoutMs, signal }, { resolve, reject }) {
      if (signal?.aborted) throw cancelled(subject, signal)
      if (!(timeoutMs > 0)) throw timedOut(subject, timeoutMs)
      const number = ++count
      const abort = (): void => request.fail(cancelled(subject, signal))
      const request: Waiting = {
        number,
        subject,
        sent: false,
        settled: false,
        end() {
          request.settled = true
          waiting.delete(number)
          stopTimer()
          signal?.removeEventListener('abort', abort)
          onSettled()
        },
        resolve,
        fail(error) {
          if (request.settled) return
          request.end()
          reject(error)
        },
      }
      waiting.set(number, request)
      const stopTimer = deadlines.at(clock.now() + timeoutMs, () =>
        request.fail(request.sent ? timedOut(subject, timeoutMs) : unsent(subject, timeoutMs)),
      )
      signal?.addEventListener('abort', abort, { once: true })
      return request
    },
    answer(number, data) {
      const request = waiting.get(number)
      if (request === undefined) return
      request.end()
      request.resolve(data)
    },
    unheard(first, last) {
      if (last - first > WIDEST) return
      for (let number = first; number <= last; number++) {
        const request = waiting.get(number)
        request?.fail(noResponders(request.subject))
      }
    },
    fail(which, error) {
      for (const request of [...waiting.values()]) if (which(request)) request.fail(error(request))
    },
  }
}

const unsent = (subject: string, timeoutMs: number): RuntimeError =>
  new RuntimeError(
    'broker-unavailable',
    `a request to "${subject}" could not be sent within ${timeoutMs} ms`,
    {
      why: 'there was no connection to the broker, or too much waited before it',
      fix: 'ask again when the broker is there',
      details: { subject, timeoutMs, sent: false },
    },
  )

/** The connection was lost while an answer was awaited: it may never come, and the request is not sent again. */
export const interrupted = ({ subject }: OpenRequest): RuntimeError =>
  new RuntimeError('broker-unavailable', `the connection was lost during a request to "${subject}"`, {
    why: 'whoever was asked may have got the request, and the answer may be lost',
    fix: 'ask again if it does no harm to be asked twice',
    details: { subject, sent: true },
  })
