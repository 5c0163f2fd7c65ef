/**
 * The receiving side of `post-office.ts`: hands letters over to the actors of this partition, in order, and holds each
 * until its receiver has committed it and that is stored. Letters wait here, and not in memory without bound, while
 * their actor has no room or is not there: the broker hands over no more than `max`.
 */
import type { Address } from '../../../actors/address.ts'
import type { Cancel } from '../../../actors/clock.ts'
import type { Envelope } from '../../../actors/envelope.ts'
import { bySending, placeOf } from '../../../actors/marks.ts'
import { isKeyed, keyOf } from '../../../actors/outbox.ts'
import { CANCEL, isAnswer } from '../../../actors/protocol.ts'
import type { Letter } from '../broker.ts'
import { readLetter } from './letter.ts'
import type { Outside, Parked } from './parked.ts'
import type { PostNode } from './post.ts'
import type { Receipt } from './receipts.ts'

/** queued: its actor has not got it · delivered: it has, and may lose it with the process · taken: for good, once stored. */
type State = 'queued' | 'delivered' | 'taken'

interface Held {
  readonly envelope: Envelope
  readonly key: string
  /** The message of the same sender that must be there before. */
  readonly after: string | undefined
  /** The same message may have come several times. */
  letters: Letter[]
  state: State
}

export interface ReceivingOptions {
  readonly node: PostNode
  readonly partition: number
  readonly parked: Parked
  /** Tells the sender of a message that it is here for good. */
  readonly receipt: (home: number, receipt: Receipt) => void
}

/** Actors that were not there may be there without a word. */
const LOOK_AGAIN_MS = 1_000
/** Senders whose last message is remembered. */
const MAX_LAST = 4_096

export class Receiving {
  readonly #options: ReceivingOptions
  readonly #byKey = new Map<string, Held>()
  /** In the order they came. */
  readonly #byActor = new Map<Address, Set<Held>>()
  /** The last message taken, by receiver and sender: also of those that left no mark, because nobody wanted them. */
  readonly #last = new Map<string, string>()
  readonly #due = new Set<Address>()
  #lookAgain: Cancel | undefined
  #closed = false

  constructor(options: ReceivingOptions) {
    this.#options = options
    options.parked.handedOverBy(pair => this.#handOver(pair), options.node.report)
  }

  /** Takes what earlier owners could not read, before anything else: it came first. Throws `store-failed`. */
  async recover(): Promise<void> {
    const { parked } = this.#options
    await parked.load()
    for (const pair of parked.pairs()) await this.#handOver(pair)
  }

  /** Takes a letter from the broker. Never throws. */
  take(letter: Letter): void {
    if (this.#closed) return
    const { node, partition, parked } = this.#options
    const read = readLetter(node.codec, node.namespace, partition, letter)
    if (read.as === 'malformed') {
      node.report(read.error)
      letter.done()
    } else if (read.as === 'unknown') {
      node.report(read.error)
      this.#park(letter, { why: read.error.why ?? '', ...outsideOf(read.from, read.message) })
    } else {
      const outside = outsideOf(read.envelope.from, read.envelope.id)
      if (parked.isBehind(letter, outside)) this.#park(letter, { why: BEHIND, ...outside })
      else this.#hold(letter, read.envelope, read.after)
    }
  }

  /** Its receiver has it for good: the letter goes when that is stored, and `done` is called. */
  took(envelope: Envelope, done: (finish: () => void) => void = finish => finish()): void {
    const { from, id, home, to, type } = envelope
    const held = this.#byKey.get(keyOf(envelope))
    if (held) held.state = 'taken'
    if (from && !isAnswer(envelope) && placeOf(id, from)) this.#remember(to, from, id)
    const sender = from ?? null
    this.#whenStored(() =>
      done(() => {
        this.#finish(held)
        if (home !== undefined && type !== CANCEL) this.#options.receipt(home, [sender, keyOf(envelope)])
      }),
    )
  }

  /** As `took`, of an answer. `home` is where its sender lives if the letter does not tell. */
  receipt(sender: Address, key: string, home: number): void {
    const held = this.#byKey.get(key)
    if (held) held.state = 'taken'
    this.#whenStored(() => {
      this.#finish(held)
      this.#options.receipt(held?.envelope.home ?? home, [sender, key])
    })
  }

  /** Hands over what waits for an actor, in a moment. */
  roomFor(actor: Address): void {
    if (this.#due.has(actor) || this.#closed) return
    const bag = this.#byActor.get(actor)
    if (!bag || ![...bag].some(isQueued)) return
    this.#due.add(actor)
    this.#options.node.defer(() => {
      this.#due.delete(actor)
      this.#pump(actor)
    })
  }

  /** An actor lost what it was given. */
  again(actor: Address): void {
    for (const held of this.#byActor.get(actor) ?? []) if (held.state === 'delivered') held.state = 'queued'
    this.roomFor(actor)
  }

  close(): void {
    this.#closed = true
    this.#lookAgain?.()
  }

  #hold(letter: Letter, envelope: Envelope, after: string | undefined): void {
    const key = keyOf(envelope)
    const before = this.#byKey.get(key)
    if (before) {
      before.letters.push(letter)
      // The same ask, made by somebody else: the actor joins them.
      if (isKeyed(envelope.id) && before.state !== 'queued')
        this.#options.node.arrive({ ...envelope, resent: true })
      return
    }
    const held: Held = { envelope, key, after, letters: [letter], state: 'queued' }
    this.#byKey.set(key, held)
    const bag = this.#byActor.get(envelope.to)
    if (bag) bag.add(held)
    else this.#byActor.set(envelope.to, new Set([held]))
    this.#pump(envelope.to)
  }

  #whenStored(act: () => void): void {
    this.#options.node.whenStored(() => {
      if (!this.#closed) act()
    })
  }

  #finish(held: Held | undefined): void {
    if (!held) return
    for (const letter of held.letters.splice(0)) letter.done()
    this.#forget(held)
  }

  #forget(held: Held): void {
    const { envelope, key } = held
    if (this.#byKey.get(key) === held) this.#byKey.delete(key)
    const bag = this.#byActor.get(envelope.to)
    bag?.delete(held)
    if (bag?.size === 0) this.#byActor.delete(envelope.to)
  }

  #pump(actor: Address): void {
    if (this.#closed) return
    let isBlocked = false
    const waiting: Held[] = []
    for (const held of [...(this.#byActor.get(actor) ?? [])]) {
      if (held.state !== 'queued') continue
      if (isBlocked && !passes(held, waiting)) waiting.push(held)
      else if (!this.#deliver(held)) {
        isBlocked = true
        waiting.push(held)
      }
    }
    if (isBlocked) this.#lookLater()
  }

  /** False when it has to wait. */
  #deliver(held: Held): boolean {
    const { node } = this.#options
    if (this.#isTooEarly(held)) {
      // What came before it was lost on the way. Its sender, without a receipt, sends both again.
      this.#finish(held)
      return true
    }
    held.state = 'delivered'
    if (node.arrive(held.envelope)) return true
    held.state = 'queued'
    return false
  }

  #isTooEarly({ after, envelope }: Held): boolean {
    const { from, to } = envelope
    if (after === undefined || !from || this.#byKey.has(after)) return false
    const last = this.#last.get(`${to} ${from}`)
    if (last !== undefined && isUpTo(from, after, last)) return false
    return this.#options.node.hasTaken(to, from, after) === false
  }

  #remember(to: Address, from: Address, id: string): void {
    const pair = `${to} ${from}`
    const last = this.#last.get(pair)
    if (last !== undefined && isUpTo(from, id, last)) return
    this.#last.delete(pair)
    this.#last.set(pair, id)
    const [oldest] = this.#last.keys()
    if (this.#last.size > MAX_LAST && oldest !== undefined) this.#last.delete(oldest)
  }

  #lookLater(): void {
    if (this.#lookAgain) return
    const { clock } = this.#options.node
    this.#lookAgain = clock.at(clock.now() + LOOK_AGAIN_MS, () => {
      this.#lookAgain = undefined
      for (const actor of [...this.#byActor.keys()]) this.#pump(actor)
    })
  }

  /** Puts aside what a later version may read, and what must not come before that. */
  #park(letter: Letter, more: Outside & { readonly why: string }): void {
    const { node, parked } = this.#options
    const stored = parked.add(letter, { at: node.clock.now(), ...more })
    const looked = stored.then(() => {
      letter.done()
      // What it waited behind may have gone meanwhile.
      return more.why === BEHIND ? parked.look(letter.subject, more) : undefined
    })
    looked.catch(node.report)
  }

  /** Takes what was put aside of a sender, until something that still cannot be read. */
  async #handOver(pair: string): Promise<void> {
    const { node, partition, parked } = this.#options
    for (let id = parked.first(pair); id !== undefined && !this.#closed; id = parked.first(pair)) {
      const letter = await parked.letter(id)
      if (!letter) return
      const read = readLetter(node.codec, node.namespace, partition, letter)
      if (read.as === 'unknown') return
      // Another look may have been faster.
      if (this.#closed || !parked.isWaiting(id)) continue
      if (read.as === 'malformed') {
        node.report(read.error)
        parked.mark(id, 'malformed')
        continue
      }
      parked.mark(id, 'released')
      const known = id
      const done = (): void => void parked.remove(known).catch(node.report)
      this.#hold({ ...letter, done }, read.envelope, read.after)
    }
  }
}

const BEHIND = 'something that its sender sent before waits here'

const outsideOf = (from: string | undefined, message: string | undefined): Outside => ({
  ...(from !== undefined && { from }),
  ...(message !== undefined && { message }),
})

const isQueued = ({ state }: Held): boolean => state === 'queued'

/** Answers are waited for, and a cancellation is of work under way, unless its ask itself waits here. */
function passes({ envelope }: Held, waiting: readonly Held[]): boolean {
  if (isAnswer(envelope)) return true
  if (envelope.type !== CANCEL) return false
  const { correlation } = envelope.body as { readonly correlation: string }
  return !waiting.some(({ key }) => key === correlation)
}

/** Whether `last`, of the same life, is `id` or comes after it. */
const isUpTo = (from: Address, id: string, last: string): boolean =>
  placeOf(id, from)?.life === placeOf(last, from)?.life && bySending(from, id, last) <= 0
