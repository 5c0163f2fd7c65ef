/**
 * The attempts of an actor's effects, and the limits of its waiting. It runs them once their intent is
 * committed, bounds them in time, and hands what comes of them back as something to commit. What an intent
 * becomes next is decided in `intents.ts`.
 */
import type { Address } from './address.ts'
import type { Cause } from './cause.ts'
import type { CellHost } from './cell-host.ts'
import type { Clock } from './clock.ts'
import type { EffectContext } from './effect.ts'
import { RuntimeError, toRuntimeError, toWireError } from './errors.ts'
import { addUsage } from './events.ts'
import type { Intent } from './intent.ts'
import { STOP_SIGNALS, type Taken } from './journal.ts'
import { type Plain, toPlain } from './plain.ts'
import { type EffectPolicy, reasonOf } from './strategy.ts'

export interface InFlightOwner {
  readonly address: Address
  readonly host: CellHost
  readonly policy: EffectPolicy
  /** Queues an outcome for commit. */
  outcome(taken: Taken, cause: Cause | undefined): void
}

/** Absolute ms after which an intent of `cause` is of no use, given how long it may take by itself. */
export function deadlineOf(
  cause: Cause | undefined,
  now: number,
  ms: number | undefined,
): number | undefined {
  const own = ms === undefined ? undefined : now + ms
  if (own === undefined) return cause?.deadline
  return cause?.deadline === undefined ? own : Math.min(own, cause.deadline)
}

export class InFlight {
  readonly #owner: InFlightOwner
  readonly #byId = new Map<string, Intent>()
  readonly #byChild = new Map<string, Intent>()

  constructor(owner: InFlightOwner) {
    this.#owner = owner
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Intent | undefined {
    return this.#byId.get(id)
  }

  ofChild(child: string): Intent | undefined {
    return this.#byChild.get(child)
  }

  all(): IterableIterator<Intent> {
    return this.#byId.values()
  }

  add(intent: Intent): Intent {
    this.#byId.set(intent.id, intent)
    this.#byChild.set(intent.child, intent)
    return intent
  }

  /** Forgets an intent and makes sure that nothing of it comes back. */
  drop(intent: Intent, reason?: RuntimeError): void {
    this.#byId.delete(intent.id)
    if (this.#byChild.get(intent.child) === intent) this.#byChild.delete(intent.child)
    this.halt(intent, reason)
  }

  /** Ends the attempt that runs now, without forgetting the intent. */
  halt(intent: Intent, reason?: RuntimeError): void {
    intent.turn++
    intent.timer?.()
    intent.timer = undefined
    const { abort } = intent
    intent.abort = undefined
    abort?.(reason ?? cancelled())
  }

  /** Waits until `due`, then runs the next attempt. */
  attemptAt(intent: Intent, due: number): void {
    const turn = ++intent.turn
    intent.timer?.()
    intent.timer = this.#owner.host.clock.at(due, () => {
      if (intent.turn === turn) this.attempt(intent)
    })
  }

  /** Runs one attempt of an effect, once its intent is stored. Never throws: what goes wrong is an outcome. */
  attempt(intent: Intent): void {
    const turn = ++intent.turn
    this.#owner.host.whenStored(() => {
      if (intent.turn !== turn) return
      if (this.#owner.host.isQuiescing) intent.phase = 'unstarted'
      else this.#attempt(intent, turn)
    })
  }

  #attempt(intent: Intent, turn: number): void {
    const { host, address } = this.#owner
    const began = host.clock.now()
    try {
      if (intent.deadline !== undefined && began >= intent.deadline) throw tooLate(intent)
      if (intent.refused !== undefined) throw intent.refused
      intent.phase = 'running'
      if (host.events.on) host.events.emit({ type: 'effect.started', ...stamp(intent, address, began) })
      const limits = this.#limits(intent, began)
      const result = run(intent, this.#context(intent, turn, limits), host.clock)
      if (!isPromise(result)) {
        this.#succeed(intent, turn, began, result)
        return
      }
      this.#watch(intent, turn, began, limits)
      result.then(
        output => this.#succeed(intent, turn, began, output),
        error => this.#fail(intent, turn, began, error),
      )
    } catch (error) {
      this.#fail(intent, turn, began, error)
    }
  }

  /** Bounds the wait for somebody's word about an intent by its deadline. */
  bound(intent: Intent, expired?: () => void): void {
    if (intent.deadline === undefined) return
    const turn = ++intent.turn
    intent.timer?.()
    intent.timer = this.#owner.host.clock.at(intent.deadline, () => {
      if (intent.turn !== turn) return
      expired?.()
      const unanswered = intent.askedOf && { unanswered: true as const }
      this.#owner.outcome(
        { kind: 'failure', intent: intent.id, error: toWireError(tooLate(intent)), ...unanswered },
        intent.cause,
      )
    })
  }

  #limits(intent: Intent, began: number): Limits {
    const { attemptMs, progressMs } = this.#owner.policy.timeouts
    const own = began + Math.min(attemptMs, intent.spec?.timeoutMs ?? Number.POSITIVE_INFINITY)
    return { until: Math.min(own, intent.deadline ?? Number.POSITIVE_INFINITY), progressMs, seen: began }
  }

  #context(intent: Intent, turn: number, limits: Limits): EffectContext {
    const { host, address } = this.#owner
    const signal = this.#signal(intent)
    return {
      actor: address,
      get signal() {
        return signal()
      },
      key: intent.id,
      attempt: intent.attempt,
      ...(Number.isFinite(limits.until) && { deadline: limits.until }),
      ...(intent.remedy && { remedy: intent.remedy }),
      ...(intent.cause?.run !== undefined && { run: intent.cause.run }),
      progress: note => {
        if (intent.turn !== turn) return
        limits.seen = host.clock.now()
        if (host.events.on) {
          host.events.emit({ type: 'effect.progress', ...stamp(intent, address, limits.seen), note })
        }
      },
      spent: usage => {
        if (intent.turn === turn) intent.usage = intent.usage ? addUsage(intent.usage, usage) : usage
      },
    }
  }

  /** The signal of an attempt, made when asked for: most effects never look, and it costs more than a small one. */
  #signal(intent: Intent): () => AbortSignal {
    let controller: AbortController | undefined
    let why: RuntimeError | undefined
    intent.abort = reason => {
      why = reason
      controller?.abort(reason)
    }
    return () => {
      controller ??= new AbortController()
      // Asked for after the end, it tells the same as one that was there before.
      if (why) controller.abort(why)
      return controller.signal
    }
  }

  /** One timer per attempt: it wakes at the earlier of the hard limit and the no-progress limit. */
  #watch(intent: Intent, turn: number, began: number, limits: Limits): void {
    const { clock } = this.#owner.host
    const due = Math.min(limits.until, limits.seen + limits.progressMs)
    if (!Number.isFinite(due)) return
    intent.timer = clock.at(due, () => {
      if (intent.turn !== turn) return
      const now = clock.now()
      if (now >= limits.until)
        return this.#fail(intent, turn, began, timedOut(intent, now - began, limits.until))
      if (now >= limits.seen + limits.progressMs)
        return this.#fail(intent, turn, began, stalled(intent, limits))
      this.#watch(intent, turn, began, limits)
    })
  }

  #succeed(intent: Intent, turn: number, began: number, output: unknown): void {
    if (intent.turn !== turn) return
    let plain: Plain
    try {
      plain = toPlain(output ?? null, `result of ${intent.src}`)
    } catch (error) {
      this.#fail(intent, turn, began, error)
      return
    }
    const { host, address } = this.#owner
    intent.turn++
    intent.timer?.()
    intent.timer = undefined
    // It is over: dropping the intent must not abort what has succeeded.
    intent.abort = undefined
    const { usage } = intent
    if (host.events.on) {
      const now = host.clock.now()
      const durationMs = now - began
      host.events.emit({
        type: 'effect.succeeded',
        ...stamp(intent, address, now),
        durationMs,
        ...(usage && { usage }),
      })
    }
    this.#owner.outcome(
      { kind: 'result', intent: intent.id, output: plain, ...(usage && { usage }) },
      intent.cause,
    )
  }

  #fail(intent: Intent, turn: number, began: number, thrown: unknown): void {
    if (intent.turn !== turn) return
    const { host, address } = this.#owner
    const error = toRuntimeError(thrown)
    const { usage } = intent
    this.halt(intent, error)
    if (host.events.on) {
      const now = host.clock.now()
      const reason = reasonOf(error.kind)
      const wire = toWireError(error)
      host.events.emit({
        type: 'effect.failed',
        ...stamp(intent, address, now),
        durationMs: now - began,
        reason,
        error: wire,
        ...(usage && { usage }),
      })
    }
    const final = STOP_SIGNALS.has(error.kind) || error.kind === 'budget-exhausted'
    const failed = { intent: intent.id, error: toWireError(error), ...(usage && { usage }) }
    const taken: Taken = final
      ? { kind: 'failure', ...failed }
      : { kind: 'attempt-failed', attempt: intent.attempt, ...failed }
    this.#owner.outcome(taken, intent.cause)
  }
}

/** One call; after an attempt of unknown outcome, whatever its class wants done before it. */
function run(intent: Intent, context: EffectContext, clock: Clock): unknown {
  const { spec, input, first } = intent
  if (first === undefined) return spec?.run(input, context)
  return first === 'check' ? checked(intent, context, clock) : undone(intent, context, clock)
}

async function checked(intent: Intent, context: EffectContext, clock: Clock): Promise<unknown> {
  const { spec, input, id } = intent
  const found = await spec?.check?.(id, input)
  if (found?.done) return found.output
  stillWanted(intent, context, clock)
  return spec?.run(input, context)
}

async function undone(intent: Intent, context: EffectContext, clock: Clock): Promise<unknown> {
  const { spec, input, id } = intent
  await spec?.undo?.(id, input)
  stillWanted(intent, context, clock)
  return spec?.run(input, context)
}

/** Finding out took its time. */
function stillWanted(intent: Intent, { signal, deadline }: EffectContext, clock: Clock): void {
  signal.throwIfAborted()
  const now = clock.now()
  if (deadline !== undefined && now >= deadline) throw timedOut(intent, now - intent.startedAt, deadline)
}

interface Limits {
  readonly until: number
  readonly progressMs: number
  /** When progress was last seen. */
  seen: number
}

export const stamp = (intent: Intent, actor: Address, at: number) => ({
  at,
  actor,
  effect: intent.id,
  name: intent.src,
  attempt: intent.attempt,
  ...(intent.cause?.run !== undefined && { run: intent.cause.run }),
})

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

export const cancelled = (why?: string): RuntimeError =>
  new RuntimeError('cancelled', 'the work was cancelled', why === undefined ? {} : { why })

const tooLate = (intent: Intent): RuntimeError =>
  new RuntimeError('deadline-exceeded', `"${intent.src}" did not finish before its deadline`, {
    why: `it was started ${new Date(intent.startedAt).toISOString()} and had until ${new Date(intent.deadline ?? 0).toISOString()}`,
    fix: 'allow more time, or ask for less',
    details: { effect: intent.src, attempt: intent.attempt },
  })

function timedOut(intent: Intent, elapsedMs: number, until: number): RuntimeError {
  if (intent.deadline !== undefined && until >= intent.deadline) return tooLate(intent)
  return new RuntimeError(
    'attempt-timeout',
    `attempt ${intent.attempt} of "${intent.src}" took longer than ${elapsedMs} ms`,
    {
      details: { effect: intent.src, attempt: intent.attempt, elapsedMs },
    },
  )
}

const stalled = (intent: Intent, limits: Limits): RuntimeError =>
  new RuntimeError(
    'stalled',
    `attempt ${intent.attempt} of "${intent.src}" showed no progress for ${limits.progressMs} ms`,
    {
      details: { effect: intent.src, attempt: intent.attempt, progressMs: limits.progressMs },
    },
  )
