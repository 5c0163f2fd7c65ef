/**
 * The calls that reach the owner of memories in one partition: put together from their parts, done once for each id,
 * and kept for a while when they are done, because an answer may be lost. Called by `owner.ts`. What a call does
 * is the memory's business.
 */
import { setImmediate as breath } from 'node:timers/promises'
import type { Cancel, Clock } from '../../../actors/clock.ts'
import { RuntimeError, toRuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import type { Encoder } from '../../../memory/encoder.ts'
import { isHeavy, type OwnedMemory } from '../../../memory/sharing/calls.ts'
import { type CallMessage, malformed, readToOwner } from '../../../memory/sharing/messages.ts'
import { type MessageRunner, messageRunner } from '../../../memory/sharing/run-message.ts'
import { brokenOff } from '../../../memory/sharing/shared-calls.ts'
import { MOST_BYTES, partsOf, readVisit, type Visit, type Visited } from './visit.ts'

export interface MemoryDesk {
  /** One visit. Throws what the call throws, and `partition-lost` when its owner is one no more. */
  visit(body: Plain): Promise<Plain>
  /** Nothing is answered any more. */
  end(): void
}

export interface DeskOptions {
  readonly memory: OwnedMemory
  readonly epoch: number
  readonly encoder: Encoder
  readonly clock: Clock
  /** Throws for a namespace that is not of this partition. */
  readonly checkSpace: (space: string) => void
  /** A call was done. */
  readonly onDone: (call: CallMessage) => void
}

interface Held {
  parts: (Uint8Array | undefined)[]
  seenAt: number
  outcome?: Promise<void>
  answer?: readonly Uint8Array[]
  error?: RuntimeError
}

/** The calls by id, those nobody has asked for longest first, and what they take. */
interface HeldCalls {
  readonly byId: Map<string, Held>
  /** Not answered yet. */
  underWay: number
  /** Of those: bytes that were received. */
  uploaded: number
  /** Bytes of answers. */
  kept: number
}

/** How long one visit waits: well below the time that a request may take. */
const VISIT_MS = 2_000
/** Whoever hears of a later epoch lets its owner answer first. */
const STEP_BACK_MS = 1_000
/** Nobody comes for an answer, or with the rest of a call, after that long. */
const KEPT_MS = 30_000
/** Between two looks for what nobody comes for, also when nobody comes at all. */
const SWEEP_MS = 5_000
const KEPT_BYTES = 16 * 1024 * 1024
/** What an answer takes besides its bytes. */
const ENTRY_BYTES = 512
/** Of calls that are not complete yet, and calls under way. */
const UPLOAD_BYTES = 64 * 1024 * 1024
const MOST_CALLS = 1_024
/** An export that nobody reads on holds files that a purge has to remove. */
const EXPORT_IDLE_MS = 60_000
const EXPORTS = 8

export function memoryDesk(options: DeskOptions): MemoryDesk {
  const { epoch, clock } = options
  const calls: HeldCalls = { byId: new Map(), underWay: 0, uploaded: 0, kept: 0 }
  const runners = runnersOf(options)
  let hasEnded = false
  let tellEnded = (): void => {}
  const ended = new Promise<void>(resolve => {
    tellEnded = resolve
  })
  let cancelSweep: Cancel | undefined
  const sweepAll = (): void => {
    sweep(calls, clock.now())
    runners.sweep()
  }
  const sweepLater = (): void => {
    if (hasEnded) return
    cancelSweep ??= clock.at(clock.now() + SWEEP_MS, () => {
      cancelSweep = undefined
      sweepAll()
      if (calls.byId.size > 0 || runners.size > 0) sweepLater()
    })
  }
  let heavyTurn: Promise<unknown> = Promise.resolve()

  const begin = async (held: Held, client: string): Promise<void> => {
    const message = Buffer.concat(held.parts as Uint8Array[])
    held.parts = []
    try {
      const call = callIn(options, message)
      if (isHeavy(call[3])) {
        heavyTurn = heavyTurn.then(() => breath())
        await heavyTurn
      }
      held.answer = answerOf(options.encoder, await runners.of(client).run(call))
      calls.kept += sizeOf(held.answer)
      options.onDone(call)
    } catch (error) {
      held.error = toRuntimeError(error, 'internal')
    }
    calls.uploaded -= message.length
    calls.underWay--
  }
  const answered = (visit: Visit, { answer, error }: Held): Visited => {
    if (error) {
      calls.byId.delete(visit.call)
      throw error.kind === 'journal-closed' ? lostError() : error
    }
    if (!answer) return { epoch, pending: true }
    const bytes = answer[visit.want]
    if (!bytes) throw malformed()
    return { epoch, bytes, parts: answer.length }
  }

  return {
    async visit(body) {
      const visit = readVisit(body)
      if (visit.epoch > epoch) await pause(clock, STEP_BACK_MS)
      if (hasEnded || visit.epoch > epoch) throw lostError()
      if (visit.only && visit.epoch !== epoch) throw brokenOff()
      sweepAll()
      sweepLater()
      const held = heldFor(calls, visit, clock.now())
      if (!held.outcome) {
        receive(calls, held, visit)
        const need = held.parts.indexOf(undefined)
        if (need >= 0) return { epoch, need }
        held.outcome = begin(held, visit.client)
      }
      if (!held.answer && !held.error) await first(clock, VISIT_MS, held.outcome, ended)
      if (hasEnded) throw lostError()
      return answered(visit, held) as unknown as Plain
    },
    end() {
      hasEnded = true
      cancelSweep?.()
      tellEnded()
      runners.close()
    },
  }
}

/** The call of that id, which goes behind all others. */
function heldFor(calls: HeldCalls, { call, part, parts }: Visit, now: number): Held {
  const { byId } = calls
  const found = byId.get(call)
  const isOver = calls.uploaded + (part?.bytes.length ?? 0) > UPLOAD_BYTES
  if (!found && (calls.underWay >= MOST_CALLS || isOver)) throw full(calls.underWay)
  const held = found ?? { parts: Array.from({ length: parts }, () => undefined), seenAt: now }
  if (!found) calls.underWay++
  byId.delete(call)
  byId.set(call, held)
  held.seenAt = now
  return held
}

/** Throws `mailbox-full` when there is no room for the part: then the whole call goes, or those that wait would fill it. */
function receive(calls: HeldCalls, held: Held, { call, part, parts }: Visit): void {
  if (held.parts.length !== parts) throw malformed()
  if (!part || held.parts[part.at]) return
  if (calls.uploaded + part.bytes.length > UPLOAD_BYTES) {
    const { underWay } = calls
    letGo(calls, call, held)
    throw full(underWay)
  }
  held.parts[part.at] = part.bytes
  calls.uploaded += part.bytes.length
}

/** Of a call that is not complete. */
function letGo(calls: HeldCalls, id: string, { parts }: Held): void {
  calls.byId.delete(id)
  calls.underWay--
  for (const part of parts) calls.uploaded -= part?.length ?? 0
}

/** Lets go of what nobody has come for, oldest first; what is worked on stays. */
function sweep(calls: HeldCalls, now: number): void {
  for (const [id, held] of calls.byId) {
    const { outcome, answer, error, seenAt } = held
    if (outcome && !answer && !error) continue
    if (seenAt + KEPT_MS > now && calls.kept <= KEPT_BYTES) return
    if (answer) calls.kept -= sizeOf(answer)
    if (outcome) calls.byId.delete(id)
    else letGo(calls, id, held)
  }
}

const sizeOf = (answer: readonly Uint8Array[]): number =>
  answer.reduce((sum, { length }) => sum + length, ENTRY_BYTES)

/** Throws `codec-malformed`, and what `checkSpace` throws. */
function callIn({ encoder, checkSpace }: DeskOptions, bytes: Uint8Array): CallMessage {
  const message = readToOwner(encoder.decode(bytes))
  // The names of all namespaces are another question, asked of every partition.
  if (message[0] !== 'call' || message[3] === 'namespaces') throw malformed()
  checkSpace(message[2])
  return message
}

function answerOf(encoder: Encoder, value: unknown): readonly Uint8Array[] {
  const plain = (value ?? null) as Plain
  const bytes = encoder.pack?.(plain) ?? encoder.encode(plain)
  if (bytes.length <= MOST_BYTES) return partsOf(bytes)
  throw new RuntimeError(
    'codec-too-large',
    `the answer takes ${bytes.length} bytes, ${MOST_BYTES} are allowed`,
    {
      why: 'it comes from the owner of the memory, on another node',
      fix: 'ask for fewer at a time, with a lower limit',
      details: { bytes: bytes.length, limit: MOST_BYTES },
    },
  )
}

/** One for each client, because cursors of exports are a client's own. */
function runnersOf({ memory, clock }: DeskOptions) {
  const runners = new Map<string, { readonly runner: MessageRunner; usedAt: number }>()
  return {
    get size(): number {
      return runners.size
    },
    of(client: string): MessageRunner {
      const found = runners.get(client) ?? { runner: messageRunner(memory, EXPORTS), usedAt: 0 }
      found.usedAt = clock.now()
      runners.delete(client)
      runners.set(client, found)
      return found.runner
    },
    sweep() {
      for (const [client, { runner, usedAt }] of runners) {
        if (usedAt + EXPORT_IDLE_MS > clock.now()) return
        runners.delete(client)
        runner.close()
      }
    },
    close() {
      for (const { runner } of runners.values()) runner.close()
      runners.clear()
    },
  }
}

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise(resolve => void clock.at(clock.now() + ms, resolve))

/** Resolves with the first of them, or when the time is over. */
async function first(clock: Clock, ms: number, ...those: readonly Promise<void>[]): Promise<void> {
  let stop = (): void => {}
  const late = new Promise<void>(resolve => {
    stop = clock.at(clock.now() + ms, resolve)
  })
  await Promise.race([...those, late])
  stop()
}

export const lostError = (): RuntimeError =>
  new RuntimeError('partition-lost', 'this node does not own that part of the memory any more', {
    fix: 'ask again: another node has taken it over, or will within seconds',
    retryable: true,
  })

const full = (calls: number): RuntimeError =>
  new RuntimeError('mailbox-full', `the owner of the memory has ${calls} calls under way`, {
    fix: 'wait for some of them before making more',
    details: { calls },
  })
