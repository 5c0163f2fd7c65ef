/**
 * A bus for simulated nodes under the contract of `transport.ts`: bytes to whoever subscribed, at most once, and
 * under faults not at all, twice, late or out of order. Each life of a node has its own connections, which die
 * with it without a word. Without faults it passes the conformance suite of every transport.
 */
import type { RuntimeError } from '../../../actors/errors.ts'
import { checkPattern, checkSubject } from '../../../actors/subject.ts'
import { cancelled, checkSize, closed, noResponders, timedOut } from '../../transport/refusals.ts'
import { createSubjectIndex, type SubjectIndex } from '../../transport/subject-index.ts'
import type {
  HandlerErrorListener,
  MessageHandler,
  RequestOptions,
  Transport,
  TransportStatus,
} from '../../transport/transport.ts'
import type { Incarnation } from './host.ts'
import { type Links, type LinksOptions, links } from './links.ts'

export interface Network {
  /** A connection of one life of a node; several may share a life. */
  connect(life: Incarnation): Transport
}

export interface NetworkOptions extends LinksOptions {
  /** Told when a handler fails. */
  readonly onError: HandlerErrorListener
}

interface Member {
  readonly connection: Connection
  readonly pattern: string
  readonly handler: MessageHandler
  readonly queue: string | undefined
  live: boolean
  served: number
  /** Messages on their way to it. */
  coming: number
}

interface Connection {
  readonly name: string
  readonly life: Incarnation
  status: TransportStatus
  readonly members: Set<Member>
  readonly waiting: Set<(error: RuntimeError) => void>
  /** Messages on their way to it, and handlers that are still busy. */
  pending: number
  onRest: (() => void) | undefined
  drained: Promise<void> | undefined
}

interface Bus extends NetworkOptions {
  readonly index: SubjectIndex<Member>
  readonly links: Links
  connections: number
  deliveries: number
}

type Reply = (data: Uint8Array) => void

interface Sent {
  readonly subject: string
  readonly data: Uint8Array
  readonly reply?: ((from: Connection, data: Uint8Array) => void) | undefined
}

export function simulatedNetwork(options: NetworkOptions): Network {
  const bus: Bus = {
    ...options,
    index: createSubjectIndex(),
    links: links(options),
    connections: 0,
    deliveries: 0,
  }
  return { connect: life => connect(bus, life) }
}

function connect(bus: Bus, life: Incarnation): Transport {
  const connection: Connection = {
    name: `${life.name}.${++bus.connections}`,
    life,
    status: 'open',
    members: new Set(),
    waiting: new Set(),
    pending: 0,
    onRest: undefined,
    drained: undefined,
  }
  life.onDeath(() => vanish(bus, connection))
  return {
    get status() {
      return connection.status
    },
    publish(subject, data, { replyTo } = {}) {
      requireOpen(connection)
      checkSubject(subject)
      checkSize(data)
      if (replyTo !== undefined) checkSubject(replyTo)
      const reply = replyTo === undefined ? undefined : answerOn(bus, replyTo)
      route(bus, connection, { subject, data, reply })
    },
    subscribe(pattern, handler, { queue } = {}) {
      requireOpen(connection)
      checkPattern(pattern)
      if (queue !== undefined) checkSubject(queue)
      const member: Member = { connection, pattern, handler, queue, live: true, served: 0, coming: 0 }
      connection.members.add(member)
      bus.index.add(pattern, member)
      return {
        unsubscribe: () => remove(bus, member),
        async drain() {
          bus.index.remove(pattern, member)
          while (member.coming > 0) await aWhile(bus, connection)
          remove(bus, member)
        },
      }
    },
    request: (subject, data, options) =>
      new Promise((resolve, reject) => {
        requireOpen(connection)
        const asked = { subject: checkSubject(subject), data: checkSize(data), ...options }
        request(bus, connection, asked, resolve, reject)
      }),
    async flush() {
      requireOpen(connection)
      await turn(bus, connection)
    },
    drain() {
      connection.drained ??= drain(bus, connection)
      return connection.drained
    },
    async close() {
      close(bus, connection)
    },
  }
}

const answerOn =
  (bus: Bus, replyTo: string) =>
  (from: Connection, data: Uint8Array): void =>
    void route(bus, from, { subject: replyTo, data })

/** Sends one copy to every subscription and one to every queue group that matches; tells how many these are. */
function route(bus: Bus, from: Connection, sent: Sent): number {
  const groups = groupByQueue(bus.index.match(sent.subject))
  for (const group of groups) {
    const chosen = choose(group)
    if (!chosen) continue
    chosen.served = ++bus.deliveries
    const { connection } = chosen
    const data = new Uint8Array(sent.data)
    chosen.coming += carry(bus, from, connection, () => {
      chosen.coming--
      // One that left meanwhile does not take its group's message with it.
      const member = chosen.live ? chosen : choose(group)
      if (member) deliver(bus, member, { ...sent, data: new Uint8Array(data) })
    })
  }
  return groups.length
}

/** Returns how many copies are on their way. */
function carry(bus: Bus, from: Connection, to: Connection, arrive: () => void): number {
  const copies = bus.links.carry(from.name, to.name, to.life, () => {
    to.pending--
    arrive()
    to.onRest?.()
  })
  to.pending += copies
  return copies
}

function groupByQueue(members: readonly Member[]): readonly (readonly Member[])[] {
  const groups: Member[][] = []
  const byQueue = new Map<string, Member[]>()
  for (const member of members) {
    const group = member.queue === undefined ? undefined : byQueue.get(member.queue)
    if (group) {
      group.push(member)
      continue
    }
    const started = [member]
    groups.push(started)
    if (member.queue !== undefined) byQueue.set(member.queue, started)
  }
  return groups
}

/** Of those still there the longest idle, and one that drains only when there is no other. */
function choose(group: readonly Member[]): Member | undefined {
  const rank = (member: Member): number =>
    member.connection.status === 'draining' ? Number.MAX_SAFE_INTEGER : member.served
  let chosen: Member | undefined
  for (const member of group) {
    if (member.live && (!chosen || rank(member) < rank(chosen))) chosen = member
  }
  return chosen
}

function deliver(bus: Bus, member: Member, { subject, data, reply }: Sent): void {
  const { connection, handler } = member
  const answer: Reply | undefined =
    reply &&
    (bytes => {
      if (connection.status === 'closed') throw closed(connection.status)
      reply(connection, checkSize(bytes))
    })
  try {
    const returned = handler(answer ? { subject, data, reply: answer } : { subject, data })
    if (isThenable(returned)) void track(bus, connection, subject, returned)
  } catch (error) {
    bus.onError(error, subject)
  }
}

async function track(
  bus: Bus,
  connection: Connection,
  subject: string,
  work: PromiseLike<unknown>,
): Promise<void> {
  connection.pending++
  try {
    await work
  } catch (error) {
    bus.onError(error, subject)
  } finally {
    connection.pending--
    connection.onRest?.()
  }
}

interface Request extends RequestOptions {
  readonly subject: string
  readonly data: Uint8Array
}

function request(
  bus: Bus,
  connection: Connection,
  { subject, data, timeoutMs, signal }: Request,
  resolve: (answer: Uint8Array) => void,
  reject: (error: RuntimeError) => void,
): void {
  if (signal?.aborted) throw cancelled(subject, signal)
  if (!(timeoutMs > 0)) throw timedOut(subject, timeoutMs)
  const { clock } = connection.life.host
  const settle = (act: () => void): void => {
    if (!connection.waiting.delete(fail)) return
    disarm()
    signal?.removeEventListener('abort', abort)
    act()
    connection.onRest?.()
  }
  const fail = (error: RuntimeError): void => settle(() => reject(error))
  const abort = (): void => fail(cancelled(subject, signal))
  const reply: Sent['reply'] = (from, bytes) => {
    const copy = new Uint8Array(bytes)
    carry(bus, from, connection, () => settle(() => resolve(copy)))
  }
  if (route(bus, connection, { subject, data, reply }) === 0) throw noResponders(subject)
  connection.waiting.add(fail)
  const disarm = clock.at(clock.now() + timeoutMs, () => fail(timedOut(subject, timeoutMs)))
  signal?.addEventListener('abort', abort, { once: true })
}

async function drain(bus: Bus, connection: Connection): Promise<void> {
  if (connection.status === 'closed') return
  connection.status = 'draining'
  for (const member of connection.members) bus.index.remove(member.pattern, member)
  await turn(bus, connection)
  await atRest(connection)
  close(bus, connection)
}

const aWhile = ({ scheduler }: Bus, { life }: Connection): Promise<void> =>
  new Promise(resolve => void scheduler.at(scheduler.now + 20, life, 'net.drain', resolve))

/** A round trip to the bus. */
const turn = ({ scheduler }: Bus, { life }: Connection): Promise<void> =>
  new Promise(resolve => void scheduler.soon(life, 'net.turn', resolve))

const atRest = (connection: Connection): Promise<void> =>
  new Promise(resolve => {
    connection.onRest = () => {
      if (connection.status === 'closed' || connection.pending + connection.waiting.size === 0) resolve()
    }
    connection.onRest()
  })

function close(bus: Bus, connection: Connection): void {
  if (connection.status === 'closed') return
  connection.status = 'closed'
  for (const member of connection.members) remove(bus, member)
  for (const fail of connection.waiting) fail(closed('closed'))
  connection.onRest?.()
}

/** Its process died: nobody is told anything. */
function vanish(bus: Bus, connection: Connection): void {
  connection.status = 'closed'
  for (const member of connection.members) remove(bus, member)
  connection.waiting.clear()
}

function remove(bus: Bus, member: Member): void {
  member.live = false
  member.connection.members.delete(member)
  bus.index.remove(member.pattern, member)
}

function requireOpen({ status }: Connection): void {
  if (status !== 'open') throw closed(status)
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
