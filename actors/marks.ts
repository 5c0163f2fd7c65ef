/**
 * How far each sender's messages are committed: a high-water mark per sender, so that what is sent again after a
 * crash is recognised in constant space and for ever. It works because ids of messages name the sender's life,
 * commit and place in it, and one sender's messages arrive in that order.
 */
import type { Address } from './address.ts'
import type { Mark } from './outstanding.ts'

/** The place a message has in its sender's history, or undefined for ids that actors do not make. */
export function placeOf(id: string, from: Address | undefined): Mark | undefined {
  if (from === undefined || id[from.length] !== '.' || !id.startsWith(from)) return undefined
  const [life, seq, k, ...rest] = id.slice(from.length + 1).split('.')
  if (life === undefined || seq === undefined || k === undefined || rest.length > 0) return undefined
  const place = { life, seq: Number(seq), k: Number(k) }
  return Number.isSafeInteger(place.seq) && Number.isSafeInteger(place.k) ? place : undefined
}

/** Who made an id that names a place in a history; of other ids it is nobody's address. */
export const senderOf = (id: string): Address => id.split('.').slice(0, -3).join('.') as Address

/** The order in which one sender sent two messages, for sorting; what has no place comes first. */
export function bySending(from: Address, a: string, b: string): number {
  const [left, right] = [placeOf(a, from), placeOf(b, from)]
  if (!left || !right) return left ? 1 : right ? -1 : 0
  return left.seq - right.seq || left.k - right.k
}

/** Fewer marks are not worth looking through. */
const MIN_PRUNED = 128
/**
 * Senders of other partitions that are remembered, those heard last: nobody here knows which of them are gone. What
 * one sends again after that many others were heard is taken for new.
 */
const MAX_FOREIGN = 1_024

export class Marks {
  readonly #bySender = new Map<Address, Mark>()
  #pruneAt = MIN_PRUNED

  /** True when a message at this place, or a later one of the same life, was committed. */
  covers(from: Address, place: Mark): boolean {
    const mark = this.#bySender.get(from)
    if (mark?.life !== place.life) return false
    return place.seq < mark.seq || (place.seq === mark.seq && place.k <= mark.k)
  }

  /** As `covers`, by the id of a message. */
  has(from: Address | undefined, id: string): boolean {
    const place = placeOf(id, from)
    return from !== undefined && place !== undefined && this.covers(from, place)
  }

  note(from: Address, place: Mark): void {
    if (this.covers(from, place)) return
    const home = place.home ?? this.#bySender.get(from)?.home
    // Anew, at the end: the first ones are those heard longest ago.
    this.#bySender.delete(from)
    this.#bySender.set(from, { ...place, ...(home !== undefined && { home }) })
  }

  /** Forgets senders that are gone for good, now and then: they send nothing again. `isGone` is asked of this partition's. */
  prune(isGone: (sender: Address) => boolean): void {
    if (this.#bySender.size < this.#pruneAt) return
    let foreign = [...this.#bySender.values()].filter(({ home }) => home !== undefined).length
    for (const [sender, { home }] of [...this.#bySender])
      if (home === undefined ? isGone(sender) : foreign-- > MAX_FOREIGN) this.#bySender.delete(sender)
    this.#pruneAt = Math.max(MIN_PRUNED, 2 * this.#bySender.size)
  }

  store(): { readonly [sender: string]: Mark } {
    return Object.fromEntries(this.#bySender)
  }

  load(marks: { readonly [sender: string]: Mark }): void {
    for (const [sender, mark] of Object.entries(marks)) this.#bySender.set(sender as Address, mark)
  }
}
