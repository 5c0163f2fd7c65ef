/**
 * A node: the actors that live in this process, and how messages reach them and leave them. It is the cells'
 * host: it routes, keeps dead letters, and carries out what supervisors decide. It decides nothing itself.
 */
import { type Address, address, addressType } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import type { Cause } from '../actors/cause.ts'
import { Cell } from '../actors/cell.ts'
import type { CellHost, CellSpec, Decision } from '../actors/cell-host.ts'
import type { Host } from '../actors/clock.ts'
import type { Envelope } from '../actors/envelope.ts'
import { type RuntimeError, toRuntimeError } from '../actors/errors.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import type { Journal, Recorded } from '../actors/journal.ts'
import { answerKey, keyOf } from '../actors/outbox.ts'
import type { StoredSpawn } from '../actors/outstanding.ts'
import type { Plain } from '../actors/plain.ts'
import { isAnswer } from '../actors/protocol.ts'
import { Registry } from '../actors/registry.ts'
import { SUPERVISOR } from '../actors/supervisor.ts'
import { postNode } from './arrivals.ts'
import { BusInboxes, NODE } from './bus-inboxes.ts'
import type { OpenPost, Post } from './cluster/post/post.ts'
import type { Codec } from './codec.ts'
import { CommitLine, inLine } from './commit-line.ts'
import { DeadLetterBox, renewed } from './dead-letter-box.ts'
import type { Events } from './events.ts'
import { KnownTypes } from './known-types.ts'
import { Leavers } from './leavers.ts'
import { nobody, over } from './node-refusals.ts'
import { Publishing } from './publishing.ts'
import { Questions, withdrawalOf } from './questions.ts'
import { reconcile, withdrawUnwanted } from './reconcile.ts'
import { Sleepers } from './sleepers.ts'
import { spawnChild } from './spawn-child.ts'
import type { Transport } from './transport/transport.ts'
import { carryOut, stopTree } from './trees.ts'
import { bury, buryUnknown } from './undelivered.ts'

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
  /** How its actors, being one partition of many, write to those of the others. */
  readonly post?: OpenPost
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
  isQuiescing = false
  readonly #options: NodeOptions
  readonly #inboxes: BusInboxes
  readonly post: Post | undefined
  /** Tells this process's messages from those of an earlier one of the same name. */
  readonly #life: string
  #sent = 0
  /** Take nothing yet: their records are being read, or they are about to go on. */
  readonly #beginning = new Set<Address>()
  readonly leavers = new Leavers()
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
    this.questions = new Questions(host.clock, unwanted => this.send(withdrawalOf(this.address, unwanted)))
    this.publishing = new Publishing({ ...options, clock: options.host.clock })
    const { clock } = host
    this.#inboxes = new BusInboxes({
      ...options,
      clock,
      accept: envelope => this.#accept(envelope),
      took: envelope => this.took(envelope),
      notSent: (envelope, thrown) => this.#notSent(envelope, thrown),
    })
    this.sleepers = new Sleepers({
      journal: this.journal,
      behaviourOf: type => (type === SUPERVISOR ? this.supervisors : this.types.get(type)),
      isLive: actor => this.registry.get(actor) !== undefined,
      revive: (spec, recorded) => this.start(spec, recorded),
      root: () => this.root,
      bury: (envelope, error) => this.bury(envelope, error),
    })
    this.post = options.post?.(postNode(this, options))
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
    const id = `${this.address}.${this.#life}.${++this.#sent}`
    // With a place, so that other partitions know it when it comes again.
    return this.post ? `${id}.0` : id
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
    if (this.#options.shared && !this.post) this.#inboxes.open(spec.address)
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
    this.post?.roomFor(cell.address)
  }

  #refuse(cell: Cell, error: unknown): void {
    this.forget(cell.address)
    cell.abandon(toRuntimeError(error, 'actor-crashed'))
  }

  #begin(cell: Cell, recorded: Recorded | undefined): Promise<void> | void {
    if (recorded) return this.#revive(cell, recorded)
    this.leavers.leave(cell.address)
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
    const { to, at } = envelope
    const { post } = this
    const cell = this.awake(to)
    if (at !== undefined && post?.isElsewhere(envelope)) post.send(envelope)
    else if (cell) this.#deliver(cell, envelope)
    else if (to === this.address && isAnswer(envelope)) this.whenStored(() => this.#answered(envelope))
    else if (to === this.address) this.bury(envelope, nobody(to))
    else if (this.leavers.answers(envelope)) this.took(envelope)
    else if (!this.leavers.has(to) && this.sleepers.take(envelope)) return
    else if (post?.isElsewhere(envelope)) post.send(envelope)
    else if (this.#options.shared && (!post || addressType(to) === NODE))
      this.whenStored(() => this.#sendAway(envelope))
    else buryUnknown(this, envelope)
  }

  /** The actor at an address, once it takes messages. */
  awake(actor: Address): Cell | undefined {
    return this.#beginning.has(actor) ? undefined : this.registry.get(actor)
  }

  /** True for an actor whose life is not over, in memory or not. */
  isOnDisk(actor: Address): boolean {
    const known = this.journal.durable ? this.journal.known(actor) : undefined
    return known !== undefined && known.rest !== 'ended'
  }

  /** True for an actor that is nowhere any more; of other nodes' actors that cannot be known. */
  isGone(actor: Address): boolean {
    const isOurs = !this.#options.shared || this.post !== undefined
    return isOurs && !this.registry.get(actor) && !this.isOnDisk(actor)
  }

  receipt(sender: Address, key: string): void {
    if (!this.received(sender, key)) this.post?.receipt(sender, key)
  }

  /** What `sender` keeps under `key` was committed by its receiver. False when it is not in memory. */
  received(sender: Address, key: string): boolean {
    if (this.leavers.receipt(sender, key)) return true
    const cell = this.registry.get(sender)
    cell?.acting.receipt(key)
    return cell !== undefined
  }

  took(envelope: Envelope, refusal?: Envelope): void {
    const { home, from, replyTo, to } = envelope
    const { post } = this
    if (post && home !== undefined) post.took(envelope, refusal)
    else if (from && replyTo === undefined && this.journal.durable) this.received(from, keyOf(envelope))
    post?.roomFor(to)
  }

  bury(envelope: Envelope, error: RuntimeError): void {
    bury(this, envelope, error)
  }

  /** An answer to a question from outside any actor. */
  #answered(envelope: Envelope): void {
    const { from, correlation = '' } = envelope
    this.questions.answered(envelope)
    if (!this.post) return
    this.post.over(correlation)
    if (from) this.receipt(from, answerKey(correlation))
  }

  /** Sends a dead letter's message again, as a new one. Throws `dead-letter-unknown`. */
  async retryDeadLetter(id: string): Promise<void> {
    const { envelope } = await this.deadLetters.take(id)
    this.send(renewed(envelope, this.id()))
  }

  publish(from: Address, kind: string, body: Plain, cause: Cause | undefined): void {
    this.whenStored(() => this.publishing.publish(from, kind, body, cause))
  }

  direct(supervisor: Address, decision: Decision): void {
    carryOut(this, supervisor, decision)
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
    if (cell && reason === 'done') this.leavers.add(cell, leave)
    else leave()
  }

  spawn(parent: CellSpec, child: StoredSpawn, again?: true): void {
    spawnChild(this, parent, child, again)
  }

  /** Stops an actor after everything it supervises, last started first. */
  stopTree(root: Address, reason: 'asked' | 'crashed', error?: RuntimeError): void {
    stopTree(this, root, reason, error)
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
    this.post?.close()
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
    this.post?.again(actor)
  }

  #accept(envelope: Envelope): void {
    const cell = this.awake(envelope.to)
    if (cell) cell.deliver(envelope)
    else if (envelope.to === this.address && isAnswer(envelope)) this.#answered(envelope)
    else if (!this.sleepers.take(envelope)) throw nobody(envelope.to)
  }

  #sendAway(envelope: Envelope): void {
    if (!isAnswer(envelope) || addressType(envelope.to) !== NODE) {
      this.#inboxes.send(envelope)
      return
    }
    try {
      this.#inboxes.answer(envelope)
      this.took(envelope)
    } catch (thrown) {
      this.#notSent(envelope, thrown)
    }
  }

  #notSent(envelope: Envelope, thrown: unknown): void {
    const error = toRuntimeError(thrown, 'internal')
    this.bury(envelope, error.kind === 'no-responders' ? nobody(envelope.to) : error)
  }
}
