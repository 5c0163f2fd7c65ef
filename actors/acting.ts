/**
 * The third part of "transition, commit, act": carries out what a commit decided (messages, effects, asks,
 * timers) and knows what the actor is waiting for. Outcomes come back through `outcome` and are committed
 * like everything else. Owned by one cell; it never touches the machine.
 */
import { type Address, parseAddress } from './address.ts'
import type { Amounts } from './budget.ts'
import { noteExhausted } from './budget-events.ts'
import { parseLease } from './budget-lease.ts'
import type { CellHost, CellSpec, Spawn } from './cell-host.ts'
import { checkMessageType, type Envelope, refuseReserved } from './envelope.ts'
import { type RuntimeError, toRuntimeError, toWireError, type WireError } from './errors.ts'
import { NO_USAGE, type Usage } from './events.ts'
import { cancelled, deadlineOf, InFlight, type InFlightOwner, type Intent, stamp } from './in-flight.ts'
import { Inbound } from './inbound.ts'
import type { Act, Cause, Taken } from './journal.ts'
import type { AskInput } from './machine.ts'
import type { Plain } from './plain.ts'
import * as protocol from './protocol.ts'
import { cycle } from './refusals.ts'
import { type EffectPolicy, reasonOf } from './strategy.ts'
import { Timers } from './timers.ts'

type Outcome = (taken: Taken, cause: Cause | undefined) => void
type MachineEvent = { readonly type: string }

export class Acting implements InFlightOwner {
  readonly spec: CellSpec
  readonly host: CellHost
  readonly outcome: Outcome
  /** Tells this life of the actor from an earlier one at the same address, whose late answers are not for it. */
  readonly life: string
  #inbound: Inbound | undefined
  #inFlight: InFlight | undefined
  #timers: Timers | undefined
  #successes = 0

  constructor(spec: CellSpec, host: CellHost, life: string, outcome: Outcome) {
    this.life = life
    this.spec = spec
    this.host = host
    this.outcome = outcome
  }

  get address(): Address {
    return this.spec.address
  }

  get policy(): EffectPolicy {
    return this.spec.policy
  }

  /** A message is taken: from now on an answer is owed, if anyone waits for one. */
  open(cause: Cause): void {
    this.#inbound ??= new Inbound()
    this.#inbound.open(cause)
  }

  reserve(cause: Cause | undefined, wanted: () => Partial<Usage>): Amounts | undefined {
    return this.#inbound?.reserve(cause, wanted)
  }

  /** What the machine sees of an outcome: an event, nothing, or nothing any more. */
  eventOf(taken: Taken): MachineEvent | 'none' | 'stale' {
    switch (taken.kind) {
      case 'timer':
        return this.#timers?.take(taken) ?? 'stale'
      case 'result':
      case 'failure': {
        const actorId = this.#inFlight?.get(taken.intent)?.child
        if (actorId === undefined) return 'stale'
        return taken.kind === 'result'
          ? ({ type: `xstate.done.actor.${actorId}`, output: taken.output, actorId } as MachineEvent)
          : ({ type: `xstate.error.actor.${actorId}`, error: taken.error, actorId } as MachineEvent)
      }
      case 'attempt-failed':
      case 'retry':
        return this.#inFlight?.get(taken.intent) ? 'none' : 'stale'
      default:
        return 'none'
    }
  }

  /** Books what was just committed, before its acts are carried out. */
  book(taken: Taken): void {
    const intent = 'intent' in taken ? this.#inFlight?.get(taken.intent) : undefined
    if (!intent) return
    if (taken.kind === 'retry') {
      this.#retry(intent, taken)
      return
    }
    this.#settle(intent, 'usage' in taken ? taken.usage : undefined)
    if (taken.kind === 'failure' && !intent.askedOf) noteExhausted(this, taken.error, intent.cause)
    if (taken.kind === 'attempt-failed') {
      this.#reportEffect(intent, taken.error)
    } else {
      this.#inFlight?.drop(intent)
      if (taken.kind === 'result') this.#successes++
    }
  }

  /** Carries out the acts of commit `seq`, in order. An act's place in the commit gives what it makes its id. */
  perform(acts: readonly Act[], seq: number, cause: Cause | undefined): void {
    let behalf = cause
    for (let k = 0; k < acts.length; k++) {
      const act = acts[k] as Act
      if (act.act === 'behalf') behalf = this.#inbound?.get(act.of) ?? behalf
      else this.#perform(act, `${this.address}.${this.life}.${seq}.${k}`, behalf)
    }
  }

  #perform(act: Act, id: string, cause: Cause | undefined): void {
    const { host, address } = this
    switch (act.act) {
      case 'tell':
        host.send(this.#tell(id, act.to, act.type, act.body, cause))
        return
      case 'reply':
        this.#answer(id, act.cause ?? cause, spent => ({
          value: act.body,
          ...(spent && { spent }),
        }))
        return
      case 'fail':
        this.refuse(act.cause ?? cause, act.error, id)
        return
      case 'spawn':
        this.#spawn(act, id, cause)
        return
      case 'publish':
        host.publish(address, act.kind, act.body, cause)
        return
      case 'start':
        this.#start(act.child, act.src, act.input, id, cause)
        return
      case 'stop': {
        const intent = this.#inFlight?.ofChild(act.child)
        if (intent) this.#abandon(intent, cancelled('the machine left the state that wanted it'))
        return
      }
      case 'timer':
        this.#arm(act.id ?? id, act, cause)
        return
      case 'cancel':
        this.#timers?.disarm(act.id)
        return
      case 'direct':
        host.direct(address, act)
        return
      case 'signal':
        host.signal(address, act.name, act.body, cause)
    }
  }

  #spawn(act: Spawn, id: string, cause: Cause | undefined): void {
    try {
      this.#inbound?.spawn(cause)
      this.host.spawn(this.spec, act)
    } catch (thrown) {
      const body = { type: act.type, id: act.id, error: toWireError(thrown) }
      this.host.send(this.#tell(id, this.address, 'spawn.failed', body as unknown as Plain, cause))
    }
  }

  /** An answer to one of this actor's own asks. */
  answered(envelope: Envelope): void {
    const { correlation = '' } = envelope
    const intent = this.#inFlight?.get(correlation)
    const body = envelope.body as unknown as protocol.Answer | protocol.Refusal
    if (!intent?.askedOf) {
      this.#inbound?.settleLate(correlation, body.spent)
      return
    }
    intent.askedOf = undefined
    intent.usage = body.spent
    const usage = body.spent && { usage: body.spent }
    if ('error' in body)
      this.outcome({ kind: 'failure', intent: intent.id, error: body.error, ...usage }, intent.cause)
    else this.outcome({ kind: 'result', intent: intent.id, output: body.value, ...usage }, intent.cause)
  }

  /** The supervisor's word about a failed attempt. */
  directed(envelope: Envelope): void {
    const body = envelope.body as unknown as protocol.EffectRetryBody | protocol.EffectGiveUpBody
    const intent = this.#inFlight?.get(body.intent)
    if (!intent) return
    if ('error' in body) {
      if (this.host.events.on) {
        const at = this.host.clock.now()
        const reason = reasonOf(body.error.kind)
        this.host.events.emit({
          type: 'effect.gave-up',
          ...stamp(intent, this.address, at),
          reason,
          error: body.error,
        })
      }
      this.outcome({ kind: 'failure', intent: intent.id, error: body.error }, intent.cause)
      return
    }
    const due = this.host.clock.now() + body.delayMs
    const { attempt, reason } = body
    const remedy = body.remedy && { remedy: body.remedy as Plain }
    this.outcome({ kind: 'retry', intent: intent.id, attempt, due, reason, ...remedy }, intent.cause)
  }

  /** Aborts all work in flight for the ask with this correlation. Returns its cause if it is still owed. */
  cancel(correlation: string): Cause | undefined {
    const cause = this.#inbound?.cancel(correlation)
    if (cause) this.abort(cause)
    return cause
  }

  /** Aborts all work in flight for `cause`; the machine sees each as a failure. */
  abort(cause: Cause): void {
    const error = cancelled('whoever asked for it cancelled')
    for (const intent of [...(this.#inFlight?.all() ?? [])]) {
      if (intent.cause?.id !== cause.id) continue
      this.#withdraw(intent)
      this.#inFlight?.halt(intent, error)
      const usage = intent.usage && { usage: intent.usage }
      this.outcome({ kind: 'failure', intent: intent.id, error: toWireError(error), ...usage }, intent.cause)
    }
  }

  /** Aborts everything in flight and disarms every timer. */
  quiet(error: RuntimeError): void {
    for (const intent of [...(this.#inFlight?.all() ?? [])]) this.#abandon(intent, error)
    this.#timers?.clear()
  }

  /** Answers every ask that still waits with `error`, and forgets the one with message id `except`. */
  refuseAll(error: RuntimeError, except?: string): void {
    for (const cause of this.#inbound?.waiting() ?? []) {
      if (cause.id === except) this.forget(cause)
      else this.refuse(cause, toWireError(error))
    }
  }

  /** Closes the account of an ask that somebody else answers, or that is taken again. */
  forget(cause: Cause): void {
    this.#inbound?.close(cause)
  }

  refuse(cause: Cause | undefined, error: WireError, id = `${this.address}.${this.host.id()}`): void {
    this.#answer(id, cause, spent => ({ error, ...(spent && { spent }) }))
  }

  /** Closes the account of work that nobody waits for, once nothing of it is under way. */
  closeIdle(cause: Cause): void {
    if (!this.#inbound?.isUnwanted(cause)) return
    if (this.#timers?.hasFor(cause)) return
    for (const intent of this.#inFlight?.all() ?? []) if (intent.cause?.id === cause.id) return
    // Nobody waits, but whoever lent the budget can settle it.
    this.refuse(cause, toWireError(cancelled()))
  }

  #answer(
    id: string,
    cause: Cause | undefined,
    body: (spent: Usage | undefined) => protocol.Answer | protocol.Refusal,
  ): void {
    const closed = this.#inbound?.close(cause)
    if (!closed || !cause) return
    const envelope = protocol.answer(
      id,
      this.address,
      cause,
      body(closed.spent === NO_USAGE ? undefined : closed.spent),
    )
    if (envelope) this.host.send(envelope)
  }

  #tell(id: string, to: Address, type: string, body: Plain, cause: Cause | undefined): Envelope {
    return protocol.message(id, this.address, to, type, body, cause)
  }

  #start(child: string, src: string, input: Plain, id: string, cause: Cause | undefined): void {
    this.#inFlight ??= new InFlight(this)
    const spec = this.spec.behaviour.effect(src)
    const startedAt = this.host.clock.now()
    const { taskMs } = this.policy.timeouts
    const deadline = deadlineOf(cause, startedAt, spec ? taskMs : waitMs(input, cause, taskMs))
    const intent = this.#inFlight.add({ id, child, src, input, cause, spec, startedAt, deadline })
    if (spec) this.#inFlight.attempt(intent)
    else this.#ask(intent, input as unknown as AskInput)
  }

  #ask(intent: Intent, input: AskInput): void {
    const { cause } = intent
    try {
      const { to, type, body, share = 1, budget } = checkAsk(input)
      const chain = [...(cause?.chain ?? []), this.address]
      if (chain.includes(to)) throw cycle([...chain, to])
      const lease = this.#inbound ? this.#inbound.lend(cause, share, budget) : budget
      this.#inFlight?.expect(intent, to, lease, () => this.#withdraw(intent))
      this.host.send({
        ...this.#tell(intent.id, to, type, body as Plain, cause),
        replyTo: this.address,
        correlation: intent.id,
        chain,
        ...(intent.deadline !== undefined && { deadline: intent.deadline }),
        ...(lease && { budget: lease }),
      })
    } catch (error) {
      this.outcome({ kind: 'failure', intent: intent.id, error: toWireError(toRuntimeError(error)) }, cause)
    }
  }

  #retry(intent: Intent, taken: Taken & { kind: 'retry' }): void {
    const { events, clock } = this.host
    const { attempt, due, remedy, reason } = taken
    intent.attempt = attempt
    intent.remedy = remedy as Record<string, Plain> | undefined
    if (events.on) {
      const at = clock.now()
      const delayMs = Math.max(0, due - at)
      events.emit({
        type: 'effect.retrying',
        ...stamp(intent, this.address, at),
        delayMs,
        reason,
        ...(remedy && { remedy }),
      })
    }
    this.#inFlight?.attemptAt(intent, due)
  }

  /** Asks the supervisor what to do about a failed attempt; without one, the failure is final. */
  #reportEffect(intent: Intent, error: WireError): void {
    const { supervisor } = this.spec
    if (!supervisor || !intent.spec) {
      this.outcome({ kind: 'failure', intent: intent.id, error }, intent.cause)
      return
    }
    const body: protocol.EffectFailedBody = {
      intent: intent.id,
      name: intent.src,
      class: intent.spec.class,
      attempt: intent.attempt,
      reason: reasonOf(error.kind),
      error,
      policy: this.policy,
      random: this.host.random(),
      successes: this.#successes,
      ...(intent.deadline !== undefined && { deadline: intent.deadline }),
    }
    this.#successes = 0
    this.#inFlight?.bound(intent)
    const id = `${intent.id}.failed.${intent.attempt}`
    this.host.send(this.#tell(id, supervisor, protocol.EFFECT_FAILED, body as unknown as Plain, intent.cause))
  }

  #abandon(intent: Intent, error: RuntimeError): void {
    this.#withdraw(intent)
    this.#settle(intent)
    this.#inFlight?.drop(intent, error)
  }

  /** Books what an attempt or an ask cost. */
  #settle(intent: Intent, usage: Usage | undefined = intent.usage): void {
    const { cause, held } = intent
    if (intent.askedOf && held) this.#inbound?.keepLent(cause, intent.id, held)
    else this.#inbound?.settle(cause, held, usage)
    intent.held = undefined
    intent.usage = undefined
  }

  /** Tells the actor that was asked that its answer is not wanted any more. */
  #withdraw(intent: Intent): void {
    if (!intent.askedOf) return
    const body = { correlation: intent.id }
    this.host.send(this.#tell(`${intent.id}.cancel`, intent.askedOf, protocol.CANCEL, body, intent.cause))
  }

  #arm(id: string, { due, event }: Act & { act: 'timer' }, cause: Cause | undefined): void {
    this.#timers ??= new Timers(this.host.clock)
    this.#timers.arm({ kind: 'timer', id, event, ...(cause && { cause }) }, due, fired =>
      this.outcome(fired, cause),
    )
  }
}

/** Nobody waits for ever: an ask without a time limit of anyone's gets that of a task. */
function waitMs(input: Plain, cause: Cause | undefined, taskMs: number): number | undefined {
  const given = (input as unknown as AskInput | null)?.timeoutMs
  if (typeof given === 'number') return given
  return cause?.deadline === undefined ? taskMs : undefined
}

/** Throws what is wrong with an ask before anything of it is sent. */
function checkAsk(input: AskInput): AskInput {
  parseAddress(input?.to)
  refuseReserved(checkMessageType(input.type))
  if (input.budget !== undefined) parseLease(input.budget)
  return input
}
