/** Asks made from outside any actor: settled by an answer, a deadline or an abort. */
import type { Address } from '../actors/address.ts'
import type { Clock } from '../actors/clock.ts'
import type { Envelope } from '../actors/envelope.ts'
import { fromWireError, RuntimeError } from '../actors/errors.ts'
import type { Usage } from '../actors/events.ts'
import type { Plain } from '../actors/plain.ts'
import { type Answer, CANCEL, type Refusal } from '../actors/protocol.ts'
import { type Deadline, type Deadlines, deadlinesOn } from './deadlines.ts'

export interface Settled {
  readonly value: Plain
  readonly spent?: Usage
}

/** What an ask is settled with. */
export interface Asker {
  readonly resolve: (answer: Settled) => void
  readonly reject: (error: unknown) => void
}

export class Questions {
  /** By correlation; asks under one key share one. */
  readonly #open = new Map<string, readonly Question[]>()
  readonly #deadlines: Deadlines
  readonly #withdraw: (question: Envelope) => void

  /** `withdraw` is called when nobody wants the answer to a question any more. */
  constructor(clock: Clock, withdraw: (question: Envelope) => void) {
    this.#deadlines = deadlinesOn(clock)
    this.#withdraw = withdraw
  }

  /** Notes who waits for the answer to `envelope`, before it is sent. */
  put(envelope: Envelope, asker: Asker, signal: AbortSignal | undefined): void {
    const { correlation = envelope.id, deadline } = envelope
    const question = new Question(envelope, asker, signal, this)
    if (deadline !== undefined) this.#deadlines.open(question)
    signal?.addEventListener('abort', question, { once: true })
    const others = this.#open.get(correlation)
    this.#open.set(correlation, others ? [...others, question] : [question])
  }

  /** An answer arrived; one that nobody waits for any more is dropped. */
  answered(envelope: Envelope): void {
    const body = envelope.body as unknown as Answer | Refusal
    for (const { asker } of this.#take(envelope.correlation ?? '')) {
      if ('error' in body) asker.reject(fromWireError(body.error))
      else asker.resolve(body)
    }
  }

  rejectAll(error: RuntimeError): void {
    for (const correlation of [...this.#open.keys()])
      for (const { asker } of this.#take(correlation)) asker.reject(error)
  }

  #take(correlation: string): readonly Question[] {
    const questions = this.#open.get(correlation)
    if (questions === undefined) return NONE
    this.#open.delete(correlation)
    for (const question of questions) this.#release(question)
    return questions
  }

  #release(question: Question): void {
    this.#deadlines.close(question)
    question.signal?.removeEventListener('abort', question)
  }

  /** Ends one of those that wait with `error`, if it still waits. */
  giveUp(question: Question, error: RuntimeError): void {
    const { envelope, asker } = question
    const { correlation = envelope.id } = envelope
    const questions = this.#open.get(correlation) ?? NONE
    if (!questions.includes(question)) return
    this.#release(question)
    const rest = questions.filter(one => one !== question)
    if (rest.length > 0) this.#open.set(correlation, rest)
    else {
      this.#open.delete(correlation)
      this.#withdraw(envelope)
    }
    asker.reject(error)
  }
}

const NONE: readonly Question[] = []

/** One that waits: its own deadline and its own listener of an abort, since a closure for each costs more than an ask. */
class Question implements Deadline {
  readonly due: number
  readonly envelope: Envelope
  readonly asker: Asker
  readonly signal: AbortSignal | undefined
  readonly #questions: Questions

  constructor(envelope: Envelope, asker: Asker, signal: AbortSignal | undefined, questions: Questions) {
    this.due = envelope.deadline ?? Number.POSITIVE_INFINITY
    this.envelope = envelope
    this.asker = asker
    this.signal = signal
    this.#questions = questions
  }

  late(): void {
    this.#questions.giveUp(this, late(this.envelope))
  }

  /** Of an `EventListener`: the signal aborts. */
  handleEvent(): void {
    this.#questions.giveUp(this, abortError(this.signal))
  }
}

/** What tells whoever works on a question that nobody wants the answer. */
export const withdrawalOf = (from: Address, { id, to }: Envelope): Envelope => ({
  v: 1,
  id: `${id}.cancel`,
  type: CANCEL,
  to,
  from,
  body: { correlation: id },
})

/** Why `signal` aborted, as the error its ask ends with. */
export function abortError(signal: AbortSignal | undefined): RuntimeError {
  const reason: unknown = signal?.reason
  if (reason instanceof RuntimeError) return reason
  return new RuntimeError('cancelled', 'the ask was cancelled', { cause: reason })
}

const late = (envelope: Envelope): RuntimeError =>
  new RuntimeError('deadline-exceeded', `${envelope.to} did not answer "${envelope.type}" in time`, {
    fix: 'allow more time with timeoutMs, or ask for less',
    details: { to: envelope.to, type: envelope.type },
  })
