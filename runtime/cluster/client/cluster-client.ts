/**
 * A cluster as somebody outside sees it: asks actors wherever they live, and looks at who is there. It waits out the
 * seconds in which a partition changes hands. Used by the command line and by programs that are no node themselves.
 */
import { type Address, address } from '../../../actors/address.ts'
import type { Clock, Host } from '../../../actors/clock.ts'
import { checkMessageType, refuseReserved } from '../../../actors/envelope.ts'
import { toRuntimeError } from '../../../actors/errors.ts'
import { type Plain, toPlain } from '../../../actors/plain.ts'
import { nodeSubject, partitionSubject } from '../../../actors/subject.ts'
import type { Codec } from '../../codec.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Broker } from '../broker.ts'
import type { Member } from '../membership/roster.ts'
import { watchMembers } from '../membership/watch-members.ts'
import { PARTITIONS, partitionOf } from '../placement.ts'
import { mailboxOf, writeLetter } from '../post/letter.ts'
import { createRequests, isPassing, type Requests } from '../requests.ts'
import { askingIn, type ClusterAskOptions } from './asks.ts'
import { allPages } from './pages.ts'

export interface ClusterClientOptions {
  readonly transport: Transport
  readonly codec: Codec
  readonly namespace: string
  readonly host: Pick<Host, 'clock' | 'id'>
  /** Must not jump. */
  readonly monotonic: Clock
  /** What is told is kept by it until its receiver has committed it. Without one it may be lost with the receiver's node. */
  readonly broker?: () => Promise<Pick<Broker, 'post'>>
  /** How long an operation waits for somebody to serve its partition, ms. Default 15,000. */
  readonly patienceMs?: number
}

export type { ClusterAskOptions } from './asks.ts'

export interface ClusterActor {
  readonly address: Address
  readonly partition: number
  /** `asleep` when it is not in memory. */
  readonly phase: string
  readonly waiting: number
  readonly run?: string
}

export interface MissingOptions {
  /** Told of each partition that is missing in the answer, and why. */
  readonly onMissing?: (partition: number, error: unknown) => void
}

/** What all partitions answered. */
export interface Survey {
  readonly answers: ReadonlyMap<number, Plain>
  /** Nobody serves these at the moment, or who does was too slow, or failed. */
  readonly silent: readonly number[]
  /** Of those, who answered that it cannot tell, and why. */
  readonly failed: ReadonlyMap<number, unknown>
}

export interface ClusterClient {
  /** Resolves when all nodes have been heard of. */
  readonly heard: Promise<void>
  nodes(): readonly Member[]
  onChange(listener: () => void): void
  /** Who serves each partition, as the nodes say. */
  owners(): readonly ({ readonly node: string; readonly epoch: number } | undefined)[]
  /** Does something in a partition. Throws `partition-unowned` after some waiting, and what the other side throws. */
  inPartition(partition: number, op: string, body?: Readonly<Record<string, Plain>>): Promise<Plain>
  /**
   * What all partitions that somebody serves answer, lists of any length among it. One that does not answer fails it,
   * unless `onMissing` is told.
   */
  inPartitions(op: string, options?: MissingOptions): Promise<ReadonlyMap<number, Plain>>
  /** Asks an actor, or with `pool/<type>` any node that serves that type. Throws what it answers, `deadline-exceeded`. */
  ask(to: Address, type: string, body: unknown, options?: ClusterAskOptions): Promise<unknown>
  /** Sends without waiting for what comes of it. Resolves when it is kept. Throws `mailbox-full`, `broker-unavailable`. */
  tell(to: Address, type: string, body: unknown): Promise<void>
  actors(options?: MissingOptions): Promise<readonly ClusterActor[]>
  /** Asks every partition once, for whoever would rather see most of a cluster now than all of it later. */
  survey(op: string, timeoutMs?: number): Promise<Survey>
  /** Tells a node to finish what is under way, hand over and end. */
  drain(node: string): Promise<Plain>
  /** Tells a node to hand over at once and end: what is under way is done again elsewhere. */
  stop(node: string): Promise<Plain>
  /** Receives what is published on a subject below `ac.<namespace>`. */
  listen(pattern: string, handler: (body: Plain, subject: string) => void): { unsubscribe(): void }
  close(): Promise<void>
}

const PATIENCE_MS = 15_000
const SURVEY_MS = 2_000
const CONTROL_MS = 5_000

export function clusterClient(options: ClusterClientOptions): ClusterClient {
  const { transport, codec, namespace, host, monotonic, patienceMs = PATIENCE_MS } = options
  const requests = createRequests({ transport, codec, clock: host.clock })
  const watch = watchMembers({ ...options, clock: monotonic })
  const inPartition: ClusterClient['inPartition'] = (partition, op, body = {}) =>
    requests.persist(partitionSubject(namespace, partition), { ...body, op }, { timeoutMs: patienceMs })

  const inPartitions: ClusterClient['inPartitions'] = async (op, { onMissing } = {}) => {
    const serving = ownersOf(watch.members()).flatMap((owner, partition) => (owner ? [partition] : []))
    const answers = new Map<number, Plain>()
    const gather = async (partition: number): Promise<void> => {
      try {
        answers.set(partition, await allPages(page => inPartition(partition, op, page)))
      } catch (error) {
        if (!onMissing) throw error
        onMissing(partition, error)
      }
    }
    await Promise.all(serving.map(gather))
    return answers
  }
  const ask = askingIn({ requests, namespace, host, patienceMs })
  const write = letterWriter(codec, namespace, address('client', host.id()))
  let opened: Promise<Pick<Broker, 'post'>> | undefined

  return {
    heard: watch.heard,
    nodes: () => watch.members(),
    onChange: watch.onChange,
    owners: () => ownersOf(watch.members()),
    inPartition,
    async ask(to, type, body, more = {}) {
      refuseReserved(checkMessageType(type))
      return ask(to, type, toPlain(body ?? null, type), more)
    },
    async tell(to, type, body) {
      refuseReserved(checkMessageType(type))
      const plain = toPlain(body ?? null, type)
      opened ??= options.broker?.()
      const broker = await opened
      if (broker) await broker.post(...write(to, type, plain))
      else await inPartition(partitionOf(to), 'tell', { to, type, body: plain })
    },
    inPartitions,
    async actors(missing) {
      const answers = await inPartitions('actors', missing)
      return [...answers].flatMap(([partition, answer]) => actorsIn(partition, answer))
    },
    survey: (op, timeoutMs = SURVEY_MS) => surveyOf(requests, namespace, watch.members(), op, timeoutMs),
    drain: node => requests.ask(nodeSubject(namespace, node, 'ctl'), { op: 'drain' }, CONTROL_MS),
    stop: node => requests.ask(nodeSubject(namespace, node, 'ctl'), { op: 'stop' }, CONTROL_MS),
    listen: (pattern, handler) =>
      transport.subscribe(pattern, ({ data, subject }) => handler(codec.decode(data), subject)),
    async close() {
      watch.stop()
    },
  }
}

type Row = Omit<ClusterActor, 'address' | 'partition'> & { readonly actor: Address }

/** What a partition answered to `actors`. */
export function actorsIn(partition: number, answer: Plain): readonly ClusterActor[] {
  const { actors } = Object(answer) as { readonly actors: readonly Row[] }
  return actors.map(({ actor, ...rest }) => ({ address: actor, partition, ...rest }))
}

async function surveyOf(
  requests: Requests,
  namespace: string,
  members: readonly Member[],
  op: string,
  timeoutMs: number,
): Promise<Survey> {
  const owners = ownersOf(members)
  // What a node of a later version serves, its heartbeats do not tell this one.
  const isTold = members.every(({ newer }) => newer === undefined)
  const answers = new Map<number, Plain>()
  const failed = new Map<number, unknown>()
  const ask = async (partition: number): Promise<void> => {
    if (!owners[partition] && isTold) return
    try {
      const subject = partitionSubject(namespace, partition)
      const answer = allPages(page => requests.ask(subject, { ...page, op }, timeoutMs))
      answers.set(partition, await answer)
    } catch (error) {
      // What one cannot tell does not keep the others from telling.
      if (toRuntimeError(error, 'internal').kind === 'transport-closed') throw error
      if (!isPassing(error)) failed.set(partition, error)
    }
  }
  const all = [...owners.keys()]
  await Promise.all(all.map(ask))
  return { answers, failed, silent: all.filter(partition => !answers.has(partition)) }
}

/** Messages from outside as letters. Their ids have places in a life, as those of actors: told twice, one is taken once. */
function letterWriter(codec: Codec, namespace: string, self: Address) {
  let told = 0
  return (to: Address, type: string, body: Plain): [subject: string, data: Uint8Array, id: string] => {
    const id = `${self}.0.${++told}.0`
    const envelope = { v: 1, id, type, to, from: self, body } as const
    return [mailboxOf(namespace, partitionOf(to), envelope), writeLetter(codec, envelope, undefined), id]
  }
}

/** Of those who say that they serve a partition, the one of the highest epoch. */
function ownersOf(members: readonly Member[]): ReturnType<ClusterClient['owners']> {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    let owner: { node: string; epoch: number } | undefined
    for (const { node, partitions } of members) {
      const epoch = partitions.get(partition)
      if (epoch !== undefined && epoch > (owner?.epoch ?? 0)) owner = { node, epoch }
    }
    return owner
  })
}
