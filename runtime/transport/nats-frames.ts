/**
 * Several messages in one NATS message. Used by `nats.ts` and `nats-outbox.ts`.
 *
 * A frame is the byte 0xC1 (which msgpack never uses), a version byte, then items until the end: a kind byte; for a
 * request or an answer its number (6 bytes), for a message with a named reply subject that subject (2 bytes of length,
 * ASCII); 4 bytes of length; the data. Integers are big-endian. A NATS message that does not begin with 0xC1 is one
 * message as it is. One that does and is no frame has the reply subject `LITERAL`, or one that ends in `LITERAL_MARK`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { checkSubject } from '../../actors/subject.ts'

export const FRAME = 0xc1
const VERSION = 1

/** What says of a message that begins with 0xC1 that it is no frame. Nobody subscribes to it. */
export const LITERAL = '_AC.x'
const LITERAL_MARK = 'X'

/** A frame is not made larger. A message that is larger alone goes alone, unframed. */
export const MAX_FRAME_BYTES = 64 * 1024
export const MAX_FRAME_ITEMS = 512

export type Item =
  | { readonly kind: 'message'; readonly data: Uint8Array }
  /** To be answered to the inbox of the frame, with this number. */
  | { readonly kind: 'request' | 'answer'; readonly number: number; readonly data: Uint8Array }
  | { readonly kind: 'named'; readonly replyTo: string; readonly data: Uint8Array }

const KINDS = ['message', 'request', 'named', 'answer'] as const satisfies readonly Item['kind'][]
const CODES = { message: 0, request: 1, named: 2, answer: 3 } as const satisfies Record<Item['kind'], number>

const HEAD = 2
/** Kind and length. */
const ITEM_HEAD = 5
const NUMBER = 6

/** Bytes an item takes in a frame. */
export function sizeInFrame(item: Item): number {
  const extra = item.kind === 'message' ? 0 : item.kind === 'named' ? 2 + item.replyTo.length : NUMBER
  return ITEM_HEAD + extra + item.data.length
}

/** Whether a frame of `limit` bytes has room for items of that size. */
export const fitsFrame = (itemBytes: number, limit: number): boolean => HEAD + itemBytes <= limit

/** One frame of items that fit, which the caller has counted. */
export function encodeFrame(items: readonly Item[], itemBytes: number): Uint8Array {
  const frame = Buffer.allocUnsafe(HEAD + itemBytes)
  frame[0] = FRAME
  frame[1] = VERSION
  let at = HEAD
  for (const item of items) {
    frame[at++] = CODES[item.kind]
    if (item.kind === 'named') {
      at = frame.writeUInt16BE(item.replyTo.length, at)
      at += frame.write(item.replyTo, at, 'latin1')
    } else if (item.kind !== 'message') at = frame.writeUIntBE(item.number, at, NUMBER)
    at = frame.writeUInt32BE(item.data.length, at)
    frame.set(item.data, at)
    at += item.data.length
  }
  return frame
}

export const isFrame = (data: Uint8Array, reply: string): boolean =>
  data[0] === FRAME && reply !== LITERAL && !(reply.startsWith('_AC.') && reply.endsWith(LITERAL_MARK))

/**
 * The items of a frame. Their bytes are parts of the frame's: whoever keeps a small one keeps what was received with it.
 * Throws `codec-malformed`, and then nothing of it is of use.
 */
export function decodeFrame(data: Uint8Array): Item[] {
  const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (frame[1] !== VERSION)
    throw malformed(`its version is ${frame[1] ?? 'missing'}, and only ${VERSION} is known`)
  const items: Item[] = []
  let at = HEAD
  const take = (bytes: number): number => {
    const from = at
    at += bytes
    if (at > frame.length) throw malformed('it is cut off')
    return from
  }
  do {
    if (items.length === MAX_FRAME_ITEMS) throw malformed(`it has more than ${MAX_FRAME_ITEMS} items`)
    const kind = KINDS[frame[take(1)] ?? -1]
    if (kind === undefined) throw malformed('an item is of no known kind')
    const replyTo = kind === 'named' ? replySubject(frame, take) : ''
    const number = kind === 'request' || kind === 'answer' ? frame.readUIntBE(take(NUMBER), NUMBER) : 0
    const length = frame.readUInt32BE(take(4))
    const from = take(length)
    const own = new Uint8Array(frame.buffer, frame.byteOffset + from, length)
    if (kind === 'message') items.push({ kind, data: own })
    else if (kind === 'named') items.push({ kind, replyTo, data: own })
    else items.push({ kind, number, data: own })
  } while (at < frame.length)
  return items
}

function replySubject(frame: Buffer, take: (bytes: number) => number): string {
  const length = frame.readUInt16BE(take(2))
  const from = take(length)
  try {
    return checkSubject(frame.toString('latin1', from, from + length))
  } catch (cause) {
    throw malformed('an item wants its answer sent to a malformed subject', cause)
  }
}

const malformed = (why: string, cause?: unknown): RuntimeError =>
  new RuntimeError('codec-malformed', 'a received frame of messages is malformed', {
    why,
    fix: 'only processes of this software may publish messages that begin with the byte 0xC1 here',
    ...(cause !== undefined && { cause }),
  })

/**
 * The NATS reply subject of requests `first` to `last` of a frame, or of one that goes alone. The server says to it
 * that nobody is there; who answers takes the inbox from it, and the number of a request that came alone.
 */
export const replyToken = (inbox: string, first: number, last: number, literal = false): string =>
  `${inbox}.${first.toString(36)}-${last.toString(36)}${literal ? LITERAL_MARK : ''}`

export interface ReplySubject {
  /** The reply subject without its last token. */
  readonly inbox: string
  readonly first: number
  readonly last: number
}

const TOKEN = /^(_AC(?:\.[A-Za-z0-9_-]{1,64}){1,8})\.([0-9a-z]{1,10})-([0-9a-z]{1,10})X?$/

/** Reads what `replyToken` made; undefined for any other reply subject. */
export function parseReplyToken(reply: string): ReplySubject | undefined {
  const [, inbox, first, last] = TOKEN.exec(reply) ?? []
  if (inbox === undefined || first === undefined || last === undefined) return undefined
  return { inbox, first: Number.parseInt(first, 36), last: Number.parseInt(last, 36) }
}
