/**
 * A pool: the nodes that serve a type share what is asked of `pool.<type>`, each ask going to one of them. Nothing is
 * kept, so whoever asks and hears nothing may ask again. What carries the work out is handed in.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { poolSubject } from '../../actors/subject.ts'
import { textOf } from './actor-operations.ts'
import type { Requests } from './requests.ts'

export interface PoolAsk {
  readonly type: string
  readonly body: Plain
  /** Absolute ms after which nobody wants the answer. */
  readonly deadline: number
}

export interface PoolOptions {
  readonly requests: Requests
  readonly namespace: string
  readonly clock: Clock
  /** The type of its agents. */
  readonly type: string
  /** Asks worked on at a time; one more is refused at once with `mailbox-full`. */
  readonly atOnce: number
  readonly answer: (ask: PoolAsk) => Promise<Plain>
}

export interface Pool {
  /** Asks that are worked on. */
  readonly busy: number
  /** Takes no more, and resolves when what is worked on is answered, or after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** The queue group of all pools: one member gets each message. */
const QUEUE = 'pool'

/** Answers with what `answer` gives or throws. Throws `subject-invalid` for a type that is no token. */
export function servePool(options: PoolOptions): Pool {
  const { requests, namespace, clock, type, atOnce, answer } = options
  const underWay = new Set<Promise<Plain>>()
  const serve = async (given: Plain): Promise<Plain> => {
    const ask = readAsk(given)
    if (ask.deadline <= clock.now()) throw tooLate(type)
    if (underWay.size >= atOnce) throw full(type, atOnce)
    const work = answer(ask)
    underWay.add(work)
    try {
      return await work
    } finally {
      underWay.delete(work)
    }
  }
  const asked = requests.serve(poolSubject(namespace, type), serve, { queue: QUEUE })
  return {
    get busy() {
      return underWay.size
    },
    async close(graceMs) {
      let cancel = (): void => {}
      const late = new Promise<void>(resolve => {
        cancel = clock.at(clock.now() + graceMs, resolve)
      })
      // What was sent to this node before the broker knew is nobody else's to answer.
      const answered = asked.drain().then(() => Promise.allSettled(underWay))
      await Promise.race([answered, late])
      cancel()
    },
  }
}

function readAsk(given: Plain): PoolAsk {
  const { body = null, deadline } = Object(given) as { readonly [key: string]: Plain }
  if (typeof deadline === 'number') return { type: textOf(given, 'type'), body, deadline }
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
