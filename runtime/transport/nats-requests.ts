/**
 * The requests of a NATS transport that wait for an answer, by number. It sends nothing: `nats.ts` does, and
 * tells it what came.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type Deadline, type Deadlines, deadlinesOn } from '../deadlines.ts'
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

/** Wider spans than a frame can have come from no server. */
const WIDEST = 100_000

interface State {
  readonly waiting: Map<number, Request>
  readonly deadlines: Deadlines
  readonly onSettled: () => void
}

/** One that waits: its own deadline and its own listener of an abort, since a closure for each costs more than sending it. */
class Request implements OpenRequest, Deadline {
  readonly number: number
  readonly subject: string
  readonly due: number
  sent = false
  settled = false
  readonly #state: State
  readonly #options: RequestOptions
  readonly #settle: Settle

  constructor(
    state: State,
    number: number,
    subject: string,
    due: number,
    options: RequestOptions,
    settle: Settle,
  ) {
    this.#state = state
    this.number = number
    this.subject = subject
    this.due = due
    this.#options = options
    this.#settle = settle
  }

  begin(): void {
    this.#state.waiting.set(this.number, this)
    this.#state.deadlines.open(this)
    this.#options.signal?.addEventListener('abort', this, { once: true })
  }

  answer(data: Uint8Array): void {
    this.#end()
    this.#settle.resolve(data)
  }

  fail(error: unknown): void {
    if (this.settled) return
    this.#end()
    this.#settle.reject(error)
  }

  late(): void {
    const { timeoutMs } = this.#options
    this.fail(this.sent ? timedOut(this.subject, timeoutMs) : unsent(this.subject, timeoutMs))
  }

  /** Of an `EventListener`: the signal aborts. */
  handleEvent(): void {
    this.fail(cancelled(this.subject, this.#options.signal))
  }

  #end(): void {
    const { waiting, deadlines, onSettled } = this.#state
    this.settled = true
    waiting.delete(this.number)
    deadlines.close(this)
    this.#options.signal?.removeEventListener('abort', this)
    onSettled()
  }
}

export function createOpenRequests(clock: Clock, onSettled: () => void): OpenRequests {
  const waiting = new Map<number, Request>()
  const state: State = { waiting, deadlines: deadlinesOn(clock), onSettled }
  let count = 0
  return {
    get size() {
      return waiting.size
    },
    open(subject, options, settle) {
      const { timeoutMs, signal } = options
      if (signal?.aborted) throw cancelled(subject, signal)
      if (!(timeoutMs > 0)) throw timedOut(subject, timeoutMs)
      const request = new Request(state, ++count, subject, clock.now() + timeoutMs, options, settle)
      request.begin()
      return request
    },
    answer: (number, data) => waiting.get(number)?.answer(data),
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
