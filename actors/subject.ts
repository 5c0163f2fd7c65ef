/**
 * The grammar of subjects: `ac.<namespace>.…`, tokens joined by dots, each token safe by the rule of
 * `address.ts`. Whoever publishes or subscribes builds subjects here, so that no name a user or a model
 * chose can widen a subscription or reach another subject. It moves no bytes: see `runtime/transport/`.
 */
import { type Address, isToken } from './address.ts'
import { RuntimeError } from './errors.ts'

const ROOT = 'ac'
/** NATS accepts about 4,000 bytes for a whole control line; the longest subject built here has 790. */
const MAX_LENGTH = 1_024

/** `ac.<ns>.<tokens joined by dots>`. Throws `subject-invalid` when a token is malformed or none is given. */
export function subject(ns: string, ...tokens: readonly string[]): string {
  if (tokens.length === 0) throw refuse(`${ROOT}.${ns}`, 'it names a namespace and nothing in it')
  return checkSubject(`${ROOT}.${whole(ns)}.${tokens.map(whole).join('.')}`)
}

/** Where one actor listens: `ac.<ns>.agent.<type>.<id>`. Throws `subject-invalid`. */
export const agentSubject = (ns: string, address: Address): string => subject(ns, 'agent', ...parts(address))

/** Where stateless actors of a type share the work: `ac.<ns>.pool.<type>`. Throws `subject-invalid`. */
export const poolSubject = (ns: string, type: string): string => subject(ns, 'pool', type)

/**
 * Where an actor publishes what happened: `ac.<ns>.event.<type>.<id>.<kind>`. A dotted kind such as
 * `task.completed` becomes several tokens, so `event.writer.*.task.>` finds it. Throws `subject-invalid`.
 */
export const eventSubject = (ns: string, address: Address, kind: string): string =>
  subject(ns, 'event', ...parts(address), ...String(kind).split('.'))

/** Where those who serve a partition listen: `ac.<ns>.part.<partition>.<tokens>`. Throws `subject-invalid`. */
export const partitionSubject = (ns: string, partition: number, ...tokens: readonly string[]): string =>
  subject(ns, 'part', String(partition), ...tokens)

/** Where the owner of a memory's namespace answers: `ac.<ns>.memory.<token>`. Throws `subject-invalid`. */
export const memorySubject = (ns: string, token: string): string => subject(ns, 'memory', token)

/** Where a broker keeps letters to one actor: `ac.<ns>.mbx.<box>.<type>.<id>`. Throws `subject-invalid`. */
export const mailboxSubject = (ns: string, box: number, address: Address): string =>
  subject(ns, 'mbx', String(box), ...parts(address))

/** Where dead letters of a type go: `ac.<ns>.dead.<type>`. Throws `subject-invalid`. */
export const deadSubject = (ns: string, type: string): string => subject(ns, 'dead', type)

/**
 * What concerns one node: `ac.<ns>.node.<node>.<lane>`. Its heartbeats go to `hb`, answers to its greeting to `hi`,
 * what others want of it to `ctl`. Throws `subject-invalid`.
 */
export const nodeSubject = (ns: string, node: string, lane: NodeLane): string =>
  subject(ns, 'node', node, lane)

export type NodeLane = 'hb' | 'hi' | 'ctl'

/** Matches `nodeSubject` of every node: `ac.<ns>.node.*.<lane>`. Throws `subject-invalid`. */
export const everyNode = (ns: string, lane: NodeLane): string =>
  checkPattern(`${ROOT}.${whole(ns)}.node.*.${whole(lane)}`)

/** `value` if it is a subject to publish to: tokens only, no wildcard. Throws `subject-invalid`. */
export function checkSubject(value: string): string {
  return typeof value === 'string' && value.length <= MAX_LENGTH && TOKENS.test(value)
    ? value
    : check(value, isToken)
}

/** What `check` accepts of tokens, in one look: this runs for each message that is sent. */
const TOKENS = /^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64})*$/

/**
 * `value` if it may be subscribed to: tokens, `*` for exactly one token, `>` for one or more at the end.
 * Throws `subject-invalid`.
 */
export function checkPattern(value: string): string {
  return check(value, (token, last) => token === '*' || (token === '>' && last) || isToken(token))
}

/** Does a checked `pattern` cover a checked `subject`? The reference for every index of subscriptions. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const given = subject.split('.')
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '>') return given.length > i
    if (i >= given.length || (wanted[i] !== '*' && wanted[i] !== given[i])) return false
  }
  return wanted.length === given.length
}

function check(value: string, accepts: (token: string, last: boolean) => boolean): string {
  if (typeof value !== 'string') throw refuse(String(value), 'it is not a string')
  if (value.length > MAX_LENGTH) throw refuse(value, `it is longer than ${MAX_LENGTH} characters`)
  const tokens = value.split('.')
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? ''
    if (!accepts(token, i === tokens.length - 1)) throw refuse(value, `token ${i + 1} is not valid there`)
  }
  return value
}

// A token with a dot in it would pass as two once joined, so each is checked before that.
function whole(token: string): string {
  if (isToken(token)) return token
  throw refuse(String(token), 'a part of a subject must be a single token')
}

// Not `parseAddress`: an address that was never checked is here a malformed subject, like any other.
function parts(address: Address): readonly [string, string] {
  const text = String(address)
  const slash = text.indexOf('/')
  return [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)]
}

const refuse = (value: string, why: string): RuntimeError =>
  new RuntimeError('subject-invalid', `${JSON.stringify(value.slice(0, 80))} is not a valid subject`, {
    why,
    fix: 'join tokens of 1 to 64 of the characters A-Z a-z 0-9 _ - with dots; in a pattern, * stands for one token and > for the rest',
  })
