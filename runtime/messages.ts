/**
 * Messages from outside any actor: what a runtime's `ask` and `tell` send. Everything that could not be sent
 * is refused here, before a promise or a timer is made for it. Used by `create-runtime.ts`.
 */
import { type Address, isAddress, parseAddress } from '../actors/address.ts'
import { type BudgetLease, parseLease } from '../actors/budget-lease.ts'
import { checkMessageType, type Envelope, refuseReserved } from '../actors/envelope.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Usage } from '../actors/events.ts'
import { KEY_PREFIX } from '../actors/outbox.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import { checkedAtLeast } from '../actors/policies/checked.ts'
import type { Node } from './node.ts'
import { type Asker, abortError } from './questions.ts'

export interface AskOptions {
  /** Milliseconds to wait. Default ten minutes: every wait has an end. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** What may be spent on the answer. */
  readonly budget?: BudgetLease
  readonly run?: string
  /** W3C traceparent of the caller's span. */
  readonly trace?: string
  /**
   * The caller's own name for this ask, up to 128 characters: the same ask made again, by this process or a later
   * one, joins the work under way or is given the answer it had.
   */
  readonly key?: string
}

/** An answer together with what it cost. */
export interface Answered {
  readonly value: unknown
  readonly spent?: Usage
}

const DEFAULT_ASK_MS = 600_000

/** Sends, and tells the asker what came of it; withdraws the question when it is aborted or takes too long. */
export function askFrom(
  node: Node,
  to: Address,
  type: string,
  body: unknown,
  options: AskOptions,
  asker: Asker,
): void {
  const plain = checked(to, type, body)
  const id = options.key === undefined ? node.nextId() : keyedId(to, options.key)
  const question = questionOf(node, id, to, type, plain, options)
  const { signal } = options
  if (signal?.aborted) throw abortError(signal)
  node.questions.put(question, asker, signal)
  node.send(question)
}

/** What sends a message from outside, once. Throws, before that, what is wrong with the address, the type or the body. */
export function tellingOf(node: Node, to: Address, type: string, body: unknown): () => void {
  const plain = checked(to, type, body)
  // Numbered when it is sent: receivers rely on that what was sent earlier has a lower number.
  return () => node.send({ v: 1, id: node.nextId(), type, to, from: node.address, body: plain })
}

/** The body of a message from outside, when all of it may be sent. */
function checked(to: Address, type: string, body: unknown): Plain {
  if (!isAddress(to)) parseAddress(to)
  refuseReserved(checkMessageType(type))
  return toPlain(body, type)
}

function keyedId(to: Address, key: string): string {
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return `${KEY_PREFIX}${to}:${key}`
  throw new RuntimeError('usage', `"${key}" cannot be the key of an ask`, {
    fix: 'use 1 to 128 printable ASCII characters without spaces',
  })
}

/** Made member by member: spreading what most asks do not have costs more than the rest of making it. */
function questionOf(
  node: Node,
  id: string,
  to: Address,
  type: string,
  body: Plain,
  { timeoutMs = DEFAULT_ASK_MS, budget, run, trace }: AskOptions,
): Envelope {
  const from = node.address
  const deadline = node.clock.now() + checkedAtLeast('timeoutMs of an ask', timeoutMs, 0)
  const replyTo = from
  const correlation = id
  const question: Writable<Envelope> = { v: 1, id, type, to, from, body, replyTo, correlation, deadline }
  if (budget) question.budget = parseLease(budget)
  if (run !== undefined) question.run = run
  if (trace !== undefined) question.trace = trace
  return question
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
