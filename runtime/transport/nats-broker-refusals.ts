/**
 * What the broker says when it cannot do as asked: one error per cause, each with what to do about it. Used by the
 * files of the NATS broker only, so that all its calls fail alike.
 */
import { type ErrorKind, type ErrorOptions, RuntimeError } from '../../actors/errors.ts'

/** As JetStream answers: an HTTP-like code, its own number (`err_code`) and a sentence. */
export interface ApiError {
  readonly code: number
  readonly err_code?: number
  readonly description?: string
}

/** Numbers of JetStream's errors (nats-server, server/errors.json) that mean something to us. */
export const API = {
  accountFull: 10002,
  noPeers: 10005,
  noConsumer: 10014,
  lackOfMemoryOrDisk: 10023,
  noMessage: 10037,
  notForAccount: 10039,
  noSequence: 10043,
  lackOfDisk: 10047,
  tooLarge: 10054,
  notDeleted: 10057,
  otherStream: 10058,
  noStream: 10059,
  notSequence: 10071,
  noCluster: 10074,
  notEnabled: 10076,
  notStored: 10077,
  streamLimit: 10122,
  sequenceInFlight: 10164,
} as const

/** Why the last attempt of a call brought no answer. */
export type Trouble =
  | { readonly kind: 'disconnected' | 'silent' | 'nobody' | 'missing' }
  | { readonly kind: 'busy'; readonly error: ApiError }

const FIXES: Readonly<Record<Trouble['kind'], { readonly why: string; readonly fix: string }>> = {
  disconnected: {
    why: 'there is no connection to the server',
    fix: 'see whether the server runs and can be reached; the connection comes back by itself',
  },
  silent: {
    why: 'the server is connected and JetStream does not answer',
    fix: 'see whether its disk is full or it is overloaded; before nats-server 2.10 JetStream has to be restarted after its disk was full',
  },
  nobody: {
    why: 'no server leads the stream, or JetStream is not running',
    fix: 'see that JetStream is enabled (nats-server -js) and that most servers of the cluster run',
  },
  missing: {
    why: 'its stream is gone and could not be made anew',
    fix: 'see the log of the server',
  },
  busy: {
    why: 'JetStream cannot serve it at the moment',
    fix: 'see the log of the server, and that most servers of the cluster run',
  },
}

const refusal = (kind: ErrorKind, message: string, options: ErrorOptions): RuntimeError =>
  new RuntimeError(kind, message, options)

/** `what` was tried for `ms` milliseconds; nobody knows whether it was done. */
export const unavailable = (what: string, ms: number, trouble: Trouble, cause?: unknown): RuntimeError =>
  refusal('broker-unavailable', `${what} was not confirmed within ${ms} ms`, {
    ...FIXES[trouble.kind],
    cause,
    details: { trouble: trouble.kind, ...('error' in trouble && { api: trouble.error }) },
  })

export const closed = (): RuntimeError =>
  refusal('transport-closed', 'the broker is closed', { why: 'it, or the connection it uses, was closed' })

export const notEnabled = (why: string): RuntimeError =>
  refusal('broker-unavailable', 'the server has no JetStream for us', {
    why,
    fix: 'start it with JetStream (nats-server -js, or jetstream {} in its configuration), and enable it for the account',
    retryable: false,
  })

export const forbidden = (subject: string, cause: unknown): RuntimeError =>
  refusal('broker-unavailable', `the server does not allow us to use ${JSON.stringify(subject)}`, {
    why: 'a permission is missing for the user of this connection',
    fix: 'grant what agenticraft nats permissions prints for its role and name',
    retryable: false,
    cause,
    details: { subject },
  })

export const tooLarge = (bytes: number, cause?: unknown): RuntimeError =>
  refusal('codec-too-large', `the server does not take a message of ${bytes} bytes`, {
    fix: 'raise max_payload in its configuration to its default of 1 MB, or store smaller messages',
    cause,
    details: { bytes },
  })

/** The broker keeps no more in its log. */
export const full = (what: string, error: ApiError): RuntimeError =>
  refusal('broker-unavailable', `${what} was refused: ${described(error)}`, {
    why: 'the broker keeps no more',
    fix: 'raise maxBytes of the broker or the storage limit of the server, or end and purge what is not needed',
    details: { isFull: true, api: error },
  })

/** One mailbox is full, or the room for all of them. */
export function mailboxFull(subject: string, error: ApiError): RuntimeError {
  const one = error.description?.includes('per subject') === true
  return refusal(
    'mailbox-full',
    `the mailbox ${JSON.stringify(subject)} takes no more: ${described(error)}`,
    {
      why: one ? 'it holds as many letters as it may' : 'all mailboxes together hold as much as they may',
      fix: one
        ? 'wait until its actor has taken some, or raise mailboxBound of the broker'
        : 'wait until some are emptied, or raise maxBytes of the broker',
      details: { subject, api: error },
    },
  )
}

/** A stream that exists, or could be made, is not what we need. */
export const unfit = (stream: string, why: string, error?: ApiError): RuntimeError =>
  refusal('definition-invalid', `the stream ${stream} cannot be used`, {
    why,
    fix: 'correct the options of the broker, or remove the stream when nothing in it is needed (nats stream rm)',
    details: { stream, ...(error && { api: error }) },
  })

/** An answer we know nothing about. */
export const unexpected = (what: string, answer: unknown): RuntimeError =>
  refusal('broker-unavailable', `${what} was refused: ${described(answer)}`, {
    why: 'JetStream answered with an error that is not expected here',
    fix: 'see the log of the server',
    cause: answer,
  })

/** Acks, or requests for letters, get nowhere although the server is there. */
export const unheard = (what: string): RuntimeError =>
  refusal('broker-unavailable', `the server does not react to ${what}`, {
    why: 'the server answers other calls of this connection',
    fix: 'see that its user may publish to $JS.API.CONSUMER.MSG.NEXT.> and $JS.API.STREAM.MSG.DELETE.>; it is tried further',
  })

const described = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'description' in error
    ? String(error.description)
    : String(error)
