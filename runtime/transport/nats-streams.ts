/**
 * The two streams of a namespace and the subjects they hold: what the broker over NATS and its stand-in for simulations
 * agree on. It talks to no server; `nats-broker-line.ts` does.
 */
import { isToken } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { checkPattern, checkSubject } from '../../actors/subject.ts'
import { MAX_STORED } from '../cluster/broker.ts'

export interface StreamOptions {
  /** A token: the part of `ac.<namespace>.…` that is kept. */
  readonly namespace: string
  /** Bytes each of the two streams may keep; when full they refuse, and delete nothing. Default 1 GiB. */
  readonly maxBytes?: number
  /** Servers that keep a copy. Default 1. */
  readonly replicas?: number
  /** Messages that one mailbox holds. Default 1,000. */
  readonly mailboxBound?: number
}

export const logStream = (namespace: string): string => `AC_${namespace}_LOG`
export const mailboxStream = (namespace: string): string => `AC_${namespace}_MBX`

const LOG_KINDS = ['jrn', 'snp']
const MAX_BYTES = 1024 ** 3
const MAILBOX_BOUND = 1_000
/** How long a message id is remembered. */
export const DEDUP_MS = 10 * 60_000

const nanos = (ms: number): number => ms * 1_000_000

/** Of JetStream's configuration of a stream, what we set. Times are in nanoseconds. */
export interface StreamSettings {
  readonly subjects: readonly string[]
  readonly retention: 'limits'
  readonly storage: 'file'
  readonly discard: 'new'
  readonly max_bytes: number
  readonly num_replicas: number
  readonly allow_direct?: true
  readonly duplicate_window?: number
  readonly discard_new_per_subject?: true
  readonly max_msgs_per_subject?: number
}

export interface StreamPlan {
  readonly name: string
  readonly settings: StreamSettings
  /** Of the log: the subject of its first message, which says which log it is. */
  readonly identity?: string
  /** What an existing stream is changed to: what we rely on, and what the user said. The rest is left as it is. */
  readonly asked: Partial<StreamSettings>
}

/** Throws `definition-invalid` when an option is out of range. */
export function streamPlans(options: StreamOptions): {
  readonly log: StreamPlan
  readonly mailboxes: StreamPlan
} {
  const { namespace, maxBytes, replicas, mailboxBound } = options
  checkOptions(options)
  const said = {
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(replicas !== undefined && { num_replicas: replicas }),
  }
  const bound = mailboxBound === undefined ? {} : { max_msgs_per_subject: mailboxBound }
  const usual = { max_bytes: MAX_BYTES, num_replicas: 1 }
  const identity = `ac.${namespace}.log.identity`
  const log = {
    subjects: [...LOG_KINDS.map(kind => `ac.${namespace}.${kind}.>`), identity],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    allow_direct: true,
  } as const
  const mailboxes = {
    subjects: [`ac.${namespace}.mbx.>`],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    discard_new_per_subject: true,
    duplicate_window: nanos(DEDUP_MS),
  } as const
  return {
    log: {
      name: logStream(namespace),
      identity,
      settings: { ...usual, ...log, ...said },
      asked: { ...log, ...said },
    },
    mailboxes: {
      name: mailboxStream(namespace),
      settings: { ...usual, max_msgs_per_subject: MAILBOX_BOUND, ...mailboxes, ...said, ...bound },
      asked: { ...mailboxes, ...said, ...bound },
    },
  }
}

function checkOptions({ namespace, maxBytes, replicas, mailboxBound }: StreamOptions): void {
  if (!isToken(namespace)) throw wrong(`the namespace ${JSON.stringify(namespace)} is not a token`)
  const whole = { maxBytes, replicas, mailboxBound }
  for (const [what, value] of Object.entries(whole)) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
    throw wrong(`${what} is ${value}, and must be a whole number above 0`)
  }
}

const wrong = (message: string): RuntimeError =>
  new RuntimeError('definition-invalid', message, {
    fix: 'use a namespace of 1 to 64 of the characters A-Z a-z 0-9 _ -, and whole numbers above 0',
  })

/** `value` if something may be written under it in the log. Throws `subject-invalid`. */
export const checkLogSubject = (namespace: string, value: string): string =>
  within(namespace, LOG_KINDS, checkSubject(value))

/** `value` if it is a pattern of log subjects. Throws `subject-invalid`. */
export const checkLogPattern = (namespace: string, value: string): string =>
  within(namespace, LOG_KINDS, checkPattern(value))

/** `value` if it is a mailbox. Throws `subject-invalid`. */
export function checkMailbox(namespace: string, value: string): string {
  const tokens = within(namespace, ['mbx'], checkSubject(value)).split('.')
  if (tokens.length === 6 && isPartition(Number(tokens[3])) && String(Number(tokens[3])) === tokens[3])
    return value
  throw refused(value, `a mailbox is ac.${namespace}.mbx.<partition>.<type>.<id>`)
}

/** `ac.<ns>.mbx.<partition>`. Throws `subject-invalid`. */
export function partitionPrefix(namespace: string, partition: number): string {
  if (isPartition(partition)) return `ac.${namespace}.mbx.${partition}`
  throw refused(String(partition), 'a partition is a whole number from 0 to 65535')
}

const isPartition = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= 65_535

/** `data` if every broker takes it. Throws `codec-too-large`. */
export function checkStored(data: Uint8Array): Uint8Array {
  if (data.length <= MAX_STORED) return data
  throw new RuntimeError('codec-too-large', `${data.length} bytes are more than ${MAX_STORED} to a message`, {
    fix: 'store several smaller messages',
    details: { bytes: data.length, maxBytes: MAX_STORED },
  })
}

function within(namespace: string, kinds: readonly string[], value: string): string {
  const [, ns, kind, ...rest] = value.split('.')
  if (value.startsWith('ac.') && ns === namespace && kinds.includes(kind ?? '') && rest.length > 0)
    return value
  throw refused(value, `it does not begin with ${kinds.map(each => `ac.${namespace}.${each}.`).join(' or ')}`)
}

const refused = (value: string, why: string): RuntimeError =>
  new RuntimeError('subject-invalid', `${JSON.stringify(value.slice(0, 80))} is not kept by the broker`, {
    why,
    fix: 'build it with the functions of actors/subject.ts',
  })
