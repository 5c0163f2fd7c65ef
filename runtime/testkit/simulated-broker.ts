/**
 * A broker in memory for simulations: several clients of one store, under the contract of `runtime/cluster/broker.ts`,
 * with the troubles of a real one at the test's command. Nothing moves but by calls and by the clock it is given.
 */
import type { Cancel, Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { matches } from '../../actors/subject.ts'
import type { Broker, CollectOptions, Letter, Stored } from '../cluster/broker.ts'
import { listen } from '../transport/listeners.ts'
import {
  checkLogPattern,
  checkLogSubject,
  checkMailbox,
  checkStored,
  DEDUP_MS,
  partitionPrefix,
} from '../transport/nats-streams.ts'

export interface SimulatedBrokerOptions {
  /** Default `test`. */
  readonly namespace?: string
  /** How long a call waits for its answer, ms. Default 30,000. */
  readonly timeoutMs?: number
  /** Letters one mailbox holds. Default 1,000. */
  readonly mailboxBound?: number
  /** Told of everything that is written to the log, at the moment it is. */
  readonly onStored?: (stored: Stored) => void
}

/**
 * `unreachable`: requests wait and are lost when their callers give up. `answers-lost`: requests take effect, and only
 * that is not heard. `held`: requests wait on the way, and take effect when they get through, also when their callers
 * have given up long ago. Callers that have not given up by then get their answer; letters wait in all three.
 */
export type Cut = 'unreachable' | 'answers-lost' | 'held'

export interface SimulatedBroker {
  /** A client of the name, which the controls go by; one that connects again under a name is another client. */
  connect(name: string): Broker
  cut(name: string, how: Cut): void
  heal(name: string): void
  /** From now on, what the client sends and is sent takes `ms` longer each way; order is kept. */
  delay(name: string, ms: number): void
  /** The store is lost. Clients learn of it before their next call takes effect. */
  wipe(): void
  /** Forgets the ids of letters that are done, as a restarted server does. */
  restart(): void
  /** While full, nothing new is kept. */
  setFull(isFull: boolean): void
  /** The log, oldest first. */
  stored(): readonly Stored[]
}

interface Kept extends Stored {
  readonly partition: string
}

interface Store extends Required<SimulatedBrokerOptions> {
  readonly clock: Clock
  /** Grows with every wipe. */
  age: number
  isFull: boolean
  seq: number
  log: Map<string, Stored>
  letterSeq: number
  letters: Kept[]
  /** When each id was first posted. */
  ids: Map<string, { readonly at: number; readonly seq: number }>
  readonly collectors: Map<string, Collector>
  readonly clients: Map<string, Client>
}

interface Client {
  readonly store: Store
  cut: Cut | undefined
  delayMs: number
  /** Nothing sent later arrives before this, nor before what is on the way. */
  due: number
  onTheWay: number
  closed: boolean
  /** What the client knows of `Store.age`. */
  age: number
  readonly listeners: Set<() => void>
  /** What waits for the cut to heal, in order. */
  waiting: (() => void)[]
  readonly calls: Set<(error: RuntimeError) => void>
}

interface Collector {
  readonly client: Client
  readonly partition: string
  readonly take: (letter: Letter) => void
  readonly how: CollectOptions
  /** Handed over or on the way, and not done. */
  readonly open: Set<number>
  /** The last letter that was sent off. */
  cursor: number
  stopped: boolean
}

export function createSimulatedBroker(clock: Clock, options: SimulatedBrokerOptions = {}): SimulatedBroker {
  const { namespace = 'test', timeoutMs = 30_000, mailboxBound = 1_000, onStored = () => {} } = options
  const store: Store = {
    namespace,
    timeoutMs,
    mailboxBound,
    onStored,
    clock,
    age: 0,
    isFull: false,
    seq: 0,
    log: new Map(),
    letterSeq: 0,
    letters: [],
    ids: new Map(),
    collectors: new Map(),
    clients: new Map(),
  }
  const clientOf = (name: string): Client => {
    const client = store.clients.get(name)
    if (client) return client
    throw new Error(`no client "${name}" has connected to the simulated broker`)
  }
  return {
    connect(name) {
      const client = newClient(store)
      store.clients.set(name, client)
      return brokerOf(client)
    },
    cut(name, how) {
      clientOf(name).cut = how
    },
    heal: name => heal(clientOf(name)),
    delay(name, ms) {
      clientOf(name).delayMs = ms
    },
    wipe: () => wipe(store),
    restart() {
      const kept = new Set(store.letters.map(({ seq }) => seq))
      for (const [id, { seq }] of store.ids) if (!kept.has(seq)) store.ids.delete(id)
    },
    setFull(isFull) {
      store.isFull = isFull
    },
    stored: () => [...store.log.values()],
  }
}

const newClient = (store: Store): Client => ({
  store,
  cut: undefined,
  delayMs: 0,
  due: 0,
  onTheWay: 0,
  closed: false,
  age: store.age,
  listeners: new Set(),
  waiting: [],
  calls: new Set(),
})

function brokerOf(client: Client): Broker {
  const { store } = client
  const { namespace } = store
  return {
    async create(subject, data) {
      checkLogSubject(namespace, subject)
      const bytes = checkStored(data).slice()
      return call(client, `the write to ${subject}`, () => create(store, subject, bytes))
    },
    async get(subject) {
      checkLogSubject(namespace, subject)
      return call(client, `the reading of ${subject}`, () => copy(store.log.get(subject)))
    },
    async last(pattern) {
      checkLogPattern(namespace, pattern)
      return call(client, `the reading of ${pattern}`, () => copy(matching(store, pattern).at(-1)))
    },
    read: (pattern, from = 1) => read(client, checkLogPattern(namespace, pattern), from),
    async purge(pattern, before = Number.POSITIVE_INFINITY) {
      checkLogPattern(namespace, pattern)
      return call(client, `the purge of ${pattern}`, () => {
        for (const { subject, seq } of matching(store, pattern)) if (seq < before) store.log.delete(subject)
      })
    },
    async post(subject, data, id) {
      checkMailbox(namespace, subject)
      const bytes = checkStored(data).slice()
      return call(client, `the letter to ${subject}`, () => post(store, subject, bytes, id))
    },
    collect: async (partition, take, how) => {
      const prefix = partitionPrefix(namespace, partition)
      return call(client, `collecting ${prefix}`, () => collect(client, prefix, take, how))
    },
    onReset: listener => listen(client.listeners, listener),
    async mailboxes() {
      return call(client, 'the count of the mailboxes', () => {
        const counts = new Map<string, number>()
        for (const { subject } of store.letters) counts.set(subject, (counts.get(subject) ?? 0) + 1)
        return counts
      })
    },
    async close() {
      client.closed = true
      for (const end of [...client.calls]) end(closed())
      for (const collector of store.collectors.values()) if (collector.client === client) stop(collector)
    },
  }
}

const copy = (stored: Stored | undefined): Stored | undefined =>
  stored && { subject: stored.subject, seq: stored.seq, data: stored.data.slice() }

const matching = ({ log }: Store, pattern: string): readonly Stored[] =>
  [...log.values()].filter(({ subject }) => matches(pattern, subject))

function create(store: Store, subject: string, data: Uint8Array): 'created' | 'taken' {
  const known = store.log.get(subject)
  if (known) return Buffer.compare(known.data, data) === 0 ? 'created' : 'taken'
  if (store.isFull) throw unavailable(`the write to ${subject}`, 'the broker keeps no more', { isFull: true })
  const stored = { subject, seq: ++store.seq, data }
  store.log.set(subject, stored)
  store.onStored(stored)
  return 'created'
}

async function* read(client: Client, pattern: string, from: number): AsyncGenerator<Stored> {
  const found = await call(client, `the reading of ${pattern}`, () => matching(client.store, pattern))
  for (const { subject, seq, data } of found) if (seq >= from) yield { subject, seq, data: data.slice() }
}

function post(store: Store, subject: string, data: Uint8Array, id: string): void {
  const now = store.clock.now()
  for (const [old, { at }] of store.ids) {
    if (now - at < DEDUP_MS) break
    store.ids.delete(old)
  }
  if (store.ids.has(id)) return
  const held = store.letters.filter(letter => letter.subject === subject).length
  if (store.isFull || held >= store.mailboxBound) throw mailboxFull(subject)
  const seq = ++store.letterSeq
  const partition = subject.split('.').slice(0, 4).join('.')
  store.ids.set(id, { at: now, seq })
  store.letters.push({ subject, seq, data, partition })
  pump(store.collectors.get(partition))
}

function collect(
  client: Client,
  partition: string,
  take: (letter: Letter) => void,
  how: CollectOptions,
): { unsubscribe(): void } {
  const { collectors } = client.store
  const before = collectors.get(partition)
  if (before && !before.stopped) whenWhole(before.client, () => before.how.onTaken?.())
  if (before) stop(before)
  const collector: Collector = { client, partition, take, how, open: new Set(), cursor: 0, stopped: false }
  collectors.set(partition, collector)
  pump(collector)
  return { unsubscribe: () => stop(collector) }
}

function stop(collector: Collector): void {
  collector.stopped = true
}

/** Sends off as many letters as the collector may hold. */
function pump(collector: Collector | undefined): void {
  if (collector === undefined || collector.stopped) return
  const { client, partition, open, how } = collector
  for (const letter of client.store.letters) {
    if (open.size >= how.max) return
    if (letter.partition !== partition || letter.seq <= collector.cursor) continue
    collector.cursor = letter.seq
    open.add(letter.seq)
    // Never inside the call that posted it, or took the one before.
    arrive(client, () => queueMicrotask(() => whenWhole(client, () => hand(collector, letter))))
  }
}

function hand(collector: Collector, { subject, data, seq }: Kept): void {
  if (collector.stopped) return
  const { client, partition, open, take } = collector
  const { store } = client
  let isDone = false
  take({
    subject,
    data: data.slice(),
    done() {
      if (isDone || client.closed) return
      isDone = true
      const age = store.age
      const tell = (): void => {
        // Whoever collects now has it: the word of the one before counts no more.
        if (store.age !== age || store.collectors.get(partition) !== collector) return
        store.letters = store.letters.filter(letter => letter.seq !== seq)
        open.delete(seq)
        pump(collector)
      }
      arrive(client, () => (client.cut === 'answers-lost' ? tell() : whenWhole(client, tell)))
    },
  })
}

/** Runs when what is sent now has arrived. */
function arrive(client: Client, effect: () => void): void {
  const { clock } = client.store
  const now = clock.now()
  const due = Math.max(client.due, now + client.delayMs)
  client.due = due
  if (due <= now && client.onTheWay === 0) return void effect()
  client.onTheWay++
  clock.at(due, () => {
    client.onTheWay--
    effect()
  })
}

/** Runs now, or when the cut heals. */
function whenWhole(client: Client, effect: () => void): void {
  if (client.cut === undefined && client.waiting.length === 0) effect()
  else client.waiting.push(effect)
}

function call<T>(client: Client, what: string, effect: () => T): Promise<T> {
  const { clock, timeoutMs } = client.store
  return new Promise((resolve, reject) => {
    if (client.closed) return reject(closed())
    let cancel: Cancel | undefined
    let isOver = false
    const end = (act: () => void): void => {
      if (isOver) return
      isOver = true
      cancel?.()
      client.calls.delete(fail)
      act()
    }
    const fail = (error: RuntimeError): void => end(() => reject(error))
    const serve = (): void => {
      try {
        // The client learns that the store is another one before anything of it takes effect there.
        tellReset(client)
        const result = effect()
        arrive(client, () => whenWhole(client, () => end(() => resolve(result))))
      } catch (error) {
        arrive(client, () => whenWhole(client, () => end(() => reject(error))))
      }
    }
    client.calls.add(fail)
    arrive(client, () => {
      const { cut } = client
      if (cut === 'answers-lost') return serve()
      // Whether it is still wanted counts where it waits at home only.
      whenWhole(client, () => (cut === 'unreachable' && isOver ? undefined : serve()))
    })
    if (!isOver)
      cancel = clock.at(clock.now() + timeoutMs, () => fail(unavailable(what, 'no answer came in time')))
  })
}

function tellReset(client: Client): void {
  const { age } = client.store
  if (client.closed || client.age === age) return
  client.age = age
  for (const listener of client.listeners) listener()
}

function heal(client: Client): void {
  client.cut = undefined
  const waiting = client.waiting
  client.waiting = []
  tellReset(client)
  for (const effect of waiting) effect()
}

function wipe(store: Store): void {
  store.age++
  store.seq = 0
  store.log = new Map()
  store.letters = []
  store.ids = new Map()
  for (const collector of store.collectors.values()) collector.open.clear()
  for (const client of store.clients.values()) {
    queueMicrotask(() => {
      if (client.cut === undefined) tellReset(client)
    })
  }
}

const closed = (): RuntimeError => new RuntimeError('transport-closed', 'the broker is closed')

const unavailable = (what: string, why: string, details = {}): RuntimeError =>
  new RuntimeError('broker-unavailable', `${what} was not confirmed`, { why, details })

const mailboxFull = (subject: string): RuntimeError =>
  new RuntimeError('mailbox-full', `the mailbox ${JSON.stringify(subject)} takes no more`)
