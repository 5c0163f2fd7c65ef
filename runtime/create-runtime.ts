/**
 * The composition root: the only file where contracts meet adapters. `createRuntime()` needs no arguments and
 * gives a node of its own, with its own bus and journal: two runtimes in one process do not see each other.
 */
import { type Address, address, parseAddress } from '../actors/address.ts'
import type { Behaviour, Snapshot } from '../actors/behaviour.ts'
import { type BudgetLease, parseLease } from '../actors/budget-lease.ts'
import type { CellSpec } from '../actors/cell-host.ts'
import type { Host } from '../actors/clock.ts'
import type { DeadLetter } from '../actors/dead-letters.ts'
import { checkMessageType, type Envelope, refuseReserved } from '../actors/envelope.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Usage } from '../actors/events.ts'
import type { Journal } from '../actors/journal.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import { checkedAtLeast } from '../actors/policies/checked.ts'
import { CANCEL } from '../actors/protocol.ts'
import {
  checkIntensity,
  checkPolicy,
  DEFAULT_POLICY,
  type EffectPolicy,
  type Intensity,
  type RestartType,
  type Strategy,
} from '../actors/strategy.ts'
import { SUPERVISOR, supervisorBehaviour } from '../actors/supervisor.ts'
import { inMemoryJournal } from '../memory/in-memory-journal.ts'
import { createCodec } from './codec.ts'
import { createEvents, type Events } from './events.ts'
import { systemHost } from './host.ts'
import { Node } from './node.ts'
import { abortError } from './questions.ts'
import { createInProcessBus } from './transport/in-process.ts'
import type { Subscription, Transport } from './transport/transport.ts'

export interface RuntimeOptions {
  /** This node's name, unique on its bus. Default: made up. */
  readonly name?: string
  /** Separates systems that share a bus. Default `main`. */
  readonly namespace?: string
  readonly journal?: Journal
  /** A bus shared with other runtimes. Default: a private one. */
  readonly transport?: Transport
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
  /** Started in this order, stopped in the reverse. */
  readonly children?: readonly ChildSpec[]
}

export interface AskOptions {
  /** Milliseconds to wait. Default ten minutes: every wait has an end. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** What may be spent on the answer. */
  readonly budget?: BudgetLease
  readonly run?: string
  /** W3C traceparent of the caller's span. */
  readonly trace?: string
}

/** An answer together with what it cost. */
export interface Answered {
  readonly value: unknown
  readonly spent?: Usage
}

export interface ActorStatus {
  readonly address: Address
  readonly phase: string
  /** User messages that wait. */
  readonly waiting: number
  readonly supervisor?: Address
}

export interface Runtime {
  readonly name: string
  readonly events: Events
  readonly host: Host
  /** Starts an actor and returns its address. Throws `address-taken`, `runtime-stopped`, or what its start throws. */
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
  /** One value per runtime and key, made on first use: how the agents of a node share a cache or a model's breaker. */
  shared<T>(key: string, make: () => T): T
  /** The last committed snapshot of an actor of this node. */
  snapshot(of: Address): Snapshot | undefined
  actors(): readonly ActorStatus[]
  deadLetters(): readonly DeadLetter[]
  /** Stops one actor and all it supervises; without an address, the whole node, last started first. Idempotent. */
  stop(actor?: Address): Promise<void>
}

const DEFAULT_ASK_MS = 600_000

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const host: Host = { ...systemHost(), ...options.host }
  checkPolicy({ ...DEFAULT_POLICY, ...options.policy })
  const report = options.onError ?? warn
  const events = createEvents(report)
  const journal = options.journal ?? inMemoryJournal()
  const transport = options.transport ?? createInProcessBus({ clock: host.clock, onError: report }).connect()
  const node = new Node({
    name: options.name ?? host.id(),
    namespace: options.namespace ?? 'main',
    host,
    journal,
    events,
    transport,
    codec: createCodec(),
    shared: options.transport !== undefined,
    report,
  })
  const supervisors = supervisorBehaviour()
  const root = address(SUPERVISOR, options.transport ? `root-${node.address.slice('node/'.length)}` : 'root')
  const intensity = { restarts: 3, periodMs: 5_000 }
  const ready = node.start({
    address: root,
    behaviour: supervisors,
    input: toPlain({ self: root, onExceeded: 'stop-child', intensity }),
    restart: 'permanent',
    policy: DEFAULT_POLICY,
  })
  ready.catch(report)
  const shared = new Map<string, unknown>()
  let stopping: Promise<void> | undefined

  const running = (): void => {
    if (stopping)
      throw new RuntimeError('runtime-stopped', 'the runtime has stopped', { fix: 'create a new one' })
  }
  const policyOf = (own: Partial<EffectPolicy> | undefined): EffectPolicy =>
    checkPolicy({ ...DEFAULT_POLICY, ...options.policy, ...own })

  const spawn = async (behaviour: Behaviour, spec: SpawnOptions = {}): Promise<Address> => {
    running()
    const where = address(behaviour.type, spec.id ?? host.id())
    const child: CellSpec = {
      address: where,
      behaviour,
      ...(spec.input !== undefined && { input: toPlain(spec.input, `input of ${where}`) }),
      supervisor: spec.supervisor ?? root,
      restart: spec.restart ?? 'transient',
      policy: policyOf(spec.policy),
    }
    await ready
    await node.start(child)
    return where
  }

  const supervise = async (spec: SuperviseOptions = {}): Promise<Address> => {
    const { id = host.id(), children = [], strategy, intensity: own, supervisor } = spec
    if (own) checkIntensity(own)
    const self = address(SUPERVISOR, id)
    const order = children.map(child => address(child.behaviour.type, child.id))
    const input = { self, children: order, ...(strategy && { strategy }), ...(own && { intensity: own }) }
    await spawn(supervisors, { id, input, ...(supervisor && { supervisor }), restart: 'permanent' })
    try {
      for (const child of children) await spawn(child.behaviour, { ...child, supervisor: self })
    } catch (error) {
      node.stopTree(self, 'asked')
      throw error
    }
    return self
  }

  const askWithUsage = async (
    to: Address,
    type: string,
    body: unknown = null,
    ask: AskOptions = {},
  ): Promise<Answered> => {
    running()
    const envelope = question(node, host, to, type, body, ask)
    if (ask.signal?.aborted) throw abortError(ask.signal)
    const withdraw = (): void => node.send(withdrawal(node, envelope))
    const settled = node.questions.put(envelope, ask.signal, withdraw)
    node.send(envelope)
    return settled
  }

  return {
    name: node.address,
    events,
    host,
    spawn,
    supervise,
    askWithUsage,
    ask: async (to, type, body, ask) => (await askWithUsage(to, type, body, ask)).value,
    tell(to, type, body = null) {
      running()
      parseAddress(to)
      node.send({
        v: 1,
        id: node.nextId(),
        type: userType(type),
        to,
        from: node.address,
        body: toPlain(body, type),
      })
    },
    publish(subject, body) {
      running()
      node.broadcast(subject, toPlain(body, subject))
    },
    subscribe(pattern, handler) {
      running()
      return node.listen(pattern, handler)
    },
    shared<T>(key: string, make: () => T): T {
      if (!shared.has(key)) shared.set(key, make())
      return shared.get(key) as T
    },
    snapshot: of => node.registry.get(of)?.snapshot,
    actors: () => [...node.registry.all()].map(statusOf),
    deadLetters: () => node.deadLetters.list(),
    async stop(actor) {
      if (actor) return node.stopTree(actor, 'asked')
      stopping ??= stopNode(
        node,
        root,
        ready,
        options.transport ? undefined : transport,
        options.journal ? undefined : journal,
      )
      return stopping
    },
  }
}

async function stopNode(
  node: Node,
  root: Address,
  ready: Promise<unknown>,
  ownTransport: Transport | undefined,
  ownJournal: Journal | undefined,
): Promise<void> {
  // Why the root did not start was reported then; what it holds must be released all the same.
  await ready.catch(() => {})
  node.end(root, new RuntimeError('runtime-stopped', 'the runtime stopped before the answer came'))
  await ownTransport?.drain()
  await ownJournal?.close()
}

function question(
  node: Node,
  host: Host,
  to: Address,
  type: string,
  body: unknown,
  ask: AskOptions,
): Envelope {
  parseAddress(to)
  const id = node.nextId()
  const { timeoutMs = DEFAULT_ASK_MS, budget, run, trace } = ask
  return {
    v: 1,
    id,
    type: userType(type),
    to,
    from: node.address,
    replyTo: node.address,
    correlation: id,
    deadline: host.clock.now() + checkedAtLeast('timeoutMs of an ask', timeoutMs, 0),
    ...(budget && { budget: parseLease(budget) }),
    ...(run !== undefined && { run }),
    ...(trace !== undefined && { trace }),
    body: toPlain(body, type),
  }
}

const withdrawal = (node: Node, { id, to }: Envelope): Envelope => ({
  v: 1,
  id: `${id}.cancel`,
  type: CANCEL,
  to,
  from: node.address,
  body: { correlation: id },
})

function userType(type: string): string {
  checkMessageType(type)
  refuseReserved(type)
  return type
}

const statusOf = (cell: {
  spec: { address: Address; supervisor?: Address }
  phase: string
  waiting: number
}): ActorStatus => ({
  address: cell.spec.address,
  phase: cell.phase,
  waiting: cell.waiting,
  ...(cell.spec.supervisor && { supervisor: cell.spec.supervisor }),
})

const warn = (error: unknown): void =>
  process.emitWarning(error instanceof Error ? error : new Error(String(error)))
