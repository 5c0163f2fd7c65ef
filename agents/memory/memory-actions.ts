/**
 * What a memory actor's machine does at its transitions: starts calls and answers them, keeps the list of what is to be
 * consolidated, tells itself to look. Used by `memory-actor.ts` alone.
 */
import { address } from '../../actors/address.ts'
import { RuntimeError, toWireError, type WireError } from '../../actors/errors.ts'
import { assign, enqueueActions, type MessageEvent } from '../../actors/machine.ts'
import type { Plain } from '../../actors/plain.ts'
import { type CallInput, LONG, type Method, WRITES } from './memory-effects.ts'
import { type Applied, applied, taken } from './memory-jobs.ts'
import {
  begun,
  ended,
  failed,
  fellBack,
  type Job,
  type MemoryState,
  type MemoryTuning,
  MOST_ASKED,
} from './memory-state.ts'

export const MEMORY = 'memory'
/** What it tells itself. */
export const TICK = 'memory.tick'

/** Tells it how to work from now on. */
export const TUNE = 'memory.tune'

type Call = MessageEvent<{ readonly namespace?: unknown; readonly args?: unknown } | null>
interface ChildEvent {
  readonly type: string
  readonly actorId: string
  readonly output?: Plain
  readonly error?: WireError
}

interface Enqueue {
  (action: { readonly type: string; readonly params?: unknown }): void
  assign(state: MemoryState): void
  spawnChild(src: string, options: { readonly id: string; readonly input: Plain }): void
}
/** An action that changes the state and may start or say something. */
type Act = (state: MemoryState, event: unknown, enqueue: Enqueue) => MemoryState

const act = (work: Act) =>
  enqueueActions(({ context, event, enqueue }) => {
    const to = enqueue as unknown as Enqueue
    to.assign(work(context as MemoryState, event, to))
  })

export const outputOf = <T>(event: unknown): T => (event as ChildEvent).output as unknown as T
const errorOf = (event: unknown): WireError | undefined => (event as ChildEvent).error

/** The actions of the memory actor of that id. */
export function memoryActions(id: string) {
  const self = address(MEMORY, id)
  /** It tells itself to look: work that begins so has nobody's deadline and nobody's budget. */
  const tick = (state: MemoryState, enqueue: Enqueue): MemoryState => {
    if (state.tuning.everyMs === null) return state
    enqueue({ type: 'tell', params: { to: self, type: TICK, body: null } })
    return { ...state, ticking: true }
  }
  return {
    call: act((state, event, enqueue) => {
      const { type, body, at } = event as Call
      const method = type.slice(MEMORY.length + 1) as Method
      const child = `call-${state.started}`
      enqueue.spawnChild(effectOf(method), { id: child, input: inputOf(method, body) as unknown as Plain })
      return begun(state, child, { method, at })
    }),
    answer: act((state, event, enqueue) => {
      const { actorId, output = null, error } = event as ChildEvent
      if (!(actorId in state.running)) return state
      enqueue(error ? { type: 'fail', params: { error } } : { type: 'reply', params: { body: output } })
      const next = ended(state, actorId, error ? { error } : { output })
      return next.fresh >= next.tuning.afterEpisodes && !next.ticking ? tick(next, enqueue) : next
    }),
    tune: act((state, event, enqueue) => {
      enqueue({ type: 'reply', params: { body: null } })
      return { ...state, tuning: (event as MessageEvent<MemoryTuning>).body }
    }),
    look: act((state, _, enqueue) => tick(state, enqueue)),
    looked: assign({ ticking: false, fresh: 0 }),
    /** Told while it consolidates: it looks when it is done. */
    later: assign({ late: true }),
    rest: act((state, _, enqueue) => (state.late ? tick({ ...state, late: false }, enqueue) : state)),
    plan: assign({ round: ({ event }) => outputOf<readonly string[]>(event) }),
    queue: act((state, event, enqueue) => {
      const job = jobOf(event as Call)
      if (job && state.asked.length < MOST_ASKED)
        return { ...state, asked: [...state.asked, job], at: job.at }
      enqueue({ type: 'fail', params: { error: toWireError(job ? tooMany() : noNamespace()) } })
      return state
    }),
    take: act((state, _, enqueue) => {
      const next = taken(state)
      if (next.job?.of) enqueue({ type: 'behalf', params: { of: next.job.of } })
      return next
    }),
    fallBack: act((state, event) => {
      const { actorId, error } = event as ChildEvent
      return error ? failed(fellBack(state), actorId, error) : state
    }),
    book: act((state, event) => applied(state, outputOf<Applied>(event))),
    finish: act((state, event, enqueue) => finish(state, event, enqueue)),
  }
}

/** The end of a job: whoever asked for it is told. */
function finish(state: MemoryState, event: unknown, enqueue: Enqueue): MemoryState {
  const { job } = state
  const error = errorOf(event)
  const next = { ...(error ? failed(state, 'consolidate', error) : state), job: null }
  if (!job?.of) return next
  if (error) enqueue({ type: 'fail', params: { error } })
  else enqueue({ type: 'reply', params: { body: job.done ?? NOTHING } })
  // What is left of the schedule's round must not go on with this asker's deadline and budget.
  return next.round.length > 0 ? { ...next, round: [], late: true } : next
}

const NOTHING = { episodes: 0, facts: 0, insights: 0, ended: 0, dropped: 0, by: 'extraction', waiting: 0 }

const effectOf = (method: Method): 'read' | 'write' | 'long' => {
  if ((WRITES as readonly Method[]).includes(method)) return 'write'
  return (LONG as readonly Method[]).includes(method) ? 'long' : 'read'
}

/** What is no namespace and no arguments is refused by the effect, in words. */
const inputOf = (method: Method, body: Call['body']): CallInput => ({
  method,
  namespace: typeof body?.namespace === 'string' ? body.namespace : '',
  args: (Array.isArray(body?.args) ? body.args : []) as readonly Plain[],
})

function jobOf({ body, id, at }: Call): Job | undefined {
  const [options] = Array.isArray(body?.args) ? (body.args as { readonly limit?: unknown }[]) : []
  const limit = options?.limit
  if (typeof body?.namespace !== 'string' || !isLimit(limit)) return undefined
  return { namespace: body.namespace, limit: limit ?? null, of: id, at, done: null }
}

const isLimit = (limit: unknown): limit is number | null | undefined =>
  limit === undefined || limit === null || (Number.isSafeInteger(limit) && Number(limit) > 0)

const tooMany = (): RuntimeError =>
  new RuntimeError('mailbox-full', `${MOST_ASKED} consolidations wait already`, {
    fix: 'wait for them, or let the schedule do it',
  })

const noNamespace = (): RuntimeError =>
  new RuntimeError('input-invalid', 'a consolidation needs a namespace', {
    fix: 'send { namespace, args: [{ limit }] }',
  })
