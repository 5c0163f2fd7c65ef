/**
 * The composition root: the only file where contracts meet adapters. `createRuntime()` needs no arguments and
 * gives a node of its own, with its own bus and journal: two runtimes in one process do not see each other.
 */
import { type Address, address, token } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import type { CellSpec } from '../actors/cell-host.ts'
import type { Host } from '../actors/clock.ts'
import { RuntimeError } from '../actors/errors.ts'
import { toPlain } from '../actors/plain.ts'
import { checkedPositive } from '../actors/policies/checked.ts'
import {
  checkIntensity,
  checkPolicy,
  checkStrategy,
  DEFAULT_POLICY,
  type EffectPolicy,
} from '../actors/strategy.ts'
import { SUPERVISOR } from '../actors/supervisor.ts'
import { createEvents } from './events.ts'
import { systemHost } from './host.ts'
import { type AskOptions, askFrom, tellingOf } from './messages.ts'
import type { Node } from './node.ts'
import { packageVersion } from './package-version.ts'
import { attemptsUnderWay, decideEffect, effectsUnderWay, parkedEffects } from './parked-effects.ts'
import { suspendRun } from './passivation.ts'
import type { Asker } from './questions.ts'
import { runsOf } from './run-store.ts'
import type { ActorStatus, Runtime, RuntimeOptions, SpawnOptions, SuperviseOptions } from './runtime.ts'
import { startNode } from './start-node.ts'

export type * from './runtime.ts'

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const host: Host = { ...systemHost(), ...options.host }
  checkOptions(options)
  const report = options.onError ?? warn
  const events = createEvents(report)
  const started = startNode(options, host, events, report)
  const { node, ready } = started
  const { journal } = node
  const values = sharedValues(report)
  let stopping: Promise<void> | undefined
  const running = (): void => {
    if (stopping) throw hasStopped()
  }
  const whenReady = async (): Promise<Node> => {
    running()
    if (!started.isReady) await ready
    return node
  }
  const later = (act: () => void): void => {
    if (started.isReady) act()
    else ready.then(act).catch(report)
  }
  const spawn: Runtime['spawn'] = async (behaviour, spec = {}) => {
    running()
    const where = address(behaviour.type, spec.id ?? host.id())
    const supervisor = spec.supervisor ?? started.root
    const child = cellSpec(where, behaviour, { ...spec, supervisor }, options.policy)
    await whenReady()
    await node.claim(child)
    return where
  }
  const ask = (to: Address, type: string, body: unknown, options: AskOptions, asker: Asker): void => {
    running()
    if (started.isReady) askFrom(node, to, type, body, options, asker)
    else ready.then(() => askFrom(node, to, type, body, options, asker)).catch(asker.reject)
  }

  return {
    name: node.address,
    namespace: options.namespace ?? 'main',
    ...{ ready, journal, events, host, spawn },
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    runs: runsOf(journal, host.clock, packageVersion()),
    supervise: async (spec = {}) =>
      superviseOn(await whenReady(), started.supervisors, spawn, spec, host.id()),
    // One promise each: several that wait for each other cost more than sending.
    ask: (to, type, body = null, options = {}) =>
      new Promise((resolve, reject) => {
        ask(to, type, body, options, { resolve: answered => resolve(answered.value), reject })
      }),
    askWithUsage: (to, type, body = null, options = {}) =>
      new Promise((resolve, reject) => ask(to, type, body, options, { resolve, reject })),
    tell(to, type, body = null) {
      running()
      later(tellingOf(node, to, type, body))
    },
    publish(subject, body) {
      running()
      node.publishing.broadcast(subject, toPlain(body, subject))
    },
    subscribe(pattern, handler) {
      running()
      return node.publishing.listen(pattern, handler)
    },
    register(behaviour) {
      node.types.register(behaviour)
      later(() => node.sleepers.known(behaviour.type))
    },
    shared: values.shared,
    snapshot: of => node.registry.get(of)?.snapshot,
    actors: () => [...node.registry.all()].map(statusOf),
    ...aftermathOf(node, whenReady),
    suspendRun: async run => suspendRun(await whenReady(), run),
    async stop(actor) {
      if (actor) return node.stopTree(actor, 'asked')
      stopping ??= started.stop().finally(values.release)
      return stopping
    },
  }
}

/** What a program asks and decides about effects and dead letters. */
function aftermathOf(
  node: Node,
  whenReady: () => Promise<Node>,
): Pick<
  Runtime,
  | 'deadLetters'
  | 'retryDeadLetter'
  | 'dropDeadLetter'
  | 'parkedEffects'
  | 'effectsUnderWay'
  | 'attempts'
  | 'quiesce'
  | 'decideEffect'
> {
  return {
    deadLetters: () => node.deadLetters.list(),
    retryDeadLetter: async id => (await whenReady()).retryDeadLetter(id),
    dropDeadLetter: async id => void (await (await whenReady()).deadLetters.take(id)),
    parkedEffects: () => parkedEffects(node),
    effectsUnderWay: run => effectsUnderWay(node, run),
    attempts: () => attemptsUnderWay(node),
    quiesce() {
      node.isQuiescing = true
    },
    decideEffect: async (effect, decision) => decideEffect(await whenReady(), effect, decision),
  }
}

const nowhereToSleep = (): RuntimeError =>
  new RuntimeError('definition-invalid', 'passivateAfterMs needs a journal that outlives the process', {
    why: 'an actor that leaves memory has to be somewhere else',
    fix: 'give a dataDir',
  })

const noPost = (): RuntimeError =>
  new RuntimeError(
    'definition-invalid',
    'post needs a shared transport and a journal that outlives the process',
    {
      why: 'what was sent and taken has to be known after a crash, and receipts travel over the bus',
      fix: 'give a transport, and a journal or a dataDir',
    },
  )

const hasStopped = (): RuntimeError =>
  new RuntimeError('runtime-stopped', 'the runtime has stopped', { fix: 'create a new one' })

/** Throws `definition-invalid`. */
function checkOptions({ policy, dataDir, journal, passivateAfterMs, post, transport }: RuntimeOptions): void {
  checkPolicy({ ...DEFAULT_POLICY, ...policy })
  if (passivateAfterMs !== undefined) {
    checkedPositive('passivateAfterMs', passivateAfterMs)
    if (dataDir === undefined && !journal?.durable) throw nowhereToSleep()
  }
  if (post && (!transport || (dataDir === undefined && !journal?.durable))) throw noPost()
  if (dataDir !== undefined && journal)
    throw new RuntimeError(
      'definition-invalid',
      'a runtime has one journal: give journal or dataDir, not both',
    )
}

/** Starts a supervisor and its children. */
async function superviseOn(
  node: Node,
  behaviour: Behaviour,
  spawn: Runtime['spawn'],
  spec: SuperviseOptions,
  madeUp: string,
): Promise<Address> {
  const { id = madeUp, children = [], supervisor, run } = spec
  const self = address(SUPERVISOR, id)
  const input = supervisorInput(self, spec)
  const ofRun = run !== undefined && { run }
  const isNew = node.journal.known(self) === undefined
  await spawn(behaviour, { id, input, ...(supervisor && { supervisor }), ...ofRun, restart: 'permanent' })
  try {
    for (const child of children) await spawn(child.behaviour, { ...ofRun, ...child, supervisor: self })
  } catch (error) {
    // What was on disk before stays there: it is somebody's work.
    if (isNew) node.stopTree(self, 'asked')
    throw error
  }
  return self
}

/** Values by key, and the end of those that have one, the last made first. */
function sharedValues(report: (error: unknown) => void): {
  readonly shared: Runtime['shared']
  readonly release: () => Promise<void>
} {
  const values = new Map<string, unknown>()
  return {
    shared: <T>(key: string, make: () => T): T => {
      if (!values.has(key)) values.set(key, make())
      return values.get(key) as T
    },
    async release() {
      for (const value of [...values.values()].reverse()) {
        try {
          await (value as Partial<AsyncDisposable> | undefined)?.[Symbol.asyncDispose]?.()
        } catch (error) {
          report(error)
        }
      }
    },
  }
}

/** Throws `not-plain-data`, `definition-invalid`. */
function cellSpec(
  where: Address,
  behaviour: Behaviour,
  { input, supervisor, restart = 'transient', policy, run }: SpawnOptions,
  ofRuntime: Partial<EffectPolicy> | undefined,
): CellSpec {
  return {
    address: where,
    behaviour,
    ...(input !== undefined && { input: toPlain(input, `input of ${where}`) }),
    ...(supervisor && { supervisor }),
    restart,
    policy: checkPolicy({ ...DEFAULT_POLICY, ...ofRuntime, ...policy }),
    ...(run !== undefined && { run: token(run, 'run id') }),
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
