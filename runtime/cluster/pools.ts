/**
 * A pool: the nodes that serve a type share what is asked of `pool.<type>`, each ask going to one of them. That one
 * says at once that it has it, and where to come for the answer: whoever asked comes as often as it takes, and knows
 * by nobody being there that the node is gone (`client/pool-asks.ts`). Nothing outlives the node. What carries the
 * work out is handed in.
 */
import type { Cancel, Clock } from '../../actors/clock.ts'
import { RuntimeError, toRuntimeError, toWireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { poolSubject, subject } from '../../actors/subject.ts'
import { textOf } from './actor-operations.ts'
import type { Requests } from './requests.ts'

export interface PoolAsk {
  readonly type: string
  readonly body: Plain
  /** Of this ask alone, made up by whoever asks. */
  readonly key: string
  /** Absolute ms after which nobody wants the answer. */
  readonly deadline: number
}

export interface PoolOptions {
  readonly requests: Requests
  readonly namespace: string
  readonly clock: Clock
  /** The type of its agents. */
  readonly type: string
  /** The name of the node, for people. */
  readonly node: string
  /** A token, of this process alone: where answers are come for. */
  readonly desk: string
  /** Asks worked on at a time; one more is refused at once with `mailbox-full`. */
  readonly atOnce: number
  /** `signal` aborts when nobody wants the answer any more. */
  readonly answer: (ask: PoolAsk, signal: AbortSignal) => Promise<Plain>
}

export interface Pool {
  /** Asks that are worked on. */
  readonly busy: number
  /** Takes no more, and resolves when what is worked on is answered and come for, or after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** The queue group of all pools: one member gets each message. */
const QUEUE = 'pool'
/** What is answered within that time, ms, is answered without a visit. */
const SOON_MS = 20
/** How long one visit waits, ms. Short, for a node that dies meanwhile is found out by the next one. */
export const POOL_VISIT_MS = 500
/** After that long without a visit nobody wants the answer, ms. */
const FORGOTTEN_MS = 30_000
/** An answer that somebody came for is kept for that long, ms: it may have been lost on its way. */
const GIVEN_MS = 10_000

/** For so long a pool that closes waits that its last answers are come for, ms. */
const FETCH_MS = 5_000

/** Where the answers of one member of a pool are come for. */
export const deskSubject = (namespace: string, type: string, desk: string): string =>
  subject(namespace, 'pool', type, desk)

type Outcome = { readonly value: Plain } | { readonly error: Plain }

interface Held {
  readonly outcome: Promise<Outcome>
  readonly withdrawal: AbortController
  working: boolean
  /** Somebody has come for the answer. */
  given: boolean
  forget: Cancel
}

interface HeldWork {
  /** Asks that are worked on. */
  readonly busy: number
  /** Joins the work under that key, or begins it. Throws `deadline-exceeded`, `mailbox-full`. */
  take(ask: PoolAsk): Held
  get(key: string): Held | undefined
  /** Undefined when there is no outcome within `ms`. */
  waitFor(key: string, found: Held, ms: number): Promise<Outcome | undefined>
  withdraw(key: string, why: string): void
  /** Resolves when all has an outcome and was come for. */
  finished(): Promise<void>
  forget(): void
}

function heldWork(options: PoolOptions): HeldWork {
  const { clock, type, atOnce } = options
  const held = new Map<string, Held>()
  const changes = new Set<() => void>()
  const busy = (): number => [...held.values()].filter(({ working }) => working).length
  const isOwed = (): boolean => [...held.values()].some(({ given }) => !given)
  const changed = (): void => {
    for (const tell of changes) tell()
  }
  const withdraw = (key: string, why: string): void => {
    const found = held.get(key)
    found?.forget()
    held.delete(key)
    changed()
    found?.withdrawal.abort(new RuntimeError('cancelled', why))
  }
  const keep = (key: string, found: Held, ms: number): void => {
    if (held.get(key) !== found) return
    found.forget()
    found.forget = clock.at(clock.now() + ms, () => withdraw(key, 'nobody has come for the answer'))
  }
  return {
    get busy() {
      return busy()
    },
    take(ask) {
      const found = held.get(ask.key)
      if (found) return found
      if (ask.deadline <= clock.now()) throw tooLate(type)
      if (busy() >= atOnce) throw full(type, atOnce)
      const begun = carryOut(options, ask)
      held.set(ask.key, begun)
      return begun
    },
    get: key => held.get(key),
    async waitFor(key, found, ms) {
      keep(key, found, FORGOTTEN_MS)
      const outcome = await within(clock, found.outcome, ms)
      if (!outcome) return undefined
      found.given = true
      keep(key, found, GIVEN_MS)
      changed()
      return outcome
    },
    withdraw,
    async finished() {
      await Promise.all([...held.values()].map(({ outcome }) => outcome))
      const fetched = until(changes, () => !isOwed())
      await within(clock, fetched, FETCH_MS)
    },
    forget() {
      for (const { forget } of held.values()) forget()
    },
  }
}

/** Answers with what `answer` gives or throws. Throws `subject-invalid` for a type or a desk that is no token. */
export function servePool(options: PoolOptions): Pool {
  const { requests, namespace, clock, type, node, desk } = options
  const held = heldWork(options)
  const asked = requests.serve(
    poolSubject(namespace, type),
    async given => {
      const ask = readAsk(given)
      return (await held.waitFor(ask.key, held.take(ask), SOON_MS)) ?? { desk, node }
    },
    { queue: QUEUE },
  )
  const visited = requests.serve(deskSubject(namespace, type, desk), async given => {
    const key = textOf(given, 'key')
    if (Object(given).withdraw === true) {
      held.withdraw(key, 'whoever asked has withdrawn it')
      return null
    }
    const found = held.get(key)
    if (!found) return { unknown: true }
    return (await held.waitFor(key, found, POOL_VISIT_MS)) ?? { pending: true }
  })
  return {
    get busy() {
      return held.busy
    },
    async close(graceMs) {
      // What was sent to this node before the broker knew is nobody else's to answer.
      await within(clock, asked.drain().then(held.finished), graceMs)
      held.forget()
      visited.unsubscribe()
    },
  }
}

/** Begins the work. Its outcome does not reject. */
function carryOut({ answer }: PoolOptions, ask: PoolAsk): Held {
  const withdrawal = new AbortController()
  const work = async (): Promise<Outcome> => {
    try {
      return { value: await answer(ask, withdrawal.signal) }
    } catch (thrown) {
      return { error: toWireError(toRuntimeError(thrown, 'internal')) as unknown as Plain }
    } finally {
      begun.working = false
    }
  }
  const begun: Held = {
    outcome: Promise.resolve().then(work),
    withdrawal,
    working: true,
    given: false,
    forget: () => {},
  }
  return begun
}

/** What `work` resolves with, or undefined when it takes longer than `ms`. */
async function within<T>(clock: Clock, work: Promise<T>, ms: number): Promise<T | undefined> {
  let stopWaiting: Cancel = () => {}
  const patience = new Promise<undefined>(resolve => {
    stopWaiting = clock.at(clock.now() + ms, () => resolve(undefined))
  })
  const outcome = await Promise.race([work, patience])
  stopWaiting()
  return outcome
}

/** Resolves when `holds`, looked at whenever something changes. */
const until = (changes: Set<() => void>, holds: () => boolean): Promise<void> =>
  new Promise(resolve => {
    const look = (): void => {
      if (holds()) resolve()
    }
    changes.add(look)
    look()
  })

function readAsk(given: Plain): PoolAsk {
  const { body = null, deadline } = Object(given) as { readonly [key: string]: Plain }
  if (typeof deadline === 'number')
    return { type: textOf(given, 'type'), key: textOf(given, 'key'), body, deadline }
  throw new RuntimeError('usage', 'a request lacks a time in milliseconds as "deadline"', {
    fix: 'run the same version of agenticraft on all nodes and clients',
  })
}

const full = (type: string, atOnce: number): RuntimeError =>
  new RuntimeError('mailbox-full', `this node works on ${atOnce} asks for ${type} already`, {
    fix: 'try again in a moment, or start more nodes that serve this type',
  })

const tooLate = (type: string): RuntimeError =>
  new RuntimeError('deadline-exceeded', `an ask for ${type} came after its deadline`, {
    why: 'its time is over, or the clocks of the two machines differ',
  })
