/**
 * The composition root: the only file where contracts meet adapters. `createRuntime()` needs no arguments and
 * gives a node of its own, with its own bus and journal: two runtimes in one process do not see each other.
 */
import { type Address, address } from '../actors/address.ts'
import type { Behaviour, Snapshot } from '../actors/behaviour.ts'
import type { CellSpec } from '../actors/cell-host.ts'
import type { Host } from '../actors/clock.ts'
import type { DeadLetter } from '../actors/dead-letters.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Journal } from '../actors/journal.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import {
  checkIntensity,
  checkPolicy,
  checkStrategy,
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
import { type Answered, type AskOptions, askFrom, tellFrom } from './messages.ts'
import { Node } from './node.ts'
import { createInProcessBus } from './transport/in-process.ts'
import type { Subscription, Transport } from './transport/transport.ts'

export interface RuntimeOptions {
  /** This node's name, unique on its bus. Default: made up. */
  readonly name?: string
  /** Separates systems that share a bus. Default `main`. */
  readonly namespace?: string
  readonly journal?: Journal
  /** Behaviours whose actors other actors may have started by type. */
  readonly behaviours?: readonly Behaviour[]
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
  /** Makes a behaviour's type known, so that actors can have others of it started. */
  register(behaviour: Behaviour): void
  /** The last committed snapshot of an actor of this node. */
  snapshot(of: Address): Snapshot | undefined
  actors(): readonly ActorStatus[]
  deadLetters(): readonly DeadLetter[]
  /** Stops one actor and all it supervises; without an address, the whole node, last started first. Idempotent. */
  stop(actor?: Address): Promise<void>
}

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const host: Host = { ...systemHost(), ...options.host }
  checkPolicy({ ...DEFAULT_POLICY, ...options.policy })
  const report = options.onError ?? warn
  const events = createEvents(report)
  const { node, release } = openNode(options, host, events, report)
  const supervisors = supervisorBehaviour()
  const root = address(SUPERVISOR, options.transport ? `root-${node.address.slice('node/'.length)}` : 'root')
  const ready = startRoot(node, root, supervisors)
  ready.catch(report)
  let stopping: Promise<void> | undefined

  const running = (): void => {
    if (stopping)
      throw new RuntimeError('runtime-stopped', 'the runtime has stopped', { fix: 'create a new one' })
  }

  const spawn = async (behaviour: Behaviour, spec: SpawnOptions = {}): Promise<Address> => {
    running()
    const where = address(behaviour.type, spec.id ?? host.id())
    const child = cellSpec(where, behaviour, { ...spec, supervisor: spec.supervisor ?? root }, options.policy)
    await ready
    await node.start(child)
    return where
  }

  const supervise: Runtime['supervise'] = async (spec = {}) => {
    const { id = host.id(), children = [], supervisor } = spec
    const self = address(SUPERVISOR, id)
    const input = supervisorInput(self, spec)
    await spawn(supervisors, { id, input, ...(supervisor && { supervisor }), restart: 'permanent' })
    try {
      for (const child of children) await spawn(child.behaviour, { ...child, supervisor: self })
    } catch (error) {
      node.stopTree(self, 'asked')
      throw error
    }
    return self
  }

  const askWithUsage: Runtime['askWithUsage'] = async (to, type, body = null, ask = {}) => {
    running()
    return askFrom(node, to, type, body, ask)
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
      tellFrom(node, to, type, body)
    },
    publish(subject, body) {
      running()
      node.broadcast(subject, toPlain(body, subject))
    },
    subscribe(pattern, handler) {
      running()
      return node.listen(pattern, handler)
    },
    register: behaviour => node.register(behaviour),
    shared: sharedValues(),
    snapshot: of => node.registry.get(of)?.snapshot,
    actors: () => [...node.registry.all()].map(statusOf),
    deadLetters: () => node.deadLetters.list(),
    async stop(actor) {
      if (actor) return node.stopTree(actor, 'asked')
      stopping ??= stopNode(node, root, ready).then(release)
      return stopping
    },
  }
}

function sharedValues(): Runtime['shared'] {
  const values = new Map<string, unknown>()
  return <T>(key: string, make: () => T): T => {
    if (!values.has(key)) values.set(key, make())
    return values.get(key) as T
  }
}

/** A node with the adapters that `options` name, and how to release those that are its own. */
function openNode(
  options: RuntimeOptions,
  host: Host,
  events: Events,
  report: (error: unknown) => void,
): { readonly node: Node; readonly release: () => Promise<void> } {
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
  for (const behaviour of options.behaviours ?? []) node.register(behaviour)
  const release = async (): Promise<void> => {
    if (!options.transport) await transport.drain()
    if (!options.journal) await journal.close()
  }
  return { node, release }
}

const ROOT_INTENSITY: Intensity = { restarts: 3, periodMs: 5_000 }

/** The supervisor above all others: it gives up on one child alone, never on the node. */
const startRoot = (node: Node, root: Address, behaviour: Behaviour): Promise<unknown> =>
  node.start({
    address: root,
    behaviour,
    input: toPlain({ self: root, onExceeded: 'stop-child', intensity: ROOT_INTENSITY }),
    restart: 'permanent',
    policy: DEFAULT_POLICY,
  })

/** Throws `not-plain-data`, `definition-invalid`. */
function cellSpec(
  where: Address,
  behaviour: Behaviour,
  { input, supervisor, restart = 'transient', policy }: SpawnOptions,
  ofRuntime: Partial<EffectPolicy> | undefined,
): CellSpec {
  return {
    address: where,
    behaviour,
    ...(input !== undefined && { input: toPlain(input, `input of ${where}`) }),
    ...(supervisor && { supervisor }),
    restart,
    policy: checkPolicy({ ...DEFAULT_POLICY, ...ofRuntime, ...policy }),
  }
}

/** Throws `definition-invalid`, `address-invalid`. */
function supervisorInput(self: Address, { children = [], strategy, intensity }: SuperviseOptions) {
  const order = children.map(child => address(child.behaviour.type, child.id))
  return {
    self,
    children: order,
    ...(strategy && { strategy: checkStrategy(strategy) }),
    ...(intensity && { intensity: checkIntensity(intensity) }),
  }
}

async function stopNode(node: Node, root: Address, ready: Promise<unknown>): Promise<void> {
  // Why the root did not start was reported then; what it holds must be released all the same.
  await ready.catch(() => {})
  node.end(root, new RuntimeError('runtime-stopped', 'the runtime stopped before the answer came'))
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
