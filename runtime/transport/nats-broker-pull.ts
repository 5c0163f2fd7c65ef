/**
 * Asks a consumer of a stream for its next messages, and tells how the asking ended. It notices silence: of a server
 * that has stopped answering, or never knew of the consumer. Used for reading the log and for collecting letters.
 */
import { createInbox, type Msg } from 'nats'
import type { Line } from './nats-broker-line.ts'

/** `expired`: served as far as there was something. `gone`: the server says so. `silent`: it says nothing. */
export type PullEnd = 'full' | 'expired' | 'gone' | 'silent'

export interface Pull {
  readonly batch: number
  readonly maxBytes?: number
  /** How long the server waits for messages, and how often it says that it does; ms. */
  readonly expiresMs: number
  readonly heartbeatMs: number
}

export interface Puller {
  /** One at a time. Resolves when the server has given `batch`, or will give no more. */
  pull(stream: string, consumer: string, request: Pull): Promise<PullEnd>
  close(): void
}

/** A stored message as it is delivered. */
export interface Delivery {
  readonly subject: string
  readonly data: Uint8Array
  /** The name of the consumer that brings it. */
  readonly consumer: string
  readonly seq: number
  /** Counts what the consumer has delivered, from 1. */
  readonly count: number
  /** When it was stored, as the server writes it. */
  readonly stored: string
  /** How many more there are for this consumer. */
  readonly pending: number
}

interface Waiting {
  readonly inbox: string
  left: number
  touch(): void
  end(how: PullEnd): void
}

export function createPuller(line: Line, take: (delivery: Delivery) => void): Puller {
  const { nc, inboxPrefix } = line.connection
  const inbox = createInbox(inboxPrefix)
  let pulls = 0
  let waiting: Waiting | undefined
  const subscription = nc.subscribe(`${inbox}.*`, {
    callback(error, message) {
      if (error !== null) return waiting?.end('silent')
      if (message.subject.startsWith(`${inbox}.`)) return heard(waiting, message)
      const delivery = deliveryOf(message)
      if (delivery === undefined) return
      // Also what an earlier pull asked for: it is ours, and comes in order.
      waiting?.touch()
      take(delivery)
      if (waiting && --waiting.left === 0) waiting.end('full')
    },
  })
  const forget = line.onDown(() => waiting?.end('silent'))
  return {
    pull: (stream, consumer, request) =>
      new Promise(resolve => {
        const reply = `${inbox}.${++pulls}`
        waiting = wait(reply, request, how => {
          waiting = undefined
          resolve(how)
        })
        if (line.isClosed || nc.isClosed()) return waiting.end('silent')
        nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, encode(request), { reply })
      }),
    close() {
      forget()
      waiting?.end('silent')
      if (!nc.isClosed()) subscription.unsubscribe()
    },
  }
}

function wait(inbox: string, { batch, heartbeatMs }: Pull, done: (how: PullEnd) => void): Waiting {
  let timer: NodeJS.Timeout | undefined
  const end = (how: PullEnd): void => {
    clearTimeout(timer)
    done(how)
  }
  timer = setTimeout(() => end('silent'), heartbeatMs * 2.5)
  return { inbox, left: batch, touch: () => void timer?.refresh(), end }
}

const encode = ({ batch, maxBytes, expiresMs, heartbeatMs }: Pull): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      batch,
      expires: expiresMs * 1_000_000,
      idle_heartbeat: heartbeatMs * 1_000_000,
      ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    }),
  )

/** A word of the server about a pull. */
function heard(waiting: Waiting | undefined, { subject, headers }: Msg): void {
  if (waiting === undefined || subject !== waiting.inbox || headers === undefined) return
  waiting.touch()
  if (headers.code !== 100) waiting.end(endBy(headers.code, headers.description.toLowerCase()))
}

function endBy(code: number, text: string): PullEnd {
  if (code === 404 || code === 408) return 'expired'
  if (code === 409 && text.includes('maxbytes')) return 'full'
  if (code === 503 || text.includes('consumer deleted')) return 'gone'
  // Too many pulls wait, the leader changed, what newer servers may say: the caller looks at the consumer.
  return 'silent'
}

/** `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<tries>.<seq>.<count>.<time>.<pending>[.<random>]` */
function deliveryOf({ subject, data, reply }: Msg): Delivery | undefined {
  const tokens = reply?.split('.') ?? []
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined
  const [consumer = '', , seq, count, stored = '', pending] = tokens.slice(tokens.length === 9 ? 3 : 5)
  return {
    subject,
    data: data.slice(),
    consumer,
    seq: Number(seq),
    count: Number(count),
    stored,
    pending: Number(pending),
  }
}
