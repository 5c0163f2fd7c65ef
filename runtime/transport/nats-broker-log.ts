/**
 * The log half of the broker over NATS: subjects written once, read back, purged. Reading asks the stream's leader, and
 * never its followers, which may lag behind what was acknowledged.
 */
import { randomBytes } from 'node:crypto'
import { headers } from 'nats'
import type { Broker, Stored } from '../cluster/broker.ts'
import type { Line } from './nats-broker-line.ts'
import { oneOf } from './nats-broker-message.ts'
import { createPuller, type Delivery, type PullEnd } from './nats-broker-pull.ts'
import { API, full, tooLarge, unavailable, unexpected } from './nats-broker-refusals.ts'
import { checkLogPattern, checkLogSubject, checkStored, logStream } from './nats-streams.ts'

type Log = Pick<Broker, 'create' | 'get' | 'last' | 'read' | 'purge'>

interface Context {
  readonly line: Line
  readonly namespace: string
  readonly stream: string
  /** Told the sequence numbers that were acknowledged. */
  readonly confirmed: (seq: number) => void
}

export function createLog(line: Line, namespace: string, confirmed: (seq: number) => void): Log {
  const log: Context = { line, namespace, stream: logStream(namespace), confirmed }
  return {
    create: async (subject, data) => create(log, checkLogSubject(namespace, subject), checkStored(data)),
    get: async subject => lastOf(log, checkLogSubject(namespace, subject)),
    last: async pattern => lastOf(log, checkLogPattern(namespace, pattern)),
    read: (pattern, from = 1) => read(log, checkLogPattern(namespace, pattern), from),
    purge: async (pattern, before) => purge(log, checkLogPattern(namespace, pattern), before),
  }
}

const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** How long to leave a write of somebody else alone that is neither stored nor refused yet, ms. */
const IN_FLIGHT_MS = 50

/**
 * Without a message id: from nats-server 2.10 on a cluster may answer `duplicate` to a message that a deposed leader
 * never stored. What is stored is asked instead.
 */
async function create(log: Context, subject: string, given: Uint8Array): Promise<'created' | 'taken'> {
  const { line } = log
  const what = `the write to ${subject}`
  // Tried again, it must be what it was.
  const data = given.slice()
  const expectation = headers()
  expectation.set('Nats-Expected-Last-Subject-Sequence', '0')
  const deadline = performance.now() + line.timeoutMs
  for (;;) {
    const { error, seq } = await line.ask<{ seq: number }>({
      subject,
      body: data,
      headers: expectation,
      what,
    })
    if (error === undefined) {
      if (seq === undefined) throw unexpected(what, { description: 'an acknowledgement without a number' })
      log.confirmed(seq)
      return 'created'
    }
    if (error.err_code === API.tooLarge) throw tooLarge(data.length)
    const isTaken = error.err_code === API.notSequence || error.err_code === API.sequenceInFlight
    if (!isTaken) throw NO_ROOM.includes(error.err_code) ? full(what, error) : unexpected(what, error)
    const stored = await lastOf(log, subject)
    if (stored !== undefined) return Buffer.compare(stored.data, data) === 0 ? 'created' : 'taken'
    if (performance.now() > deadline) throw unavailable(what, line.timeoutMs, { kind: 'busy', error })
    await line.pause(IN_FLIGHT_MS)
  }
}

const NO_ROOM: readonly (number | undefined)[] = [
  API.accountFull,
  API.lackOfMemoryOrDisk,
  API.lackOfDisk,
  API.notStored,
]

const lastOf = ({ line, stream }: Context, pattern: string): Promise<Stored | undefined> =>
  oneOf(line, stream, { last_by_subj: pattern })

async function purge(log: Context, pattern: string, before?: number): Promise<void> {
  // Asked twice, it must not delete what came in between; and a limit of 1 is none to nats-server 2.9.
  const limit = before ?? ((await lastOf(log, pattern))?.seq ?? 0) + 1
  if (!(limit > 1)) return
  const what = `the purge of ${pattern}`
  const { error } = await log.line.ask({
    subject: `$JS.API.STREAM.PURGE.${log.stream}`,
    body: encode({ filter: pattern, seq: limit }),
    what,
  })
  if (error !== undefined) throw unexpected(what, error)
}

const READ = { batch: 500, maxBytes: 16 * 1024 * 1024, expiresMs: 5_000, heartbeatMs: 1_000 } as const
/** Of making a consumer, before messages are asked for one by one. */
const OPEN_ATTEMPTS = 3
/** Longer than a caller needs for one batch; one that is slower gets another consumer. */
const READER_IDLE_MS = 60_000

/** As many as are sooner had one by one than a consumer is made. */
const FEW = 16

/** The last message is asked for first: it says where to end, also when there is nothing. */
async function* read(log: Context, pattern: string, from: number): AsyncGenerator<Stored> {
  const span: Span = { pattern, next: Math.max(1, from), end: (await lastOf(log, pattern))?.seq ?? 0 }
  yield* readSingly(log, span, FEW)
  let progress = performance.now()
  while (span.next <= span.end) {
    const begun = span.next
    const reader = await openReader(log, pattern, span.next).catch(error => {
      if (error.kind !== 'broker-unavailable' || error.retryable === false) throw error
    })
    // A cluster of servers that cannot agree on a consumer still has its messages.
    if (reader) yield* readOn(log, span, reader)
    else yield* readSingly(log, span, READ.batch)
    if (span.next > begun) progress = performance.now()
    if (span.next <= span.end && performance.now() - progress > log.line.timeoutMs) {
      throw unavailable(`the reading of ${pattern}`, log.line.timeoutMs, { kind: 'silent' })
    }
  }
}

/** What is left to be read: from `next` up to `end`. */
interface Span {
  readonly pattern: string
  next: number
  end: number
}

async function* readSingly({ line, stream }: Context, span: Span, most: number): AsyncGenerator<Stored> {
  for (let n = 0; n < most && span.next <= span.end; n++) {
    const found = await oneOf(line, stream, { seq: span.next, next_by_subj: span.pattern })
    span.next = (found?.seq ?? span.end) + 1
    if (found === undefined || found.seq > span.end) return
    yield found
  }
}

async function* readOn(log: Context, span: Span, reader: Reader): AsyncGenerator<Stored> {
  try {
    for (let how: PullEnd = 'full'; span.next <= span.end && how !== 'gone' && how !== 'silent'; ) {
      how = await reader.pull()
      for (const { subject, seq, data } of reader.taken()) {
        span.next = seq + 1
        if (seq > span.end) return
        yield { subject, seq, data }
      }
      if (how !== 'full' && span.next <= span.end) span.end = await endAfter(log, span)
    }
  } finally {
    reader.close()
  }
}

/** Where to end now: messages may have been purged before they were read. Below `next` when nothing is left. */
async function endAfter(log: Context, { pattern, next, end }: Span): Promise<number> {
  const last = (await lastOf(log, pattern))?.seq ?? 0
  return last < next ? 0 : Math.min(last, end)
}

function readerQuestion(stream: string, pattern: string, from: number) {
  const name = `r_${randomBytes(8).toString('hex')}`
  const config = {
    name,
    filter_subject: pattern,
    deliver_policy: 'by_start_sequence',
    opt_start_seq: from,
    ack_policy: 'none',
    max_deliver: 1,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: READER_IDLE_MS * 1_000_000,
  }
  return {
    subject: `$JS.API.CONSUMER.CREATE.${stream}.${name}.${pattern}`,
    body: encode({ stream_name: stream, config }),
  }
}

interface Reader {
  pull(): Promise<PullEnd>
  /** What has come since the last call, without holes. */
  taken(): readonly Delivery[]
  close(): void
}

/**
 * Whoever leads a cluster of servers has one of them keep the consumer, perhaps one that has just died, and it stays
 * there for as long as it is asked for under that name. So each attempt has a name of its own; what comes of the others
 * late is dropped by the server when it was idle for long.
 */
async function openReader({ line, stream }: Context, pattern: string, from: number): Promise<Reader> {
  const what = `the reading of ${pattern}`
  const question = () => readerQuestion(stream, pattern, from)
  const {
    error,
    name = '',
    num_pending: pending = 0,
  } = await line.ask<{ name: string; num_pending: number }>({
    ...question(),
    renew: question,
    attempts: OPEN_ATTEMPTS,
    what,
  })
  if (error !== undefined) throw unexpected(what, error)
  let taken: Delivery[] = []
  let left = pending
  let count = 0
  let isWhole = true
  const puller = createPuller(line, delivery => {
    isWhole &&= delivery.count === ++count
    if (!isWhole) return
    left = delivery.pending
    taken.push(delivery)
  })
  return {
    async pull() {
      const batch = Math.min(READ.batch, Math.max(1, left))
      const how = await puller.pull(stream, name, { ...READ, batch })
      // A message was lost on the way: another consumer begins behind the last one that came.
      return isWhole ? how : 'gone'
    },
    taken() {
      const handed = taken
      taken = []
      return handed
    },
    close() {
      puller.close()
      const { nc } = line.connection
      // Without waiting for it: unheard, the server drops the consumer by itself.
      if (!line.isClosed && !nc.isClosed()) nc.publish(`$JS.API.CONSUMER.DELETE.${stream}.${name}`)
    },
  }
}
