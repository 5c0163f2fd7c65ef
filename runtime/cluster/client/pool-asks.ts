/**
 * Asks of pools: one node takes the ask and says so, and is visited until it has the answer. When it is gone, another
 * one is asked, for pools are for work that may be repeated. Used by `asks.ts`; the other side is `pools.ts`.
 */
import type { Address } from '../../../actors/address.ts'
import type { Clock } from '../../../actors/clock.ts'
import { fromWireError, RuntimeError, toRuntimeError, type WireError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { poolSubject } from '../../../actors/subject.ts'
import { deskSubject, POOL_VISIT_MS } from '../pools.ts'
import { isPassing, type Requests } from '../requests.ts'

export interface PoolAskOptions {
  readonly requests: Requests
  readonly namespace: string
  readonly clock: Clock
  /** How long another node is looked for when the one that had the ask is gone, ms. */
  readonly patienceMs: number
  readonly to: Address
  /** Of the pool. */
  readonly pool: string
  readonly type: string
  readonly body: Plain
  readonly key: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Whether another node may do it again. */
  readonly repeat: boolean
}

/** A node says within that time that it has an ask, or it hangs, ms. */
const TAKE_MS = 3_000
/** A visit is answered within that time, ms. */
const VISIT_MS = POOL_VISIT_MS + 500
/** No answer for so long, and nobody at the desk: its process is gone. One that lost its connection is back by then, ms. */
const ABSENT_MS = 1_500
/** Somebody there who says nothing for so long, as for members: it hangs, or is cut off, ms. */
const SILENT_MS = 6_000
const PAUSE_MS = 100
const WITHDRAW_MS = 1_000
/** Work at which so many nodes ended is not given to the next. */
const MOST_NODES = 3

interface Taken {
  readonly desk: string
  readonly node: string
}

interface Answer {
  readonly value?: Plain
  readonly error?: WireError
}

/** What a pool answered: the outcome, that a node has the ask, or that it has no outcome (yet). */
type Said = Answer & Partial<Taken> & { readonly pending?: true; readonly unknown?: true }

/**
 * Throws what the node answers, `no-responders` when no node serves the type, `actor-stopped` when the node is gone and
 * the work is not to be repeated, `deadline-exceeded`, and the reason of `signal`.
 */
export async function askPool(options: PoolAskOptions): Promise<unknown> {
  const { clock, timeoutMs, repeat, requests, namespace, pool, key } = options
  const deadline = clock.now() + timeoutMs
  const nodes: string[] = []
  let taken: Taken | undefined
  try {
    for (;;) {
      const said = await take(options, deadline, nodes)
      taken = 'desk' in said ? said : undefined
      const answer = 'desk' in said ? await comeFor(options, deadline, said) : said
      if (answer && !hasStopped(answer)) return outcomeOf(answer)
      nodes.push(taken?.node ?? '?')
      taken = undefined
      if (!repeat || nodes.length >= MOST_NODES) throw isGone(options, nodes)
    }
  } catch (error) {
    const desk = taken && deskSubject(namespace, pool, taken.desk)
    // The work would be done, and paid, for nothing.
    if (desk !== undefined) requests.ask(desk, { key, withdraw: true }, WITHDRAW_MS).catch(() => {})
    throw error
  }
}

function outcomeOf({ error, value = null }: Answer): Plain {
  if (error) throw fromWireError(error)
  return value
}

/** The node ends, and whatever it answers is no answer. */
const hasStopped = ({ error }: Answer): boolean => error?.kind === 'runtime-stopped'

/** Gives the ask to some node. `gone`: those that had it before. */
async function take(
  options: PoolAskOptions,
  deadline: number,
  gone: readonly string[],
): Promise<Taken | Answer> {
  const { requests, namespace, clock, pool, type, body, key, signal, repeat, patienceMs } = options
  const began = clock.now()
  for (let first = gone.length === 0; ; first = false) {
    const request = { type, body, key, deadline }
    try {
      const said = await visit(options, deadline, TAKE_MS, ms =>
        requests.ask(poolSubject(namespace, pool), request, ms, signal),
      )
      if (said.desk !== undefined && said.node !== undefined) return { desk: said.desk, node: said.node }
      return said
    } catch (thrown) {
      const error = toRuntimeError(thrown, 'internal')
      const isFull = error.kind === 'mailbox-full'
      if (!(isPassing(error) || isFull)) throw error
      if (first && (isFull || error.kind === 'no-responders')) throw error
      if (!repeat && mayHaveBegun(error)) throw isGone(options, ['?'], error)
      if (clock.now() - began >= patienceMs) throw gone.length > 0 ? noOther(options, gone, error) : error
    }
    await pause(clock, signal)
  }
}

/** Comes until there is an answer. Undefined when the node is gone. */
async function comeFor(
  options: PoolAskOptions,
  deadline: number,
  { desk }: Taken,
): Promise<Answer | undefined> {
  const { requests, namespace, clock, pool, key, signal } = options
  const at = deskSubject(namespace, pool, desk)
  let since: number | undefined
  for (;;) {
    const began = clock.now()
    try {
      const said = await visit(options, deadline, VISIT_MS, ms => requests.ask(at, { key }, ms, signal))
      if (said.unknown) return undefined
      if (!said.pending) return said
      since = undefined
    } catch (thrown) {
      const { kind } = toRuntimeError(thrown, 'internal')
      // While this side is cut off it can tell nothing of the other.
      if (kind === 'broker-unavailable') since = undefined
      else if (kind !== 'no-responders' && kind !== 'request-timeout') throw thrown
      else {
        since ??= began
        if (clock.now() - since >= (kind === 'no-responders' ? ABSENT_MS : SILENT_MS)) return undefined
      }
      await pause(clock, signal)
    }
  }
}

/** One request that ends with the deadline. */
async function visit(
  options: PoolAskOptions,
  deadline: number,
  ms: number,
  ask: (timeoutMs: number) => Promise<Plain>,
): Promise<Said> {
  const left = deadline - options.clock.now()
  if (left <= 0) throw tooLate(options)
  return Object(await ask(Math.min(ms, left))) as Said
}

const pause = async (clock: Clock, signal: AbortSignal | undefined): Promise<void> => {
  await new Promise<void>(resolve => void clock.at(clock.now() + PAUSE_MS, resolve))
  if (signal?.aborted) throw toRuntimeError(signal.reason, 'cancelled')
}

/** False when certainly no node got the ask. */
const mayHaveBegun = ({ kind, details }: RuntimeError): boolean =>
  kind !== 'no-responders' && kind !== 'mailbox-full' && details?.['sent'] !== false

const tooLate = ({ to, timeoutMs }: PoolAskOptions): RuntimeError =>
  new RuntimeError('deadline-exceeded', `${to} did not answer within ${timeoutMs} ms`)

function isGone({ to, repeat }: PoolAskOptions, nodes: readonly string[], cause?: unknown): RuntimeError {
  const named = nodes.filter(node => node !== '?').map(node => `"${node}"`)
  const who = named.length === 0 ? 'a node' : `${named.length === 1 ? 'node' : 'nodes'} ${named.join(', ')}`
  return new RuntimeError('actor-stopped', `${who} took what was asked of ${to}, and is gone`, {
    why: repeat
      ? `${nodes.length} nodes have ended while they worked on it, and may have ended because of it`
      : 'the work may have been done, and it was asked not to be repeated',
    fix: repeat
      ? 'see what these nodes said last, and what is special about this ask'
      : 'find out whether it was done, or allow it to be repeated',
    details: { nodes },
    ...(cause !== undefined && { cause }),
  })
}

const noOther = (
  { to, patienceMs }: PoolAskOptions,
  gone: readonly string[],
  cause: RuntimeError,
): RuntimeError =>
  new RuntimeError(
    cause.kind,
    `the node "${gone.at(-1)}" that worked for ${to} is gone, and no other took over`,
    {
      why:
        cause.kind === 'mailbox-full'
          ? `for ${patienceMs} ms all others had enough to do`
          : `for ${patienceMs} ms no node served this type`,
      fix: 'start more nodes that serve this type, and ask again',
      cause,
    },
  )
