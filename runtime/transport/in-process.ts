/**
 * A bus inside one process, and transports on it: what an embedded runtime uses instead of NATS, under the
 * same contract. Several runtimes may share a bus. Delivery is in memory, in the order of publishing over
 * the whole bus, and bounded by nothing but the mailboxes of the receivers.
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import type { Clock } from '../../actors/clock.ts'
import type { RuntimeError } from '../../actors/errors.ts'
import { checkPattern, checkSubject } from '../../actors/subject.ts'
import { systemClock } from '../clock.ts'
import { cancelled, checkSize, closed, noResponders, timedOut } from './refusals.ts'
import { createSubjectIndex, type SubjectIndex } from './subject-index.ts'
import { createTaskQueue } from './task-queue.ts'
import type {
  HandlerErrorListener,
  MessageHandler,
  RequestOptions,
  Transport,
  TransportStatus,
} from './transport.ts'

export interface InProcessBusOptions {
  /** When to hand messages over. Default `setImmediate`: messages that cause messages leave room for timers and I/O. */
  readonly defer?: (task: () => void) => void
  /** What the timeouts of requests are measured by. */
  readonly clock?: Clock
  /** Default: a warning of the process. */
  readonly onError?: HandlerErrorListener
}

export interface InProcessBus {
  /** A new transport on this bus; each closes on its own. */
  connect(): Transport
}

/** One subscription. */
interface Member {
  readonly connection: Connection
  readonly pattern: string
  readonly handler: MessageHandler
  readonly queue: string | undefined
  /** False from the moment on which nothing may reach the handler. */
  live: boolean
  /** When it last got a message, by the count of the bus: the longest idle member of a group is next. */
  served: number
}

interface Connection {
  status: TransportStatus
  readonly members: Set<Member>
  /** How to fail each open request. */
  readonly waiting: Set<(error: RuntimeError) => void>
  /** Handlers that returned a promise which is still pending. */
  busy: number
  /** Called when work ends, while draining. */
  onRest: (() => void) | undefined
  drained: Promise<void> | undefined
}

interface Bus {
  readonly index: SubjectIndex<Member>
  readonly clock: Clock
  readonly enqueue: (task: () => void) => void
  readonly report: HandlerErrorListener
  deliveries: number
}

type Reply = (data: Uint8Array) => void

export function createInProcessBus(options: InProcessBusOptions = {}): InProcessBus {
  const { defer = task => void setImmediate(task), clock = systemClock, onError = warn } = options
  const bus: Bus = {
    index: createSubjectIndex(),
    clock,
    enqueue: createTaskQueue(defer),
    // Apart from the delivery, so that a listener that throws is heard by the process and stops no message.
    report: (error, subject) => queueMicrotask(() => onError(error, subject)),
    deliveries: 0,
  }
  return { connect: () => connect(bus) }
}

function connect(bus: Bus): Transport {
  const connection: Connection = {
    status: 'open',
    members: new Set(),
    waiting: new Set(),
    busy: 0,
    onRest: undefined,
    drained: undefined,
  }
  return {
    get status() {
      return connection.status
    },
    publish(subject, data, { replyTo } = {}) {
      requireOpen(connection)
      checkSubject(subject)
      checkSize(data)
      if (replyTo !== undefined) checkSubject(replyTo)
      const reply = replyTo === undefined ? undefined : (answer: Uint8Array) => route(bus, replyTo, answer)
      route(bus, subject, data, reply)
    },
    subscribe(pattern, handler, { queue } = {}) {
      requireOpen(connection)
      checkPattern(pattern)
      if (queue !== undefined) checkSubject(queue)
      const member: Member = { connection, pattern, handler, queue, live: true, served: 0 }
      connection.members.add(member)
      bus.index.add(pattern, member)
      return {
        unsubscribe: () => remove(bus, member),
        async drain() {
          bus.index.remove(pattern, member)
          await passed(bus)
          remove(bus, member)
        },
      }
    },
    request: (subject, data, options) =>
      new Promise((resolve, reject) => {
        requireOpen(connection)
        request(
          bus,
          connection,
          { subject: checkSubject(subject), data: checkSize(data), ...options },
          resolve,
          reject,
        )
      }),
    async flush() {
      requireOpen(connection)
      await passed(bus)
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

/** Queues one copy for every subscription and one for every queue group that matches; tells how many. */
function route(bus: Bus, subject: string, data: Uint8Array, reply?: Reply): number {
  const groups = groupByQueue(bus.index.match(subject))
  for (const group of groups) {
    const copy = new Uint8Array(data)
    bus.enqueue(() => deliver(bus, group, subject, copy, reply))
  }
  return groups.length
}

function groupByQueue(members: readonly Member[]): readonly (readonly Member[])[] {
  const groups: Member[][] = []
  const byQueue = new Map<string, Member[]>()
  for (const member of members) {
    const group = member.queue === undefined ? undefined : byQueue.get(member.queue)
    if (group !== undefined) {
      group.push(member)
      continue
    }
    const started = [member]
    groups.push(started)
    if (member.queue !== undefined) byQueue.set(member.queue, started)
  }
  return groups
}

function deliver(bus: Bus, group: readonly Member[], subject: string, data: Uint8Array, reply?: Reply): void {
  const member = choose(group)
  if (member === undefined) return
  member.served = ++bus.deliveries
  const { connection } = member
  try {
    const answer = reply && ((bytes: Uint8Array) => sendReply(connection, bytes, reply))
    const returned = member.handler(
      answer === undefined ? { subject, data } : { subject, data, reply: answer },
    )
    if (isThenable(returned)) void track(bus, connection, subject, returned)
  } catch (error) {
    bus.report(error, subject)
  }
}

/** Of those still there the longest idle, and one that drains only when there is no other. */
function choose(group: readonly Member[]): Member | undefined {
  let chosen: Member | undefined
  for (const member of group) {
    if (!member.live) continue
    if (chosen === undefined || rank(member) < rank(chosen)) chosen = member
  }
  return chosen
}

const rank = (member: Member): number =>
  member.connection.status === 'draining' ? Number.MAX_SAFE_INTEGER : member.served

async function track(
  bus: Bus,
  connection: Connection,
  subject: string,
  work: PromiseLike<unknown>,
): Promise<void> {
  connection.busy++
  try {
    await work
  } catch (error) {
    bus.report(error, subject)
  } finally {
    connection.busy--
    connection.onRest?.()
  }
}

function sendReply(connection: Connection, bytes: Uint8Array, reply: Reply): void {
  if (connection.status === 'closed') throw closed(connection.status)
  reply(checkSize(bytes))
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
  const settle = (act: () => void): void => {
    if (!connection.waiting.delete(fail)) return
    cancelTimer()
    signal?.removeEventListener('abort', abort)
    act()
    connection.onRest?.()
  }
  const fail = (error: RuntimeError): void => settle(() => reject(error))
  const abort = (): void => fail(cancelled(subject, signal))
  const answer: Reply = bytes => {
    const copy = new Uint8Array(bytes)
    bus.enqueue(() => settle(() => resolve(copy)))
  }
  if (route(bus, subject, data, answer) === 0) throw noResponders(subject)
  connection.waiting.add(fail)
  const cancelTimer = bus.clock.at(bus.clock.now() + timeoutMs, () => fail(timedOut(subject, timeoutMs)))
  signal?.addEventListener('abort', abort, { once: true })
}

async function drain(bus: Bus, connection: Connection): Promise<void> {
  if (connection.status === 'closed') return
  connection.status = 'draining'
  for (const member of connection.members) bus.index.remove(member.pattern, member)
  await passed(bus)
  await atRest(connection)
  close(bus, connection)
}

/** Resolves when everything queued so far was handed over. */
const passed = (bus: Bus): Promise<void> => new Promise(resolve => bus.enqueue(resolve))

const atRest = (connection: Connection): Promise<void> =>
  new Promise(resolve => {
    connection.onRest = () => {
      if (connection.status === 'closed' || connection.busy + connection.waiting.size === 0) resolve()
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

function warn(error: unknown, subject: string): void {
  process.emitWarning(
    `a handler of "${subject}" failed: ${error instanceof Error ? error.stack : String(error)}`,
  )
}
