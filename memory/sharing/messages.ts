/**
 * What both ends of a connection say to each other, and the reading of it: what arrives is hostile until it was
 * read here. A greeting is JSON, so that versions with different codecs can still refuse each other in words.
 */
import { isWireError, RuntimeError, type WireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { type Holder, holderFrom } from '../owner.ts'

/** Of everything below and of the meaning of the calls: raised when an older side would misread a newer one. */
export const PROTOCOL = 1
export const GREETING_BYTES = 4_096

/** `id` is a whole number from 1, unique among the calls of a connection that are not answered. */
export type CallMessage = readonly [
  type: 'call',
  id: number,
  space: string,
  method: string,
  args: readonly Plain[],
]
export type ToOwner = CallMessage | readonly [type: 'ping']

export type ToClient =
  | readonly [type: 'done', id: number, value: Plain]
  | readonly [type: 'failed', id: number, error: WireError]
  | readonly [type: 'pong']
  /** No new calls: the owner closes when what is under way is answered. */
  | readonly [type: 'bye']

export interface Welcome {
  readonly owner: Holder
  readonly inFlight: number
}

/** The owner does not serve this client, and why. */
export interface Refusal {
  readonly refused: 'protocol' | 'not-shared'
  readonly owner: Holder
  readonly protocol: number
}

const MARK = 'memory'
const bytesOf = (value: Plain): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

export const helloBytes = (): Uint8Array => bytesOf({ agenticraft: MARK, protocol: PROTOCOL })

export const welcomeBytes = ({ owner, inFlight }: Welcome): Uint8Array =>
  bytesOf({ agenticraft: MARK, protocol: PROTOCOL, owner: { ...owner }, inFlight })

export const refusalBytes = (owner: Holder, refused: Refusal['refused']): Uint8Array =>
  bytesOf({ agenticraft: MARK, protocol: PROTOCOL, owner: { ...owner }, refused })

/** The protocol of whoever greets. Throws `codec-malformed` for what is no greeting. */
export const readHello = (bytes: Uint8Array): number => readGreeting(bytes).protocol

/** Throws `codec-malformed` for what is neither. */
export function readWelcome(bytes: Uint8Array): Welcome | Refusal {
  const { protocol, owner: said, refused, inFlight } = readGreeting(bytes)
  const owner = holderFrom(said)
  if (!owner) throw malformed()
  if (protocol !== PROTOCOL) return { refused: 'protocol', owner, protocol }
  if (refused === 'not-shared' || refused === 'protocol') return { refused, owner, protocol }
  if (refused !== undefined || !isWhole(inFlight)) throw malformed()
  return { owner, inFlight }
}

function readGreeting(bytes: Uint8Array): Readonly<Record<string, unknown>> & { readonly protocol: number } {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw malformed() // Without the cause, which quotes what arrived.
  }
  if (typeof value !== 'object' || value === null) throw malformed()
  const { agenticraft, protocol } = value as Record<string, unknown>
  if (agenticraft !== MARK || !isWhole(protocol)) throw malformed()
  return { ...value, protocol }
}

/** Throws `codec-malformed`. */
export function readToOwner(value: Plain): ToOwner {
  if (!Array.isArray(value)) throw malformed()
  const [type, id, space, method, args] = value
  if (type === 'ping') return ['ping']
  const isWell = isWhole(id) && typeof space === 'string' && typeof method === 'string' && Array.isArray(args)
  if (type !== 'call' || !isWell) throw malformed()
  return ['call', id, space, method, args]
}

/** Throws `codec-malformed`. */
export function readToClient(value: Plain): ToClient {
  if (!Array.isArray(value)) throw malformed()
  const [type, id, content] = value
  if (type === 'pong' || type === 'bye') return [type]
  if (!isWhole(id)) throw malformed()
  if (type === 'done') return ['done', id, content ?? null]
  if (type === 'failed' && isWireError(content)) return ['failed', id, content]
  throw malformed()
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0

export const malformed = (): RuntimeError =>
  new RuntimeError('codec-malformed', 'the other side of a shared memory does not keep to the protocol')
