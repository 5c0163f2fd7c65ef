/**
 * What becomes of a message that nobody will process: it is kept among the dead letters, and whoever asked is told.
 * Used by `node.ts` and `arrivals.ts`; why it came to that is theirs to say.
 */
import type { Clock } from '../actors/clock.ts'
import type { Envelope } from '../actors/envelope.ts'
import { type RuntimeError, toWireError } from '../actors/errors.ts'
import { answer, CANCEL, isAnswer } from '../actors/protocol.ts'
import type { Post } from './cluster/post/post.ts'
import type { DeadLetterBox } from './dead-letter-box.ts'
import { nobody } from './node-refusals.ts'

export interface Undertaker {
  readonly clock: Clock
  readonly deadLetters: DeadLetterBox
  readonly post: Post | undefined
  send(envelope: Envelope): void
  took(envelope: Envelope, refusal?: Envelope): void
}

/** Keeps a message as a dead letter, and tells whoever waits for it. */
export function bury(node: Undertaker, envelope: Envelope, error: RuntimeError): void {
  // Nothing is lost with an answer that nobody waits for, or a cancellation of what has ended.
  if (isAnswer(envelope) || envelope.type === CANCEL) {
    node.took(envelope)
    return
  }
  const stored = node.deadLetters.add(node.clock.now(), envelope, toWireError(error))
  // What another partition keeps until it is dealt with is dealt with when it is stored here.
  if (stored && envelope.home !== undefined)
    stored.then(
      () => refuse(node, envelope, error),
      // The box has told of it; the letter stays where it is and comes again.
      () => {},
    )
  else refuse(node, envelope, error)
}

/** What is sent again to an actor that is gone was dealt with when it went: only whoever asked is told. */
export function buryUnknown(node: Undertaker, envelope: Envelope): void {
  const error = nobody(envelope.to)
  if (envelope.resent && !isAnswer(envelope)) refuse(node, envelope, error)
  else bury(node, envelope, error)
}

/** Tells whoever waits for a message that nothing comes of it. */
function refuse(node: Undertaker, envelope: Envelope, error: RuntimeError): void {
  const refusal = answer(`${envelope.id}.dead`, undefined, envelope, { error: toWireError(error) })
  const isAway = refusal?.at !== undefined && node.post?.isElsewhere(refusal) === true
  node.took(envelope, isAway ? refusal : undefined)
  if (refusal && !isAway) node.send(refusal)
}
