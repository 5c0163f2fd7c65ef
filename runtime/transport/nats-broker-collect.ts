/**
 * Collecting the letters of a partition. A consumer, under a name of its own, is no more than a place in the stream: one
 * server keeps it in memory, and after any trouble another begins with the oldest letter. A letter that is done is deleted
 * from the stream; it is known by its number and time, so that one that comes again is not handed over again. Whoever
 * collects later deletes the consumers it finds, which tells those before it.
 *
 * Not a work queue: it admits one consumer per filter, and a server of a cluster that was away while a consumer was
 * deleted may bring it back when it returns, unseen by all others, and in the way of all after it (nats-server 2.9).
 */
import { createInbox } from 'nats'
import type { CollectOptions as HowToCollect, Letter } from '../cluster/broker.ts'
import { type Collection, consumers, createConsumer, removeConsumer } from './nats-broker-consumer.ts'
import type { Line } from './nats-broker-line.ts'
import { oneOf } from './nats-broker-message.ts'
import { createPuller, type Delivery, type Puller } from './nats-broker-pull.ts'
import { API, unheard } from './nats-broker-refusals.ts'
import { mailboxStream, partitionPrefix } from './nats-streams.ts'
import type { Subscription } from './transport.ts'

export interface CollectOptions extends HowToCollect {
  /** Told what goes wrong meanwhile; the collecting goes on. */
  readonly onError: (error: unknown) => void
}

/** More bytes than the largest letter has; and a server gives up a connection that many of these clog. */
const PULL = { maxBytes: 2 * 1024 * 1024, expiresMs: 30_000, heartbeatMs: 2_000 } as const
/** After trouble: who leads may not know yet that it does, and a question that nobody heard is soon asked again. */
const WARY_PULL = { ...PULL, expiresMs: 2_000, heartbeatMs: 400 } as const
/** Handed over and not done, in all; more waits at the server. */
const OPEN_BYTES = 64 * 1024 * 1024
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

/** A letter handed over, or about to be, until the server has confirmed that it is gone. */
interface Held {
  readonly key: string
  readonly seq: number
  readonly stored: string
  /** Which consumer brought it last. */
  consumer: string
  isDone: boolean
  said: number
}

type Arrival = Pick<Delivery, 'subject' | 'data' | 'consumer' | 'seq' | 'stored'>

interface Collector extends Collection {
  readonly options: CollectOptions
  readonly take: (letter: Letter) => void
  readonly held: Map<string, Held>
  /** Letters that wait until there is room for them, which is when many come that were thought to be known. */
  readonly waiting: Letter[]
  /** Handed over and not done, and their bytes. */
  open: number
  openBytes: number
  /** Ends the waiting for room. */
  wake: () => void
  /** The last letters that were confirmed to be gone, which a crash may bring back. */
  readonly gone: Set<string>
  readonly doneInbox: string
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
    waiting: [],
    open: 0,
    openBytes: 0,
    wake: () => {},
    gone: new Set(),
    doneInbox: createInbox(line.connection.inboxPrefix),
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
    collector.wake()
  })
  void run(collector, puller).finally(() => {
    forget()
    puller.close()
  })
  return {
    unsubscribe() {
      collector.stopped = true
      collector.wake()
      puller.close()
    },
  }
}

async function run(collector: Collector, puller: Puller): Promise<void> {
  const { line, stream, options } = collector
  let silentSince: number | undefined
  while (!collector.stopped && !line.isClosed) {
    const batch = wanted(collector)
    if (batch === 0 && !collector.wasDown) {
      await room(collector)
      continue
    }
    const pull = silentSince === undefined ? PULL : WARY_PULL
    const how = await puller.pull(stream, collector.name, { batch: Math.max(1, batch), ...pull })
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
      await peek(collector).catch(() => line.pause(1_000).catch(() => {}))
    }
  }
}

/** How many letters to ask for: those there is room for, and those that come again. */
function wanted(collector: Collector): number {
  const { held, name, open, waiting, options } = collector
  let known = 0
  for (const { consumer } of held.values()) if (consumer !== name) known++
  return (hasRoom(collector) ? options.max - open - waiting.length : 0) + known
}

const hasRoom = ({ open, openBytes, waiting, options }: Collector): boolean =>
  open + waiting.length < options.max && openBytes < OPEN_BYTES

const room = (collector: Collector): Promise<void> =>
  new Promise(resolve => {
    collector.wake = resolve
    if (collector.stopped || collector.line.isClosed || collector.wasDown) resolve()
  })

/**
 * After a silence, or the word that the consumer was deleted: another one is made, unless somebody else has come meanwhile.
 */
async function mend(collector: Collector, how: 'gone' | 'silent'): Promise<void> {
  const { line, name, madeAt, wasDown } = collector
  const names = await consumers(collector)
  const others = names.filter(other => other !== name)
  if (others.length > 0) return abdicate(collector)
  if (names.length > 0) {
    if (!wasDown && performance.now() - madeAt < RENEW_MS) return
    await removeConsumer(collector, name)
  } else if (how === 'gone') {
    await line.pause(SUCCESSION_MS)
    if ((await consumers(collector)).length > 0) return abdicate(collector)
  }
  if (!collector.stopped) await begin(collector)
}

function abdicate(collector: Collector): void {
  const isWanted = !collector.stopped
  collector.stopped = true
  collector.held.clear()
  if (isWanted) collector.options.onTaken?.()
}

/** Deletes whatever collects there, and collects; also without a consumer, when nobody answers for one just now. */
async function claim(collector: Collector): Promise<void> {
  for (const other of await consumers(collector)) await removeConsumer(collector, other)
  await begin(collector).catch(error => {
    if (error.kind !== 'broker-unavailable' || error.retryable === false) throw error
    collector.options.onError(error)
  })
}

/** Whoever came after us has deleted our consumer already; of those who come at the same time the highest name stays. */
async function begin(collector: Collector): Promise<void> {
  const { held } = collector
  const tried = new Set<string>()
  const { name, isEmpty } = await createConsumer(collector, next => {
    tried.add(next)
    // What is lost from here on is lost to this consumer.
    Object.assign(collector, { name: next, hasStrays: true, madeAt: performance.now(), wasDown: false })
  })
  collector.name = name
  if (isEmpty) for (const [key, { isDone }] of held) if (isDone) held.delete(key)
  const names = await consumers(collector)
  if (!names.includes(name)) return abdicate(collector)
  const others = names.filter(other => other !== name)
  const isFirst = others.every(other => other < name || tried.has(other))
  for (const loser of isFirst ? others : [name]) await removeConsumer(collector, loser)
  if (!isFirst) abdicate(collector)
}

/**
 * Letter by letter, from the oldest on, while no consumer is to be had: a cluster of servers that cannot agree on one still
 * has the letters.
 */
async function peek(collector: Collector): Promise<void> {
  const { line, stream, filter, name } = collector
  for (let from = 1; !collector.stopped && name === collector.name && wanted(collector) > 0; ) {
    const found = await oneOf(line, stream, { seq: from, next_by_subj: filter })
    if (found === undefined) return
    from = found.seq + 1
    receive(collector, { ...found, consumer: name })
  }
}

function receive(collector: Collector, { subject, data, consumer, seq, stored }: Arrival): void {
  const { held, gone, stopped, name } = collector
  // It comes to whoever collects next; what an earlier consumer brings comes again.
  if (stopped || consumer !== name) return
  if (collector.hasStrays) forgetGone(collector, seq, BigInt(stored))
  const key = `${seq}:${stored}`
  const known = held.get(key)
  if (known !== undefined) {
    Object.assign(known, { consumer, said: 0 })
    if (known.isDone) say(collector, known)
    return
  }
  const letter: Held = { key, seq, stored, consumer, isDone: gone.has(key), said: 0 }
  held.set(key, letter)
  if (letter.isDone) {
    say(collector, letter)
    return
  }
  const done = (): void => {
    if (letter.isDone) return
    letter.isDone = true
    collector.open--
    collector.openBytes -= data.length
    say(collector, letter)
    handOver(collector)
    collector.wake()
  }
  collector.waiting.push({ subject, data, done })
  handOver(collector)
}

/** As many as there is room for. */
function handOver(collector: Collector): void {
  const { waiting, options, take } = collector
  while (!collector.stopped && collector.open < options.max && collector.openBytes < OPEN_BYTES) {
    const letter = waiting.shift()
    if (letter === undefined) return
    collector.open++
    collector.openBytes += letter.data.length
    try {
      take(letter)
    } catch (error) {
      // Not here, where it would end up in the client's parser.
      queueMicrotask(() => {
        throw error
      })
    }
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

/** Deletes a letter from the stream. Not when its number may be another's by now: the consumer says which letters are there. */
function say(collector: Collector, letter: Held): void {
  const { line, stream, doneInbox, held } = collector
  const { nc } = line.connection
  if (line.isClosed || nc.isClosed()) return void held.delete(letter.key)
  // This one brings the letter again, or something behind it.
  if (letter.consumer !== collector.name || collector.wasDown) {
    collector.hasStrays = true
    return
  }
  letter.said++
  const body = JSON.stringify({ seq: letter.seq, no_erase: true })
  nc.publish(`$JS.API.STREAM.MSG.DELETE.${stream}`, body, { reply: `${doneInbox}.${letter.key}` })
}

/** A refusal that may pass is not one: the word is said again. */
function isGone(data: Uint8Array): boolean {
  try {
    const { success, error } = JSON.parse(new TextDecoder().decode(data))
    return success === true || GONE_ALREADY.includes(error?.err_code)
  } catch {
    return false
  }
}

const GONE_ALREADY: readonly unknown[] = [API.noMessage, API.noSequence, API.notDeleted]

function confirm({ held, gone }: Collector, key: string): void {
  held.delete(key)
  gone.add(key)
  if (gone.size <= GONE) return
  for (const oldest of gone) {
    gone.delete(oldest)
    return
  }
}

/** Says again what was not confirmed, every few seconds, as long as letters are held; for some minutes after the end. */
function keepSaying(collector: Collector): void {
  const { line, held, doneInbox, options } = collector
  const { nc } = line.connection
  const subscription = nc.subscribe(`${doneInbox}.*`, {
    callback(error, { subject, data }) {
      if (error === null && isGone(data)) confirm(collector, subject.slice(doneInbox.length + 1))
    },
  })
  let times = 0
  const sayAgain = (): void => {
    for (const letter of held.values()) {
      if (!letter.isDone) continue
      if (letter.said < RESEND.times) say(collector, letter)
      else {
        held.delete(letter.key)
        options.onError(unheard('the word that a letter is done'))
      }
    }
    // Without a consumer nobody knows any more what is there: whoever collects next has it.
    const isOver = collector.stopped && (held.size === 0 || collector.wasDown || ++times > RESEND.times)
    if (!line.isClosed && !isOver) return
    collector.wake()
    for (const forget of forgets) forget()
    clearInterval(timer)
    if (!nc.isClosed()) subscription.unsubscribe()
  }
  const forgets = [line.onUp(sayAgain), line.onClose(sayAgain)]
  const timer = setInterval(sayAgain, RESEND.everyMs)
  timer.unref()
}
