/** What a node offers to the process it is embedded in, and what it takes to make one. Types only. */
import type { Address } from '../actors/address.ts'
import type { Behaviour, Snapshot } from '../actors/behaviour.ts'
import type { Host } from '../actors/clock.ts'
import type { DeadLetter } from '../actors/dead-letters.ts'
import type { RuntimeError } from '../actors/errors.ts'
import type { Journal } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'
import type { EffectDecision } from '../actors/protocol.ts'
import type { EffectPolicy, Intensity, RestartType, Strategy } from '../actors/strategy.ts'
import type { OpenPost } from './cluster/post/post.ts'
import type { Events } from './events.ts'
import type { Answered, AskOptions } from './messages.ts'
import type { Runs } from './runs.ts'
import type { Subscription, Transport } from './transport/transport.ts'

export interface RuntimeOptions {
  /** This node's name, unique on its bus. Default: made up. */
  readonly name?: string
  /** Separates systems that share a bus. Default `main`. */
  readonly namespace?: string
  readonly journal?: Journal
  /** Keeps the journal on disk, in this directory: what was committed survives the process. One owner at a time. */
  readonly dataDir?: string
  /**
   * What survives a crash of the machine, not only of the process: with `effects` (default) whatever follows from
   * an effect's result or starts one that may not be repeated freely; with `always` every commit.
   */
  readonly sync?: 'effects' | 'always'
  /**
   * `auto` brings back, at the start, every actor of a registered type that has unfinished work; by default an
   * actor comes back when it is spawned under its id, or when somebody writes to it.
   */
  readonly recover?: 'auto' | 'manual'
  /** Idle actors of registered types leave memory after that many ms. Default: never. */
  readonly passivateAfterMs?: number
  /** Behaviours whose actors other actors may have started by type. */
  readonly behaviours?: readonly Behaviour[]
  /** A bus shared with other runtimes. Default: a private one. */
  readonly transport?: Transport
  /**
   * Makes this runtime one partition of many, whose actors write to those of the others through a broker: see
   * `cluster/post-office.ts`. Needs a journal that outlives the process and a shared `transport`.
   */
  readonly post?: OpenPost
  /** Time, chance and ids; tests hand in their own. */
  readonly host?: Partial<Host>
  /** Retries, timeouts and remedies for actors that bring none of their own. */
  readonly policy?: Partial<EffectPolicy>
  /** Told of failures that nobody waits for. Default: a process warning. */
  readonly onError?: (error: unknown) => void
}

export interface SpawnOptions {
  /** Default: made up. */
  readonly id?: string
  /** For the machine's `context: ({ input }) => …`. Plain data. */
  readonly input?: unknown
  /** Who decides about its failures. Default: the root. */
  readonly supervisor?: Address
  /** Default `transient`: restarted after a crash, gone when its machine is done. */
  readonly restart?: RestartType
  readonly policy?: Partial<EffectPolicy>
  /** The run whose history this actor's is: it is kept until the run is removed. */
  readonly run?: string
}

export interface ChildSpec extends SpawnOptions {
  readonly behaviour: Behaviour
  readonly id: string
}

export interface SuperviseOptions {
  readonly id?: string
  readonly strategy?: Strategy
  readonly intensity?: Intensity
  readonly supervisor?: Address
  readonly run?: string
  /** Started in this order, stopped in the reverse. */
  readonly children?: readonly ChildSpec[]
}

export interface ActorStatus {
  readonly address: Address
  readonly phase: string
  /** User messages that wait. */
  readonly waiting: number
  readonly supervisor?: Address
}

/** What was found on disk at the start. */
export interface Recovery {
  /** Actors that are in memory again. */
  readonly revived: number
  /** Actors with unfinished work whose behaviour nobody has registered or spawned yet. */
  readonly waiting: readonly Address[]
  /** Actors that could not be brought back, and why. */
  readonly broken: readonly { readonly actor: Address; readonly error: RuntimeError }[]
}

/** An effect whose outcome a person has to tell. */
export interface ParkedEffect {
  readonly effect: string
  readonly actor: Address
  readonly name: string
  readonly input: Plain
  readonly attempt: number
  readonly why: string
  readonly run?: string
}

export interface Runtime {
  readonly name: string
  /** What separates its subjects from those of others on the same bus: `ac.<namespace>.…`. */
  readonly namespace: string
  /** Settles when the journal is open and what had to come back is back. Rejects with what made that fail. */
  readonly ready: Promise<Recovery>
  readonly journal: Journal
  /** Where the journal is on disk, as it was given; absent without one. */
  readonly dataDir?: string
  readonly runs: Runs
  readonly events: Events
  readonly host: Host
  /**
   * Starts an actor and returns its address; one that is in the journal under that id goes on from there, and
   * `input` is not used. Throws `definition-changed`, `address-taken`, `runtime-stopped`, or
   * what its start throws.
   */
  spawn(behaviour: Behaviour, options?: SpawnOptions): Promise<Address>
  /** Starts a supervisor and its children, in order. Undone when one of them does not start. */
  supervise(options?: SuperviseOptions): Promise<Address>
  /** Sends and waits for the answer. Throws what the other side answers, `deadline-exceeded`, `cancelled`. */
  ask(to: Address, type: string, body?: unknown, options?: AskOptions): Promise<unknown>
  /** As `ask`, and says what was spent. */
  askWithUsage(to: Address, type: string, body?: unknown, options?: AskOptions): Promise<Answered>
  /** Sends and does not wait. What nobody takes is among `deadLetters`. */
  tell(to: Address, type: string, body?: unknown): void
  /** Publishes to whoever subscribed, on any node of the bus. */
  publish(subject: string, body: unknown): void
  /** Receives what is published on subjects matching `pattern` (`*` one token, `>` the rest). */
  subscribe(pattern: string, handler: (body: Plain, subject: string) => unknown): Subscription
  /**
   * One value per runtime and key, made on first use: how the agents of a node share a cache or a model's breaker. One
   * with a `[Symbol.asyncDispose]` is disposed of when the runtime has stopped.
   */
  shared<T>(key: string, make: () => T): T
  /** Makes a behaviour's type known, so that actors can have others of it started. */
  register(behaviour: Behaviour): void
  /** The last committed snapshot of an actor of this node. */
  snapshot(of: Address): Snapshot | undefined
  actors(): readonly ActorStatus[]
  deadLetters(): readonly DeadLetter[]
  /** Sends a dead letter's message again, as a new one, by the id of the message. Throws `dead-letter-unknown`. */
  retryDeadLetter(id: string): Promise<void>
  /** Forgets a dead letter. Throws `dead-letter-unknown`. */
  dropDeadLetter(id: string): Promise<void>
  /** Effects of the actors in memory that wait for a person. */
  parkedEffects(): readonly ParkedEffect[]
  /** How many effects of a run have begun and have no outcome yet; those that wait for a person do not count. */
  effectsUnderWay(run: string): number
  /** How many attempts of effects are being made at the moment. */
  attempts(): number
  /** Begins no attempts from now on: what is under way can end, and whoever has the journal next begins the rest. */
  quiesce(): void
  /** A person's word about a parked effect. Throws `effect-unknown`. */
  decideEffect(effect: string, decision: EffectDecision): Promise<void>
  /**
   * Takes the actors of a run out of memory as they are, until they are spawned again: for a run that waits for
   * a person. Messages to them wait.
   */
  suspendRun(run: string): Promise<void>
  /**
   * Stops one actor and all it supervises. Without an address, the whole node, last started first; with a
   * journal on disk its actors are not ended but left there, to come back. Idempotent.
   */
  stop(actor?: Address): Promise<void>
}
