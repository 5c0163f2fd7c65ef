/**
 * Messages from outside any actor: what a runtime's `ask` and `tell` send. Everything that could not be sent
 * is refused here, before a promise or a timer is made for it. Used by `create-runtime.ts`.
 */
import { type Address, parseAddress } from '../actors/address.ts'
import { type BudgetLease, parseLease } from '../actors/budget-lease.ts'
import { checkMessageType, type Envelope, refuseReserved } from '../actors/envelope.ts'
import type { Usage } from '../actors/events.ts'
import { toPlain } from '../actors/plain.ts'
import { checkedAtLeast } from '../actors/policies/checked.ts'
import { CANCEL } from '../actors/protocol.ts'
import type { Node } from './node.ts'
import { abortError } from './questions.ts'

export interface AskOptions {
  /** Milliseconds to wait. Default ten minutes: every wait has an end. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** What may be spent on the answer. */
  readonly budget?: BudgetLease
  readonly run?: string
  /** W3C traceparent of the caller's span. */
  readonly trace?: string
}

/** An answer together with what it cost. */
export interface Answered {
  readonly value: unknown
  readonly spent?: Usage
}

const DEFAULT_ASK_MS = 600_000

/** Sends and does not wait. Throws what is wrong with the address, the type or the body. */
export const tellFrom = (node: Node, to: Address, type: string, body: unknown): void =>
  node.send(message(node, to, type, body))

/** Sends and waits for the answer; withdraws the question when it is aborted or takes too long. */
export async function askFrom(
  node: Node,
  to: Address,
  type: string,
  body: unknown,
  options: AskOptions,
): Promise<Answered> {
  const question = questionOf(node, message(node, to, type, body), options)
  const { signal } = options
  if (signal?.aborted) throw abortError(signal)
  const answer = node.questions.put(question, signal, () => node.send(withdrawalOf(node, question)))
  node.send(question)
  return answer
}

function message(node: Node, to: Address, type: string, body: unknown): Envelope {
  parseAddress(to)
  refuseReserved(checkMessageType(type))
  return { v: 1, id: node.nextId(), type, to, from: node.address, body: toPlain(body, type) }
}

function questionOf(node: Node, told: Envelope, options: AskOptions): Envelope {
  const { timeoutMs = DEFAULT_ASK_MS, budget, run, trace } = options
  return {
    ...told,
    replyTo: node.address,
    correlation: told.id,
    deadline: node.clock.now() + checkedAtLeast('timeoutMs of an ask', timeoutMs, 0),
    ...(budget && { budget: parseLease(budget) }),
    ...(run !== undefined && { run }),
    ...(trace !== undefined && { trace }),
  }
}

const withdrawalOf = (node: Node, { id, to }: Envelope): Envelope => ({
  v: 1,
  id: `${id}.cancel`,
  type: CANCEL,
  to,
  from: node.address,
  body: { correlation: id },
})
