/**
 * Dead letters that outlive the process: kept in memory for looking, and beside the journal for the next start.
 * Bounded both ways. It sends nothing: what is to be sent again, its caller sends.
 */
import { type DeadLetter, DeadLetters } from '../actors/dead-letters.ts'
import type { Envelope } from '../actors/envelope.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { EventSink } from '../actors/events.ts'
import type { Journal } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'

/** Kind of the records of dead letters. */
const KIND = 'dead'

export class DeadLetterBox {
  readonly #letters = new DeadLetters()
  readonly #journal: Journal
  readonly #report: (error: unknown) => void

  readonly #events: EventSink

  constructor(journal: Journal, events: EventSink, report: (error: unknown) => void) {
    this.#events = events
    this.#journal = journal
    this.#report = report
  }

  /** Reads what earlier processes left. */
  async load(): Promise<void> {
    const kept: DeadLetter[] = []
    for await (const [, letter] of this.#journal.records.list(KIND))
      kept.push(letter as unknown as DeadLetter)
    for (const { at, envelope, error } of kept.sort((a, b) => a.at - b.at))
      this.#letters.add(at, envelope, error)
  }

  /** Keeps a letter, in place of one with the same message. The promise is that it is stored, where that takes a while. */
  add(at: number, envelope: Envelope, error: DeadLetter['error']): Promise<void> | undefined {
    this.#letters.remove(envelope.id)
    const dropped = this.#letters.add(at, envelope, error)
    if (this.#events.on) {
      const { to: actor, type: message, id, run } = envelope
      const ofRun = run !== undefined && { run }
      this.#events.emit({ type: 'message.dead', at, actor, message, id, error, ...ofRun })
    }
    const { records, durable } = this.#journal
    if (!durable) return undefined
    const fail = this.#report
    const stored = records.put(KIND, envelope.id, { at, envelope, error } as unknown as Plain)
    stored.catch(fail)
    if (dropped) records.remove(KIND, dropped.envelope.id).catch(fail)
    return stored
  }

  /** Oldest first. */
  list(): readonly DeadLetter[] {
    return this.#letters.list()
  }

  /** Takes a letter out, for good, by the id of its message. Throws `dead-letter-unknown`. */
  async take(id: string): Promise<DeadLetter> {
    const letter = this.#letters.remove(id)
    if (!letter) {
      throw new RuntimeError('dead-letter-unknown', `there is no dead letter "${id}"`, {
        why: 'it was sent again or dropped already, or never was one',
        fix: 'list them first',
      })
    }
    await this.#journal.records.remove(KIND, id)
    return letter
  }
}

const AGAIN = '.again.'

/** The same message as a new one: under an id of its own, for whoever is there now, and without a time limit. */
export function renewed(envelope: Envelope, unique: string): Envelope {
  const { deadline: _, resent: __, ...lasting } = envelope
  const [original = envelope.id] = envelope.id.split(AGAIN)
  return { ...lasting, id: `${original}${AGAIN}${unique}`, attempt: 1 }
}
