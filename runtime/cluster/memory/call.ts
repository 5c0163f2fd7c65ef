/**
 * One call to the owner of a memory's namespace, whoever that is by then: brought there in parts, asked for until it is
 * answered. What an owner that is gone has not answered is asked again of the next; it is done once all the same,
 * because a write carries a request key. Called by `client.ts`.
 */
import type { Clock } from '../../../actors/clock.ts'
import { RuntimeError, toRuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { partitionSubject } from '../../../actors/subject.ts'
import { SHARING_LIMITS } from '../../../memory/sharing/limits.ts'
import { brokenOff, givenUp } from '../../../memory/sharing/shared-calls.ts'
import { isPassing, type Requests } from '../requests.ts'
import { memoryPartition, ownerSubject } from './place.ts'
import { partsOf, readVisited, type Visited } from './visit.ts'

export interface CallerOptions {
  readonly requests: Requests
  readonly clock: Clock
  readonly namespace: string
  /** Unique, of this caller. */
  readonly client: string
  /** How long to try while nobody answers, ms. */
  readonly patienceMs: number
}

export interface OwnerCall {
  readonly space: string
  /** Unique, of this call. */
  readonly id: string
  readonly message: Uint8Array
  /** The epoch it means something in, and no other. */
  readonly only?: number
}

export interface OwnerAnswer {
  readonly epoch: number
  readonly bytes: Uint8Array
}

/** Longer than an owner keeps a visitor waiting. */
const TRY_MS = 4_000
const PAUSE_MS = 100

/** Remembers of each namespace the highest epoch it has heard of, so that an owner of an earlier one is not believed. */
export function ownerCaller(options: CallerOptions): (call: OwnerCall) => Promise<OwnerAnswer> {
  const { requests, clock, namespace, client, patienceMs } = options
  const epochs = new Map<string, number>()
  const heard = (space: string, epoch: number): boolean => {
    const known = epochs.get(space) ?? 0
    if (epoch > known) epochs.set(space, epoch)
    return epoch >= known
  }
  const visit = async (call: OwnerCall, body: Plain): Promise<Visited> => {
    const visited = readVisited(await requests.ask(ownerSubject(namespace, call.space), body, TRY_MS))
    if (heard(call.space, visited.epoch)) return visited
    throw new RuntimeError('partition-lost', 'a node answered that does not own the namespace any more')
  }
  /** Has the owner listen on the subject of the namespace, which it does not where nothing is remembered yet. */
  const announce = async (space: string): Promise<void> => {
    const partition = partitionSubject(namespace, memoryPartition(space))
    const opened = await requests.ask(partition, { op: 'memory.open', space }, TRY_MS)
    heard(space, Number(Object(opened)['epoch']))
  }

  return async call => {
    const { space, id, message, only } = call
    const parts = partsOf(message)
    const state: CallState = { answer: [], part: 0, sentTo: 0, isSent: false, strikes: 0 }
    for (let until = clock.now() + patienceMs; ; ) {
      const epoch = only ?? epochs.get(space) ?? 0
      const bytes = state.part === undefined ? undefined : parts[state.part]
      if (state.part === parts.length - 1) strike(state, epoch)
      const body = {
        ...{ call: id, client, epoch, parts: parts.length, want: state.answer.length },
        ...(only !== undefined && { only: true }),
        ...(bytes && state.part !== undefined && { part: { at: state.part, bytes } }),
      }
      try {
        const visited = await visit(call, body)
        const whole = takeIn(state, visited, only !== undefined)
        if (whole) return { epoch: visited.epoch, bytes: whole }
        until = clock.now() + patienceMs
      } catch (thrown) {
        const error = toRuntimeError(thrown, 'internal')
        if (!isPassing(error)) throw error
        if (clock.now() >= until) throw error.kind === 'no-responders' ? unowned(space, error) : error
        await announce(space).catch(again)
        await pause(clock, PAUSE_MS)
      }
    }
  }
}

interface CallState {
  /** Parts of the answer so far. */
  answer: Uint8Array[]
  /** The part of the call that is sent with the next visit. */
  part: number | undefined
  /** All of it was sent, to the owner of that epoch. */
  isSent: boolean
  sentTo: number
  /** Owners that ended under it. */
  strikes: number
}

/** All of the call goes to the owner of `epoch`. Throws `store-failed` when too many have ended under it. */
function strike(state: CallState, epoch: number): void {
  if (state.sentTo > 0 && epoch > state.sentTo && ++state.strikes >= SHARING_LIMITS.strikes) throw givenUp()
  state.isSent = true
  state.sentTo = epoch
}

/** What a visit came to: the whole answer, when it is there. */
function takeIn(state: CallState, visited: Visited, isOnce: boolean): Uint8Array | undefined {
  if ('need' in visited) {
    // Whoever had it is gone, or has let go of it.
    if (isOnce && state.isSent) throw brokenOff()
    state.answer = []
    state.part = visited.need
    return undefined
  }
  state.part = undefined
  if ('pending' in visited) return undefined
  state.answer.push(visited.bytes)
  return state.answer.length === visited.parts ? Buffer.concat(state.answer) : undefined
}

/** What may be tried again is nothing; the rest is thrown. */
function again(error: unknown): void {
  if (!isPassing(error)) throw error
}

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise(resolve => void clock.at(clock.now() + ms, resolve))

const unowned = (space: string, cause: RuntimeError): RuntimeError =>
  new RuntimeError('partition-unowned', `no node answers for the memory "${space.slice(0, 80)}"`, {
    why: 'the node that owned it is gone and nobody has taken over yet, or no node is running',
    fix: 'try again in some seconds, or start a node: agenticraft node --nats URL',
    cause,
  })
