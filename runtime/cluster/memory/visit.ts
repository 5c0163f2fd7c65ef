/**
 * What a caller and the owner of a memory's namespace say to each other. A call is one message of
 * `memory/sharing/messages.ts`; it and its answer travel in parts that fit into a request. The caller comes for the
 * answer as often as it takes, each time with the same id, so that a visit may be lost. What arrives is hostile until it
 * was read here.
 */
import type { Plain } from '../../../actors/plain.ts'
import { SHARING_LIMITS } from '../../../memory/sharing/limits.ts'
import { malformed } from '../../../memory/sharing/messages.ts'

/** Of a call or an answer, so that a message with one is below what a server with default settings takes. */
export const PART_BYTES = 512 * 1024
/** Of a call or an answer in all. */
export const MOST_BYTES = SHARING_LIMITS.frameBytes
const MOST_PARTS = Math.ceil(MOST_BYTES / PART_BYTES)

export interface Visit {
  /** Of this call alone. */
  readonly call: string
  /** Of whoever calls: exports are read by one. */
  readonly client: string
  /** The highest epoch the caller has heard of. */
  readonly epoch: number
  /** Of no other epoch: the call means something there only. */
  readonly only: boolean
  /** How many the call has. */
  readonly parts: number
  /** One of them. */
  readonly part?: { readonly at: number; readonly bytes: Uint8Array }
  /** The part of the answer that is wanted. */
  readonly want: number
}

export type Visited =
  /** A part of the call that is missing. */
  | { readonly epoch: number; readonly need: number }
  | { readonly epoch: number; readonly pending: true }
  | { readonly epoch: number; readonly bytes: Uint8Array; readonly parts: number }

/** Throws `codec-malformed`. */
export function readVisit(body: Plain): Visit {
  const { call, client, epoch, only, parts, part, want } = fieldsOf(body)
  const isWell = isId(call) && isId(client) && isCount(epoch) && isCount(want)
  if (!isWell || !isCount(parts) || parts < 1 || parts > MOST_PARTS) throw malformed()
  return { call, client, epoch, want, parts, only: only === true, ...partIn(part, parts) }
}

function partIn(given: Plain | undefined, parts: number): Pick<Visit, 'part'> {
  if (given === undefined || given === null) return {}
  const { at, bytes } = fieldsOf(given)
  if (isCount(at) && at < parts && bytes instanceof Uint8Array && bytes.length <= PART_BYTES)
    return { part: { at, bytes } }
  throw malformed()
}

/** Throws `codec-malformed`. */
export function readVisited(body: Plain): Visited {
  const { epoch, need, pending, bytes, parts } = fieldsOf(body)
  if (!isCount(epoch)) throw malformed()
  if (isCount(need)) return { epoch, need }
  if (pending === true) return { epoch, pending }
  if (bytes instanceof Uint8Array && isCount(parts) && parts >= 1 && parts <= MOST_PARTS)
    return { epoch, bytes, parts }
  throw malformed()
}

export const partsOf = (message: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: Math.max(1, Math.ceil(message.length / PART_BYTES)) }, (_, at) =>
    message.subarray(at * PART_BYTES, (at + 1) * PART_BYTES),
  )

const fieldsOf = (value: Plain): { readonly [key: string]: Plain | undefined } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
    ? (value as { readonly [key: string]: Plain })
    : {}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 128
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
