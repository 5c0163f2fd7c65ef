/**
 * A node: the actors that live in this process, and how messages reach them and leave them. It is the cells'
 * host: it routes, keeps dead letters, and carries out what supervisors decide. It decides nothing itself.
 */
import { type Address, address, parseAddress } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import { Cell } from '../actors/cell.ts'
import type { CellHost, CellSpec, Decision, Spawn } from '../actors/cell-host.ts'
import type { Host } from '../actors/clock.ts'
import { DeadLetters } from '../actors/dead-letters.ts'
import { type Envelope, parseEnvelope } from '../actors/envelope.ts'
import { fromWireError, RuntimeError, toRuntimeError, toWireError, type WireError } from '../actors/errors.ts'
import type { RuntimeEvent } from '../actors/events.ts'
import type { Cause, Directive, Journal } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'
import { answer, CANCEL, checkForeign, ERROR, REPLY } from '../actors/protocol.ts'
import { Registry } from '../actors/registry.ts'
import { agentSubject, eventSubject } from '../actors/subject.ts'
import type { Codec } from './codec.ts'
import type { Events } from './events.ts'
import { Questions } from './questions.ts'
import type { Subscription, Transport } from './transport/transport.ts'

export interface NodeOptions {
  readonly name: string
  readonly namespace: string
  readonly host: Host
  readonly journal: Journal
  readonly events: Events
  readonly transport: Transport
  readonly codec: Codec
  /** Others share the bus: actors must be reachable by subject, and everything published leaves the node. */
  readonly shared: boolean
  /** Told of failures that nobody waits for. */
  readonly report: (error: unknown) => void
}

/** How long a peer may take to accept a message, ms. Accepting is putting it in a mailbox. */
const ACCEPT_MS = 5_000

export class Node implements CellHost {
  readonly address: Address
  readonly registry = new Registry()
  readonly questions: Questions
  readonly deadLetters = new DeadLetters()
  readonly #options: NodeOptions
  readonly #inboxes = new Map<Address, Subscription>()
  #listeners = 0
  #sent = 0
  readonly #behaviours = new Map<string, Behaviour>()
  #ending = false

  constructor(options: NodeOptions) {
    this.#options = options
    this.address = address('node', options.name)
    this.questions = new Questions(options.host.clock)
    if (options.shared) this.#open(this.address)
  }

  get clock() {
    return this.#options.host.clock
  }
  get events() {
    return this.#options.events
  }
  get journal() {
    return this.#options.journal
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
    return `${this.address}.${++this.#sent}`
  }

  /** Starts one actor. Throws `address-taken`, `actor-not-found` and whatever its machine's start throws. */
  async start(spec: CellSpec): Promise<Cell> {
    if (spec.supervisor && !this.registry.get(spec.supervisor)) throw nobody(spec.supervisor)
    const cell = new Cell(spec, this)
    this.registry.add(cell)
    try {
      if (this.#options.shared) this.#open(spec.address)
      const stored = cell.start()
      if (stored) await stored
    } catch (error) {
      this.#forget(spec.address)
      cell.abandon(toRuntimeError(error, 'actor-crashed'))
      throw error
    }
    return cell
  }

  send(envelope: Envelope): void {
    const cell = this.registry.get(envelope.to)
    if (cell) this.#deliver(cell, envelope)
    else if (envelope.to === this.address && isAnswer(envelope)) this.questions.answered(envelope)
    else if (envelope.to === this.address) this.bury(envelope, nobody(envelope.to))
    else if (this.#options.shared) void this.#sendAway(envelope)
    else this.bury(envelope, nobody(envelope.to))
  }

  bury(envelope: Envelope, error: RuntimeError): void {
    // Nothing is lost with an answer that nobody waits for, or a cancellation of what has ended.
    if (isAnswer(envelope) || envelope.type === CANCEL) return
    const at = this.clock.now()
    this.deadLetters.add(at, envelope, error)
    if (this.events.on) {
      const { to: actor, type: message, id, run } = envelope
      const wire = toWireError(error)
      this.events.emit({
        type: 'message.dead',
        at,
        actor,
        message,
        id,
        error: wire,
        ...(run !== undefined && { run }),
      })
    }
    const refusal = answer(`${envelope.id}.dead`, undefined, envelope, { error: toWireError(error) })
    if (refusal) this.send(refusal)
  }

  publish(from: Address, kind: string, body: Plain, cause: Cause | undefined): void {
    if (this.events.on) {
      const run = cause?.run
      this.events.emit({
        type: 'actor.published',
        at: this.clock.now(),
        actor: from,
        kind,
        body,
        ...(run && { run }),
      })
    }
    if (this.#listeners === 0 && !this.#options.shared) return
    try {
      this.broadcast(eventSubject(this.#options.namespace, from, kind), body)
    } catch (error) {
      // Too large, or the bus is closed: it was committed all the same, and those who listen are not waited for.
      this.#options.report(error)
    }
  }

  /** Publishes `body` to every node of the bus. Throws `subject-invalid`, `codec-too-large`, `not-plain-data`. */
  broadcast(subject: string, body: Plain): void {
    const { transport, codec } = this.#options
    transport.publish(subject, codec.encode(body))
  }

  listen(pattern: string, handler: (body: Plain, subject: string) => unknown): Subscription {
    const { transport, codec } = this.#options
    const subscription = transport.subscribe(pattern, message =>
      handler(codec.decode(message.data), message.subject),
    )
    this.#listeners++
    let ended = false
    return {
      unsubscribe: () => {
        if (!ended) this.#listeners--
        ended = true
        subscription.unsubscribe()
      },
    }
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
    this.events.emit(event as unknown as RuntimeEvent)
  }

  stopped(actor: Address): void {
    // Nobody is left to decide about those it supervised.
    for (const orphan of this.registry.children(actor)) this.stopTree(orphan, 'crashed')
    this.#forget(actor)
    // A node that ends takes nobody's history with it: the actors may live on elsewhere, or later.
    if (!this.#ending) this.journal.remove(actor).catch(this.#options.report)
  }

  /** Makes a type known, so that actors can have others of it started. Throws `definition-invalid` for two of one name. */
  register(behaviour: Behaviour): void {
    const known = this.#behaviours.get(behaviour.type)
    if (known && known !== behaviour) {
      throw new RuntimeError(
        'definition-invalid',
        `another behaviour is registered as "${behaviour.type}" already`,
      )
    }
    this.#behaviours.set(behaviour.type, behaviour)
  }

  spawn({ address: parent, supervisor, policy }: CellSpec, { type, id, input }: Spawn): void {
    const behaviour = this.#behaviours.get(type)
    const child = address(type, id)
    const failed = (thrown: unknown): void => {
      const body = { type, id, error: toWireError(thrown) } as unknown as Plain
      this.send({
        v: 1,
        id: `${child}.failed.${this.id()}`,
        type: 'spawn.failed',
        to: parent,
        from: this.address,
        body,
      })
    }
    if (!behaviour) {
      failed(unknownType(type, [...this.#behaviours.keys()]))
      return
    }
    const spec = { address: child, behaviour, restart: 'transient', policy } as const
    this.start({ ...spec, ...(input !== undefined && { input }), ...(supervisor && { supervisor }) }).catch(
      failed,
    )
  }

  /** An actor and all below it, parents before children. */
  #tree(root: Address): readonly Address[] {
    return [root, ...this.registry.children(root).flatMap(child => this.#tree(child))]
  }

  /** Stops an actor after everything it supervises, last started first. */
  stopTree(root: Address, reason: 'asked' | 'crashed', error?: RuntimeError): void {
    for (const child of [...this.registry.children(root)].reverse()) this.stopTree(child, reason, error)
    this.registry.get(root)?.stop(reason, error)
  }

  /** Ends the node: everything below `root` is stopped, whoever waits gets `error`. */
  end(root: Address, error: RuntimeError): void {
    this.#ending = true
    this.stopTree(root, 'asked', error)
    this.questions.rejectAll(error)
    for (const inbox of this.#inboxes.values()) inbox.unsubscribe()
    this.#inboxes.clear()
  }

  #deliver(cell: Cell, envelope: Envelope): void {
    try {
      cell.deliver(envelope)
    } catch (error) {
      this.bury(envelope, toRuntimeError(error, 'internal'))
    }
  }

  #forget(actor: Address): void {
    this.registry.remove(actor)
    this.#inboxes.get(actor)?.unsubscribe()
    this.#inboxes.delete(actor)
  }

  /** Makes an actor reachable from other nodes of the bus. Accepting a message is acknowledged at once. */
  #open(actor: Address): void {
    const { transport, codec, namespace } = this.#options
    const inbox = transport.subscribe(agentSubject(namespace, actor), message => {
      const refusal = this.#accept(message.data)
      message.reply?.(codec.encode(refusal ? { error: toWireError(refusal) as unknown as Plain } : {}))
    })
    this.#inboxes.set(actor, inbox)
  }

  #accept(data: Uint8Array): RuntimeError | undefined {
    try {
      const envelope = checkForeign(parseEnvelope(this.#options.codec.decode(data)))
      const cell = this.registry.get(envelope.to)
      if (cell) cell.deliver(envelope)
      else if (envelope.to === this.address && isAnswer(envelope)) this.questions.answered(envelope)
      else return nobody(envelope.to)
      return undefined
    } catch (error) {
      return toRuntimeError(error, 'internal')
    }
  }

  async #sendAway(envelope: Envelope): Promise<void> {
    const { transport, codec, namespace } = this.#options
    try {
      const data = codec.encode(envelope as unknown as Plain)
      const receipt = await transport.request(agentSubject(namespace, envelope.to), data, {
        timeoutMs: ACCEPT_MS,
      })
      const { error } = codec.decode(receipt) as unknown as { error?: WireError }
      if (error) throw fromWireError(error)
    } catch (thrown) {
      const error = toRuntimeError(thrown, 'internal')
      this.bury(envelope, error.kind === 'no-responders' ? nobody(envelope.to) : error)
    }
  }
}

const isAnswer = ({ type }: Envelope): boolean => type === REPLY || type === ERROR

const unknownType = (type: string, known: readonly string[]): RuntimeError =>
  new RuntimeError('actor-not-found', `this node knows no actors of type "${type}"`, {
    why: known.length === 0 ? 'no behaviour was registered' : `it knows ${known.join(', ')}`,
    fix: 'register the behaviour with createRuntime({ behaviours }) or runtime.register(behaviour)',
  })

const nobody = (to: Address): RuntimeError =>
  new RuntimeError('actor-not-found', `nobody answers at ${to}`, {
    why: 'no actor was spawned there, or it has stopped',
    fix: `spawn a "${parseAddress(to).type}" with that id first`,
    details: { to },
  })
