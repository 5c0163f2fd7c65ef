/**
 * Makes the streams of a namespace, and notices when the server has others than before: a wiped or restored store
 * answers as if nothing had happened. Looked at after each reconnection, when a stream is missing, and now and then.
 */
import { randomUUID } from 'node:crypto'
import { headers } from 'nats'
import type { Cancel } from '../../actors/clock.ts'
import { listen } from './listeners.ts'
import type { Answer, Line } from './nats-broker-line.ts'
import { API, type ApiError, full, unfit } from './nats-broker-refusals.ts'
import type { StreamPlan, StreamSettings } from './nats-streams.ts'

/** A leader that has just been elected may not yet see all it has: neither every stream nor the end of one. */
const SECOND_LOOK_MS = 1_000

export interface Watch {
  /** A sequence number the server has confirmed: it must not go back behind it. */
  confirmed(stream: string, seq: number): void
  onReset(listener: () => void): Cancel
  close(): void
}

/** What is known of a stream. */
interface Mark {
  readonly plan: StreamPlan
  /** What its first message says; empty where there is none. */
  identity: string
  lastSeq: number
}

interface StreamInfo {
  readonly config: StreamSettings
  readonly state: { readonly last_seq: number }
}

/** Resolves when the streams are there. Rejects with `definition-invalid` when they cannot be what they should. */
export async function watchStreams(
  line: Line,
  plans: readonly StreamPlan[],
  everyMs: number,
): Promise<Watch> {
  const listeners = new Set<() => void>()
  const marks = await Promise.all(
    plans.map(async (plan): Promise<Mark> => {
      const { state } = await ensure(line, plan)
      return { plan, identity: await identify(line, plan), lastSeq: state.last_seq }
    }),
  )
  let looking: Promise<void> | undefined
  const check = (): Promise<void> => {
    looking ??= look(line, marks)
      .then(isReset => {
        if (isReset) for (const listener of listeners) listener()
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }
  line.guard(check)
  const timer = setInterval(() => {
    // Whoever needs the streams meets the same failure and says so.
    check().catch(() => {})
  }, everyMs)
  timer.unref()
  return {
    confirmed(stream, seq) {
      const mark = marks.find(({ plan }) => plan.name === stream)
      if (mark) mark.lastSeq = Math.max(mark.lastSeq, seq)
    },
    onReset: listener => listen(listeners, listener),
    close: () => clearInterval(timer),
  }
}

/** True when a stream is another one than before; then all are there again. */
async function look(line: Line, marks: readonly Mark[]): Promise<boolean> {
  const replaced = await Promise.all(marks.map(mark => isReplaced(line, mark)))
  if (!replaced.includes(true)) return false
  for (const mark of marks) {
    const { state } = await ensure(line, mark.plan)
    mark.identity = await identify(line, mark.plan)
    mark.lastSeq = state.last_seq
  }
  return true
}

async function isReplaced(line: Line, mark: Mark): Promise<boolean> {
  for (let looks = 1; looks <= 2; looks++) {
    if (looks > 1) await line.pause(SECOND_LOOK_MS)
    // Before asking: what is confirmed while the answer is under way may not be in it.
    const { lastSeq } = mark
    const found = await info(line, mark.plan)
    if (found.error?.err_code === API.noStream) continue
    if (!isWhole(found)) throw unfit(mark.plan.name, 'the server does not tell what it is', found.error)
    const identity = await readIdentity(line, mark.plan)
    if (identity !== undefined && identity !== mark.identity) return true
    if (identity === undefined || found.state.last_seq < lastSeq) continue
    mark.lastSeq = Math.max(mark.lastSeq, found.state.last_seq)
    return false
  }
  return true
}

const JSON_BYTES = new TextEncoder()

const api = <T>(line: Line, verb: string, { name }: StreamPlan, body: object): Promise<Answer<T>> =>
  line.ask<T>({
    subject: `$JS.API.STREAM.${verb}.${name}`,
    body: JSON_BYTES.encode(JSON.stringify(body)),
    what: `the stream ${name}`,
    passing: [API.noPeers],
    byGuard: true,
  })

const info = (line: Line, plan: StreamPlan): Promise<Answer<StreamInfo>> =>
  api<StreamInfo>(line, 'INFO', plan, {})

const isWhole = (answer: Answer<StreamInfo>): answer is StreamInfo =>
  answer.error === undefined && answer.config !== undefined && answer.state !== undefined

/**
 * Which log it is, said by a message that is written once, by whoever is first. When the stream was created does not
 * tell: servers of a cluster name different times when several nodes made it at once.
 */
async function identify(line: Line, plan: StreamPlan): Promise<string> {
  for (;;) {
    const identity = await readIdentity(line, plan)
    if (identity !== undefined) return identity
    const expectation = headers()
    expectation.set('Nats-Expected-Last-Subject-Sequence', '0')
    const { error } = await line.ask({
      subject: plan.identity ?? '',
      body: JSON_BYTES.encode(randomUUID()),
      headers: expectation,
      what: `the identity of ${plan.name}`,
      byGuard: true,
    })
    if (error === undefined || error.err_code === API.notSequence || error.err_code === API.sequenceInFlight)
      continue
    throw cannotBe(plan, error)
  }
}

async function readIdentity(line: Line, { name, identity }: StreamPlan): Promise<string | undefined> {
  if (identity === undefined) return ''
  const { message } = await line.ask<{ readonly message: { readonly data?: string } }>({
    subject: `$JS.API.STREAM.MSG.GET.${name}`,
    body: JSON_BYTES.encode(JSON.stringify({ last_by_subj: identity })),
    what: `the identity of ${name}`,
    byGuard: true,
  })
  return message?.data
}

async function ensure(line: Line, plan: StreamPlan): Promise<StreamInfo> {
  for (;;) {
    const found = await info(line, plan)
    if (isWhole(found)) return await adjust(line, plan, found)
    if (found.error?.err_code !== API.noStream) throw cannotBe(plan, found.error)
    const made = await api<StreamInfo>(line, 'CREATE', plan, { name: plan.name, ...plan.settings })
    if (isWhole(made)) return made
    // Another node was faster, with other options.
    if (made.error?.err_code !== API.otherStream) throw cannotBe(plan, made.error)
  }
}

async function adjust(line: Line, plan: StreamPlan, found: StreamInfo): Promise<StreamInfo> {
  const { retention, storage } = found.config
  if (retention !== plan.settings.retention || storage !== plan.settings.storage) {
    throw unfit(plan.name, `it exists, and keeps messages by ${retention} in ${storage}`)
  }
  const differs = Object.entries(plan.asked).some(
    ([key, value]) => JSON.stringify(found.config[key as keyof StreamSettings]) !== JSON.stringify(value),
  )
  if (!differs) return found
  const updated = await api<StreamInfo>(line, 'UPDATE', plan, { ...found.config, ...plan.asked })
  if (!isWhole(updated)) throw cannotBe(plan, updated.error)
  return updated
}

const NO_ROOM: readonly (number | undefined)[] = [
  API.accountFull,
  API.lackOfMemoryOrDisk,
  API.lackOfDisk,
  API.streamLimit,
  API.notStored,
]

function cannotBe(plan: StreamPlan, error: ApiError | undefined): Error {
  if (error && NO_ROOM.includes(error.err_code)) return full(`the stream ${plan.name}`, error)
  return unfit(plan.name, String(error?.description ?? 'the server does not tell what it is'), error)
}
