/** Asks made from outside any actor: a promise per question, settled by an answer, a deadline or an abort. */
import type { Cancel, Clock } from '../actors/clock.ts'
import type { Envelope } from '../actors/envelope.ts'
import { fromWireError, RuntimeError } from '../actors/errors.ts'
import type { Usage } from '../actors/events.ts'
import type { Plain } from '../actors/plain.ts'
import type { Answer, Refusal } from '../actors/protocol.ts'

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
  readonly #open = new Map<string, Question>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The answer to `envelope`, once it is sent. `withdraw` is called when nobody wants it any more. */
  put(envelope: Envelope, signal: AbortSignal | undefined, withdraw: () => void): Promise<Settled> {
    const { correlation = envelope.id, deadline } = envelope
    return new Promise<Settled>((resolve, reject) => {
      const give = (error: RuntimeError): void => {
        if (!this.#take(correlation)) return
        withdraw()
        reject(error)
      }
      const onAbort = (): void => give(abortError(signal))
      const disarm = deadline === undefined ? undefined : this.#clock.at(deadline, () => give(late(envelope)))
      signal?.addEventListener('abort', onAbort, { once: true })
      const release = (): void => {
        disarm?.()
        signal?.removeEventListener('abort', onAbort)
      }
      this.#open.set(correlation, { resolve, reject, release })
    })
  }

  /** An answer arrived; one that nobody waits for any more is dropped. */
  answered(envelope: Envelope): void {
    const question = this.#take(envelope.correlation ?? '')
    if (!question) return
    const body = envelope.body as unknown as Answer | Refusal
    if ('error' in body) question.reject(fromWireError(body.error))
    else question.resolve(body)
  }

  rejectAll(error: RuntimeError): void {
    for (const correlation of [...this.#open.keys()]) this.#take(correlation)?.reject(error)
  }

  #take(correlation: string): Question | undefined {
    const question = this.#open.get(correlation)
    this.#open.delete(correlation)
    question?.release()
    return question
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
