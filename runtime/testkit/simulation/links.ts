/**
 * The wires of a simulated network: one per sender and receiver, each in order unless a fault says otherwise.
 * Used by `transport.ts`. It carries tasks that deliver; what they deliver is not its business.
 */
import type { Faults } from './faults.ts'
import type { Prng } from './prng.ts'
import type { Owner, Scheduler } from './scheduler.ts'

export interface Links {
  /**
   * Carries `deliver` from one connection to another, whose owner is `receiver`. Returns how many will arrive:
   * none when it is lost, two when it is duplicated.
   */
  carry(from: string, to: string, receiver: Owner, deliver: () => void): number
}

interface Parcel {
  readonly receiver: Owner
  readonly deliver: () => void
}

interface Link {
  readonly from: string
  readonly to: string
  readonly waiting: Parcel[]
  /** When the last of them may arrive: what was sent later does not arrive before. */
  lastDue: number
  /** Nothing gets through before. */
  cutUntil: number
}

export interface LinksOptions {
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly faults: Faults
  /** Whether nothing gets from one connection to another at the moment. Default: everything does. */
  readonly severed?: (from: string, to: string) => boolean
}

/** Milliseconds, when nothing is wrong. */
const LATENCY_MS = 2

export function links({ scheduler, random, faults, severed = () => false }: LinksOptions): Links {
  // Names of connections are not used twice: the wires of a dead one are never asked for again.
  const all = new Map<string, Link>()

  const linkOf = (from: string, to: string): Link => {
    const name = `${from}>${to}`
    const known = all.get(name)
    if (known) return known
    const link = { from, to, waiting: [], lastDue: 0, cutUntil: 0 }
    all.set(name, link)
    return link
  }
  const send = (link: Link, parcel: Parcel, delayMs: number): void => {
    link.lastDue = Math.max(link.lastDue, scheduler.now + delayMs)
    link.waiting.push(parcel)
    // Whichever task comes first takes the first parcel: order on a wire does not depend on the seed.
    scheduler.at(link.lastDue, parcel.receiver, 'net', () => arrive(link))
  }
  const arrive = (link: Link): void => {
    const overtake = link.waiting.length > 1 && faults.hit('net.reorder')
    const parcel = link.waiting.splice(overtake ? random.between(1, link.waiting.length - 1) : 0, 1)[0]
    parcel?.deliver()
  }
  const isCut = (link: Link): boolean => {
    if (!faults.stopped && faults.hit('net.partition'))
      link.cutUntil = scheduler.now + random.between(1, 10_000)
    return !faults.stopped && scheduler.now < link.cutUntil
  }
  return {
    carry(from, to, receiver, deliver) {
      const link = linkOf(from, to)
      if (severed(from, to) || isCut(link) || faults.hit('net.drop')) return 0
      const delay = (): number =>
        faults.hit('net.delay') ? random.between(1, 5_000) : random.below(LATENCY_MS)
      send(link, { receiver, deliver }, delay())
      if (!faults.hit('net.duplicate')) return 1
      send(link, { receiver, deliver }, delay())
      return 2
    },
  }
}
