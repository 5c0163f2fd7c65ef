/** What a cell needs from the node it lives on. The node is the only place where actors touch the world. */
import type { Address } from './address.ts'
import type { Behaviour } from './behaviour.ts'
import type { Cause } from './cause.ts'
import type { Host } from './clock.ts'
import type { Envelope } from './envelope.ts'
import type { RuntimeError } from './errors.ts'
import type { EventSink } from './events.ts'
import type { Act, Journal } from './journal.ts'
import type { StoredSpawn } from './outstanding.ts'
import type { Plain } from './plain.ts'
import type { EffectPolicy, RestartType } from './strategy.ts'

/** What a supervisor decided about one child. */
export type Decision = Act & { readonly act: 'direct' }

export interface CellHost extends Host {
  readonly events: EventSink
  readonly journal: Journal
  /**
   * Does `act`, which somebody outside would notice, once all commits made so far are stored: at once when they
   * are. Only for journals that are `ordered`, where a commit is not waited for.
   */
  whenStored(act: () => void): void
  /** Version of this software, for the record. */
  readonly version: string
  /** Routes a message: to a neighbour, over the transport, or to the dead letters. Never throws. */
  send(envelope: Envelope): void
  /** Keeps a message that nobody will process, and tells whoever asked. */
  bury(envelope: Envelope, error: RuntimeError): void
  publish(from: Address, kind: string, body: Plain, cause: Cause | undefined): void
  /** Carries out a supervisor's decision about one of its children, or its own escalation. */
  direct(supervisor: Address, decision: Decision): void
  signal(from: Address, name: string, body: Plain, cause: Cause | undefined): void
  /** Starts an actor for another, under its supervisor; `again` if it may be there already. What goes wrong is told to `parent` as `spawn.failed`. */
  spawn(parent: CellSpec, child: StoredSpawn, again?: true): void
  /** Tells the sender of an answer that its receiver has committed it. `key` is what it is kept under. */
  receipt(sender: Address, key: string): void
  /**
   * Nobody need keep this message for its receiver any longer: it is committed, was committed before, or is not wanted
   * any more. Called for everything that was delivered, but for answers that `receipt` is called for.
   */
  took(envelope: Envelope): void
  /** True for an actor of this partition that is nowhere any more, in memory or on disk. */
  isGone(actor: Address): boolean
  /** The node itself ends, and its actors only with it. */
  readonly isEnding: boolean
  /** Nothing may be begun here any more: whoever goes on with the actors begins it. */
  readonly isQuiescing: boolean
  /** Told of failures that nobody waits for. */
  report(error: unknown): void
  /** The cell is gone; its address is free again. `leave` ends its record, unless the node itself ends. */
  stopped(actor: Address, reason: 'done' | 'asked' | 'crashed', leave: () => void): void
}

/** A child spec: how one actor is started, restarted and stopped. */
export interface CellSpec {
  readonly address: Address
  readonly behaviour: Behaviour
  readonly input?: Plain
  readonly supervisor?: Address
  readonly restart: RestartType
  readonly policy: EffectPolicy
  /** The run whose history this actor's is: it is kept until the run is removed. */
  readonly run?: string
}
