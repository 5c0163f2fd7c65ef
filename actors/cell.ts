/**
 * One actor on one node: takes a message, lets its behaviour decide (pure), commits, and only then acts.
 * The mailbox gives it one message at a time; nothing an actor decided is seen by anyone before it is
 * committed. It decides nothing about its own failures: it suspends itself and asks its supervisor.
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import { Acting } from './acting.ts'
import type { Address } from './address.ts'
import { BUSY, type Snapshot, type Step, stateText } from './behaviour.ts'
import type { CellHost, CellSpec } from './cell-host.ts'
import type { Envelope } from './envelope.ts'
import { fromWireError, type RuntimeError, toRuntimeError, toWireError, type WireError } from './errors.ts'
import { cancelled } from './in-flight.ts'
import type { Cause, Commit, Directive, Taken } from './journal.ts'
import { Mailbox } from './mailbox.ts'
import type { Plain } from './plain.ts'
import * as protocol from './protocol.ts'
import { crashed, expired, finished, gone, overflowed, unhandled } from './refusals.ts'
import { reasonOf } from './strategy.ts'

/** Messages one actor handles before its neighbours get their turn. */
const THROUGHPUT = 64
/** A message that crashes its actor this often is a dead letter. */
const MAX_DELIVERIES = 3

interface Work {
  readonly taken: Taken
  readonly cause: Cause | undefined
  /** The user message it came from: it is delivered again when the actor crashes on it. */
  readonly envelope?: Envelope
  /** It tells the machine that its cause was cancelled. */
  readonly cancels?: true
}

/** committing: waits for the journal · suspended: waits for the supervisor's directive. */
export type Phase = 'active' | 'committing' | 'suspended' | 'stopped'

export class Cell {
  readonly spec: CellSpec
  readonly #host: CellHost
  readonly #mailbox: Mailbox<Work, Envelope>
  readonly #acting: Acting
  #snapshot: Snapshot | undefined
  #seq = 0
  #phase: Phase = 'active'
  #scheduled = false
  #crashedOn: Work | undefined
  #failure: RuntimeError | undefined
  #restarts = 0
  /** What must wait until the commit under way is settled. */
  #afterCommit: (() => void)[] | undefined

  constructor(spec: CellSpec, host: CellHost) {
    this.spec = spec
    this.#host = host
    this.#mailbox = new Mailbox(spec.behaviour.mailbox)
    const life = host.id().slice(0, 8)
    this.#acting = new Acting(spec, host, life, (taken, cause) => this.#outcome({ taken, cause }))
  }

  get address(): Address {
    return this.spec.address
  }

  /** The last committed snapshot; undefined until the first commit. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  /** User messages that wait in the mailbox. */
  get waiting(): number {
    return this.#mailbox.size
  }

  get phase(): Phase {
    return this.#phase
  }

  /** The first commit. Throws what the machine's own start throws: the spawner sees it, no supervisor. */
  start(): Promise<void> | void {
    const { input, behaviour } = this.spec
    const now = this.#host.clock.now()
    const step = behaviour.initial(input, now)
    const taken: Taken = { kind: 'init', life: this.#acting.life, ...(input !== undefined && { input }) }
    return this.#commit({ taken, cause: undefined }, step, now)
  }

  /** Accepts a message. Throws `mailbox-full`, `actor-stopped`. */
  deliver(envelope: Envelope): void {
    if (this.#phase === 'stopped') throw gone(this.address)
    switch (envelope.type) {
      case protocol.REPLY:
      case protocol.ERROR:
        this.#acting.answered(envelope)
        return
      case protocol.EFFECT_RETRY:
      case protocol.EFFECT_GIVE_UP:
        if (envelope.from === this.spec.supervisor) this.#acting.directed(envelope)
        return
      case protocol.CANCEL:
        this.#settled(() => this.#cancel((envelope.body as { correlation: string }).correlation))
        return
      case protocol.CHILD_FAILED:
      case protocol.EFFECT_FAILED:
        this.#outcome({ taken: protocol.takenOf(envelope), cause: undefined })
        return
      default: {
        const given = this.#mailbox.push(envelope)
        if (given) this.#host.bury(given, overflowed(this.address))
        this.#schedule()
      }
    }
  }

  /** Carries out a supervisor's decision about this actor, which is suspended or healthy. */
  apply(directive: Directive, error?: WireError): void {
    if (directive === 'restart') this.#settled(() => this.#restart())
    else if (directive === 'resume') this.#settled(() => this.#resume())
    else this.stop('crashed', error ? fromWireError(error) : gone(this.address))
  }

  /** Fails the actor from outside, as if its machine had thrown. One that failed already waits for its directive. */
  fail(error: RuntimeError): void {
    this.#settled(() => {
      if (this.#phase !== 'suspended') this.#crash(error, undefined)
    })
  }

  /** Ends an actor whose start failed: nothing of it was committed, so nobody is told and nothing is forgotten. */
  abandon(error: RuntimeError): void {
    this.#phase = 'stopped'
    for (const envelope of this.#mailbox.clear()) this.#host.bury(envelope, error)
  }

  /** Ends the actor: work in flight is aborted, whoever waits gets `error`. Idempotent. */
  stop(reason: 'done' | 'asked' | 'crashed', error: RuntimeError = gone(this.address)): void {
    if (this.#phase === 'stopped') return
    this.#phase = 'stopped'
    this.#acting.quiet(error)
    const poison = this.#crashedOn?.envelope
    this.#acting.refuseAll(error, poison?.id)
    if (poison) this.#host.bury(poison, error)
    for (const envelope of this.#mailbox.clear()) this.#host.bury(envelope, error)
    const { events, clock } = this.#host
    if (events.on) events.emit({ type: 'actor.stopped', at: clock.now(), actor: this.address, reason })
    this.#host.stopped(this.address, reason)
  }

  /** Does `act` once no commit is under way: a second one would take its number in the journal. */
  #settled(act: () => void): void {
    if (this.#phase === 'stopped') return
    if (this.#phase !== 'committing') act()
    else {
      this.#afterCommit ??= []
      this.#afterCommit.push(act)
    }
  }

  #doAfterCommit(): void {
    const acts = this.#afterCommit ?? []
    this.#afterCommit = undefined
    for (const act of acts) this.#settled(act)
  }

  #outcome(work: Work): void {
    if (this.#phase === 'stopped') return
    this.#mailbox.pushControl(work)
    this.#schedule()
  }

  /** Cancels the work done for one ask: what waits is refused, what is in flight is aborted, down the tree. */
  #cancel(correlation: string): void {
    const waiting = this.#mailbox.remove(envelope => envelope.correlation === correlation)
    if (waiting) {
      this.#host.bury(waiting, cancelled())
      return
    }
    const crashedOn = this.#crashedOn?.envelope
    if (crashedOn?.correlation === correlation) {
      this.#acting.forget(protocol.causeOf(crashedOn))
      this.#crashedOn = undefined
      return
    }
    const cause = this.#acting.cancel(correlation)
    if (cause)
      this.#outcome({
        taken: { kind: 'message', type: protocol.CANCELLED, body: null, cause, attempt: 1 },
        cause,
        cancels: true,
      })
  }

  #schedule(): void {
    if (this.#scheduled || this.#phase !== 'active') return
    this.#scheduled = true
    this.#host.defer(() => {
      this.#scheduled = false
      this.#run()
    })
  }

  #run(): void {
    for (let i = 0; i < THROUGHPUT && this.#phase === 'active'; i++) {
      const work = this.#take()
      if (!work) return
      this.#process(work)
    }
    if (!this.#mailbox.isEmpty) this.#schedule()
  }

  #take(): Work | undefined {
    const control = this.#mailbox.takeControl()
    if (control || this.#snapshot?.hasTag(BUSY)) return control
    for (let envelope = this.#mailbox.takeUser(); envelope; envelope = this.#mailbox.takeUser()) {
      if (envelope.deadline !== undefined && this.#host.clock.now() >= envelope.deadline) {
        this.#host.bury(envelope, expired(envelope))
        continue
      }
      const taken = protocol.takenOf(envelope)
      this.#acting.open(taken.cause)
      return { taken, cause: taken.cause, envelope }
    }
    return undefined
  }

  #process(work: Work): void {
    const now = this.#host.clock.now()
    try {
      const event = this.#eventOf(work, now)
      if (event === 'stale') return
      const step =
        event === 'none' ? undefined : this.spec.behaviour.next(this.#snapshot as Snapshot, event, now)
      const stored = this.#commit(work, step, now)
      if (stored) stored.catch(error => this.#crash(toRuntimeError(error, 'internal'), work))
    } catch (error) {
      this.#crash(toRuntimeError(error, 'actor-crashed'), work)
    }
  }

  #eventOf({ taken }: Work, at: number): { readonly type: string } | 'none' | 'stale' {
    if (taken.kind !== 'message') return this.#acting.eventOf(taken)
    const { id, from } = taken.cause
    const event = { type: taken.type, body: taken.body, id, at }
    return from === undefined ? event : ({ ...event, from } as { type: string })
  }

  #commit(work: Work, step: Step | undefined, now: number): Promise<void> | void {
    const next = step?.snapshot ?? (this.#snapshot as Snapshot)
    const commit: Commit = {
      actor: this.address,
      seq: this.#seq + 1,
      at: now,
      taken: work.taken,
      acts: step?.acts ?? [],
    }
    const stored = this.#host.journal.append(commit, () => this.spec.behaviour.store(next))
    if (!stored) return this.#committed(commit, work, next)
    this.#phase = 'committing'
    return stored.then(() => {
      if (this.#phase !== 'committing') return
      this.#phase = 'active'
      this.#committed(commit, work, next)
      this.#doAfterCommit()
      this.#schedule()
    })
  }

  #committed(commit: Commit, work: Work, next: Snapshot): void {
    const idle = next === this.#snapshot && commit.acts.length === 0
    this.#seq = commit.seq
    this.#snapshot = next
    if (this.#host.events.on) this.#observe(commit, work, next)
    this.#acting.book(work.taken)
    // The machine may have begun something else before it learned of the cancellation.
    if (work.cancels && work.cause) this.#acting.abort(work.cause)
    this.#acting.perform(commit.acts, commit.seq, work.cause)
    if (idle && work.envelope?.replyTo) {
      const error = unhandled(this.address, work.envelope.type, stateText(next.value))
      this.#acting.refuse(work.cause, toWireError(error))
    }
    if (work.cause) this.#acting.closeIdle(work.cause)
    if (next.status === 'done') this.#finish()
  }

  #finish(): void {
    if (this.spec.restart === 'permanent' && this.spec.supervisor)
      this.#crash(finished(this.address), undefined)
    else this.stop('done')
  }

  #observe(commit: Commit, { taken, cause }: Work, next: Snapshot): void {
    const { events, clock } = this.#host
    const { supervisor } = this.spec
    if (taken.kind === 'init') {
      const by = supervisor && { supervisor }
      events.emit({ type: 'actor.started', at: commit.at, actor: this.address, ...by })
    }
    events.emit({
      type: 'actor.committed',
      at: commit.at,
      actor: this.address,
      seq: commit.seq,
      message: taken.kind === 'message' ? taken.type : taken.kind,
      state: stateText(next.value),
      durationMs: clock.now() - commit.at,
      ...(cause?.run !== undefined && { run: cause.run }),
    })
  }

  /** Suspends the actor and tells its supervisor, who answers with a directive. */
  #crash(error: RuntimeError, work: Work | undefined): void {
    if (this.#phase === 'stopped') return
    const { supervisor, restart } = this.spec
    const { events, clock } = this.#host
    const wire = toWireError(error)
    this.#phase = 'suspended'
    this.#crashedOn = work
    this.#failure = error
    if (events.on) events.emit({ type: 'actor.crashed', at: clock.now(), actor: this.address, error: wire })
    if (!supervisor) {
      this.stop('crashed', error)
      return
    }
    const body: protocol.ChildFailedBody = {
      child: this.address,
      restart,
      reason: crashReason(error),
      error: wire,
    }
    this.#host.send({
      v: 1,
      id: `${this.address}.${this.#seq}.crash.${this.#host.id()}`,
      type: protocol.CHILD_FAILED,
      to: supervisor,
      from: this.address,
      body: body as unknown as Plain,
    })
    this.#doAfterCommit()
  }

  /** Begins anew from the initial state. The mailbox stays; the message it crashed on is tried again, a few times. */
  #restart(): void {
    const error = crashed(this.address, this.#failure)
    const retried = this.#redelivery()
    this.#acting.quiet(error)
    this.#acting.refuseAll(error, this.#crashedOn?.envelope?.id)
    if (retried) this.#mailbox.pushFront(retried)
    else if (this.#crashedOn?.envelope) this.#host.bury(this.#crashedOn.envelope, error)
    this.#crashedOn = undefined
    this.#failure = undefined
    this.#restarts++
    const { events, clock } = this.#host
    const now = clock.now()
    try {
      const step = this.spec.behaviour.initial(this.spec.input, now)
      this.#phase = 'active'
      const { input } = this.spec
      const taken: Taken = {
        kind: 'restart',
        restarts: this.#restarts,
        ...(input !== undefined && { input }),
      }
      if (events.on)
        events.emit({ type: 'actor.restarted', at: now, actor: this.address, restarts: this.#restarts })
      const stored = this.#commit({ taken, cause: undefined }, step, now)
      if (stored) stored.catch(failure => this.#crash(toRuntimeError(failure, 'internal'), undefined))
      this.#schedule()
    } catch (failure) {
      this.#crash(toRuntimeError(failure, 'actor-crashed'), undefined)
    }
  }

  #redelivery(): Envelope | undefined {
    const envelope = this.#crashedOn?.envelope
    const attempt = envelope?.attempt ?? 1
    return envelope && attempt < MAX_DELIVERIES ? { ...envelope, attempt: attempt + 1 } : undefined
  }

  /** Goes on from the last commit, without the message it crashed on. */
  #resume(): void {
    const poison = this.#crashedOn?.envelope
    if (poison) {
      this.#acting.forget(protocol.causeOf(poison))
      this.#host.bury(poison, crashed(this.address, this.#failure))
    }
    this.#crashedOn = undefined
    this.#failure = undefined
    this.#phase = 'active'
    this.#schedule()
  }
}

const crashReason = (error: RuntimeError) =>
  error.kind === 'effect-failed' ? 'crashed' : reasonOf(error.kind)
