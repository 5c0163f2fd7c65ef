/**
 * A node: the actors that live in this process, and how messages reach them and leave them. It is the cells'
 * host: it routes, keeps dead letters, and carries out what supervisors decide. It decides nothing itself.
 */
import { type Address, address } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import type { Cause } from '../actors/cause.ts'
import { Cell } from '../actors/cell.ts'
import type { CellHost, CellSpec, Decision } from '../actors/cell-host.ts'
import type { Host } from '../actors/clock.ts'
import type { Envelope } from '../actors/envelope.ts'
import {
  fromWireError,
  type RuntimeError,
  toRuntimeError,
  toWireError,
  type WireError,
} from '../actors/errors.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import type { Directive, Journal, Recorded } from '../actors/journal.ts'
import { answerKey } from '../actors/outbox.ts'
import type { StoredSpawn } from '../actors/outstanding.ts'
import type { Plain } from '../actors/plain.ts'
import { answer, CANCEL, ERROR, REPLY } from '../actors/protocol.ts'
import { Registry } from '../actors/registry.ts'
import { SUPERVISOR } from '../actors/supervisor.ts'
import { BusInboxes } from './bus-inboxes.ts'
import type { Codec } from './codec.ts'
import { CommitLine, inLine } from './commit-line.ts'
import { DeadLetterBox, renewed } from './dead-letter-box.ts'
import type { Events } from './events.ts'
import { KnownTypes } from './known-types.ts'
import { Leavers } from './leavers.ts'
import { nobody, over } from './node-refusals.ts'
import { endAsleep } from './passivation.ts'
import { Publishing } from './publishing.ts'
import { Questions } from './questions.ts'
import { reconcile, withdrawUnwanted } from './reconcile.ts'
import { Sleepers } from './sleepers.ts'
import { spawnChild } from './spawn-child.ts'
import type { Transport } from './transport/transport.ts'

export interface NodeOptions {
  readonly name: string
  readonly namespace: string
  readonly host: Host
  readonly journal: Journal
  /** Version of this software, for the record. */
  readonly version: string
  readonly events: Events
  readonly transport: Transport
  readonly codec: Codec
  /** Others share the bus: actors must be reachable by subject, and everything published leaves the node. */
  readonly shared: boolean
  /** Told of failures that nobody waits for. */
  readonly report: (error: unknown) => void
}

export class Node implements CellHost {
  readonly address: Address
  readonly registry = new Registry()
  readonly questions: Questions
  readonly deadLetters: DeadLetterBox
  readonly journal: Journal
  /** Does something that is seen outside once all commits made so far are stored. */
  readonly whenStored: (act: () => void) => void
  readonly sleepers: Sleepers
  readonly types = new KnownTypes()
  readonly publishing: Publishing
  /** The behaviour of its supervisors: they come back like others. */
  supervisors: Behaviour | undefined
  /** The supervisor above all others, once it is there. */
  root: Address | undefined
  isEnding = false
  readonly #options: NodeOptions
  readonly #inboxes: BusInboxes
  /** Tells this process's messages from those of an earlier one of the same name. */
  readonly #life: string
  #sent = 0
  /** Take nothing yet: their records are being read, or they are about to go on. */
  readonly #beginning = new Set<Address>()
  readonly #leavers = new Leavers()
  /** Came back from their journals, and no program has spawned them yet. */
  readonly #unclaimed = new Set<Address>()

  constructor(options: NodeOptions) {
    this.#options = options
    this.address = address(NODE, options.name)
    this.#life = options.host.id().slice(0, 8)
    const { journal, host, events } = options
    const line = journal.ordered ? new CommitLine({ journal, events, clock: host.clock }) : undefined
    this.journal = line ? inLine(journal, line) : journal
    this.whenStored = line ? act => line.whenStored(act) : act => act()
    this.deadLetters = new DeadLetterBox(this.journal, options.events, options.report)
    this.questions = new Questions(options.host.clock)
    this.publishing = new Publishing({ ...options, clock: options.host.clock })
    this.#inboxes = new BusInboxes({ ...options, accept: envelope => this.#accept(envelope) })
    this.sleepers = new Sleepers({
      journal: this.journal,
      behaviourOf: type => (type === SUPERVISOR ? this.supervisors : this.types.get(type)),
      isLive: actor => this.registry.get(actor) !== undefined,
      revive: (spec, recorded) => this.start(spec, recorded),
      root: () => this.root,
      bury: (envelope, error) => this.bury(envelope, error),
    })
    if (options.shared) this.#inboxes.open(this.address)
  }

  get clock() {
    return this.#options.host.clock
  }
  get events() {
    return this.#options.events
  }
  get version() {
    return this.#options.version
  }
  report(error: unknown): void {
    this.#options.report(error)
  }
  random(): number {
    return this.#options.host.random()
  }
  id(): string {
    return this.#options.host.id()
  }
  defer(task: () => void): void {
    this.#options.host.defer(task)
  }

  /** An id for a message from outside any actor. */
  nextId(): string {
    return `${this.address}.${this.#life}.${++this.#sent}`
  }

  /**
   * Starts one actor: anew, or from its record if it has one. Throws `address-taken`, `actor-not-found`,
   * `definition-changed` and whatever its machine's start throws.
   */
  async start(spec: CellSpec, recorded?: Recorded): Promise<Cell> {
    const cell = this.admit(spec)
    try {
      await this.#begin(cell, recorded)
    } catch (error) {
      this.#refuse(cell, error)
      // It is there, and nothing but another `spawn` can bring it back.
      if (this.isOnDisk(spec.address))
        this.sleepers.fail(spec.address, toRuntimeError(error, 'actor-crashed'))
      throw error
    }
    this.#settle(cell)
    return cell
  }

  /**
   * Starts an actor for the program. One that came back from its journal by itself is taken over as it is, once.
   * Throws what `start` throws.
   */
  async claim(spec: CellSpec): Promise<void> {
    const { address: actor } = spec
    await this.sleepers.waking(actor)
    if (this.registry.get(actor) && this.#unclaimed.delete(actor)) return
    await this.start(spec)
    this.#unclaimed.delete(actor)
  }

  /** Gives an actor its place, before it begins. Throws `address-taken`, `actor-not-found`. */
  admit(spec: CellSpec): Cell {
    if (spec.supervisor && !this.registry.get(spec.supervisor)) throw nobody(spec.supervisor)
    const cell = new Cell(spec, this)
    this.registry.add(cell)
    if (this.journal.durable && this.journal.known(spec.address)) this.#beginning.add(spec.address)
    if (this.#options.shared) this.#inboxes.open(spec.address)
    return cell
  }

  /** Lets actors that took their states from their records go on, once they agree about what they owe each other. */
  async goOn(cells: readonly Cell[]): Promise<void> {
    for (const cell of cells) {
      this.#unclaimed.add(cell.address)
      withdrawUnwanted(this, cell)
    }
    const going = cells.map(async cell => {
      try {
        await cell.goOn()
        this.#settle(cell)
      } catch (thrown) {
        this.#refuse(cell, thrown)
        this.sleepers.fail(cell.address, toRuntimeError(thrown, 'actor-crashed'))
      }
    })
    await Promise.all(going)
  }

  /** What waited for an actor that was not in memory is its own now. */
  #settle(cell: Cell): void {
    this.#beginning.delete(cell.address)
    for (const envelope of this.sleepers.claim(cell.address)) this.#deliver(cell, envelope)
  }

  #refuse(cell: Cell, error: unknown): void {
    this.forget(cell.address)
    cell.abandon(toRuntimeError(error, 'actor-crashed'))
  }

  #begin(cell: Cell, recorded: Recorded | undefined): Promise<void> | void {
    if (recorded) return this.#revive(cell, recorded)
    this.#leavers.leave(cell.address)
    const known = this.journal.known(cell.address)
    if (!known) return cell.start()
    if (known.rest === 'ended') throw over(cell.address)
    return this.journal.read(cell.address).then(found => (found ? this.#revive(cell, found) : cell.start()))
  }

  #revive(cell: Cell, recorded: Recorded): Promise<void> | void {
    cell.load(recorded)
    this.#unclaimed.add(cell.address)
    reconcile(this, cell)
    return cell.goOn()
  }

  send(envelope: Envelope): void {
    const { to } = envelope
    const cell = this.registry.get(to)
    if (cell && !this.#beginning.has(to)) this.#deliver(cell, envelope)
    else if (to === this.address && isAnswer(envelope))
      this.whenStored(() => this.questions.answered(envelope))
    else if (to === this.address) this.bury(envelope, nobody(to))
    else if (this.#leavers.answers(envelope)) return
    else if (!this.#leavers.has(to) && this.sleepers.take(envelope)) return
    else if (this.#options.shared) this.whenStored(() => void this.#sendAway(envelope))
    else this.#nobody(envelope)
  }

  /** What is sent again to an actor that is gone was dealt with when it went: only whoever asked is told. */
  #nobody(envelope: Envelope): void {
    if (!envelope.resent || isAnswer(envelope)) this.bury(envelope, nobody(envelope.to))
    else this.#refuseAsk(envelope, nobody(envelope.to))
  }

  /** True for an actor whose life is not over, in memory or not. */
  isOnDisk(actor: Address): boolean {
    const known = this.journal.durable ? this.journal.known(actor) : undefined
    return known !== undefined && known.rest !== 'ended'
  }

  /** True for an actor that is nowhere any more; of other nodes' actors that cannot be known. */
  isGone(actor: Address): boolean {
    return !this.#options.shared && !this.registry.get(actor) && !this.isOnDisk(actor)
  }

  receipt(sender: Address, key: string): void {
    if (!this.#leavers.receipt(sender, key)) this.registry.get(sender)?.acting.receipt(key)
  }

  bury(envelope: Envelope, error: RuntimeError): void {
    // Nothing is lost with an answer that nobody waits for, or a cancellation of what has ended.
    if (isAnswer(envelope)) this.#received(envelope)
    if (isAnswer(envelope) || envelope.type === CANCEL) return
    this.deadLetters.add(this.clock.now(), envelope, toWireError(error))
    this.#refuseAsk(envelope, error)
  }

  /** Its sender need not keep it any longer. */
  #received({ from, id, type, correlation = '' }: Envelope): void {
    if (from) this.receipt(from, isAnswer({ type }) ? answerKey(correlation) : id)
  }

  /** Tells whoever waits for a message that nothing comes of it. */
  #refuseAsk(envelope: Envelope, error: RuntimeError): void {
    this.#received(envelope)
    const refusal = answer(`${envelope.id}.dead`, undefined, envelope, { error: toWireError(error) })
    if (refusal) this.send(refusal)
  }

  /** Sends a dead letter's message again, as a new one. Throws `dead-letter-unknown`. */
  async retryDeadLetter(id: string): Promise<void> {
    const { envelope } = await this.deadLetters.take(id)
    this.send(renewed(envelope, this.id()))
  }

  publish(from: Address, kind: string, body: Plain, cause: Cause | undefined): void {
    this.whenStored(() => this.publishing.publish(from, kind, body, cause))
  }

  direct(supervisor: Address, { child, directive, reason, error }: Decision): void {
    if (this.events.on) {
      const affected = this.#tree(child)
      const at = this.clock.now()
      this.events.emit({
        type: 'supervisor.decided',
        at,
        actor: supervisor,
        child,
        reason,
        directive,
        affected,
      })
    }
    if (directive === 'escalate')
      this.registry.get(supervisor)?.fail(error ? fromWireError(error) : nobody(child))
    else if (directive === 'stop') this.stopTree(child, 'crashed', error && fromWireError(error))
    else for (const actor of this.#tree(child)) this.#apply(actor, directive, error)
  }

  /** What is temporary is never restarted, also not together with others. */
  #apply(actor: Address, directive: Directive, error: WireError | undefined): void {
    const cell = this.registry.get(actor)
    if (directive === 'restart' && cell?.spec.restart === 'temporary') this.stopTree(actor, 'crashed')
    else cell?.apply(directive, error)
  }

  signal(from: Address, name: string, body: Plain, cause: Cause | undefined): void {
    if (!this.events.on) return
    const run = cause?.run
    const fields = body as { readonly [key: string]: Plain }
    const event = { at: this.clock.now(), actor: from, ...(run && { run }), ...fields, type: name }
    this.whenStored(() => this.events.emit(event as unknown as RuntimeEvent))
  }

  stopped(actor: Address, reason: 'done' | 'asked' | 'crashed', leave: () => void): void {
    // Nobody is left to decide about those it supervised.
    for (const orphan of this.registry.children(actor)) this.stopTree(orphan, 'crashed')
    const cell = this.registry.get(actor)
    this.forget(actor)
    // A node that ends takes nobody's history with it.
    if (this.isEnding) return
    if (cell && reason === 'done') this.#leavers.add(cell, leave)
    else leave()
  }

  spawn(parent: CellSpec, child: StoredSpawn, again?: true): void {
    spawnChild(this, parent, child, again)
  }

  /** An actor and all below it, parents before children. */
  #tree(root: Address): readonly Address[] {
    return [root, ...this.registry.children(root).flatMap(child => this.#tree(child))]
  }

  /** Stops an actor after everything it supervises, last started first. */
  stopTree(root: Address, reason: 'asked' | 'crashed', error?: RuntimeError): void {
    for (const child of [...this.registry.children(root)].reverse()) this.stopTree(child, reason, error)
    const cell = this.registry.get(root)
    if (cell) cell.stop(reason, error)
    else if (this.registry.isAsleep(root)) {
      this.forget(root)
      endAsleep(this, root, reason).catch(this.#options.report)
    }
  }

  /** Ends the node: everything below `root` is stopped, whoever waits gets `error`. */
  end(root: Address, error: RuntimeError): void {
    this.isEnding = true
    this.stopTree(root, 'asked', error)
    this.close(error)
  }

  /** Ends the node but not its actors: whoever waits outside gets `error`. */
  close(error: RuntimeError): void {
    this.questions.rejectAll(error)
    this.#inboxes.closeAll()
  }

  #deliver(cell: Cell, envelope: Envelope): void {
    try {
      cell.deliver(envelope)
    } catch (error) {
      this.bury(envelope, toRuntimeError(error, 'internal'))
    }
  }

  forget(actor: Address): void {
    this.#unclaimed.delete(actor)
    this.#beginning.delete(actor)
    this.registry.remove(actor)
    this.#inboxes.close(actor)
  }

  #accept(envelope: Envelope): void {
    const cell = this.#beginning.has(envelope.to) ? undefined : this.registry.get(envelope.to)
    if (cell) cell.deliver(envelope)
    else if (envelope.to === this.address && isAnswer(envelope)) this.questions.answered(envelope)
    else if (!this.sleepers.take(envelope)) throw nobody(envelope.to)
  }

  async #sendAway(envelope: Envelope): Promise<void> {
    try {
      await this.#inboxes.send(envelope)
      this.#received(envelope)
    } catch (thrown) {
      const error = toRuntimeError(thrown, 'internal')
      this.bury(envelope, error.kind === 'no-responders' ? nobody(envelope.to) : error)
    }
  }
}

const NODE = 'node'

const isAnswer = ({ type }: Pick<Envelope, 'type'>): boolean => type === REPLY || type === ERROR
