/**
 * A node with its adapters, from its opening to its end: the journal, the bus, the supervisor above all others,
 * what comes back at the start and what is left on disk. `create-runtime.ts` gives it to the user.
 */
import { type Address, address } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import type { Cancel, Host } from '../actors/clock.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Journal } from '../actors/journal.ts'
import { toPlain } from '../actors/plain.ts'
import { DEFAULT_POLICY, type Intensity } from '../actors/strategy.ts'
import { SUPERVISOR, supervisorBehaviour } from '../actors/supervisor.ts'
import { inMemoryJournal } from '../memory/in-memory-journal.ts'
import { createCodec } from './codec.ts'
import { openDataDirectory } from './data-directory.ts'
import type { Events } from './events.ts'
import { Node } from './node.ts'
import { packageVersion } from './package-version.ts'
import { detachAll, passivateIdle } from './passivation.ts'
import { recoverAll, unclaimed } from './recover.ts'
import type { Recovery, RuntimeOptions } from './runtime.ts'
import { createInProcessBus } from './transport/in-process.ts'

export interface StartedNode {
  readonly node: Node
  /** The supervisor above all others. */
  readonly root: Address
  readonly supervisors: Behaviour
  readonly ready: Promise<Recovery>
  /** True once `ready` has resolved: nobody need wait for it. */
  readonly isReady: boolean
  stop(): Promise<void>
}

export function startNode(
  options: RuntimeOptions,
  host: Host,
  events: Events,
  report: (error: unknown) => void,
): StartedNode {
  const { journal, opened, close } = journalOf(options)
  const { node, release } = openNode(options, host, events, journal, report)
  const supervisors = supervisorBehaviour()
  node.supervisors = supervisors
  const root = address(SUPERVISOR, options.transport ? `root-${node.address.slice('node/'.length)}` : 'root')
  const behaviourOf = (type: string): Behaviour | undefined =>
    type === SUPERVISOR ? supervisors : node.types.get(type)
  let isReady = false
  let stopResting: Cancel | undefined

  const begin = async (): Promise<Recovery> => {
    if (opened) await opened
    await startRoot(node, root, supervisors)
    node.root = root
    await node.deadLetters.load()
    const recovery = options.recover === 'auto' ? await recoverAll(node, behaviourOf) : await glance(node)
    if (options.passivateAfterMs !== undefined) stopResting = passivateIdle(node, options.passivateAfterMs)
    isReady = true
    node.post?.open()
    return recovery
  }
  const ready = begin()
  // Whoever does something with the runtime is told; who only makes one is not.
  ready.catch(() => {})

  return {
    node,
    root,
    supervisors,
    ready,
    get isReady() {
      return isReady
    },
    async stop() {
      stopResting?.()
      // At once: whoever has lost its journal to another says nothing any more about what it has taken.
      node.post?.close()
      // What the root holds must be released also when it did not start.
      await ready.catch(() => {})
      await stopNode(node, root)
      await release()
      await close()
    },
  }
}

/** The journal to use, when it is open, and how to close it if it is the runtime's own. */
function journalOf({ journal, dataDir, sync }: RuntimeOptions): {
  readonly journal: Journal
  readonly opened: Promise<void> | undefined
  readonly close: () => Promise<void>
} {
  if (journal) return { journal, opened: undefined, close: async () => {} }
  if (dataDir === undefined) {
    const own = inMemoryJournal()
    return { journal: own, opened: undefined, close: () => own.close() }
  }
  const opening = openDataDirectory(dataDir, sync)
  opening.opened.catch(() => {})
  return { ...opening, close: () => opening.journal.close() }
}

/** What is on disk, when nothing is brought back by itself. */
const glance = async (node: Node): Promise<Recovery> => ({
  revived: 0,
  waiting: await unclaimed(node),
  broken: [],
})

/** A node with the adapters that `options` name, and how to release those that are its own. */
function openNode(
  options: RuntimeOptions,
  host: Host,
  events: Events,
  journal: Journal,
  report: (error: unknown) => void,
): { readonly node: Node; readonly release: () => Promise<void> } {
  const transport = options.transport ?? createInProcessBus({ clock: host.clock, onError: report }).connect()
  const node = new Node({
    name: options.name ?? host.id(),
    namespace: options.namespace ?? 'main',
    version: packageVersion(),
    host,
    journal,
    events,
    transport,
    codec: createCodec(),
    shared: options.transport !== undefined,
    ...(options.post && { post: options.post }),
    report,
  })
  for (const behaviour of options.behaviours ?? []) node.types.register(behaviour)
  const release = async (): Promise<void> => {
    if (!options.transport) await transport.drain()
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

async function stopNode(node: Node, root: Address): Promise<void> {
  const error = new RuntimeError('runtime-stopped', 'the runtime stopped before the answer came')
  if (!node.journal.durable) {
    node.end(root, error)
    return
  }
  node.close(error)
  await detachAll(node, [...node.registry.all()], error)
}
