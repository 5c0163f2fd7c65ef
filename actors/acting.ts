/**
 * The third part of "transition, commit, act": books what a commit says in the ledger and carries out what it
 * decided (messages, effects, asks, timers). Outcomes come back through `outcome` and are committed like
 * everything else. While the actor is recovered the same commits are booked and nothing is carried out; then
 * `resume` goes on with what is left. Owned by one cell; it never touches the machine.
 */
import type { Address } from './address.ts'
import { type Snapshot, stateText } from './behaviour.ts'
import type { Cause } from './cause.ts'
import type { CellHost, CellSpec } from './cell-host.ts'
import type { Envelope } from './envelope.ts'
import { fromWireError, RuntimeError, toWireError, type WireError } from './errors.ts'
import { NO_USAGE } from './events.ts'
import { cancelled } from './in-flight.ts'
import { classOf, spentOn } from './intent.ts'
import { Intents } from './intents.ts'
import type { Act, Commit, Taken } from './journal.ts'
import { Ledger, type Self } from './ledger.ts'
import { bySending, placeOf, senderOf } from './marks.ts'
import { answerKey, isKeyed } from './outbox.ts'
import type { Plain } from './plain.ts'
import * as protocol from './protocol.ts'
import { unhandled } from './refusals.ts'
import type { EffectPolicy } from './strategy.ts'

type Outcome = (taken: Taken, cause: Cause | undefined) => void
type MachineEvent = { readonly type: string }

interface Again {
  readonly id: string
  readonly send: () => void
}

export class Acting implements Self {
  readonly spec: CellSpec
  readonly host: CellHost
  readonly outcome: Outcome
  readonly ledger: Ledger
  readonly intents: Intents

  constructor(spec: CellSpec, host: CellHost, life: string, outcome: Outcome) {
    this.spec = spec
    this.host = host
    this.outcome = outcome
    this.ledger = new Ledger(life)
    this.intents = new Intents(this)
  }

  get address(): Address {
    return this.spec.address
  }

  get policy(): EffectPolicy {
    return this.spec.policy
  }

  /** A message is taken: from now on an answer is owed, if anyone waits for one. */
  open(cause: Cause): void {
    if (cause.replyTo === undefined && cause.budget === undefined) return
    this.ledger.openInbound().open(cause)
  }

  /** What the machine sees of an outcome: an event, nothing, or nothing any more. */
  eventOf(taken: Taken): MachineEvent | 'none' | 'stale' {
    switch (taken.kind) {
      case 'timer': {
        const { timers, replaying } = this.ledger
        return replaying ? taken.event : (timers?.take(taken) ?? 'stale')
      }
      case 'result':
      case 'failure': {
        const actorId = this.ledger.flight?.get(taken.intent)?.child
        if (actorId === undefined) return 'stale'
        return taken.kind === 'result'
          ? ({ type: `xstate.done.actor.${actorId}`, output: taken.output, actorId } as MachineEvent)
          : ({ type: `xstate.error.actor.${actorId}`, error: taken.error, actorId } as MachineEvent)
      }
      case 'attempt-failed':
      case 'retry':
      case 'parked':
        return this.ledger.flight?.get(taken.intent) ? 'none' : 'stale'
      default:
        return 'none'
    }
  }

  /** Whether a crash of the machine must not undo a commit: an effect's outcome is in it, or one is about to start. */
  needsSync(taken: Taken, acts: readonly Act[]): boolean {
    if ('intent' in taken && this.ledger.flight?.get(taken.intent)?.spec) return true
    return acts.some(act => {
      const spec = act.act === 'start' ? this.spec.behaviour.effect(act.src) : undefined
      return spec !== undefined && classOf(spec) !== 'pure'
    })
  }

  /** What is known to be spent on what this commit ends. */
  spentBy(taken: Taken, acts: readonly Act[]): Commit['spent'] {
    const { flight } = this.ledger
    if (!flight || flight.size === 0) return undefined
    // Its answer may have come after it was given up, and before that is committed.
    if (taken.kind === 'failure' && taken.unanswered)
      return spentOn([flight.get(taken.intent)].filter(intent => intent?.answered))
    if (taken.kind === 'restart') return spentOn(flight.all())
    if (!acts.some(({ act }) => act === 'stop')) return undefined
    return spentOn(acts.map(act => (act.act === 'stop' ? flight.ofChild(act.child) : undefined)))
  }

  /** Books what was just committed, before its acts are carried out. */
  book({ taken, seq, at, spent }: Commit): void {
    const { ledger, intents } = this
    switch (taken.kind) {
      case 'init':
        ledger.life = taken.life
        return
      case 'message':
        this.#note(taken.cause)
        return
      case 'timer':
        if (ledger.replaying) ledger.timers?.disarm(taken.id)
        return
      case 'result':
      case 'failure':
      case 'attempt-failed':
        intents.settle(taken, spent)
        return
      case 'retry':
        intents.retry(taken)
        return
      case 'parked':
        intents.park(taken)
        return
      case 'late':
        ledger.inbound?.settleLate(taken.ask, taken.usage)
        intents.settledLate(taken.ask)
        return
      case 'spawned':
        ledger.spawning?.delete(taken.child)
        return
      case 'restart':
        ledger.restarts = taken.restarts
        // Its sender, who cannot know, may send it again.
        if (taken.givenUp && taken.except) this.#note({ id: taken.except, from: senderOf(taken.except) })
        this.#endAll(fromWireError(taken.error), seq, spent, taken.except)
        return
      case 'recovered':
      case 'migrated':
        ledger.inbound?.postpone(taken.downMs ?? 0)
        intents.interrupt(at, taken.downMs ?? 0)
    }
  }

  /** Carries out the acts of a commit, in order. An act's place in the commit gives what it makes its id. */
  perform({ acts, seq, at, spent }: Commit, cause: Cause | undefined): void {
    let behalf = cause
    for (let k = 0; k < acts.length; k++) {
      const act = acts[k] as Act
      if (act.act === 'behalf') behalf = this.ledger.inbound?.get(act.of) ?? behalf
      else if (act.act === 'start') this.intents.start(act, this.idOf(seq, k), behalf, at)
      else if (act.act === 'stop') this.intents.stop(act.child, spent)
      else this.#perform(act, this.idOf(seq, k), behalf)
    }
  }

  idOf(seq: number, k: number | string): string {
    return `${this.address}.${this.ledger.life}.${seq}.${k}`
  }

  #perform(act: Exclude<Act, { act: 'start' | 'stop' }>, id: string, cause: Cause | undefined): void {
    const { host, address, ledger } = this
    switch (act.act) {
      case 'tell':
        this.#send(protocol.message(id, address, act.to, act.type, act.body, cause), !act.control && id)
        return
      case 'reply':
        this.#answer(id, act.cause ?? cause, { value: act.body })
        return
      case 'fail':
        this.refuse(act.cause ?? cause, act.error, id)
        return
      case 'spawn':
        this.#spawn(act, id, cause)
        return
      case 'timer': {
        const timer = { kind: 'timer', id: act.id ?? id, event: act.event, ...(cause && { cause }) } as const
        ledger.openTimers().set(timer, act.due)
        if (!ledger.replaying)
          ledger.timers?.arm(timer.id, host.clock, fired => this.outcome(fired, fired.cause))
        return
      }
      case 'cancel':
        ledger.timers?.disarm(act.id)
        return
      default:
        if (!ledger.replaying) this.#show(act, cause)
    }
  }

  /** What nobody needs to be told again after a crash. */
  #show(act: Act, cause: Cause | undefined): void {
    const { host, address } = this
    if (act.act === 'publish') host.publish(address, act.kind, act.body, cause)
    else if (act.act === 'direct') host.direct(address, act)
    else if (act.act === 'signal') host.signal(address, act.name, act.body, cause)
  }

  #spawn(act: Act & { act: 'spawn' }, id: string, cause: Cause | undefined): void {
    const { host, ledger } = this
    const child = `${act.type}/${act.id}` as Address
    const input = act.input !== undefined && { input: act.input }
    const wanted = { child, id, type: act.type, ...input, ...(cause && { cause }) }
    try {
      ledger.inbound?.spawn(cause)
      if (host.journal.durable) ledger.openSpawning().set(child, wanted)
      if (!ledger.replaying) host.spawn(this.spec, wanted)
    } catch (thrown) {
      const body = { type: act.type, id: act.id, error: toWireError(thrown) } as unknown as Plain
      this.#send(protocol.message(id, this.address, this.address, 'spawn.failed', body, cause), false)
    }
  }

  /** Goes on with everything that is booked. */
  resume(): void {
    const { host, ledger } = this
    for (const wanted of ledger.spawning?.values() ?? []) host.spawn(this.spec, wanted, true)
    ledger.timers?.armAll(host.clock, fired => this.outcome(fired, fired.cause))
    const cancelledCauses = ledger.inbound?.cancelled() ?? []
    const unwanted = new Set(cancelledCauses.map(cause => cause.id))
    this.sendAgain(unwanted)
    this.intents.resume(unwanted)
    for (const cause of cancelledCauses) this.intents.abort(cause)
  }

  /** Sends what has no receipt, and asks what has no answer, in the order of the first time: receivers rely on it. */
  sendAgain(unwanted: ReadonlySet<string> = new Set()): void {
    const { host, ledger, intents, address } = this
    const asks = intents.asks().filter(({ cause }) => !cause || !unwanted.has(cause.id))
    const again: readonly Again[] = [
      ...(ledger.outbox?.all() ?? []).map(sent => ({
        id: sent.id,
        send: () => host.send({ ...sent, resent: true }),
      })),
      ...asks.map(ask => ({ id: ask.id, send: () => intents.askAgain(ask) })),
    ]
    for (const { send } of [...again].sort((a, b) => bySending(address, a.id, b.id))) send()
  }

  /** Aborts all work in flight for the ask with this correlation. Returns its cause if it is still owed. */
  cancel(correlation: string): Cause | undefined {
    const cause = this.ledger.inbound?.cancel(correlation)
    if (cause) this.intents.abort(cause)
    return cause
  }

  /** The actor ends: everything in flight is aborted, every timer disarmed, whoever waits gets `error`. */
  end(error: RuntimeError, except?: string): void {
    this.#endAll(error, 0, undefined, except)
  }

  #endAll(error: RuntimeError, seq: number, spent: Commit['spent'], except: string | undefined): void {
    this.intents.abandonAll(error, spent)
    this.ledger.timers?.clear()
    let k = 0
    for (const cause of this.ledger.inbound?.waiting() ?? []) {
      if (cause.id === except) this.forget(cause)
      else this.refuse(cause, toWireError(error), this.idOf(seq, `end-${k++}`))
    }
  }

  /** Closes the account of an ask that somebody else answers, or that is taken again. */
  forget(cause: Cause): void {
    this.ledger.inbound?.close(cause)
  }

  refuse(cause: Cause | undefined, error: WireError, id: string): void {
    this.#answer(id, cause, { error })
  }

  /** Tells whoever asked that the machine does nothing with the message that this commit took. */
  refuseUnhandled({ taken, seq }: Commit, { value }: Snapshot): void {
    if (taken.kind !== 'message') return
    const error = unhandled(this.address, taken.type, stateText(value))
    this.refuse(taken.cause, toWireError(error), this.idOf(seq, 'unhandled'))
  }

  /** Closes the account of work that nobody waits for, once nothing of it is under way. */
  closeIdle(cause: Cause, seq: number): void {
    const { inbound, timers, flight } = this.ledger
    if (!inbound?.isUnwanted(cause)) return
    if (timers?.hasFor(cause)) return
    for (const intent of flight?.all() ?? []) if (intent.cause?.id === cause.id) return
    // Nobody waits, but whoever lent the budget can settle it.
    this.refuse(cause, toWireError(cancelled()), this.idOf(seq, 'idle'))
  }

  /** Takes what is said about this actor's own asks and effects. False for everything else. */
  hears(envelope: Envelope): boolean {
    switch (envelope.type) {
      case protocol.REPLY:
      case protocol.ERROR:
        this.intents.answered(envelope)
        return true
      case protocol.EFFECT_RETRY:
      case protocol.EFFECT_GIVE_UP:
      case protocol.EFFECT_PARK:
        if (envelope.from === this.spec.supervisor) this.intents.directed(envelope)
        return true
      default:
        return false
    }
  }

  /** True for a message that was taken before and comes again. What was answered is answered again. */
  isRepeated(envelope: Envelope): boolean {
    const { id, from, replyTo, correlation = id, home } = envelope
    const { inbound, outbox, marks } = this.ledger
    if (isKeyed(id)) {
      const kept = outbox?.answerTo(id)
      // Whoever asks now may be elsewhere.
      const { at: _, ...said } = kept ?? {}
      const there = home !== undefined && { at: home }
      if (kept && replyTo) this.host.send({ ...(said as Envelope), to: replyTo, correlation, ...there })
      return kept !== undefined || (inbound?.reattach(envelope) ?? false)
    }
    if (!marks?.has(from, id)) return false
    if (replyTo !== undefined && !inbound?.get(id))
      this.host.send(outbox?.get(answerKey(id)) ?? this.#lost(envelope))
    return true
  }

  /** The asks of others that this actor still owes an answer. */
  owed(): readonly Cause[] {
    return this.ledger.inbound?.waiting() ?? []
  }

  /** True while this actor waits for the answer to that ask. */
  awaits(ask: string): boolean {
    return this.ledger.flight?.get(ask) !== undefined
  }

  /** A receiver has committed what was sent to it under `key`. */
  receipt(key: string): void {
    this.ledger.outbox?.settle(key)
  }

  /** An actor that this one wanted started is there, or cannot be. */
  spawned(child: Address): void {
    if (this.ledger.spawning?.has(child)) this.outcome({ kind: 'spawned', child }, undefined)
  }

  /** How far this sender's messages are committed. In a journal that ends with the process nobody will ask. */
  #note({ id, from, home }: Pick<Cause, 'id' | 'from' | 'home'>): void {
    if (!from || !this.host.journal.durable) return
    const place = placeOf(id, from)
    if (!place) return
    const marks = this.ledger.openMarks()
    marks.note(from, home === undefined ? place : { ...place, home })
    if (!this.ledger.replaying) marks.prune(sender => this.host.isGone(sender))
  }

  #lost(envelope: Envelope): Envelope {
    const error = toWireError(
      new RuntimeError('answer-lost', `${this.address} has answered this before and kept no copy`, {
        fix: 'ask again with a new message',
      }),
    )
    return protocol.answer(this.idOf(0, 'lost'), this.address, envelope, { error }) as Envelope
  }

  #answer(id: string, cause: Cause | undefined, body: protocol.Answer | protocol.Refusal): void {
    const closed = this.ledger.inbound?.close(cause)
    if (!closed) return
    const { spent } = closed
    const said = spent === NO_USAGE ? body : { ...body, spent }
    const envelope = protocol.answer(id, this.address, closed.cause, said)
    if (!envelope) return
    const { id: ask, from, replyTo } = closed.cause
    if (isKeyed(ask)) this.ledger.openOutbox().keepAnswer(ask, envelope)
    // Whoever asks from outside is gone with the process, or asks under a key.
    const isKept = this.host.journal.durable && from === replyTo && placeOf(ask, from) !== undefined
    this.#send(envelope, isKept && answerKey(ask))
  }

  /** Sends a message; under a key it is kept until its receiver has committed it. */
  #send(envelope: Envelope, key: string | false): void {
    const { host, ledger } = this
    if (key && host.journal.durable) ledger.openOutbox().keep(key, envelope)
    if (!ledger.replaying) host.send(envelope)
  }
}
