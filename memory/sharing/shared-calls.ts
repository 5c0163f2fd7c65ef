/**
 * Calls that reach the owner of a directory whoever that is by then: this process, or another over its connection.
 * What was not answered is asked again of the next owner, under the same request key. Called by `shared-memory.ts`.
 */
import { fromWireError, RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Encoder } from '../encoder.ts'
import { type OwnedMemory, withRequestKey } from './calls.ts'
import type { Answer, Ask, Connection } from './connection.ts'
import type { SharingLimits } from './limits.ts'
import { type CallMessage, malformed, readToOwner } from './messages.ts'
import { messageRunner } from './run-message.ts'
import type { Seats } from './seats.ts'

export interface SharedCallsOptions {
  readonly encoder: Encoder
  /** Makes request keys. */
  readonly id: () => string
  readonly limits: SharingLimits
}

export interface SharedCalls {
  /**
   * Throws what the owner's memory throws, what taking a seat throws, and of its own `mailbox-full`,
   * `codec-too-large`, and `store-failed` when one owner after another ended under the call.
   */
  call(space: string, method: string, args: readonly unknown[]): Promise<unknown>
  /** As `call`, of this owner or not at all: `store-failed`, which may be tried again, when the connection ends. */
  callOnce(connection: Connection, space: string, method: string, args: readonly unknown[]): Promise<unknown>
  /** Counts `work` among the calls. */
  during<T>(work: Promise<T>): Promise<T>
  /** Resolves when no call is under way. */
  idle(): Promise<void>
}

export function sharedCalls(seats: Seats, { encoder, id, limits }: SharedCallsOptions): SharedCalls {
  const underWay = new Set<Promise<unknown>>()
  const held = { calls: 0, bytes: 0 }
  let lastId = 0

  const encode = (space: string, method: string, args: readonly unknown[]): Ask => {
    const callId = ++lastId
    const keyed = withRequestKey(method, args, id) as readonly Plain[]
    // Now, and not when it is sent: its caller may change what it handed over.
    const message = encodedCall(encoder, ['call', callId, space, method, keyed])
    if (message.length > limits.frameBytes) throw tooLarge(message.length, limits.frameBytes)
    return { id: callId, message }
  }
  const reach = async (ask: Ask): Promise<unknown> => {
    for (let strikes = 0, attempts = 0; strikes < limits.strikes && attempts < MAX_ATTEMPTS; attempts++) {
      const seat = await seats.taken()
      if (seat.role === 'owner') return runHere(seat.memory, encoder, ask)
      const answer = await seat.connection.ask(ask)
      if (answer.type !== 'lost') return settled(answer)
      if (answer.sent) strikes++
    }
    throw givenUp()
  }
  const hold = async (ask: Ask): Promise<unknown> => {
    const bytes = ask.message.length
    if (held.calls >= limits.waiting || held.bytes + bytes > limits.waitingBytes) throw full(held)
    held.calls++
    held.bytes += bytes
    try {
      return await reach(ask)
    } finally {
      held.calls--
      held.bytes -= bytes
    }
  }
  const during = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work)
    const forget = (): void => void underWay.delete(work)
    work.then(forget, forget)
    return work
  }
  const call = async (space: string, method: string, args: readonly unknown[]): Promise<unknown> => {
    const seat = seats.now()
    if (seat.role === 'client') return hold(encode(space, method, args))
    return messageRunner(seat.memory, 1).run(['call', 0, space, method, args as readonly Plain[]])
  }
  return {
    during,
    call: (space, method, args) => during(call(space, method, args)),
    async callOnce(connection, space, method, args) {
      const answer = await connection.ask(encode(space, method, args))
      if (answer.type === 'lost') throw brokenOff()
      return settled(answer)
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

/** As it travels. What cannot could not be stored either, and is refused as the store does. */
export function encodedCall(encoder: Encoder, call: CallMessage): Uint8Array {
  try {
    return encoder.encode(call)
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'not-plain-data') throw error
    const { message, why, fix } = error
    throw new RuntimeError('input-invalid', message.replace('message[4]', call[3]), {
      ...(why && { why }),
      ...(fix && { fix }),
      cause: error,
    })
  }
}

/** Owners that said farewell before they were asked: each closed in good order, so this many do not follow soon. */
const MAX_ATTEMPTS = 20

/** A call that was meant for another owner, done by this process, which is the owner now. */
function runHere(memory: OwnedMemory, encoder: Encoder, { message }: Ask): Promise<unknown> {
  const call = readToOwner(encoder.decode(message))
  if (call[0] !== 'call') throw malformed()
  return messageRunner(memory, 1).run(call)
}

function settled(answer: Exclude<Answer, { type: 'lost' }>): unknown {
  if (answer.type === 'failed') throw fromWireError(answer.error)
  return answer.value ?? undefined
}

export const tooLarge = (bytes: number, limit: number): RuntimeError =>
  new RuntimeError('codec-too-large', `the call takes ${bytes} bytes, ${limit} are allowed`, {
    why: 'this process asks the owner of the memory, and a call travels as one message',
    fix: 'hand over fewer memories at a time',
    details: { bytes, limit },
  })

export const full = ({ calls, bytes }: { readonly calls: number; readonly bytes: number }): RuntimeError =>
  new RuntimeError('mailbox-full', `${calls} calls wait for the owner of the memory`, {
    fix: 'wait for some of them before making more',
    details: { calls, bytes },
  })

export const givenUp = (): RuntimeError =>
  new RuntimeError('store-failed', 'one owner of the memory after another ended under this call', {
    why: 'it may be what ends them; it may have been done',
    fix: 'see how they ended before it is made again',
  })

export const brokenOff = (): RuntimeError =>
  new RuntimeError('store-failed', 'the owner of the memory ended during an export', {
    fix: 'export again from the beginning',
    retryable: true,
  })
