/**
 * The partitions that this node serves: each a runtime on the partition's replicated stores. Carries out what
 * `ownership.ts` decides, and answers what is asked of a partition on `part.<p>`. What a partition is used for is
 * not its business: `onServed` says.
 */
import type { Behaviour } from '../../actors/behaviour.ts'
import type { Clock, Host } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { EffectPolicy } from '../../actors/strategy.ts'
import { subject } from '../../actors/subject.ts'
import { journalOn } from '../../memory/journal-on.ts'
import type { LevelStore } from '../../memory/level.ts'
import { createRuntime, type Runtime } from '../create-runtime.ts'
import { journalCodec } from '../data-directory.ts'
import type { Subscription, Transport } from '../transport/transport.ts'
import type { Broker } from './broker.ts'
import { type CopiesOptions, copiesOf } from './copies.ts'
import { claim } from './log/claim.ts'
import { type PartitionLog, partitionLog } from './log/partition-log.ts'
import type { ReplicatedStores } from './log/replicated-store.ts'
import { Parked } from './post/parked.ts'
import { postOffice } from './post/post-office.ts'
import type { Requests } from './requests.ts'
import type { Deed, Territory } from './territory.ts'

export interface Served {
  readonly partition: number
  readonly epoch: number
  readonly runtime: Runtime
  /** A store of the partition besides its journal; see `compacting` of `replicated-store.ts`. */
  store(name: string): LevelStore
  /** Letters that this version cannot read. */
  readonly parked: Parked
  /** Aborted when another node has taken the partition over: what is written from then on never settles. */
  readonly lost: AbortSignal
}

/** What is asked of a partition, by name. */
export type Operations = Readonly<Record<string, (body: Plain) => Promise<Plain>>>

/** What uses a served partition. */
export interface Tenant {
  readonly operations: Operations
  /** The partition is about to be given up: nothing new is begun. */
  leave(): void
  /** Its runtime has stopped. */
  gone(): void
}

export interface PartitionHostOptions extends CopiesOptions {
  readonly node: string
  /** Tells this process from an earlier one of the same name. */
  readonly life: string
  readonly namespace: string
  readonly broker: Broker
  readonly transport: Transport
  readonly requests: Requests
  readonly host: Host
  /** For waiting: a wall clock that is set back would make it wait as much longer, with stores open that others are to open. */
  readonly monotonic: Clock
  readonly behaviours?: readonly Behaviour[]
  readonly policy?: Partial<EffectPolicy>
  readonly sync?: 'effects' | 'always'
  readonly passivateAfterMs?: number
  readonly snapshotBytes?: number
  /** Moves in, when the runtime is ready and before anything is asked of the partition. */
  readonly onServed: (served: Served) => Promise<Tenant>
  /** Whether this node still owns a partition, as far as the members tell, once it has heard of all of them. */
  readonly mayRestore: (partition: number, epoch: number) => Promise<boolean>
  /** Monotonic ms. Default: the process's own. */
  readonly now?: () => number
  /** Another node has taken a partition over. */
  readonly onLost: (partition: number, epoch: number) => void
}

export interface PartitionHost extends Territory {
  served(): ReadonlyMap<number, Served>
  /** Stops serving everything without giving it up, as if the process had died: what a node does last. */
  close(): Promise<void>
}

interface Tenancy extends Served {
  readonly stores: ReplicatedStores
  readonly tenant: Tenant
  readonly asked: Subscription
  readonly close: (giveUp?: () => Promise<void>) => Promise<void>
}

/** Between two looks whether a partition has come to rest, ms. */
const LOOK_MS = 20
/** How long a runtime that has lost its partition has to stop in order, ms. */
const LOST_MS = 1_000

export function partitionHost(options: PartitionHostOptions): PartitionHost {
  const { namespace, broker, monotonic, report } = options
  const tenancies = new Map<number, Tenancy>()
  const logOf = (partition: number) => partitionLog({ broker, namespace, partition })
  const copies = copiesOf(options)
  /** Of partitions that were lost: their copies are open until then. */
  const ending = new Map<number, Promise<void>>()
  let hasForgotten = false
  broker.onReset(() => {
    hasForgotten = true
  })

  /** `signal` tells whose loss it is: something of a take that failed may still write when a later one serves. */
  const lost = async (partition: number, signal: AbortSignal): Promise<void> => {
    const tenancy = tenancies.get(partition)
    if (tenancy?.lost !== signal) return
    tenancies.delete(partition)
    tenancy.stores.abandon()
    const over = tenancy.close().finally(() => ending.delete(partition))
    ending.set(partition, over)
    options.onLost(partition, tenancy.epoch)
    await over
  }

  return {
    served: () => tenancies,
    inspect: partition => deedOf(logOf(partition)),
    forgo: copies.forgo,
    async prepare(partition) {
      await ending.get(partition)?.catch(() => {})
      if (!tenancies.has(partition)) await copies.prepare(partition)
    },
    async take(partition, deed) {
      if (tenancies.has(partition)) return 'taken'
      // By the log it is nobody's, and by the members it may be somebody's who has yet to give it back.
      if (deed.epoch === 0 && hasForgotten && !(await options.mayRestore(partition, 0))) return 'lost'
      await ending.get(partition)?.catch(() => {})
      const copy = await copies.open(partition)
      const tenancy = await takeOver(options, { partition, deed, copy, log: logOf(partition) }, signal => {
        lost(partition, signal).catch(report)
      })
      if (!tenancy) return 'lost'
      tenancies.set(partition, tenancy)
      if (!tenancy.lost.aborted) return 'taken'
      await lost(partition, tenancy.lost)
      return 'lost'
    },
    isQuiet: partition => tenancies.get(partition)?.runtime.attempts() === 0,
    async release(partition, heir, graceMs) {
      const tenancy = tenancies.get(partition)
      if (!tenancy) return
      const { tenant, stores, runtime } = tenancy
      tenant.leave()
      runtime.quiesce()
      await rest(monotonic, graceMs, () => runtime.attempts() === 0 || !tenancies.has(partition))
      const to = await heir()
      if (!tenancies.delete(partition)) return
      await tenancy.close(() => stores.giveUp(to))
    },
    async close() {
      const all = [...tenancies.values()]
      tenancies.clear()
      await Promise.all([copies.close(), ...all.map(tenancy => tenancy.close())])
    },
  }
}

interface Takeover {
  readonly partition: number
  readonly deed: Deed
  /** It is this one's to close. */
  readonly copy: LevelStore
  readonly log: PartitionLog
}

/** Undefined when somebody else was faster. */
async function takeOver(
  options: PartitionHostOptions,
  { partition, deed, copy, log }: Takeover,
  onLost: (lost: AbortSignal) => void,
): Promise<Tenancy | undefined> {
  const losing = new AbortController()
  const stores = await claim({
    ...options,
    log,
    copy,
    deed,
    origin: options.host.id(),
    mayRestore: epoch => options.mayRestore(partition, epoch),
    onLost: () => {
      losing.abort()
      onLost(losing.signal)
    },
  }).catch(closing(copy))
  if (!stores) {
    await copy.close()
    return undefined
  }
  // Also while it moves in or out, or nothing that it still writes would ever settle.
  losing.signal.addEventListener('abort', () => stores.abandon())
  if (losing.signal.aborted) stores.abandon()
  return moveIn(options, partition, stores, losing.signal).catch(async error => {
    await stores.close()
    if (losing.signal.aborted) return undefined
    throw error
  })
}

const closing =
  (what: { close(): Promise<void> }) =>
  async (error: unknown): Promise<never> => {
    await what.close()
    throw error
  }

async function deedOf(log: PartitionLog): Promise<Deed> {
  const { epoch, owner } = await log.tip()
  return { epoch, ...(owner !== undefined && { owner }) }
}

/** Waits until it has come to rest, for so long at most. */
async function rest(clock: Clock, graceMs: number, isAtRest: () => boolean): Promise<void> {
  const end = clock.now() + graceMs
  while (!isAtRest() && clock.now() < end) await pause(clock, LOOK_MS)
}

/** Starts what a partition is used for. */
async function moveIn(
  options: PartitionHostOptions,
  partition: number,
  stores: ReplicatedStores,
  lost: AbortSignal,
): Promise<Tenancy> {
  const { namespace, transport, broker, host, behaviours, policy, sync, passivateAfterMs, report } = options
  const journal = await journalOn(stores.store('journal'), {
    encoder: journalCodec(),
    sync: sync === 'always' ? 'always' : 'asked',
  })
  const parked = new Parked(journal.records)
  let movedIn = (): void => {}
  const after = new Promise<void>(resolve => {
    movedIn = resolve
  })
  const runtime = createRuntime({
    // The same on every node: its supervisors come back under their addresses.
    name: `p${partition}`,
    namespace,
    journal,
    transport,
    host,
    recover: 'auto',
    post: postOffice({ partition, broker, after, parked, isOwner: () => stores.isOwned() }),
    onError: report,
    ...(behaviours && { behaviours }),
    ...(policy && { policy }),
    ...(passivateAfterMs !== undefined && { passivateAfterMs }),
  })
  const whenLost = aborted(lost)
  /** What waits for a write that found its place taken would wait for ever. */
  const orLost = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([
      work,
      whenLost.then(() => {
        throw isLost(partition)
      }),
    ])
  const stop = async (giveUp?: () => Promise<void>): Promise<void> => {
    const stopped = runtime.stop().catch(report)
    // What is being written when the partition is lost never settles, nor does what waits for it.
    await Promise.race([stopped, whenLost.then(() => pause(options.monotonic, LOST_MS))])
    try {
      await giveUp?.()
    } finally {
      // Else this node could never take the partition again: its copy would still be open.
      await stores.close().catch(report)
    }
  }
  try {
    await orLost(runtime.ready)
    const { epoch } = stores
    const served: Served = { partition, epoch, runtime, store: name => stores.store(name), parked, lost }
    const moving = options.onServed(served)
    const tenant = await orLost(moving).catch(error => {
      moving.then(
        late => late.gone(),
        () => {},
      )
      throw error
    })
    movedIn()
    const asked = answerAsked(options, served, tenant, stores)
    const close: Tenancy['close'] = async giveUp => {
      asked.unsubscribe()
      try {
        await stop(giveUp)
      } finally {
        tenant.gone()
      }
    }
    return { ...served, stores, tenant, asked, close }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Who asks after its end, before the broker knew of it, is told so at once instead of finding out by silence. */
function answerAsked(
  { namespace, requests }: PartitionHostOptions,
  { partition, lost }: Served,
  tenant: Tenant,
  stores: ReplicatedStores,
): Subscription {
  let isOpen = true
  const asked = requests.serve(subject(namespace, 'part', String(partition)), async body => {
    if (!isOpen) throw isGivenUp(partition)
    const answer = await perform(tenant, body)
    // Else it may tell of a time before another took over, or of what was written nowhere.
    if (lost.aborted || !(await stores.isOwned())) throw isLost(partition)
    return answer
  })
  return {
    unsubscribe() {
      isOpen = false
      void asked.drain()
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise(resolve => void clock.at(clock.now() + ms, resolve))

async function perform({ operations }: Tenant, body: Plain): Promise<Plain> {
  const { op, ...rest } = Object(body) as { readonly [key: string]: Plain }
  const operation = typeof op === 'string' && Object.hasOwn(operations, op) ? operations[op] : undefined
  if (operation) return operation(rest)
  throw new RuntimeError('usage', `a partition does not know ${JSON.stringify(String(op).slice(0, 80))}`, {
    fix: 'run the same version of agenticraft on all nodes and clients',
    details: { known: Object.keys(operations) },
  })
}

const isGivenUp = (partition: number): RuntimeError =>
  new RuntimeError('partition-unowned', `this node gives up partition ${partition}`, {
    fix: 'ask again: another node takes it',
  })

const isLost = (partition: number): RuntimeError =>
  new RuntimeError('partition-lost', `another node has taken over partition ${partition}`, {
    fix: 'ask again: it answers then',
  })

export type { Deed }
