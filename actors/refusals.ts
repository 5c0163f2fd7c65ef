/** What an actor says when it does not do, or does not finish, what somebody wanted from it. */
import type { Address } from './address.ts'
import type { Envelope } from './envelope.ts'
import { RuntimeError } from './errors.ts'

export const gone = (address: Address): RuntimeError =>
  new RuntimeError('actor-stopped', `${address} has stopped`, { fix: 'spawn it again, or ask another actor' })

export const expired = (envelope: Envelope): RuntimeError =>
  new RuntimeError('deadline-exceeded', `"${envelope.type}" waited in the mailbox until after its deadline`, {
    why: 'it was not started, because nobody wants its answer any more',
    fix: 'allow more time, or spread the work over more actors',
  })

export const overflowed = (address: Address): RuntimeError =>
  new RuntimeError('mailbox-full', `${address} gave up its oldest message to make room for a newer one`, {
    why: 'its mailbox drops the oldest when it is full',
  })

export const unhandled = (address: Address, type: string, state: string): RuntimeError =>
  new RuntimeError('message-unhandled', `${address} does nothing with "${type}" in state "${state}"`, {
    why: 'its machine has no transition for it there, so no answer would ever come',
    fix: 'check the type of the message, or ask again when the actor is in another state',
    details: { type, state },
  })

/** A permanent actor is never done: its supervisor starts it again. */
export const finished = (address: Address): RuntimeError =>
  new RuntimeError('actor-stopped', `${address} is permanent, and its machine came to its end`, {
    fix: 'spawn it as transient if it may end',
  })

/** To whoever waited for the actor; `failure` is its own, or undefined when it went down with others. */
export function crashed(address: Address, failure: RuntimeError | undefined): RuntimeError {
  if (!failure) {
    return new RuntimeError('actor-crashed', `${address} was restarted together with another actor`, {
      why: 'their supervisor restarts them together; what it was doing is not finished',
    })
  }
  const { code, message } = failure
  return new RuntimeError('actor-crashed', `${address} crashed: ${message}`, {
    why: 'it failed while it worked; its supervisor decides how it goes on',
    cause: failure,
    details: { lastError: { code, message } },
  })
}

export const cycle = (path: readonly Address[]): RuntimeError =>
  new RuntimeError('ask-cycle', `actors would wait for each other: ${path.join(' → ')}`, {
    why: 'the actor that is asked already waits, directly or not, for the one that asks',
    fix: 'send a message without waiting (tell), or ask an actor outside the circle',
    details: { path },
  })
