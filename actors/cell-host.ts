/** What a cell needs from the node it lives on. The node is the only place where actors touch the world. */
import type { Address } from './address.ts'
import type { Behaviour } from './behaviour.ts'
import type { Host } from './clock.ts'
import type { Envelope } from './envelope.ts'
import type { RuntimeError } from './errors.ts'
import type { EventSink } from './events.ts'
import type { Act, Cause, Journal } from './journal.ts'
import type { Plain } from './plain.ts'
import type { EffectPolicy, RestartType } from './strategy.ts'

/** What a supervisor decided about one child. */
export type Decision = Act & { readonly act: 'direct' }

/** What an actor wants started. */
export type Spawn = Act & { readonly act: 'spawn' }

export interface CellHost extends Host {
  readonly events: EventSink
  readonly journal: Journal
  /** Routes a message: to a neighbour, over the transport, or to the dead letters. Never throws. */
  send(envelope: Envelope): void
  /** Keeps a message that nobody will process, and tells whoever asked. */
  bury(envelope: Envelope, error: RuntimeError): void
  publish(from: Address, kind: string, body: Plain, cause: Cause | undefined): void
  /** Carries out a supervisor's decision about one of its children, or its own escalation. */
  direct(supervisor: Address, decision: Decision): void
  signal(from: Address, name: string, body: Plain, cause: Cause | undefined): void
  /** Starts an actor for another, under its supervisor. What goes wrong is told to `parent` as `spawn.failed`. */
  spawn(parent: CellSpec, child: Spawn): void
  /** The cell is gone; its address is free again. */
  stopped(actor: Address, reason: 'done' | 'asked' | 'crashed'): void
}

/** A child spec: how one actor is started, restarted and stopped. */
export interface CellSpec {
  readonly address: Address
  readonly behaviour: Behaviour
  readonly input?: Plain
  readonly supervisor?: Address
  readonly restart: RestartType
  readonly policy: EffectPolicy
}
