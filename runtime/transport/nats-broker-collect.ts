/**
 * Collecting the letters of a partition: one durable pull consumer at a time, under a name of its own, so that two
 * collectors cannot be taken for each other. A work queue admits one consumer per filter, which makes the newer one
 * delete the older one first. A letter is known by its number and time, so that one that comes again because a word was
 * lost is not handed over again.
 */
import { randomBytes } from 'node:crypto'
import { createInbox } from 'nats'
import type { CollectOptions as HowToCollect, Letter } from '../cluster/broker.ts'
import type { Line } from './nats-broker-line.ts'
import { createPuller, type Delivery, type Puller } from './nats-broker-pull.ts'
import { API, unavailable, unexpected, unheard } from './nats-broker-refusals.ts'
import { mailboxStream, partitionPrefix } from './nats-streams.ts'
import type { Subscription } from './transport.ts'

export interface CollectOptions extends HowToCollect {
  /** Told what goes wrong meanwhile; the collecting goes on. */
  readonly onError: (error: unknown) => void
}

const PULL = { expiresMs: 30_000, heartbeatMs: 2_000 } as const
/** After trouble: who leads may not know yet that it does, and a question that nobody heard is soon asked again. */
const WARY_PULL = { expiresMs: 2_000, heartbeatMs: 400 } as const
/** A letter that is not done in this time comes again: only a word that was lost takes as long. */
const ACK_WAIT_MS = 60 * 60_000
/** How often a word that was not confirmed is said again, and how often at most. */
const RESEND = { everyMs: 5_000, times: 60 } as const
/** How long another collector may take from deleting our consumer to having its own. */
const SUCCESSION_MS = 5_000
/** How many letters are known again that were done, and come again after a crash. */
const GONE = 4_096
/** While a cluster has no leader a consumer is not made anew more often than this. */
const RENEW_MS = 5_000
/** A silence of this length somebody should know of, though the server answers otherwise, ms. */
const LONG_SILENCE_MS = 30_000

/** A letter handed over, until the server has confirmed that it is gone. */
interface Held {
  readonly seq: number
  readonly stored: string
  /** Which consumer brought it last, and where to tell that one that it is done. */
  consumer: string
  ack: string
  isDone: boolean
  said: number
}

interface Collector {
  readonly line: Line
  readonly stream: string
  /** `ac.<ns>.mbx.<partition>.>` */
  readonly filter: string
  /** Begins the names of all consumers of this partition. */
  readonly prefix: string
  readonly options: CollectOptions
  readonly take: (letter: Letter) => void
  readonly held: Map<string, Held>
  /** The last letters that were confirmed to be gone, which a crash may bring back. */
  readonly gone: Set<string>
  readonly ackInbox: string
  name: string
  /** Letters that an earlier consumer brought are done: they come again, or have gone. */
  hasStrays: boolean
  /** When the consumer was made, and whether the connection was lost since. */
  madeAt: number
  wasDown: boolean
  stopped: boolean
}

/** Resolves when the consumer is ours. Rejects with `broker-unavailable`, `subject-invalid`, `transport-closed`. */
export async function collect(
  line: Line,
  namespace: string,
  partition: number,
  take: (letter: Letter) => void,
  options: CollectOptions,
): Promise<Subscription> {
  const collector: Collector = {
    line,
    stream: mailboxStream(namespace),
    filter: `${partitionPrefix(namespace, partition)}.>`,
    prefix: `p${partition}_`,
    options,
    take,
    held: new Map(),
    gone: new Set(),
    ackInbox: createInbox(line.connection.inboxPrefix),
    name: '',
    hasStrays: false,
    madeAt: 0,
    wasDown: false,
    stopped: false,
  }
  await claim(collector)
  const puller = createPuller(line, delivery => receive(collector, delivery))
  keepSaying(collector)
  const forget = line.onDown(() => {
    collector.wasDown = true
  })
  void run(collector, puller).finally(() => {
    forget()
    puller.close()
  })
  return {
    unsubscribe() {
      collector.stopped = true
      puller.close()
    },
  }
}

async function run(collector: Collector, puller: Puller): Promise<void> {
  const { line, stream, options } = collector
  let silentSince: number | undefined
  while (!collector.stopped && !line.isClosed) {
    const pull = silentSince === undefined ? PULL : WARY_PULL
    const how = await puller.pull(stream, collector.name, { batch: options.max, ...pull })
    if (how === 'full' || how === 'expired') {
      silentSince = undefined
      continue
    }
    silentSince ??= performance.now()
    try {
      await line.usable()
      if (!collector.stopped) await mend(collector, how)
      if (performance.now() - silentSince < LONG_SILENCE_MS) continue
      silentSince = performance.now()
      throw unheard('requests for letters')
    } catch (error) {
      if (line.isClosed) return
      options.onError(error)
      await line.pause(1_000).catch(() => {})
    }
  }
}

/**
 * After a silence, or the word that the consumer was deleted. A server that crashed remembers what was handed over and not
 * what was done, and would wait for it until ACK_WAIT_MS is over: so the consumer is made anew, unless somebody else has
 * come meanwhile.
 */
async function mend(collector: Collector, how: 'gone' | 'silent'): Promise<void> {
  const { line, name, madeAt, wasDown } = collector
  const names = await consumers(collector)
  if (names.includes(name)) {
    if (!wasDown && performance.now() - madeAt < RENEW_MS) return
    await remove(collector, name)
  } else if (names.length === 0 && how === 'gone') {
    await line.pause(SUCCESSION_MS)
  }
  const next = newName(collector)
  while (!collector.stopped) {
    const others = (await consumers(collector)).filter(other => other !== name && other !== next)
    if (others.length > 0) return abdicate(collector)
    if (await createConsumer(collector, next)) return await install(collector, next)
    await line.pause(CONTENTION_MS())
  }
}

function abdicate(collector: Collector): void {
  const isWanted = !collector.stopped
  collector.stopped = true
  collector.held.clear()
  if (isWanted) collector.options.onTaken?.()
}

const newName = ({ prefix }: Collector): string => `${prefix}${randomBytes(8).toString('hex')}`

/** Another collector was faster, or a deleted consumer is not yet gone everywhere. */
const CONTENTION_MS = (): number => 20 + Math.random() * 80

/** Deletes whatever collects there, and collects. */
async function claim(collector: Collector): Promise<void> {
  const { line } = collector
  const name = newName(collector)
  const deadline = performance.now() + line.timeoutMs
  for (;;) {
    for (const other of await consumers(collector)) if (other !== name) await remove(collector, other)
    if (await createConsumer(collector, name)) return await install(collector, name)
    if (performance.now() > deadline) throw unavailable(collector.filter, line.timeoutMs, { kind: 'silent' })
    await line.pause(CONTENTION_MS())
  }
}

/** Whoever came after us has deleted our consumer already; a cluster may for a moment admit both. */
async function install(collector: Collector, name: string): Promise<void> {
  Object.assign(collector, { name, hasStrays: true, madeAt: performance.now(), wasDown: false })
  const names = await consumers(collector)
  if (!names.includes(name)) return abdicate(collector)
  for (const other of names) if (other !== name) await remove(collector, other)
}

/** False when another consumer is in the way. */
async function createConsumer(
  { line, stream, filter, options, held }: Collector,
  name: string,
): Promise<boolean> {
  const what = `collecting ${filter}`
  const { error, num_pending: pending } = await line.ask<{ num_pending: number }>({
    subject: `$JS.API.CONSUMER.CREATE.${stream}.${name}.${filter}`,
    body: encode({
      stream_name: stream,
      config: {
        name,
        durable_name: name,
        filter_subject: filter,
        deliver_policy: 'all',
        ack_policy: 'explicit',
        ack_wait: ACK_WAIT_MS * 1_000_000,
        max_ack_pending: options.max,
        max_deliver: -1,
        replay_policy: 'instant',
      },
    }),
    what,
  })
  if (error?.err_code === API.overlappingCollector) return false
  if (error !== undefined) throw unexpected(what, error)
  if (pending === 0) for (const [key, { isDone }] of held) if (isDone) held.delete(key)
  return true
}

const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** The consumers of this partition. A stream has one for each partition at most, so one page holds them all. */
async function consumers({ line, stream, prefix }: Collector): Promise<readonly string[]> {
  const what = `the list of collectors of ${stream}`
  const { error, consumers: names } = await line.ask<{ consumers: readonly string[] | null }>({
    subject: `$JS.API.CONSUMER.NAMES.${stream}`,
    body: encode({ offset: 0 }),
    what,
  })
  if (error !== undefined) throw unexpected(what, error)
  return (names ?? []).filter(name => name.startsWith(prefix))
}

async function remove({ line, stream }: Collector, name: string): Promise<void> {
  const what = `the removal of collector ${name}`
  const { error } = await line.ask({
    subject: `$JS.API.CONSUMER.DELETE.${stream}.${name}`,
    body: new Uint8Array(0),
    what,
  })
  if (error !== undefined && error.err_code !== API.noConsumer) throw unexpected(what, error)
}

function receive(collector: Collector, { subject, data, ack, seq, stored }: Delivery): void {
  const { held, gone, stopped, name } = collector
  // Not acknowledged: it comes to whoever collects next.
  if (stopped) return
  if (collector.hasStrays) forgetGone(collector, seq, BigInt(stored))
  const key = `${seq}:${stored}`
  const known = held.get(key)
  if (known !== undefined) {
    Object.assign(known, { ack, consumer: name, said: 0 })
    if (known.isDone) say(collector, key, known)
    return
  }
  const letter: Held = { seq, stored, consumer: name, ack, isDone: gone.has(key), said: 0 }
  held.set(key, letter)
  if (letter.isDone) return void say(collector, key, letter)
  const done = (): void => {
    if (letter.isDone) return
    letter.isDone = true
    say(collector, key, letter)
  }
  try {
    collector.take({ subject, data, done })
  } catch (error) {
    // Not here, where it would end up in the client's parser.
    queueMicrotask(() => {
      throw error
    })
  }
}

/** A new consumer brings what is there from the oldest on: what lies before this one has gone, whatever was confirmed. */
function forgetGone(collector: Collector, seq: number, stored: bigint): void {
  collector.hasStrays = false
  for (const [key, letter] of collector.held) {
    if (!letter.isDone || letter.consumer === collector.name) continue
    // By time as well: the numbers of a stream that was made anew begin again.
    if (letter.seq < seq || BigInt(letter.stored) < stored) collector.held.delete(key)
    else collector.hasStrays = true
  }
}

const ACK = new TextEncoder().encode('+ACK')

function say(collector: Collector, key: string, letter: Held): void {
  const { line, ackInbox, held } = collector
  const { nc } = line.connection
  if (line.isClosed || nc.isClosed()) return void held.delete(key)
  // That consumer is gone: this one brings the letter again, or something behind it.
  if (letter.consumer !== collector.name) {
    collector.hasStrays = true
    return
  }
  letter.said++
  nc.publish(letter.ack, ACK, { reply: `${ackInbox}.${key}` })
}

function confirm({ held, gone }: Collector, key: string): void {
  held.delete(key)
  gone.add(key)
  if (gone.size <= GONE) return
  for (const oldest of gone) {
    gone.delete(oldest)
    return
  }
}

/** Says again what was not confirmed: after a reconnection, and every few seconds; as long as letters are held. */
function keepSaying(collector: Collector): void {
  const { line, held, ackInbox, options } = collector
  const { nc } = line.connection
  const subscription = nc.subscribe(`${ackInbox}.*`, {
    callback(error, { subject }) {
      if (error === null) confirm(collector, subject.slice(ackInbox.length + 1))
    },
  })
  const sayAgain = (): void => {
    for (const [key, letter] of held) {
      if (!letter.isDone) continue
      if (letter.said < RESEND.times) say(collector, key, letter)
      else {
        held.delete(key)
        options.onError(unheard('the word that a letter is done'))
      }
    }
    if (!line.isClosed && !(collector.stopped && held.size === 0)) return
    for (const forget of forgets) forget()
    clearInterval(timer)
    if (!nc.isClosed()) subscription.unsubscribe()
  }
  const forgets = [line.onUp(sayAgain), line.onClose(sayAgain)]
  const timer = setInterval(sayAgain, RESEND.everyMs)
  timer.unref()
}
