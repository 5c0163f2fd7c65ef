/**
 * A letter: an envelope as it lies in a mailbox of the broker. Which mailbox, what is written, and what may be read.
 * Used by the two sides of `post-office.ts`; it keeps nothing.
 *
 * Answers have mailboxes of their own, numbered after those of all partitions. An actor that waits for an answer takes
 * nothing else meanwhile: behind a full mailbox, or behind as many letters as are handed over at once, its answer
 * would never come.
 */
import { type Address, addressType } from '../../../actors/address.ts'
import { ENVELOPE_VERSION, type Envelope, parseEnvelope } from '../../../actors/envelope.ts'
import { RuntimeError, toRuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { checkForeign, isAnswer } from '../../../actors/protocol.ts'
import { mailboxSubject } from '../../../actors/subject.ts'
import type { Codec } from '../../codec.ts'
import { PARTITIONS } from '../placement.ts'

/** Where the answers to a partition's asks are. */
export const answersOf = (partition: number): number => partition + PARTITIONS

export const isNode = (actor: Address): boolean => addressType(actor) === 'node'

/** The mailbox of an envelope whose receiver lives in `partition`. */
export const mailboxOf = (namespace: string, partition: number, envelope: Envelope): string =>
  mailboxSubject(namespace, isAnswer(envelope) ? answersOf(partition) : partition, envelope.to)

const MAX_ID = 256

/**
 * `after`: the message of the same sender that the receiver must have before this one, if the sender does not know yet
 * that it has. Throws `codec-too-large`, `not-plain-data`.
 */
export const writeLetter = (codec: Codec, envelope: Envelope, after: string | undefined): Uint8Array =>
  codec.encode({ ...envelope, ...(after !== undefined && { after }) } as unknown as Plain)

export type Reading =
  | { readonly as: 'letter'; readonly envelope: Envelope; readonly after?: string }
  /** It may be of use to a newer version of this software. */
  | {
      readonly as: 'unknown'
      readonly error: RuntimeError
      /** Its sender and its id, as every version says them. */
      readonly from?: string
      readonly message?: string
    }
  | { readonly as: 'malformed'; readonly error: RuntimeError }

/** Reads what lay in a mailbox of `partition` under `subject`. */
export function readLetter(
  codec: Codec,
  namespace: string,
  partition: number,
  { subject, data }: { readonly subject: string; readonly data: Uint8Array },
): Reading {
  try {
    const fields = codec.decode(data) as Fields | null
    if (isLater(fields?.['v'])) return unknownLetter(subject, fields ?? {})
    const envelope = checkForeign(parseEnvelope(fields))
    if (subject !== mailboxOf(namespace, partition, envelope))
      return { as: 'malformed', error: unreadable(subject, `it is to ${envelope.to}`) }
    const after = fields?.['after']
    const isId = typeof after === 'string' && after.length <= MAX_ID
    return { as: 'letter', envelope: { home: partition, ...envelope }, ...(isId && { after }) }
  } catch (thrown) {
    return { as: 'malformed', error: toRuntimeError(thrown, 'envelope-invalid') }
  }
}

type Fields = Readonly<Record<string, unknown>>

const isLater = (v: unknown): boolean => Number.isSafeInteger(v) && (v as number) > ENVELOPE_VERSION

function unknownLetter(
  subject: string,
  { v, from, id }: { readonly v?: unknown; readonly from?: unknown; readonly id?: unknown },
): Reading {
  const error = unreadable(
    subject,
    `it is of version ${v}, and this node reads version ${ENVELOPE_VERSION}`,
    'it is kept, and delivered by the first node of a later version that serves the partition',
  )
  return {
    ...{ as: 'unknown', error },
    ...(typeof from === 'string' && from.length <= MAX_ID && { from }),
    ...(typeof id === 'string' && id.length <= MAX_ID && { message: id }),
  }
}

const unreadable = (subject: string, why: string, fix?: string): RuntimeError =>
  new RuntimeError('envelope-invalid', `a letter in "${subject}" cannot be delivered`, {
    why,
    ...(fix !== undefined && { fix }),
    details: { subject },
  })
