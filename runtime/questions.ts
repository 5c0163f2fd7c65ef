/** Asks made from outside any actor: a promise per question, settled by an answer, a deadline or an abort. */
import type { Cancel, Clock } from '../actors/clock.ts'
import type { Envelope } from '../actors/envelope.ts'
import { fromWireError, RuntimeError } from '../actors/errors.ts'
import type { Usage } from '../actors/events.ts'
import type { Plain } from '../actors/plain.ts'
import type { Answer, Refusal } from '../actors/protocol.ts'
import { type Deadlines, deadlinesOn } from './deadlines.ts'

export interface Settled {
  readonly value: Plain
  readonly spent?: Usage
}

interface Question {
  readonly resolve: (answer: Settled) => void
  readonly reject: (error: RuntimeError) => void
  readonly release: Cancel
}

export class Questions {
  /** By correlation; asks under one key share one. */
  readonly #open = new Map<string, readonly Question[]>()
  readonly #deadlines: Deadlines

  constructor(clock: Clock) {
    this.#deadlines = deadlinesOn(clock)
  }

  /** The answer to `envelope`, once it is sent. `withdraw` is called when nobody wants it any more. */
  put(envelope: Envelope, signal: AbortSignal | undefined, withdraw: () => void): Promise<Settled> {
    const { correlation = envelope.id, deadline } = envelope
    return new Promise<Settled>((resolve, reject) => {
      const give = (error: RuntimeError): void => {
        if (!this.#leave(correlation, question)) return
        if (!this.#open.has(correlation)) withdraw()
        reject(error)
      }
      const onAbort = (): void => give(abortError(signal))
      const disarm =
        deadline === undefined ? undefined : this.#deadlines.at(deadline, () => give(late(envelope)))
      signal?.addEventListener('abort', onAbort, { once: true })
      const release = (): void => {
        disarm?.()
        signal?.removeEventListener('abort', onAbort)
      }
      const question: Question = { resolve, reject, release }
      const others = this.#open.get(correlation)
      this.#open.set(correlation, others ? [...others, question] : [question])
    })
  }

  /** An answer arrived; one that nobody waits for any more is dropped. */
  answered(envelope: Envelope): void {
    const body = envelope.body as unknown as Answer | Refusal
    for (const question of this.#take(envelope.correlation ?? '')) {
      if ('error' in body) question.reject(fromWireError(body.error))
      else question.resolve(body)
    }
  }

  rejectAll(error: RuntimeError): void {
    for (const correlation of [...this.#open.keys()])
      for (const question of this.#take(correlation)) question.reject(error)
  }

  #take(correlation: string): readonly Question[] {
    const questions = this.#open.get(correlation) ?? []
    this.#open.delete(correlation)
    for (const question of questions) question.release()
    return questions
  }

  /** Takes out one of those that wait. False when it waits no more. */
  #leave(correlation: string, question: Question): boolean {
    const questions = this.#open.get(correlation) ?? []
    if (!questions.includes(question)) return false
    question.release()
    const rest = questions.filter(one => one !== question)
    if (rest.length > 0) this.#open.set(correlation, rest)
    else this.#open.delete(correlation)
    return true
  }
}

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
