/**
 * The envelope every message travels in, and the check of one that came from outside. Fields are checked
 * by hand: this runs for each message a node receives. Unknown fields are dropped, so that a newer peer may
 * add some; another major version is refused. The body is taken as it is: a codec yields plain data only.
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import { type Address, isAddress } from './address.ts'
import { type BudgetLease, parseLease } from './budget-lease.ts'
import { RuntimeError } from './errors.ts'
import type { Plain } from './plain.ts'

/** The major version. What every version keeps under its name: `v`, `id`, `from`. */
export const ENVELOPE_VERSION = 1

export interface Envelope {
  readonly v: typeof ENVELOPE_VERSION
  /** Derived from the sender's journal position: a resend has the same id. */
  readonly id: string
  /** Dotted: `task.assign` asks for something, `task.completed` reports it. */
  readonly type: string
  readonly to: Address
  readonly from?: Address
  /** Who wants the answer, when it is not `from`. */
  readonly replyTo?: Address
  /** The id of the message this one answers. */
  readonly correlation?: string
  /** Absolute ms since the epoch after which nobody wants the answer. */
  readonly deadline?: number
  /** Actors that wait for this message to be answered, outermost first: a cycle is found here. */
  readonly chain?: readonly Address[]
  /** W3C traceparent. */
  readonly trace?: string
  /** 1 for the first delivery. */
  readonly attempt?: number
  readonly budget?: BudgetLease
  /** The run this message works for. */
  readonly run?: string
  /** It was sent before, by a sender that cannot know whether it was received. */
  readonly resent?: true
  /** The partition it was sent from, set when it leaves it: receipts and answers go there. */
  readonly home?: number
  /** The partition where `to` lives, when that is not the one of its address. */
  readonly at?: number
  readonly body: Plain
}

const MAX_ID = 256
const MAX_PARTITION = 65_535
const MAX_CHAIN = 64
/** Up to 8 tokens joined by dots. */
const TYPE = /^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,7}$/
/** https://www.w3.org/TR/trace-context/#traceparent-header; a version after 00 may append fields. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,128})?$/

type Fields = Readonly<Record<string, unknown>>

/**
 * The envelope in a decoded message. Throws `envelope-invalid` naming the field, or `reserved-event` for a
 * type that never travels (`xstate.*`). The runtime's own messages (`ac.*`) do: see `protocol.checkForeign`.
 */
export function parseEnvelope(value: unknown): Envelope {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('the message', 'is not an envelope')
  }
  const fields = value as Fields
  const v = fields['v']
  if (v !== ENVELOPE_VERSION)
    throw refuse('v', `is ${version(v)}, and this node reads version ${ENVELOPE_VERSION} only`)
  const { from, replyTo, correlation, deadline, chain, trace, attempt, budget, run, resent, home, at } =
    fields
  // Member by member: spreading what most messages do not have costs more than all the checks.
  const envelope: { -readonly [Field in keyof Envelope]: Envelope[Field] } = {
    v,
    id: readId(fields['id'], 'id'),
    type: refuseForged(checkMessageType(fields['type'])),
    to: readAddress(fields['to'], 'to'),
    body: readBody(fields['body']),
  }
  if (from !== undefined) envelope.from = readAddress(from, 'from')
  if (replyTo !== undefined) envelope.replyTo = readAddress(replyTo, 'replyTo')
  if (correlation !== undefined) envelope.correlation = readId(correlation, 'correlation')
  if (deadline !== undefined) envelope.deadline = readDeadline(deadline)
  if (chain !== undefined) envelope.chain = readChain(chain)
  if (trace !== undefined) envelope.trace = readTrace(trace)
  if (attempt !== undefined) envelope.attempt = readAttempt(attempt)
  if (budget !== undefined) envelope.budget = parseLease(budget)
  if (run !== undefined) envelope.run = readId(run, 'run')
  if (resent === true) envelope.resent = resent
  if (home !== undefined) envelope.home = readPartition(home, 'home')
  if (at !== undefined) envelope.at = readPartition(at, 'at')
  return envelope
}

/** `type` if it is a message type: 1 to 8 tokens joined by dots. Throws `envelope-invalid`. */
export function checkMessageType(type: unknown): string {
  if (typeof type === 'string' && TYPE.test(type)) return type
  throw refuse('type', `${quote(type)} is not a message type: up to 8 tokens joined by dots, as task.assign`)
}

const isBelow = (root: string, type: string): boolean => type === root || type.startsWith(`${root}.`)

/** True for `xstate.*`: results, errors and timers, which would let an outsider forge an effect's outcome. */
const isForged = (type: string): boolean => isBelow('xstate', type)

/** True for the types that users may not send: `xstate.*`, and `ac.*`, by which the runtime's parts talk. */
export const isReserved = (type: string): boolean => isForged(type) || isBelow('ac', type)

/** `type` unless only the runtime may send it. Throws `reserved-event`. */
export function refuseReserved(type: string): string {
  if (!isReserved(type)) return type
  throw reserved(type)
}

function refuseForged(type: string): string {
  if (!isForged(type)) return type
  throw reserved(type)
}

const reserved = (type: string): RuntimeError =>
  new RuntimeError('reserved-event', `message type ${quote(type)} may be sent by the runtime only`, {
    fix: 'use a type of your own that does not begin with "xstate." or "ac."',
  })

function readId(value: unknown, field: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_ID) return value
  throw refuse(field, `is not a string of 1 to ${MAX_ID} characters`)
}

function readAddress(value: unknown, field: string): Address {
  if (isAddress(value)) return value
  throw refuse(field, `${quote(value)} is not an address of the form type/id`)
}

function readDeadline(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw refuse('deadline', 'is not a time in milliseconds since the epoch')
}

function readChain(value: unknown): readonly Address[] {
  if (!Array.isArray(value)) throw refuse('chain', 'is not a list of addresses')
  if (value.length > MAX_CHAIN)
    throw refuse('chain', `has ${value.length} entries; at most ${MAX_CHAIN} are read`)
  return value.map((entry, i) => readAddress(entry, `chain[${i}]`))
}

function readTrace(value: unknown): string {
  if (typeof value === 'string' && TRACEPARENT.test(value)) return value
  throw refuse('trace', 'is not a W3C traceparent')
}

function readAttempt(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw refuse('attempt', 'is not a whole number of 1 or more')
}

function readPartition(value: unknown, field: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_PARTITION)
    return value as number
  throw refuse(field, `is not the number of a partition, 0 to ${MAX_PARTITION}`)
}

function readBody(value: unknown): Plain {
  if (value === undefined) throw refuse('body', 'is missing; a message without content has the body null')
  return value as Plain
}

const version = (v: unknown): string => (typeof v === 'number' ? String(v) : quote(v))

const quote = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `a ${typeof value}`

const refuse = (field: string, found: string): RuntimeError =>
  new RuntimeError('envelope-invalid', `${field} ${found}`, { details: { field } })
