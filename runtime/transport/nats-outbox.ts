/**
 * What a NATS transport has accepted and not yet sent: kept in order, sent once per turn of the event loop, several
 * messages in one where that is not seen. Used by `nats.ts`.
 *
 * The client forgets its own buffer when the connection is lost, so it is given a message only while connected and
 * only up to a window of what the server has confirmed (with the answer to a ping). All else waits here, is sent after a
 * reconnection, and is bounded. What was in the window when the connection was lost may have arrived or not: it
 * is never sent again, and counted.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { NatsConnection } from './nats-connection.ts'
import {
  encodeFrame,
  FRAME,
  fitsFrame,
  type Item,
  LITERAL,
  MAX_FRAME_BYTES,
  MAX_FRAME_ITEMS,
  replyToken,
  sizeInFrame,
} from './nats-frames.ts'
import type { OpenRequest } from './nats-requests.ts'
import { closed } from './refusals.ts'

/**
 * The most messages to one subject in a frame. A queue group gets a whole frame in one member: few enough that the
 * work is still spread, enough that the cost of a NATS message no longer matters.
 */
const MESSAGES_PER_FRAME = 16
/** Nothing is spread there: each actor and each partition is served by one. Answers have one receiver, too. */
const ONE_RECEIVER = /^ac\.[^.]+\.(?:agent|part)\./
/** Work for stateless actors may take minutes, and is spread one by one. */
const SPREAD = /^ac\.[^.]+\.pool\./

/** A ping is sent after so many bytes, and otherwise this much later, ms. */
const CONFIRM_BYTES = 64 * 1024
const CONFIRM_MS = 100
/** What a waiting message takes besides its bytes, about. */
const OVERHEAD = 128

export interface Parcel {
  /** Where it goes; of an answer the inbox it goes to. */
  readonly subject: string
  readonly item: Item
  /** Goes as it is: its receiver knows no frames. */
  readonly raw?: true
  readonly request?: OpenRequest
}

export interface OutboxOptions {
  /** Inbox of the answers to our requests. */
  readonly inbox: string
  readonly maxBufferedBytes: number
  readonly maxUnconfirmedBytes: number
  /** The client refused these. */
  readonly failed: (parcels: readonly Parcel[], error: unknown) => void
}

export interface Outbox {
  /** Throws `broker-unavailable` when too much waits. */
  push(parcel: Parcel): void
  /** Gives the client all that waits, if connected: what is subscribed next stands behind it. */
  handOver(): void
  /** Resolves when the server has seen all that was pushed; waits for a reconnection. Rejects with `transport-closed`. */
  flushed(): Promise<void>
  /** `maxPayload`: the largest message that this server takes. */
  connected(maxPayload: number): void
  /** How many messages were under way: nobody knows whether they arrived. */
  disconnected(): number
  close(): void
}

interface State extends OutboxOptions {
  readonly connection: NatsConnection
  messages: Parcel[]
  next: number
  readonly answers: Map<string, Parcel[]>
  /** Of what waits. */
  buffered: number
  /** The largest frame. */
  frameBytes: number
  up: boolean
  closed: boolean
  scheduled: boolean
  /** Counted since the connection was made; what is confirmed is behind what is sent. */
  sent: Count
  confirmed: Count
  pinged: Count
  timer: NodeJS.Timeout | undefined
  change: Change
}

interface Count {
  readonly messages: number
  readonly bytes: number
}

/** The next change of the connection. */
interface Change {
  readonly happened: Promise<void>
  happen(): void
}

const NONE: Count = { messages: 0, bytes: 0 }

export function createOutbox(connection: NatsConnection, options: OutboxOptions): Outbox {
  const box: State = {
    ...options,
    connection,
    messages: [],
    next: 0,
    answers: new Map(),
    buffered: 0,
    frameBytes: MAX_FRAME_BYTES,
    up: false,
    closed: false,
    scheduled: false,
    sent: NONE,
    confirmed: NONE,
    pinged: NONE,
    timer: undefined,
    change: newChange(),
  }
  return {
    push: parcel => push(box, parcel),
    handOver: () => pump(box, Number.POSITIVE_INFINITY),
    flushed: () => flushed(box),
    connected(maxPayload) {
      box.frameBytes = Math.min(MAX_FRAME_BYTES, maxPayload)
      box.up = true
      changed(box)
      schedule(box)
    },
    disconnected() {
      const lost = box.sent.messages - box.confirmed.messages
      box.up = false
      startCount(box)
      changed(box)
      return lost
    },
    close() {
      if (box.up) pump(box, Number.POSITIVE_INFINITY)
      box.closed = true
      box.up = false
      startCount(box)
      box.messages = []
      box.answers.clear()
      changed(box)
    },
  }
}

function push(box: State, parcel: Parcel): void {
  const bytes = parcel.item.data.length + OVERHEAD
  if (box.buffered + bytes > box.maxBufferedBytes) throw full(box)
  box.buffered += bytes
  if (parcel.item.kind === 'answer') {
    const waiting = box.answers.get(parcel.subject)
    if (waiting) waiting.push(parcel)
    else box.answers.set(parcel.subject, [parcel])
  } else box.messages.push(parcel)
  schedule(box)
}

function schedule(box: State): void {
  if (box.scheduled || !box.up) return
  box.scheduled = true
  setImmediate(() => {
    box.scheduled = false
    pump(box, box.maxUnconfirmedBytes)
  })
}

/** Sends what waits while no more than `window` bytes are unconfirmed. */
function pump(box: State, window: number): void {
  if (!box.up) return
  const isOpen = (): boolean => box.sent.bytes - box.confirmed.bytes < window
  while (box.next < box.messages.length && isOpen()) box.next = sendFrom(box, box.messages, box.next)
  if (box.next * 2 >= box.messages.length) {
    box.messages = box.next === box.messages.length ? [] : box.messages.slice(box.next)
    box.next = 0
  }
  for (const [inbox, waiting] of box.answers) {
    let next = 0
    while (next < waiting.length && isOpen()) next = sendFrom(box, waiting, next)
    if (next === waiting.length) box.answers.delete(inbox)
    else box.answers.set(inbox, waiting.slice(next))
  }
  confirmSoon(box)
}

/** Sends what stands at `from`, and what may go with it; returns what stands behind. */
function sendFrom(box: State, lane: readonly Parcel[], from: number): number {
  const parcels: Parcel[] = []
  let bytes = 0
  let most = 1
  let end = from
  for (; end < lane.length; end++) {
    const parcel = lane[end] as Parcel
    if (parcel.request?.settled) {
      box.buffered -= parcel.item.data.length + OVERHEAD
      continue
    }
    const size = sizeInFrame(parcel.item)
    const first = parcels[0]
    // Only neighbours go together: a subscription to several subjects must see their order.
    if (first === undefined) most = mostWith(parcel)
    else if (parcel.subject !== first.subject || parcel.raw || parcels.length >= most) break
    else if (!fitsFrame(bytes + size, box.frameBytes)) break
    parcels.push(parcel)
    bytes += size
  }
  if (parcels.length > 0) send(box, parcels, bytes)
  return end
}

/** How many may go in one frame that begins with this one. */
function mostWith({ subject, item, raw }: Parcel): number {
  if (raw || SPREAD.test(subject)) return 1
  return item.kind === 'answer' || ONE_RECEIVER.test(subject) ? MAX_FRAME_ITEMS : MESSAGES_PER_FRAME
}

function send(box: State, parcels: readonly Parcel[], bytes: number): void {
  for (const { item, request } of parcels) {
    box.buffered -= item.data.length + OVERHEAD
    if (request) request.sent = true
  }
  box.sent = { messages: box.sent.messages + parcels.length, bytes: box.sent.bytes + bytes }
  const first = parcels[0] as Parcel
  try {
    if (first.raw || !fitsFrame(bytes, box.frameBytes)) sendAlone(box, first)
    else sendFrame(box, parcels, bytes)
  } catch (error) {
    box.failed(parcels, error)
  }
}

function sendFrame({ connection: { nc }, inbox }: State, parcels: readonly Parcel[], bytes: number): void {
  const items: Item[] = []
  let first = -1
  let last = -1
  for (const { item } of parcels) {
    items.push(item)
    if (item.kind !== 'request') continue
    if (first < 0) first = item.number
    last = item.number
  }
  const { subject, item } = parcels[0] as Parcel
  const frame = encodeFrame(items, bytes)
  if (first >= 0) nc.publish(subject, frame, { reply: replyToken(inbox, first, last) })
  else nc.publish(item.kind === 'answer' ? answersTo(subject) : subject, frame)
}

function sendAlone({ connection: { nc }, inbox }: State, { subject, item, raw }: Parcel): void {
  const { data } = item
  const literal = data[0] === FRAME
  if (item.kind === 'request')
    nc.publish(subject, data, { reply: replyToken(inbox, item.number, item.number, literal) })
  else if (item.kind === 'named') nc.publish(subject, data, { reply: item.replyTo })
  else {
    const to = item.kind === 'answer' && !raw ? replyToken(subject, item.number, item.number) : subject
    nc.publish(to, data, literal ? { reply: LITERAL } : {})
  }
}

/** Where frames of answers to an inbox are sent. */
export const answersTo = (inbox: string): string => `${inbox}.r`

function confirmSoon(box: State): void {
  const unasked = box.sent.bytes - box.pinged.bytes
  if (unasked === 0) return
  if (unasked >= CONFIRM_BYTES) confirm(box)
  else
    box.timer ??= setTimeout(() => {
      box.timer = undefined
      if (box.sent.bytes > box.pinged.bytes) confirm(box)
    }, CONFIRM_MS).unref()
}

/** Asks the server for a pong: what was sent before it has arrived. */
function confirm(box: State): void {
  const asked = box.sent
  const { change } = box
  box.pinged = asked
  box.connection.nc.flush().then(
    () => {
      if (box.change !== change) return
      box.confirmed = asked
      pump(box, box.maxUnconfirmedBytes)
    },
    // The connection was lost: `disconnected` counts what was under way.
    () => {},
  )
}

async function flushed(box: State): Promise<void> {
  while (!box.closed) {
    const { happened } = box.change
    if (box.up) {
      pump(box, Number.POSITIVE_INFINITY)
      const seen = box.connection.nc.flush().then(
        () => true,
        () => false,
      )
      if (await Promise.race([seen, happened.then(() => false)])) return
    }
    await happened
  }
  throw closed('closed')
}

function changed(box: State): void {
  const { change } = box
  box.change = newChange()
  change.happen()
}

function startCount(box: State): void {
  clearTimeout(box.timer)
  box.timer = undefined
  box.sent = box.confirmed = box.pinged = NONE
}

function newChange(): Change {
  let happen = (): void => {}
  const happened = new Promise<void>(resolve => {
    happen = resolve
  })
  return { happened, happen: () => happen() }
}

function full({ up, maxBufferedBytes }: State): RuntimeError {
  return new RuntimeError(
    'broker-unavailable',
    `${maxBufferedBytes} bytes of messages wait to be sent, and no more are accepted`,
    {
      why: up
        ? 'they are published faster than the connection to the broker takes them'
        : 'there is no connection to the broker at the moment',
      fix: 'publish again later; what was accepted is sent as soon as possible',
      details: { maxBufferedBytes, connected: up },
    },
  )
}
