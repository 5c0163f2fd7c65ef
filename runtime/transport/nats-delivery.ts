/**
 * From a NATS message to the handlers of a subscription and back: frames are opened, answers go where the sender
 * wants them. Used by `nats.ts`. What comes may be of any NATS client, and is hostile.
 */
import type { Msg, Subscription as NatsSubscription } from 'nats'
import { decodeFrame, FRAME, type Item, isFrame, parseReplyToken } from './nats-frames.ts'
import type { Outbox, Parcel } from './nats-outbox.ts'
import { misplaced } from './nats-refusals.ts'
import type { OpenRequests } from './nats-requests.ts'
import { closed } from './refusals.ts'
import type { HandlerErrorListener, MessageHandler, TransportStatus } from './transport.ts'

/** One subscription. */
export interface Member {
  readonly handler: MessageHandler
  /** False from the moment on which nothing may reach the handler. */
  live: boolean
  nats: NatsSubscription | undefined
}

/** What delivery needs of a transport. */
export interface Receiver {
  readonly status: TransportStatus
  readonly outbox: Outbox
  readonly requests: OpenRequests
  readonly report: HandlerErrorListener
  /** Throws `codec-too-large`. */
  readonly checkData: (data: Uint8Array) => void
  /** Handlers that returned a promise which is still pending. */
  busy: number
  /** Called when work ends, while draining. */
  onRest: (() => void) | undefined
}

type Reply = (data: Uint8Array) => void

/** Where an answer goes: with a number to one of our inboxes, `raw` to somebody who knows no frames. */
interface Target {
  readonly subject: string
  readonly number?: number
  readonly raw?: true
}

/** Hands over one message, or each one of a frame. */
export function receive(receiver: Receiver, member: Member, message: Msg): void {
  const { data, subject, reply = '' } = message
  if (isNobodyThere(message)) return
  if (!isFrame(data, reply)) {
    deliver(receiver, member, subject, own(data), rawTarget(reply, data))
    return
  }
  const inbox = parseReplyToken(reply)?.inbox
  for (const item of opened(receiver, data, subject)) {
    const target = targetOf(item, inbox)
    if (item.kind === 'message' || target !== undefined) deliver(receiver, member, subject, item.data, target)
    else receiver.report(misplaced(item.kind), subject)
  }
}

/** A frame of answers, one large answer, or the server's word that nobody was there. */
export function receiveAnswer(receiver: Receiver, message: Msg): void {
  const { data, subject, reply = '' } = message
  if (isFrame(data, reply)) {
    for (const item of opened(receiver, data, subject)) {
      if (item.kind === 'answer') receiver.requests.answer(item.number, item.data)
      else receiver.report(misplaced(item.kind), subject)
    }
    return
  }
  const asked = parseReplyToken(subject)
  if (asked !== undefined && isNobodyThere(message)) receiver.requests.unheard(asked.first, asked.last)
  else if (asked !== undefined && asked.first === asked.last) receiver.requests.answer(asked.first, own(data))
  else receiver.report(misplaced('unframed answer'), subject)
}

/** The bytes of a message without the methods of a Buffer, whose `slice` does not copy. */
const own = (data: Uint8Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.length)

/** From a pool: one small allocation of its own per message costs more than all the rest of sending it. */
export const copy = (data: Uint8Array): Uint8Array => Buffer.from(data)

/** Headers that cannot be read are not the server's, and nothing may throw into the client, which would stop reading. */
function isNobodyThere(message: Msg): boolean {
  if (message.data.length > 0) return false
  try {
    return message.headers?.code === 503
  } catch {
    return false
  }
}

function opened(receiver: Receiver, data: Uint8Array, subject: string): readonly Item[] {
  try {
    return decodeFrame(data)
  } catch (error) {
    receiver.report(error, subject)
    return []
  }
}

/** How an item of a frame is answered; undefined when it is not, or its frame came without an inbox. */
function targetOf(item: Item, inbox: string | undefined): Target | undefined {
  if (item.kind === 'named') return { subject: item.replyTo }
  return item.kind === 'request' && inbox !== undefined ? { subject: inbox, number: item.number } : undefined
}

/** To whoever sent a message that is no frame: a large one of ours, or one of any other NATS client. */
function rawTarget(reply: string, message: Uint8Array): Target | undefined {
  if (reply === '') return undefined
  const asked = parseReplyToken(reply)
  if (asked !== undefined) return { subject: asked.inbox, number: asked.first }
  // Then the reply subject only says that this is no frame.
  return message[0] === FRAME ? undefined : { subject: reply, raw: true }
}

function parcelTo({ subject, number, raw }: Target, data: Uint8Array): Parcel {
  if (number !== undefined) return { subject, item: { kind: 'answer', number, data } }
  const item = { kind: 'message', data } as const
  return raw ? { subject, item, raw } : { subject, item }
}

function deliver(
  receiver: Receiver,
  member: Member,
  subject: string,
  data: Uint8Array,
  target: Target | undefined,
): void {
  if (!member.live) return
  try {
    const returned = member.handler(
      target === undefined ? { subject, data } : { subject, data, reply: replyTo(receiver, target) },
    )
    if (isThenable(returned)) void track(receiver, subject, returned)
  } catch (error) {
    receiver.report(error, subject)
  }
}

function replyTo(receiver: Receiver, target: Target): Reply {
  let answered = false
  return data => {
    if (receiver.status === 'closed') throw closed(receiver.status)
    receiver.checkData(data)
    if (answered) return
    receiver.outbox.push(parcelTo(target, copy(data)))
    answered = true
  }
}

async function track(receiver: Receiver, subject: string, work: PromiseLike<unknown>): Promise<void> {
  receiver.busy++
  try {
    await work
  } catch (error) {
    receiver.report(error, subject)
  } finally {
    receiver.busy--
    receiver.onRest?.()
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
