/**
 * The sending side of `post-office.ts`: puts messages in the mailboxes of actors of other partitions, and keeps each
 * until its receipt. One line per mailbox, and one message of it under way at a time: receivers recognise repeats by a
 * mark that only moves forward, so what was sent earlier must not come later.
 *
 * What is kept here is what the senders keep in their outboxes and the asks they wait for, and so as bounded as these:
 * it is nobody's only copy but for refusals and what is told from outside any actor, which end with the process.
 */
import type { Cancel } from '../../../actors/clock.ts'
import type { Envelope } from '../../../actors/envelope.ts'
import { RuntimeError, toRuntimeError, toWireError } from '../../../actors/errors.ts'
import { bySending, placeOf } from '../../../actors/marks.ts'
import { isKeyed, keyOf } from '../../../actors/outbox.ts'
import type { Plain } from '../../../actors/plain.ts'
import { CANCEL, ERROR, isAnswer } from '../../../actors/protocol.ts'
import type { Broker } from '../broker.ts'
import { mailboxOf, writeLetter } from './letter.ts'
import type { PostNode } from './post.ts'
import type { Receipt } from './receipts.ts'

/** waiting: for its turn · posting: at the broker · kept: by the broker, and its receipt has not come. */
type Phase = 'waiting' | 'posting' | 'kept'

interface Entry {
  envelope: Envelope
  readonly key: string
  readonly line: Line
  phase: Phase
  /** Its receiver has committed it, and owes the answer: the ask is kept until that is here. */
  taken: boolean
  /** How often the broker has kept it. */
  times: number
  /** It may be there although it could not be posted. */
  isDoubtful: boolean
  /** What the broker knows the posting under way by: trying that again keeps one copy. */
  postId: string | undefined
  /** When it is posted again, ms since the epoch. */
  due: number
  /** Called when the broker has it, or never will. */
  kept: (() => void) | undefined
}

interface Line {
  readonly subject: string
  /** In the order of sending. */
  readonly entries: Set<Entry>
  /** One is under way, or the broker is given time. */
  busy: boolean
  failures: number
  wake: Cancel | undefined
}

export interface SendingOptions {
  readonly node: PostNode
  readonly broker: Broker
  readonly partition: number
  /** Where a receiver lives. */
  readonly partitionOf: (envelope: Envelope) => number
  /** Without a receipt for that long a message is posted again, ms; then after twice that, and so on. */
  readonly resendMs: number
}

const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000
/** An hour without the receiver must not fill its mailbox with copies. */
const MAX_RESEND_FACTOR = 20

/** Trying again makes no difference. */
const HOPELESS: ReadonlySet<string> = new Set(['codec-too-large', 'not-plain-data', 'subject-invalid'])

export class Sending {
  readonly #options: SendingOptions
  readonly #lines = new Map<string, Line>()
  readonly #byKey = new Map<string, Entry>()
  readonly #life: string
  #posted = 0
  #closed = false

  constructor(options: SendingOptions) {
    this.#options = options
    this.#life = options.node.id().slice(0, 8)
  }

  /** `kept` is called when the broker has it, or when it was given up. Never throws. */
  send(envelope: Envelope, kept?: () => void): void {
    if (this.#closed || this.#withdraws(envelope)) return
    const key = keyOf(envelope)
    const before = this.#byKey.get(key)
    const entry = before ?? this.#add(key, envelope, kept)
    if (before) {
      // Its sender came back and says it again: the copy at the broker may be gone.
      before.envelope = envelope
      before.taken = false
      if (before.phase === 'kept') before.phase = 'waiting'
      const others = before.kept
      before.kept = () => {
        others?.()
        kept?.()
      }
    }
    this.#pump(entry.line)
  }

  /** A receipt came. Of an ask it says that it is worked on: it is kept until the answer is here. */
  received([sender, key]: Receipt): void {
    const entry = this.#byKey.get(key)
    if (!entry) return
    const { envelope, line } = entry
    if (!isAnswer(envelope) && sender !== (envelope.from ?? null)) return
    if (isAnswer(envelope) || envelope.replyTo === undefined) this.#remove(entry)
    else {
      entry.taken = true
      if (entry.phase === 'waiting' && entry.times > 0) entry.phase = 'kept'
      entry.due = this.#now + this.#options.resendMs * MAX_RESEND_FACTOR
    }
    this.#pump(line)
  }

  /** Nobody waits for that ask any more. */
  over(ask: string): void {
    const entry = this.#byKey.get(ask)
    if (!entry) return
    this.#remove(entry)
    this.#pump(entry.line)
  }

  /** The broker may have lost everything: what has no receipt is posted again, in order. */
  postAgain(): void {
    for (const line of [...this.#lines.values()]) {
      for (const entry of line.entries) if (entry.phase === 'kept' && !entry.taken) entry.phase = 'waiting'
      this.#pump(line)
    }
  }

  close(): void {
    this.#closed = true
    for (const line of this.#lines.values()) line.wake?.()
  }

  get #now(): number {
    return this.#options.node.clock.now()
  }

  /** A cancellation ends the keeping of its ask, and need not travel when that never did. */
  #withdraws({ type, body }: Envelope): boolean {
    if (type !== CANCEL) return false
    const ask = this.#byKey.get((body as { readonly correlation: string }).correlation)
    if (!ask) return false
    const isUnsent = ask.phase === 'waiting' && ask.times === 0 && !ask.isDoubtful && !ask.envelope.resent
    this.#remove(ask)
    return isUnsent
  }

  #add(key: string, envelope: Envelope, kept: (() => void) | undefined): Entry {
    const { node, partitionOf } = this.#options
    const subject = mailboxOf(node.namespace, partitionOf(envelope), envelope)
    const line = this.#lines.get(subject) ?? lineOf(subject)
    this.#lines.set(subject, line)
    const fresh = { phase: 'waiting', taken: false, times: 0, isDoubtful: false, postId: undefined } as const
    const entry: Entry = { envelope, key, line, ...fresh, due: 0, kept }
    line.entries.add(entry)
    this.#byKey.set(key, entry)
    return entry
  }

  #remove(entry: Entry): void {
    entry.line.entries.delete(entry)
    this.#byKey.delete(entry.key)
    entry.kept?.()
    entry.kept = undefined
  }

  /** Posts the next message of a line, if none is under way. */
  #pump(line: Line): void {
    while (!this.#closed && !line.busy) {
      const entry = firstWaiting(line)
      if (!entry) {
        this.#rest(line)
        return
      }
      if (!this.#isLate(entry)) this.#post(entry)
    }
  }

  /** Gives up what nobody waits for any more. */
  #isLate(entry: Entry): boolean {
    const { envelope, times } = entry
    if (envelope.deadline === undefined || this.#now < envelope.deadline) return false
    this.#remove(entry)
    // What was kept once may be worked on.
    if (times === 0) this.#options.node.bury(envelope, unsent(envelope))
    return true
  }

  #post(entry: Entry): void {
    const { node, broker, partition } = this.#options
    const { line, envelope } = entry
    const { home = partition, resent = entry.times > 0 } = envelope
    let data: Uint8Array
    try {
      data = writeLetter(
        node.codec,
        { ...envelope, home, ...(resent && { resent: true as const }) },
        predecessorOf(entry)?.envelope.id,
      )
    } catch (thrown) {
      this.#giveUp(entry, toRuntimeError(thrown, 'internal'))
      return
    }
    entry.phase = 'posting'
    entry.postId ??= `${envelope.id}.${this.#life}.${++this.#posted}`
    line.busy = true
    line.wake?.()
    broker.post(line.subject, data, entry.postId).then(
      () => this.#kept(entry),
      error => this.#failed(entry, toRuntimeError(error, 'internal')),
    )
  }

  #kept(entry: Entry): void {
    if (this.#closed) return
    const { line, envelope } = entry
    line.busy = false
    line.failures = 0
    const { resendMs } = this.#options
    entry.phase = 'kept'
    entry.postId = undefined
    entry.due =
      this.#now + resendMs * (entry.taken ? MAX_RESEND_FACTOR : Math.min(2 ** entry.times, MAX_RESEND_FACTOR))
    entry.times++
    entry.kept?.()
    entry.kept = undefined
    if (this.#byKey.get(entry.key) === entry && !isRecognised(envelope)) this.#remove(entry)
    this.#pump(line)
  }

  #failed(entry: Entry, error: RuntimeError): void {
    if (this.#closed) return
    const { line, envelope } = entry
    line.busy = false
    entry.phase = 'waiting'
    if (this.#byKey.get(entry.key) !== entry) {
      this.#pump(line)
    } else if (HOPELESS.has(error.kind)) {
      this.#giveUp(entry, error)
      this.#pump(line)
    } else if (error.kind !== 'mailbox-full') {
      entry.isDoubtful = true
      if (error.kind !== 'broker-unavailable') this.#options.node.report(error)
      this.#pause(line)
    } else if (entry.times > 0) {
      // It may be among what fills it.
      entry.postId = undefined
      entry.phase = 'kept'
      entry.due = this.#now + this.#options.resendMs
      this.#pump(line)
    } else if (entry.isDoubtful || envelope.resent || isAnswer(envelope) || envelope.type === CANCEL) {
      this.#pause(line)
    } else {
      this.#giveUp(entry, error)
      this.#pump(line)
    }
  }

  /** An answer that cannot be sent becomes one that says so: somebody waits for it. */
  #giveUp(entry: Entry, error: RuntimeError): void {
    const { envelope } = entry
    if (envelope.type !== ERROR && isAnswer(envelope)) {
      const { spent } = envelope.body as { readonly spent?: Plain }
      const body = { error: toWireError(error) as unknown as Plain, ...(spent !== undefined && { spent }) }
      entry.envelope = { ...envelope, type: ERROR, body }
      entry.postId = undefined
      entry.phase = 'waiting'
      return
    }
    this.#remove(entry)
    if (isAnswer(envelope)) this.#options.node.report(error)
    this.#options.node.bury(envelope, error)
  }

  /** Gives the broker time. Nothing overtakes what waits. */
  #pause(line: Line): void {
    const { clock, random } = this.#options.node
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** line.failures++, MAX_PAUSE_MS)
    line.busy = true
    line.wake?.()
    line.wake = clock.at(this.#now + ms * (0.5 + random() / 2), () => {
      line.busy = false
      this.#pump(line)
    })
  }

  /** Nothing is to be posted: wakes up when something is due again. */
  #rest(line: Line): void {
    line.wake?.()
    line.wake = undefined
    if (line.entries.size === 0) {
      this.#lines.delete(line.subject)
      return
    }
    let soonest = Number.POSITIVE_INFINITY
    for (const { due } of line.entries) soonest = Math.min(soonest, due)
    line.wake = this.#options.node.clock.at(soonest, () => {
      const now = this.#now
      for (const entry of line.entries)
        if (entry.phase === 'kept' && entry.due <= now) entry.phase = 'waiting'
      this.#pump(line)
    })
  }
}

const lineOf = (subject: string): Line => ({
  subject,
  entries: new Set(),
  busy: false,
  failures: 0,
  wake: undefined,
})

function firstWaiting({ entries }: Line): Entry | undefined {
  for (const entry of entries) if (entry.phase === 'waiting') return entry
  return undefined
}

/** Whether its receiver would know it when it comes again. What it would not know is posted once. */
const isRecognised = (envelope: Envelope): boolean =>
  isAnswer(envelope) || isKeyed(envelope.id) || placeOf(envelope.id, envelope.from) !== undefined

/** The last message before this one that its sender has sent to the same receiver and that has no receipt. */
function predecessorOf({ envelope, line, ...own }: Entry): Entry | undefined {
  const { from, id } = envelope
  if (from === undefined || isAnswer(envelope) || !placeOf(id, from)) return undefined
  let found: Entry | undefined
  for (const entry of line.entries) {
    if (entry.key === own.key) return found
    const { envelope: other, taken } = entry
    if (other.from === from && !taken && placeOf(other.id, from) && bySending(from, other.id, id) < 0)
      found = entry
  }
  return found
}

const unsent = ({ to, type }: Envelope): RuntimeError =>
  new RuntimeError('deadline-exceeded', `"${type}" to ${to} could not be sent before its deadline`, {
    why: 'the broker could not be reached, or had no room',
    fix: 'allow more time',
  })
