/**
 * One actor on one node: takes a message, lets its behaviour decide (pure), commits, and only then acts.
 * The mailbox gives it one message at a time; nothing an actor decided is seen by anyone before it is
 * committed. It decides nothing about its own failures: it suspends itself and asks its supervisor.
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import { Acting } from './acting.ts'
import { ActorRecord, type Opening } from './actor-record.ts'
import type { Address } from './address.ts'
import { BUSY, type Snapshot, type Step } from './behaviour.ts'
import type { Cause } from './cause.ts'
import { noteCommit, noteRecovery } from './cell-events.ts'
import type { CellHost, CellSpec } from './cell-host.ts'
import type { Envelope } from './envelope.ts'
import { fromWireError, type RuntimeError, toRuntimeError, toWireError, type WireError } from './errors.ts'
import { cancelled } from './in-flight.ts'
import type { Commit, Directive, Recorded, StoredState, Taken } from './journal.ts'
import { Mailbox } from './mailbox.ts'
import { isKeyed } from './outbox.ts'
import * as protocol from './protocol.ts'
import { machineEvent } from './recovery.ts'
import { isSame, joined, redelivery } from './redelivery.ts'
import { crashed, expired, finished, gone, overflowed } from './refusals.ts'
import { reasonOf } from './strategy.ts'

/** Messages one actor handles before its neighbours get their turn. */
const THROUGHPUT = 64

interface Work {
  readonly taken: Taken
  readonly cause: Cause | undefined
  /** The user message it came from: it is delivered again when the actor crashes on it. */
  readonly envelope?: Envelope
  /** It tells that its cause was cancelled. */
  readonly cancels?: true
}

/** committing: waits for the journal · suspended: for the supervisor's directive. */
export type Phase = 'active' | 'committing' | 'suspended' | 'stopped'

export class Cell {
  readonly spec: CellSpec
  readonly #host: CellHost
  readonly #mailbox: Mailbox<Work, Envelope>
  /** What it does, waits for and owes. */
  readonly acting: Acting
  readonly #record: ActorRecord
  #phase: Phase = 'active'
  #scheduled = false
  /** What it goes on with when it comes back from its record. */
  #opening: Opening | undefined
  #crashedOn: Work | undefined
  #failure: RuntimeError | undefined
  /** Waits until the commit under way is settled. */
  #afterCommit: (() => void)[] | undefined

  constructor(spec: CellSpec, host: CellHost) {
    this.spec = spec
    this.#host = host
    this.#mailbox = new Mailbox(spec.behaviour.mailbox)
    const life = host.id().slice(0, 8)
    this.acting = new Acting(spec, host, life, (taken, cause) => this.#outcome({ taken, cause }))
    this.#record = new ActorRecord(spec, host, this.acting)
  }

  get address(): Address {
    return this.spec.address
  }

  /** The last committed snapshot; undefined until the first commit. */
  get snapshot(): Snapshot | undefined {
    return this.#record.snapshot
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
    const now = this.#host.clock.now()
    const { taken, step } = this.#record.begin(now)
    return this.#commit({ taken, cause: undefined }, step, now)
  }

  /** Takes its state from its record. Throws `definition-changed`, and what the machine throws. */
  load(recorded: Recorded): void {
    this.#opening = this.#record.load(recorded, this.#host.clock.now())
  }

  /** Goes on, after `load`, with what is unfinished. */
  goOn(): Promise<void> | void {
    const { clock, events } = this.#host
    if (events.on) noteRecovery(this.spec, this.#host, this.#record.seq)
    const opening = this.#opening
    this.#opening = undefined
    if (opening) return this.#commit({ taken: opening.taken, cause: undefined }, opening.step, clock.now())
    if (this.snapshot?.status === 'done') {
      this.acting.sendAgain()
      this.#finish()
    }
    this.#schedule()
  }

  /** Accepts a message. Throws `mailbox-full`, `actor-stopped`. */
  deliver(envelope: Envelope): void {
    if (this.#phase === 'stopped') throw gone(this.address)
    if (this.acting.hears(envelope)) return
    switch (envelope.type) {
      case protocol.CANCEL:
        this.#settled(() => this.#cancel((envelope.body as { correlation: string }).correlation))
        return
      case protocol.CHILD_FAILED:
      case protocol.EFFECT_FAILED:
        this.#outcome({ taken: protocol.takenOf(envelope), cause: undefined })
        return
      default: {
        if (this.#isRepeated(envelope)) return
        const given = this.#mailbox.push(envelope)
        if (given) this.#host.bury(given, overflowed(this.address))
        this.#schedule()
      }
    }
  }

  /** Taken already, or waiting: after a crash its sender cannot know. */
  #isRepeated(envelope: Envelope): boolean {
    // What it crashed on is not committed: it is tried again.
    const isTried = this.#crashedOn?.envelope?.id === envelope.id
    const isRepeated = this.acting.isRepeated(envelope)
    if (isRepeated && !isTried) this.#settled(() => this.#host.took(envelope))
    if (isRepeated || isTried) return true
    if (!envelope.resent && !isKeyed(envelope.id)) return false
    // Whoever asked last is the one that waits for the answer.
    return this.#mailbox.replace(isSame(envelope), one => joined(one, envelope))
  }

  /** Since when nothing waits and nothing is waited for, ms since the epoch: then it could leave memory. */
  get idleSince(): number | undefined {
    const isIdle = this.#phase === 'active' && this.#mailbox.isEmpty && this.acting.ledger.isIdle
    return isIdle ? this.#record.at : undefined
  }

  /**
   * Leaves memory and tells nobody; its record goes on without it. Returns its last commit and the state to store
   * with it, if there is one that is whole.
   */
  detach(error: RuntimeError): { readonly seq: number; readonly state: StoredState } | undefined {
    const rest = this.#phase === 'committing' ? undefined : this.#record.store()
    this.#phase = 'stopped'
    this.acting.intents.halt(error)
    this.acting.ledger.timers?.clear()
    this.#mailbox.clear()
    return rest
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
    // What is being committed has its number already.
    const seq = this.#record.seq + (this.#phase === 'committing' ? 2 : 1)
    this.#phase = 'stopped'
    const poison = this.#crashedOn?.envelope
    this.acting.end(error, poison?.id)
    if (poison) this.#host.bury(poison, error)
    for (const envelope of this.#mailbox.clear()) this.#host.bury(envelope, error)
    const { events, clock } = this.#host
    if (events.on) events.emit({ type: 'actor.stopped', at: clock.now(), actor: this.address, reason })
    const leave = (): void =>
      void this.#record.bequeath(seq, reason).catch(thrown => this.#host.report(thrown))
    this.#host.stopped(this.address, reason, leave)
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
      this.acting.forget(protocol.causeOf(crashedOn))
      this.#crashedOn = undefined
      this.#host.took(crashedOn)
      return
    }
    const cause = this.acting.cancel(correlation)
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
    if (control || this.snapshot?.hasTag(BUSY)) return control
    for (let envelope = this.#mailbox.takeUser(); envelope; envelope = this.#mailbox.takeUser()) {
      if (envelope.deadline !== undefined && this.#host.clock.now() >= envelope.deadline) {
        this.#host.bury(envelope, expired(envelope))
        continue
      }
      const taken = protocol.takenOf(envelope)
      this.acting.open(taken.cause)
      return { taken, cause: taken.cause, envelope }
    }
    return undefined
  }

  #process(work: Work): void {
    const now = this.#host.clock.now()
    try {
      const event = machineEvent(this.acting, work.taken, now)
      if (event === 'stale') return
      const step =
        event === 'none' ? undefined : this.spec.behaviour.next(this.snapshot as Snapshot, event, now)
      this.#commit(work, step, now)?.catch(thrown => this.#crash(toRuntimeError(thrown, 'internal'), work))
    } catch (error) {
      this.#crash(toRuntimeError(error, 'actor-crashed'), work)
    }
  }

  #commit(work: Work, step: Step | undefined, now: number): Promise<void> | void {
    const { commit, next, stored } = this.#record.append(work.taken, step, now)
    if (!stored) return this.#committed(commit, work, next)
    if (this.#host.journal.ordered) {
      // What follows is stored after it or not at all; what leaves the node waits for `whenStored`.
      this.#committed(commit, work, next)
      return stored
    }
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
    const record = this.#record
    const idle = next === record.snapshot && commit.acts.length === 0
    record.seq = commit.seq
    record.at = commit.at
    record.snapshot = next
    if (this.#host.events.on) noteCommit(this.spec, this.#host, commit, next, work.cause)
    this.acting.book(commit)
    // The machine may have begun something else before it learned of the cancellation.
    if (work.cancels && work.cause) this.acting.intents.abort(work.cause)
    this.acting.perform(commit, work.cause)
    if (idle && work.envelope?.replyTo) this.acting.refuseUnhandled(commit, next)
    if (work.cause) this.acting.closeIdle(work.cause, commit.seq)
    if (work.envelope) this.#host.took(work.envelope)
    if (RESUMES.has(work.taken.kind)) this.acting.resume()
    if (next.status === 'done') this.#finish()
  }

  #finish(): void {
    if (this.spec.restart === 'permanent' && this.spec.supervisor)
      this.#crash(finished(this.address), undefined)
    else this.stop('done')
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
    const reason = error.kind === 'effect-failed' ? 'crashed' : reasonOf(error.kind)
    const body = { child: this.address, restart, reason, error: wire }
    const id = `${this.address}.${this.#record.seq}.crash.${this.#host.id()}`
    this.#host.send(protocol.childFailed(id, supervisor, body))
    this.#doAfterCommit()
  }

  /** Begins anew from the initial state. The mailbox stays; the message it crashed on is tried again, a few times. */
  #restart(): void {
    const error = crashed(this.address, this.#failure)
    const retried = redelivery(this.#crashedOn?.envelope)
    const except = this.#crashedOn?.envelope?.id
    this.acting.intents.halt(error)
    if (retried) this.#mailbox.pushFront(retried)
    else if (this.#crashedOn?.envelope) this.#host.bury(this.#crashedOn.envelope, error)
    this.#crashedOn = undefined
    this.#failure = undefined
    const restarts = this.acting.ledger.restarts + 1
    const { events, clock } = this.#host
    const now = clock.now()
    try {
      const { taken, step } = this.#record.beginAgain(now, {
        restarts,
        error: toWireError(error),
        ...(except !== undefined && (retried ? { except } : { except, givenUp: true })),
      })
      this.#phase = 'active'
      if (events.on) events.emit({ type: 'actor.restarted', at: now, actor: this.address, restarts })
      const stored = this.#commit({ taken, cause: undefined }, step, now)
      stored?.catch(failure => this.#crash(toRuntimeError(failure, 'internal'), undefined))
      this.#schedule()
    } catch (failure) {
      this.#crash(toRuntimeError(failure, 'actor-crashed'), undefined)
    }
  }

  /** Goes on from the last commit, without the message it crashed on. */
  #resume(): void {
    const poison = this.#crashedOn?.envelope
    if (poison) {
      this.acting.forget(protocol.causeOf(poison))
      this.#host.bury(poison, crashed(this.address, this.#failure))
    }
    this.#crashedOn = undefined
    this.#failure = undefined
    this.#phase = 'active'
    this.#schedule()
  }
}

/** After these commits everything that is booked begins again. */
const RESUMES: ReadonlySet<Taken['kind']> = new Set(['recovered', 'migrated'])
