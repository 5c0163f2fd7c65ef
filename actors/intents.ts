/**
 * What becomes of everything an actor has started: asks and their answers, effects and their attempts, and the
 * conversation with the supervisor about those that fail. Each method either books something that is committed
 * (and does nothing else while the actor is being recovered), or acts on what is booked.
 */
import { chainOf, checkAsk, waitMs } from './ask.ts'
import { heldFor } from './budget.ts'
import { noteExhausted } from './budget-events.ts'
import type { Cause } from './cause.ts'
import type { Envelope } from './envelope.ts'
import { type RuntimeError, toRuntimeError, toWireError } from './errors.ts'
import type { Usage } from './events.ts'
import { cancelled, deadlineOf, stamp } from './in-flight.ts'
import { postponed } from './inbound.ts'
import { classOf, type Intent, interrupted, mayHaveBegun, newIntent, skipped } from './intent.ts'
import type { Act, Commit, Taken } from './journal.ts'
import type { Self } from './ledger.ts'
import type { AskInput } from './machine.ts'
import { answerKey } from './outbox.ts'
import type { Plain } from './plain.ts'
import * as protocol from './protocol.ts'
import { cycle } from './refusals.ts'
import { beforeRepeating, reasonOf } from './strategy.ts'

type Settles = Taken & { readonly kind: 'result' | 'failure' | 'attempt-failed' }

export class Intents {
  readonly #self: Self
  /** Late answers that wait for their commit, by ask. */
  readonly #late = new Map<string, Envelope>()

  constructor(self: Self) {
    this.#self = self
  }

  get #live(): boolean {
    return !this.#self.ledger.replaying
  }

  get #flight() {
    return this.#self.ledger.flight
  }

  /** Books a new intent and begins it. */
  start(act: Act & { act: 'start' }, id: string, cause: Cause | undefined, at: number): void {
    const { spec: self, ledger } = this.#self
    const { child, src, input } = act
    const spec = self.behaviour.effect(src)
    const { taskMs } = self.policy.timeouts
    const deadline = deadlineOf(cause, at, spec ? taskMs : waitMs(input, cause, taskMs))
    const intent = ledger
      .openFlight(this.#self)
      .add(newIntent({ id, child, src, input, cause, spec, startedAt: at, deadline }))
    if (spec) {
      this.#reserve(intent)
      if (this.#live) this.#flight?.attempt(intent)
    } else {
      intent.refused = this.#lend(intent)
      if (this.#live) this.#ask(intent, intent.refused)
    }
  }

  /** Books how an attempt, an effect or an ask ended. */
  settle(taken: Settles, spent: Commit['spent']): void {
    const intent = this.#flight?.get(taken.intent)
    if (!intent) return
    const { host, ledger, address } = this.#self
    const known = spent?.[intent.id] ?? taken.usage
    if (taken.kind === 'failure' && taken.unanswered && !known) this.#keepLent(intent)
    else this.#release(intent, known)
    if (taken.kind === 'failure' && !intent.askedOf && this.#live)
      noteExhausted({ host, address }, taken.error, intent.cause)
    if (taken.kind === 'attempt-failed') {
      intent.phase = 'reported'
      intent.error = taken.error
      const { successes } = ledger
      ledger.successes = 0
      if (this.#live) this.#report(intent, successes)
      return
    }
    this.#flight?.drop(intent)
    if (taken.kind === 'result') ledger.successes++
    if (intent.askedOf && this.#live) host.receipt(intent.askedOf, answerKey(intent.id))
  }

  /** Books that another attempt will be made, and waits for it. */
  retry(taken: Taken & { kind: 'retry' }): void {
    const intent = this.#flight?.get(taken.intent)
    if (!intent) return
    const { attempt, due, remedy, reason, first } = taken
    intent.attempt = attempt
    intent.remedy = remedy as Record<string, Plain> | undefined
    intent.first = first
    intent.phase = 'waiting'
    intent.due = due
    // The time a person took does not count.
    if (intent.why !== undefined)
      intent.deadline = deadlineOf(undefined, due, this.#self.policy.timeouts.taskMs)
    intent.why = undefined
    this.#reserve(intent)
    if (!this.#live) return
    const { host, address } = this.#self
    if (host.events.on) {
      const at = host.clock.now()
      const delayMs = Math.max(0, due - at)
      const retrying = { type: 'effect.retrying', ...stamp(intent, address, at), delayMs, reason } as const
      host.events.emit({ ...retrying, ...(remedy && { remedy }) })
    }
    this.#flight?.attemptAt(intent, due)
  }

  /** Books that a person has to decide. */
  park(taken: Taken & { kind: 'parked' }): void {
    const intent = this.#flight?.get(taken.intent)
    if (!intent) return
    intent.phase = 'parked'
    intent.why = taken.why
    // A person takes the time it takes.
    this.#flight?.halt(intent)
    if (this.#live) this.#noteParked(intent)
  }

  /** Books that the process died: what was under way is interrupted, and no time has passed for the rest. */
  interrupt(at: number, downMs: number): void {
    for (const intent of this.#flight?.all() ?? []) {
      if (intent.deadline !== undefined) intent.deadline += downMs
      if (intent.cause) intent.cause = postponed(intent.cause, downMs)
      if (!intent.spec) continue
      if (!mayHaveBegun(intent, at)) {
        // It is begun after this commit: a process that ends then leaves it under way.
        if (intent.phase === 'unstarted' && intent.refused === undefined) intent.phase = 'running'
        continue
      }
      intent.phase = 'reported'
      intent.interruptions++
      intent.error = toWireError(interrupted(intent))
      // What was held for it stays held: it may have been spent, and nobody can say.
      intent.held = undefined
      intent.usage = undefined
    }
  }

  /** Goes on with every effect that is booked, but for work of causes that are `unwanted`, after a recovery. */
  resume(unwanted: ReadonlySet<string>): void {
    for (const intent of [...(this.#flight?.all() ?? [])]) {
      if (intent.cause && unwanted.has(intent.cause.id)) continue
      if (!intent.spec) continue
      if (intent.phase === 'reported') this.#report(intent)
      else if (intent.phase === 'waiting') this.#flight?.attemptAt(intent, intent.due ?? 0)
      else if (intent.phase === 'parked') this.#noteParked(intent)
      else this.#flight?.attempt(intent)
    }
  }

  /** An answer to one of this actor's own asks. */
  answered(envelope: Envelope): void {
    const { correlation = '' } = envelope
    const { ledger, host, outcome } = this.#self
    const intent = this.#flight?.get(correlation)
    const body = envelope.body as unknown as protocol.Answer | protocol.Refusal
    if (intent?.answered) return
    if (!intent?.askedOf) {
      const { spent: usage } = body
      if (ledger.inbound?.hasLent(correlation)) {
        this.#late.set(correlation, envelope)
        outcome({ kind: 'late', ask: correlation, ...(usage && { usage }) }, undefined)
      } else host.took(envelope)
      return
    }
    intent.answered = true
    intent.usage = body.spent
    const usage = body.spent && { usage: body.spent }
    if ('error' in body)
      outcome({ kind: 'failure', intent: intent.id, error: body.error, ...usage }, intent.cause)
    else outcome({ kind: 'result', intent: intent.id, output: body.value, ...usage }, intent.cause)
  }

  /** What a late answer cost is booked. */
  settledLate(ask: string): void {
    const answer = this.#late.get(ask)
    this.#late.delete(ask)
    if (answer && this.#live) this.#self.host.took(answer)
  }

  /** The supervisor's word about a failed attempt. */
  directed(envelope: Envelope): void {
    const body = envelope.body as unknown as protocol.EffectWord
    const intent = this.#flight?.get(body.intent)
    // A word that came twice, or about an attempt that is over.
    if (intent?.phase !== 'reported' || intent.attempt !== body.after) return
    const { host, outcome, address } = this.#self
    const { id } = intent
    if ('why' in body) {
      outcome({ kind: 'parked', intent: id, attempt: intent.attempt, why: body.why }, intent.cause)
    } else if ('error' in body) {
      const { error } = body
      if (host.events.on) {
        const at = host.clock.now()
        const reason = reasonOf(error.kind)
        host.events.emit({ type: 'effect.gave-up', ...stamp(intent, address, at), reason, error })
      }
      outcome({ kind: 'failure', intent: id, error }, intent.cause)
    } else {
      const { delayMs, reason, first } = body
      const due = host.clock.now() + delayMs
      const attempt = intent.attempt + 1
      const remedy = body.remedy && { remedy: body.remedy as Plain }
      outcome(
        { kind: 'retry', intent: id, attempt, due, reason, ...remedy, ...(first && { first }) },
        intent.cause,
      )
    }
  }

  /** A person's word about a parked effect. False when there is none of that id. */
  decide(id: string, decision: protocol.EffectDecision): boolean {
    const intent = this.#flight?.get(id)
    if (intent?.phase !== 'parked') return false
    const { host, outcome } = this.#self
    // Decided once: until it is committed, nobody else may.
    intent.phase = 'reported'
    if (decision.as === 'done') {
      outcome({ kind: 'result', intent: id, output: decision.output ?? null }, intent.cause)
    } else if (decision.as === 'skip') {
      outcome({ kind: 'failure', intent: id, error: toWireError(skipped(intent)) }, intent.cause)
    } else {
      const due = host.clock.now()
      const attempt = intent.attempt + 1
      const first = intent.spec ? beforeRepeating(classOf(intent.spec)) : {}
      outcome({ kind: 'retry', intent: id, attempt, due, reason: 'interrupted', ...first }, intent.cause)
    }
    return true
  }

  /** Effects without an outcome: those that are parked, or those that are not. */
  open(parked: boolean): readonly Intent[] {
    return [...(this.#flight?.all() ?? [])].filter(
      intent => intent.spec !== undefined && (intent.phase === 'parked') === parked,
    )
  }

  /** The machine left the state that wanted it. */
  stop(child: string, spent: Commit['spent']): void {
    const intent = this.#flight?.ofChild(child)
    if (intent) this.#abandon(intent, cancelled('the machine left the state that wanted it'), spent)
  }

  /** Aborts all work in flight for `cause`; the machine sees each as a failure. */
  abort(cause: Cause): void {
    const error = cancelled('whoever asked for it cancelled')
    for (const intent of [...(this.#flight?.all() ?? [])]) {
      if (intent.cause?.id !== cause.id) continue
      this.#withdraw(intent)
      this.#flight?.halt(intent, error)
      const usage = intent.usage && { usage: intent.usage }
      const unanswered = intent.askedOf && !intent.answered && { unanswered: true as const }
      const failed = { kind: 'failure', intent: intent.id, error: toWireError(error) } as const
      this.#self.outcome({ ...failed, ...usage, ...unanswered }, intent.cause)
    }
  }

  /** Ends all attempts without booking anything. */
  halt(error: RuntimeError): void {
    for (const intent of this.#flight?.all() ?? []) this.#flight?.halt(intent, error)
  }

  /** Books that nothing in flight is wanted any more. */
  abandonAll(error: RuntimeError, spent?: Commit['spent']): void {
    for (const intent of [...(this.#flight?.all() ?? [])]) this.#abandon(intent, error, spent)
  }

  #reserve(intent: Intent): void {
    const { spec, input, remedy, cause } = intent
    intent.refused = undefined
    if (!spec?.reserve) return
    try {
      intent.held = this.#self.ledger.inbound?.reserve(cause, () => spec.reserve?.(input, remedy) ?? {})
    } catch (error) {
      intent.refused = error
      if (intent.phase === 'running') intent.phase = 'unstarted'
    }
  }

  /** Books what an ask may spend. Returns what is wrong with the ask, if anything. */
  #lend(intent: Intent): unknown {
    const { ledger, address } = this.#self
    const { cause } = intent
    try {
      const { to, share = 1, budget } = checkAsk(intent.input as unknown as AskInput)
      const chain = chainOf(cause, address)
      if (chain.includes(to)) throw cycle([...chain, to])
      intent.lease = ledger.inbound ? ledger.inbound.lend(cause, share, budget) : budget
      intent.held = intent.lease && heldFor(intent.lease)
      intent.askedOf = to
      return undefined
    } catch (error) {
      return error
    }
  }

  #ask(intent: Intent, refused: unknown, resent?: true): void {
    const { host, outcome, address } = this.#self
    const { id, askedOf: to, cause, lease, deadline } = intent
    if (!to) {
      outcome({ kind: 'failure', intent: id, error: toWireError(toRuntimeError(refused)) }, cause)
      return
    }
    const { type, body } = intent.input as unknown as AskInput
    this.#flight?.bound(intent, () => this.#withdraw(intent))
    host.send({
      ...protocol.message(id, address, to, type, body as Plain, cause),
      replyTo: address,
      correlation: id,
      chain: chainOf(cause, address),
      ...(deadline !== undefined && { deadline }),
      ...(lease && { budget: lease }),
      ...(resent && { resent }),
    })
  }

  asks(): readonly Intent[] {
    return [...(this.#flight?.all() ?? [])].filter(({ spec }) => !spec)
  }

  /** Sends an ask again, after a recovery. */
  askAgain(intent: Intent): void {
    this.#ask(intent, intent.refused, true)
  }

  /** Asks the supervisor what to do about a failed attempt; without one, the failure is final. */
  #report(intent: Intent, successes = 0): void {
    const { spec: self, host, address, outcome } = this.#self
    const { supervisor, policy } = self
    const { spec, error = toWireError(interrupted(intent)), attempt, interruptions, deadline } = intent
    if (!supervisor || !spec) {
      outcome({ kind: 'failure', intent: intent.id, error }, intent.cause)
      return
    }
    const body: protocol.EffectFailedBody = {
      intent: intent.id,
      name: intent.src,
      class: classOf(spec),
      attempt,
      interruptions,
      reason: reasonOf(error.kind),
      error,
      policy,
      random: host.random(),
      successes,
      ...(deadline !== undefined && { deadline }),
    }
    this.#flight?.bound(intent)
    const id = `${intent.id}.failed.${attempt}`
    const said = body as unknown as Plain
    host.send(protocol.message(id, address, supervisor, protocol.EFFECT_FAILED, said, intent.cause))
  }

  #noteParked(intent: Intent): void {
    const { host, address } = this.#self
    if (!host.events.on) return
    const { input, why = '' } = intent
    host.events.emit({ type: 'effect.parked', ...stamp(intent, address, host.clock.now()), input, why })
  }

  #abandon(intent: Intent, error: RuntimeError, spent: Commit['spent']): void {
    const known = spent?.[intent.id]
    if (this.#live) this.#withdraw(intent)
    // Its answer is here, and nothing will be committed of it.
    if (this.#live && intent.askedOf && intent.answered)
      this.#self.host.receipt(intent.askedOf, answerKey(intent.id))
    if (intent.askedOf && !known) this.#keepLent(intent)
    else this.#release(intent, known)
    this.#flight?.drop(intent, error)
  }

  /** Books what an attempt or an ask cost, and gives back what was held for it. */
  #release(intent: Intent, usage: Usage | undefined): void {
    this.#self.ledger.inbound?.settle(intent.cause, intent.held, usage)
    intent.held = undefined
    intent.usage = undefined
  }

  #keepLent(intent: Intent): void {
    if (intent.held) this.#self.ledger.inbound?.keepLent(intent.cause, intent.id, intent.held)
    intent.held = undefined
    intent.usage = undefined
  }

  /** Tells the actor that was asked that its answer is not wanted any more. */
  #withdraw(intent: Intent): void {
    if (!intent.askedOf || intent.answered) return
    const { host, address } = this.#self
    const { id, askedOf, cause } = intent
    host.send(protocol.message(`${id}.cancel`, address, askedOf, protocol.CANCEL, { correlation: id }, cause))
  }
}
