/**
 * Requests to JetStream that outlive disconnections: each is tried again until it is answered or its time is over, so
 * whatever is asked through here must bear being done twice. After a reconnection nothing goes through before the
 * `guard` has looked at the streams. Used by the files of the NATS broker; it knows no stream by itself.
 */
import type { Msg, MsgHdrs } from 'nats'
import {
  API,
  type ApiError,
  closed,
  forbidden,
  notEnabled,
  type Trouble,
  tooLarge,
  unavailable,
  unexpected,
} from './nats-broker-refusals.ts'
import type { NatsConnection } from './nats-connection.ts'

/** How long one attempt waits for its answer, ms: the first ones less, for the server may have died with the question. */
const ATTEMPT_MS = { first: 1_000, most: 3_000 } as const
const PAUSE_MS = { least: 50, most: 1_000 } as const

export interface Question {
  readonly subject: string
  readonly body: Uint8Array
  readonly headers?: MsgHdrs
  /** What to ask instead when there was no answer. Default: the same. */
  readonly renew?: () => Pick<Question, 'subject' | 'body'>
  /** How often to ask at most. Default: until the time is over. */
  readonly attempts?: number
  /** For people: what was tried, when it fails. */
  readonly what: string
  /** Error numbers that pass by themselves, besides those that always do. */
  readonly passing?: readonly number[]
  /** Of the guard itself, which must not wait for itself. */
  readonly byGuard?: boolean
}

export type Answer<T> = Partial<T> & { readonly error?: ApiError }

export interface Line {
  readonly connection: NatsConnection
  readonly timeoutMs: number
  readonly isClosed: boolean
  /** The answer, also one that refuses. Rejects with `broker-unavailable`, `codec-too-large`, `transport-closed`. */
  ask<T>(question: Question): Promise<Answer<T>>
  /** Resolves when calls go through. Rejects with `transport-closed`. */
  usable(): Promise<void>
  /** What must succeed before calls go through again; run after reconnections and when a stream is missing. */
  guard(check: () => Promise<void>): void
  /** Told at every loss of the connection. */
  onDown(listener: () => void): () => void
  /** Told whenever calls go through again. */
  onUp(listener: () => void): () => void
  /** Told once, when the line is closed. */
  onClose(listener: () => void): () => void
  /** Waits, or rejects with `transport-closed` when the line is closed meanwhile. */
  pause(ms: number): Promise<void>
  close(): void
}

interface State {
  readonly connection: NatsConnection
  readonly timeoutMs: number
  connected: boolean
  /** Runs of the guard under way. */
  guarding: Promise<void> | undefined
  check: () => Promise<void>
  /** Why the guard does not let the calls through, of its last run. */
  refusal: unknown
  closed: boolean
  /** Who waits for any change of the above. */
  readonly waiting: Set<() => void>
  /** How to end attempts under way when the connection is lost. */
  readonly attempts: Set<() => void>
  readonly down: Set<() => void>
  readonly up: Set<() => void>
  readonly end: Set<() => void>
}

export function createLine(connection: NatsConnection, timeoutMs: number): Line {
  const line: State = {
    connection,
    timeoutMs,
    connected: true,
    guarding: undefined,
    check: async () => {},
    refusal: undefined,
    closed: false,
    waiting: new Set(),
    attempts: new Set(),
    down: new Set(),
    up: new Set(),
    end: new Set(),
  }
  connection.onStatus(status => {
    if (line.closed) return
    if (status === 'closed') close(line)
    if (status === 'disconnected') lost(line)
    if (status === 'reconnected') {
      line.connected = true
      runGuard(line)
      changed(line)
    }
  })
  return {
    connection,
    timeoutMs,
    get isClosed() {
      return line.closed
    },
    ask: question => ask(line, question),
    usable: () => until(line, () => isOpen(line)),
    guard(check) {
      line.check = check
    },
    onDown: listener => add(line.down, listener),
    onUp: listener => add(line.up, listener),
    onClose: listener => add(line.end, listener),
    pause: ms => pause(line, ms),
    close: () => close(line),
  }
}

function add<T>(set: Set<T>, member: T): () => void {
  set.add(member)
  return () => void set.delete(member)
}

const isOpen = (line: State): boolean => line.connected && line.guarding === undefined

function changed(line: State): void {
  for (const wake of [...line.waiting]) wake()
}

function lost(line: State): void {
  line.connected = false
  for (const end of [...line.attempts]) end()
  for (const listener of [...line.down]) listener()
}

function close(line: State): void {
  if (line.closed) return
  line.closed = true
  line.connected = false
  for (const end of [...line.attempts]) end()
  changed(line)
  for (const listener of [...line.down, ...line.end]) listener()
}

/** Holds back all calls until the streams are known to be there. One run at a time; a failed one is repeated. */
function runGuard(line: State): void {
  if (line.guarding !== undefined) return
  const run = async (): Promise<void> => {
    for (;;) {
      await until(line, () => line.connected)
      try {
        await line.check()
        line.refusal = undefined
        return
      } catch (error) {
        // The calls it holds back fail by their own time, with this as the cause.
        line.refusal = error
        await pause(line, PAUSE_MS.most)
      }
    }
  }
  const finish = (): void => {
    line.guarding = undefined
    if (line.closed) return
    changed(line)
    for (const listener of [...line.up]) listener()
  }
  // It rejects only once the line is closed, which `finish` sees.
  line.guarding = run().then(finish, finish)
}

async function ask<T>(line: State, first: Question): Promise<Answer<T>> {
  let question = first
  const deadline = performance.now() + line.timeoutMs
  let trouble: Trouble = { kind: 'silent' }
  for (let n = 0; ; n++) {
    await until(line, () => (question.byGuard ? line.connected : isOpen(line)), deadline)
    const left = deadline - performance.now()
    if (left <= 0 || n === question.attempts)
      throw unavailable(question.what, line.timeoutMs, line.connected ? trouble : DOWN, line.refusal)
    const outcome = await attempt<T>(
      line,
      question,
      Math.ceil(Math.min(ATTEMPT_MS.first * (n + 1), ATTEMPT_MS.most, left)),
    )
    if ('answer' in outcome) return outcome.answer
    trouble = outcome.trouble
    if (question.renew) question = { ...question, ...question.renew() }
    if (trouble.kind === 'missing' || trouble.kind === 'nobody') lookAfter(line, trouble.kind, question)
    if (trouble.kind !== 'disconnected' && trouble.kind !== 'silent') {
      await pause(line, Math.min(left, backoff(n)))
    }
  }
}

const DOWN: Trouble = { kind: 'disconnected' }

/** A stream that nobody answers for may be gone, or only without a leader: then others need not wait. */
function lookAfter(line: State, kind: 'missing' | 'nobody', { byGuard }: Question): void {
  if (byGuard) return
  if (kind === 'missing') return void runGuard(line)
  line.check().catch(error => {
    line.refusal = error
  })
}

const backoff = (n: number): number =>
  Math.min(PAUSE_MS.most, PAUSE_MS.least * 2 ** Math.min(n, 10)) * (0.5 + Math.random() / 2)

type Outcome<T> = { readonly answer: Answer<T> } | { readonly trouble: Trouble }

async function attempt<T>(line: State, question: Question, ms: number): Promise<Outcome<T>> {
  const { subject, body, headers } = question
  try {
    const message = await request(line, subject, body, { timeout: ms, ...(headers && { headers }) })
    const answer = parse<T>(message, question.what)
    return answer.error === undefined ? { answer } : judge(answer, answer.error, question)
  } catch (error) {
    return { trouble: troubleOf(line, error, question) }
  }
}

const DISCONNECTED = 'DISCONNECTED'

function request(
  line: State,
  subject: string,
  body: Uint8Array,
  options: { readonly timeout: number; readonly headers?: MsgHdrs },
): Promise<Msg> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject({ code: DISCONNECTED })
    line.attempts.add(end)
    line.connection.nc
      .request(subject, body, options)
      .then(resolve, reject)
      .finally(() => line.attempts.delete(end))
  })
}

function parse<T>(message: Msg, what: string): Answer<T> {
  try {
    return JSON.parse(new TextDecoder().decode(message.data)) as Answer<T>
  } catch (cause) {
    throw unexpected(what, cause)
  }
}

const FINAL: readonly (number | undefined)[] = [
  API.accountFull,
  API.lackOfMemoryOrDisk,
  API.lackOfDisk,
  API.notStored,
  API.noCluster,
  API.streamLimit,
]

/** What is in the way for the moment only is tried again; the rest is for the caller to read. */
function judge<T>(answer: Answer<T>, error: ApiError, { passing = [], byGuard }: Question): Outcome<T> {
  const number = error.err_code
  if (number === API.notForAccount || number === API.notEnabled) throw notEnabled(String(error.description))
  if (number === API.noStream && !byGuard) return { trouble: { kind: 'missing' } }
  if (FINAL.includes(number)) return { answer }
  const passes = error.code >= 500 || error.code === 429 || error.code === 409
  return passes || (number !== undefined && passing.includes(number))
    ? { trouble: { kind: 'busy', error } }
    : { answer }
}

function troubleOf(line: State, error: unknown, { subject, body, what }: Question): Trouble {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (line.closed) throw closed()
  if (code === DISCONNECTED || code === 'DISCONNECT') return { kind: 'disconnected' }
  if (code === 'TIMEOUT') return { kind: 'silent' }
  if (code === '503') {
    const { info } = line.connection.nc
    if (info?.jetstream !== true && info?.cluster === undefined) throw notEnabled('it runs without JetStream')
    return { kind: 'nobody' }
  }
  if (code === 'CONNECTION_CLOSED' || code === 'CONNECTION_DRAINING') throw closed()
  if (code === 'PERMISSIONS_VIOLATION') throw forbidden(subject, error)
  if (code === 'MAX_PAYLOAD_EXCEEDED') throw tooLarge(body.length, error)
  throw error instanceof Error && error.name === 'RuntimeError' ? error : unexpected(what, error)
}

/** Resolves when `holds`, or at `deadline` (by `performance.now`). Rejects with `transport-closed`. */
function until(line: State, holds: () => boolean, deadline?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const look = (): void => {
      const late = deadline !== undefined && performance.now() >= deadline
      if (!line.closed && !late && !holds()) return
      line.waiting.delete(look)
      clearTimeout(timer)
      if (line.closed) reject(closed())
      else resolve()
    }
    line.waiting.add(look)
    look()
    if (deadline !== undefined && line.waiting.has(look)) {
      timer = setTimeout(look, Math.max(1, Math.ceil(deadline - performance.now()) + 1))
    }
  })
}

const pause = (line: State, ms: number): Promise<void> => until(line, () => false, performance.now() + ms)
