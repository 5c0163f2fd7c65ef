/**
 * The transport between processes: NATS core under the contract of `transport.ts`. Several may share a connection; each
 * has an inbox of its own for answers. What it does with bytes is in `nats-frames.ts`, with a lost connection in
 * `nats-outbox.ts`.
 *
 * At most once: a message that may have been sent is never sent again. What was accepted before the connection was
 * lost and not sent is sent when it is back. A request that was sent is rejected with `broker-unavailable` the
 * moment the connection is lost; one that was not waits for the connection, no longer than its timeout.
 *
 * Hot path: bench/scenarios/remote-ask.ts
 */
import { createInbox, Events, type Subscription as NatsSubscription } from 'nats'
import type { Clock } from '../../actors/clock.ts'
import { checkPattern, checkSubject } from '../../actors/subject.ts'
import { systemClock } from '../clock.ts'
import type { NatsConnection } from './nats-connection.ts'
import { copy, type Member, type Receiver, receive, receiveAnswer } from './nats-delivery.ts'
import { FRAME, fitsFrame, type Item, MAX_FRAME_BYTES, sizeInFrame } from './nats-frames.ts'
import { createOutbox, type Parcel } from './nats-outbox.ts'
import { refusedByServer, tooLarge, underWay, unsendable } from './nats-refusals.ts'
import { createOpenRequests, interrupted } from './nats-requests.ts'
import { checkSize, closed } from './refusals.ts'
import type {
  HandlerErrorListener,
  Listening,
  MessageHandler,
  Transport,
  TransportStatus,
} from './transport.ts'

export interface NatsTransportOptions {
  /**
   * Told of failed handlers, malformed messages, refusals by the server (then the subject it names), and how many messages
   * were under way when the connection was lost (then `>`). Default: a warning of the process.
   */
  readonly onError?: HandlerErrorListener
  /** What the timeouts of requests are measured by. */
  readonly clock?: Clock
  /** Bytes that may wait to be sent; beyond it `publish`, `request` and `reply` refuse with `broker-unavailable`. Default 16 MiB. */
  readonly maxBufferedBytes?: number
  /** Bytes sent that the server has not confirmed: what a lost connection may cost. Default 4 MiB. */
  readonly maxUnconfirmedBytes?: number
}

interface State extends Receiver {
  readonly connection: NatsConnection
  readonly members: Set<Member>
  status: TransportStatus
  /** The largest message the server takes. */
  maxPayload: number
  inbox: NatsSubscription | undefined
  drained: Promise<void> | undefined
}

const MIB = 1024 * 1024

/**
 * A transport over a connection, which stays open when the transport closes. It closes with the connection. Throws
 * `transport-closed` when that is closed already.
 */
export function natsTransport(connection: NatsConnection, options: NatsTransportOptions = {}): Transport {
  if (connection.nc.isClosed() || connection.nc.isDraining()) throw closed('closed')
  const state = newState(connection, options)
  followConnection(state)
  void followErrors(state)
  return {
    get status() {
      return state.status
    },
    publish(subject, data, { replyTo } = {}) {
      requireOpen(state)
      checkSubject(subject)
      state.checkData(data)
      if (replyTo === undefined) state.outbox.push({ subject, item: { kind: 'message', data: copy(data) } })
      else publishNamed(state, subject, data, checkSubject(replyTo))
    },
    subscribe(pattern, handler, { queue } = {}) {
      requireOpen(state)
      checkPattern(pattern)
      if (queue !== undefined) checkSubject(queue)
      return subscribe(state, pattern, handler, queue)
    },
    request: (subject, data, options) =>
      new Promise((resolve, reject) => {
        requireOpen(state)
        checkSubject(subject)
        state.checkData(data)
        const request = state.requests.open(subject, options, { resolve, reject })
        const item = { kind: 'request', number: request.number, data: copy(data) } as const
        try {
          state.outbox.push({ subject, item, request })
        } catch (error) {
          request.fail(error)
        }
      }),
    async flush() {
      requireOpen(state)
      await state.outbox.flushed()
    },
    drain() {
      state.drained ??= drain(state)
      return state.drained
    },
    async close() {
      close(state)
    },
  }
}

function newState(connection: NatsConnection, options: NatsTransportOptions): State {
  const { onError = warn, clock = systemClock } = options
  const { maxBufferedBytes = 16 * MIB, maxUnconfirmedBytes = 4 * MIB } = options
  const inbox = createInbox(connection.inboxPrefix)
  // Apart from the delivery, so that a listener that throws is heard by the process and stops no message.
  const report: HandlerErrorListener = (error, subject) => queueMicrotask(() => onError(error, subject))
  const failed = (parcels: readonly Parcel[], error: unknown): void => {
    for (const { subject, request } of parcels) {
      const refusal = unsendable(error, subject)
      if (request) request.fail(refusal)
      else report(refusal, subject)
    }
  }
  const state: State = {
    connection,
    outbox: createOutbox(connection, { inbox, maxBufferedBytes, maxUnconfirmedBytes, failed }),
    requests: createOpenRequests(clock, () => state.onRest?.()),
    report,
    checkData(data) {
      checkSize(data)
      if (data.length > state.maxPayload) throw tooLarge(data.length, state.maxPayload)
    },
    members: new Set(),
    status: 'open',
    maxPayload: MIB,
    inbox: undefined,
    busy: 0,
    onRest: undefined,
    drained: undefined,
  }
  state.inbox = connection.nc.subscribe(`${inbox}.>`, {
    callback: (error, message) => {
      if (error === null) receiveAnswer(state, message)
      // Refused: it is reported by `followErrors`, and no answer will ever come.
      else
        state.requests.fail(
          () => true,
          () => refusedByServer(error.code),
        )
    },
  })
  return state
}

function followConnection(state: State): void {
  state.connection.onStatus(status => {
    if (state.status === 'closed') return
    if (status === 'connected' || status === 'reconnected') {
      state.maxPayload = state.connection.nc.info?.max_payload ?? state.maxPayload
      state.outbox.connected(state.maxPayload)
    } else if (status === 'disconnected') {
      const lost = state.outbox.disconnected()
      if (lost > 0) state.report(underWay(lost), '>')
      state.requests.fail(({ sent }) => sent, interrupted)
    } else if (status === 'closed') close(state)
  })
}

/** What the server says out of turn, for example that a subject is not allowed. */
async function followErrors(state: State): Promise<void> {
  for await (const { type, data, permissionContext } of state.connection.nc.status()) {
    if (state.status === 'closed') return
    if (type !== Events.Error) continue
    const subject = permissionContext?.subject ?? '>'
    const error = refusedByServer(String(data), permissionContext)
    state.report(error, subject)
    if (permissionContext?.operation === 'publish')
      state.requests.fail(
        request => request.subject === subject,
        () => error,
      )
  }
}

function subscribe(
  state: State,
  pattern: string,
  handler: MessageHandler,
  queue: string | undefined,
): Listening {
  const member: Member = { handler, live: true, nats: undefined }
  // What was published before the subscription is not for it.
  state.outbox.handOver()
  member.nats = state.connection.nc.subscribe(pattern, {
    ...(queue !== undefined && { queue }),
    // A refused subscription is reported by `followErrors`.
    callback: (error, message) => void (error === null && receive(state, member, message)),
  })
  state.members.add(member)
  const unsubscribe = (): void => {
    member.live = false
    if (!state.members.delete(member)) return
    state.outbox.handOver()
    member.nats?.unsubscribe()
  }
  return {
    unsubscribe,
    async drain() {
      state.outbox.handOver()
      // Rejects when the connection is lost or closed: nothing more comes then.
      await member.nats?.drain().catch(() => {})
      unsubscribe()
    },
  }
}

function publishNamed(state: State, subject: string, data: Uint8Array, replyTo: string): void {
  const item: Item = { kind: 'named', replyTo, data: copy(data) }
  // Alone it would be taken for a frame, and its reply subject cannot say otherwise.
  const frameBytes = Math.min(MAX_FRAME_BYTES, state.maxPayload)
  if (data[0] === FRAME && !fitsFrame(sizeInFrame(item), frameBytes)) throw tooLarge(data.length, frameBytes)
  state.outbox.push({ subject, item })
}

async function drain(state: State): Promise<void> {
  if (state.status === 'closed') return
  state.status = 'draining'
  state.outbox.handOver()
  const taken = Promise.all([...state.members].map(({ nats }) => nats?.drain().catch(() => {})))
  await Promise.race([taken, rest(state, () => false)])
  await rest(state, () => state.busy + state.requests.size === 0)
  await state.outbox.flushed().catch(() => {})
  close(state)
}

/** Resolves when `holds` does, asked whenever work ends, or when the transport is closed. */
const rest = (state: State, holds: () => boolean): Promise<void> =>
  new Promise(resolve => {
    state.onRest = () => {
      if (state.status === 'closed' || holds()) resolve()
    }
    state.onRest()
  })

function close(state: State): void {
  if (state.status === 'closed') return
  state.status = 'closed'
  // First, so that no request goes out whose answer nobody takes.
  state.requests.fail(
    () => true,
    () => closed('closed'),
  )
  state.outbox.close()
  for (const member of state.members) {
    member.live = false
    member.nats?.unsubscribe()
  }
  state.members.clear()
  state.inbox?.unsubscribe()
  state.onRest?.()
}

function requireOpen({ status, connection: { nc } }: State): void {
  if (status !== 'open') throw closed(status)
  if (nc.isDraining()) throw closed('draining')
}

function warn(error: unknown, subject: string): void {
  process.emitWarning(`on "${subject}": ${error instanceof Error ? error.stack : String(error)}`)
}
