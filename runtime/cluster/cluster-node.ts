/**
 * A node of a cluster: joins the members, takes the partitions that are its to serve, answers for itself, and hands
 * everything over before it goes. The composition of this folder; what a partition is used for is handed in.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../../actors/clock.ts'
import type { Plain } from '../../actors/plain.ts'
import { nodeSubject } from '../../actors/subject.ts'
import type { Codec } from '../codec.ts'
import type { Runtime } from '../create-runtime.ts'
import { packageVersion } from '../package-version.ts'
import type { SelfState } from './membership/heartbeat.ts'
import { joinMembers, type Membership } from './membership/membership.ts'
import { claimPartitions, type Ownership } from './ownership/ownership.ts'
import { type PartitionHost, type PartitionHostOptions, partitionHost } from './partition-host.ts'

export interface ClusterTimes {
  readonly heartbeatMs?: number
  readonly ttlMs?: number
  readonly settleMs?: number
  readonly stableMs?: number
  readonly rebalanceAfterMs?: number
  readonly graceMs?: number
}

export interface ClusterNodeOptions
  extends Omit<PartitionHostOptions, 'onLost' | 'life' | 'mayRestore' | 'now'> {
  readonly codec: Codec
  /** Must not jump. */
  readonly monotonic: Clock
  /** Whether it takes partitions. Default true. */
  readonly serves?: boolean
  readonly types?: readonly string[]
  readonly models?: readonly string[]
  readonly tools?: readonly string[]
  /** Runs under way on this node, for its heartbeats. */
  readonly runs?: () => number
  /** By how much the event loop was late since it was asked last, ms. Default: measured. */
  readonly lagMs?: () => number
  readonly isConnected?: () => boolean
  /**
   * Another process of this name has taken its place, or it was asked to go, after what is under way (`drain`) or at
   * once (`stop`): the process should end.
   */
  readonly onEnd: (why: 'replaced' | 'asked', how?: 'drain' | 'stop') => void
  /** Told of a partition that another node has taken over from this one. */
  readonly onPartitionLost?: (partition: number) => void
  readonly times?: ClusterTimes
}

export interface ClusterNode {
  readonly name: string
  readonly membership: Membership
  readonly ownership: Ownership
  readonly partitions: PartitionHost
  /** Hands everything over to other nodes and leaves. Takes at most `graceMs` (default 20 s) and a little. */
  drain(graceMs?: number): Promise<void>
  /** Ends without handing over: others take over once they miss this node. */
  stop(): Promise<void>
}

/** Resolves when the node has joined; it takes its partitions from then on. Throws `address-taken`. */
export async function startClusterNode(options: ClusterNodeOptions): Promise<ClusterNode> {
  const { node, namespace, host, report, onEnd, times = {}, requests } = options
  const life = host.id()
  const lag = options.lagMs ? undefined : monitorEventLoopDelay({ resolution: LAG_EVERY_MS })
  lag?.enable()
  let ownership: Ownership | undefined
  let joined: Membership | undefined
  const partitions = partitionHost({
    ...options,
    life,
    now: options.monotonic.now,
    mayRestore: (partition, epoch) => isStillOurs(joined, options.monotonic, partition, epoch),
    onLost(partition, epoch) {
      options.onPartitionLost?.(partition)
      ownership?.lost(partition, epoch)
    },
  })
  const self = (): SelfState => ({
    serves: options.serves ?? true,
    types: options.types ?? [],
    models: options.models ?? [],
    tools: options.tools ?? [],
    load: {
      actors: [...partitions.served().values()].reduce((sum, { runtime }) => sum + actorsOf(runtime), 0),
      runs: options.runs?.() ?? 0,
      lagMs: lag ? lagSince(lag) : (options.lagMs?.() ?? 0),
    },
  })
  const membership = await joinMembers({
    ...options,
    ...times,
    clock: options.monotonic,
    life,
    version: packageVersion(),
    startedAt: host.clock.now(),
    self,
    onReplaced: error => {
      report(error)
      onEnd('replaced')
    },
    onError: report,
  })
  joined = membership
  ownership = claimPartitions({
    ...times,
    membership,
    territory: partitions,
    clock: options.monotonic,
    random: host.random,
    onError: report,
  })
  const claimed = ownership
  const control = requests.serve(nodeSubject(namespace, node, 'ctl'), body => obey(body, onEnd))
  const close = async (): Promise<void> => {
    control.unsubscribe()
    lag?.disable()
    await partitions.close()
  }

  return {
    name: node,
    membership,
    ownership,
    partitions,
    async drain(graceMs) {
      await claimed.drain(graceMs)
      await close()
    },
    async stop() {
      claimed.stop()
      await close()
      await membership.leave()
    },
  }
}

/** Without the supervisor that every partition has. */
const actorsOf = (runtime: Runtime): number =>
  runtime.actors().filter(({ supervisor }) => supervisor !== undefined).length

/** How often the lag of the event loop is measured, ms: what is measured is the time between two measurements. */
const LAG_EVERY_MS = 20

/** The 99th percentile since the last call. */
function lagSince(lag: IntervalHistogram): number {
  const ms = Math.round(lag.percentile(99) / 1e6) - LAG_EVERY_MS
  lag.reset()
  return Math.max(0, ms)
}

/** Between two looks whether all members have been heard of, ms. */
const LOOK_MS = 100

/** Asked when the broker has forgotten who owns what: the members have not. */
async function isStillOurs(
  membership: Membership | undefined,
  clock: Clock,
  partition: number,
  epoch: number,
): Promise<boolean> {
  if (!membership) return true
  while (membership.sight !== 'full' && membership.state !== 'left')
    await new Promise<void>(resolve => void clock.at(clock.now() + LOOK_MS, resolve))
  const others = membership.members().filter(({ node }) => node !== membership.node)
  return !others.some(({ partitions }) => (partitions.get(partition) ?? 0) > epoch)
}

async function obey(body: Plain, onEnd: ClusterNodeOptions['onEnd']): Promise<Plain> {
  const { op } = Object(body) as { readonly op?: Plain }
  if (op === 'drain' || op === 'stop') onEnd('asked', op)
  return { pid: process.pid, version: packageVersion(), heapBytes: process.memoryUsage().heapUsed }
}
