/**
 * What an actor waits for and owes, live: its debts, intents, timers, outbox and marks. It changes only by what
 * is committed, so that the same commits make the same ledger again. While it is `replaying`, whoever books in
 * it does nothing else.
 */
import type { Address } from './address.ts'
import type { Cause } from './cause.ts'
import type { CellHost, CellSpec } from './cell-host.ts'
import { InFlight, type InFlightOwner } from './in-flight.ts'
import { Inbound } from './inbound.ts'
import { loadIntent, storeIntent } from './intent.ts'
import type { Taken } from './journal.ts'
import { Marks } from './marks.ts'
import { Outbox } from './outbox.ts'
import type { Outstanding, StoredSpawn } from './outstanding.ts'
import { Timers } from './timers.ts'

/** What the parts of one actor share. */
export interface Self extends InFlightOwner {
  readonly spec: CellSpec
  readonly host: CellHost
  readonly ledger: Ledger
  readonly address: Address
  /** Queues something for commit. */
  readonly outcome: (taken: Taken, cause: Cause | undefined) => void
}

export class Ledger {
  /** Tells this life of the actor from an earlier one at the same address, whose late answers are not for it. */
  life: string
  replaying = false
  restarts = 0
  /** Effects that succeeded since the last report: they pay into the retry budget. */
  successes = 0
  inbound: Inbound | undefined
  flight: InFlight | undefined
  timers: Timers | undefined
  outbox: Outbox | undefined
  marks: Marks | undefined
  /** Actors that were to be started and are not known to be there. */
  spawning: Map<Address, StoredSpawn> | undefined

  constructor(life: string) {
    this.life = life
  }

  openInbound(): Inbound {
    this.inbound ??= new Inbound()
    return this.inbound
  }

  openFlight(owner: InFlightOwner): InFlight {
    this.flight ??= new InFlight(owner)
    return this.flight
  }

  openTimers(): Timers {
    this.timers ??= new Timers()
    return this.timers
  }

  openOutbox(): Outbox {
    this.outbox ??= new Outbox()
    return this.outbox
  }

  openMarks(): Marks {
    this.marks ??= new Marks()
    return this.marks
  }

  openSpawning(): Map<Address, StoredSpawn> {
    this.spawning ??= new Map()
    return this.spawning
  }

  /** True when there is nothing to go on with: nothing owed, awaited, timed or sent without a receipt. */
  get isIdle(): boolean {
    const sizes = [this.inbound, this.flight, this.timers, this.outbox, this.spawning]
    return sizes.every(part => (part?.size ?? 0) === 0)
  }

  store(): Outstanding {
    const { life, restarts, successes } = this
    const { outbox, answers } = this.outbox?.store() ?? { outbox: [], answers: [] }
    return {
      life,
      restarts,
      successes,
      debts: this.inbound?.store() ?? [],
      intents: [...(this.flight?.all() ?? [])].map(storeIntent),
      timers: this.timers?.store() ?? [],
      outbox,
      answers,
      spawning: [...(this.spawning?.values() ?? [])],
      marks: this.marks?.store() ?? {},
    }
  }

  load(stored: Outstanding, owner: Self): void {
    this.life = stored.life
    this.restarts = stored.restarts
    this.successes = stored.successes
    if (stored.debts.length > 0) this.openInbound().load(stored.debts)
    for (const intent of stored.intents)
      this.openFlight(owner).add(loadIntent(intent, owner.spec.behaviour.effect(intent.src)))
    if (stored.timers.length > 0) this.openTimers().load(stored.timers)
    if (stored.outbox.length + stored.answers.length > 0)
      this.openOutbox().load(stored.outbox, stored.answers)
    for (const spawn of stored.spawning) this.openSpawning().set(spawn.child, spawn)
    if (Object.keys(stored.marks).length > 0) this.openMarks().load(stored.marks)
  }
}
