/**
 * Actors that are on disk and not in memory. A message for one waits here while it is brought back; an actor
 * that has been idle for long goes back to sleep. Which actors are on disk is the journal's knowledge, how one
 * is started the node's: this holds only what waits in between.
 */
import type { Address } from '../actors/address.ts'
import { parseAddress } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import type { CellSpec } from '../actors/cell-host.ts'
import type { Envelope } from '../actors/envelope.ts'
import { RuntimeError, toRuntimeError } from '../actors/errors.ts'
import type { Journal, Recorded } from '../actors/journal.ts'
import { DEFAULT_CAPACITY } from '../actors/mailbox.ts'
import { originOf } from '../actors/recovery.ts'
import { DEFAULT_POLICY } from '../actors/strategy.ts'

export interface SleepersOptions {
  readonly journal: Journal
  behaviourOf(type: string): Behaviour | undefined
  /** True when it lives in memory already. */
  isLive(actor: Address): boolean
  /** Brings an actor back from its record. */
  revive(spec: CellSpec, recorded: Recorded): Promise<unknown>
  /** Who decides about an actor whose own supervisor is gone. */
  root(): Address | undefined
  bury(envelope: Envelope, error: RuntimeError): void
}

export class Sleepers {
  readonly #options: SleepersOptions
  readonly #waiting = new Map<Address, Envelope[]>()
  readonly #waking = new Map<Address, Promise<void>>()
  /** Those that wait for a person, and those that could not be brought back: nobody wakes them. */
  readonly #held = new Map<Address, RuntimeError | undefined>()

  constructor(options: SleepersOptions) {
    this.#options = options
  }

  /** Takes a message for an actor that sleeps. False when there is none at that address. */
  take(envelope: Envelope): boolean {
    const { to } = envelope
    const known = this.#options.journal.known(to)
    if (!known || known.rest === 'ended') return false
    const broken = this.#held.get(to)
    if (broken) {
      this.#options.bury(envelope, broken)
      return true
    }
    const waiting = this.#waiting.get(to) ?? []
    if (waiting.length >= DEFAULT_CAPACITY) this.#options.bury(envelope, crowded(to))
    else this.#waiting.set(to, [...waiting, envelope])
    if (!this.#held.has(to) && !this.#options.isLive(to)) this.wake(to).catch(() => {})
    return true
  }

  /**
   * Wakes an actor for a message that waits elsewhere. `there`: on its way, or it waits for a person; else it is gone, or
   * this is why it cannot be brought back.
   */
  rouse(actor: Address): 'there' | 'gone' | RuntimeError {
    const known = this.#options.journal.known(actor)
    if (!known || known.rest === 'ended') return 'gone'
    const broken = this.#held.get(actor)
    if (!this.#held.has(actor) && !this.#options.isLive(actor)) this.wake(actor).catch(() => {})
    return broken ?? 'there'
  }

  /** What waited for an actor that is there now, oldest first. */
  claim(actor: Address): readonly Envelope[] {
    this.#held.delete(actor)
    const waiting = this.#waiting.get(actor) ?? []
    this.#waiting.delete(actor)
    return waiting
  }

  /** Nobody but `spawn` brings it back from now on. */
  hold(actor: Address): void {
    this.#held.set(actor, undefined)
  }

  /** Actors of this type can be brought back from now on: those that somebody wrote to are. */
  known(type: string): void {
    for (const actor of this.#waiting.keys())
      if (parseAddress(actor).type === type && !this.#held.has(actor)) this.wake(actor).catch(() => {})
  }

  /** Why an actor could not be brought back, by address. */
  broken(): ReadonlyMap<Address, RuntimeError> {
    return new Map(
      [...this.#held].filter((entry): entry is [Address, RuntimeError] => entry[1] !== undefined),
    )
  }

  /** An actor could not be brought back: whatever waits for it, and comes, is told why. */
  fail(actor: Address, error: RuntimeError): void {
    const waiting = this.claim(actor)
    this.#held.set(actor, error)
    for (const envelope of waiting) this.#options.bury(envelope, error)
  }

  /** Settles when nobody is bringing that actor back. */
  async waking(actor: Address): Promise<void> {
    await this.#waking.get(actor)
  }

  /** Brings an actor back, after its supervisor. Does nothing for one whose behaviour this node does not know. */
  wake(actor: Address): Promise<void> {
    const under = this.#waking.get(actor)
    if (under) return under
    const waking = this.#wake(actor).finally(() => this.#waking.delete(actor))
    this.#waking.set(actor, waking)
    return waking
  }

  async #wake(actor: Address): Promise<void> {
    const behaviour = this.#options.behaviourOf(parseAddress(actor).type)
    if (!behaviour || this.#options.journal.known(actor)?.rest === 'ended') return
    const recorded = await this.#options.journal.read(actor).catch(thrown => {
      this.fail(actor, toRuntimeError(thrown, 'internal'))
      return undefined
    })
    if (recorded) await this.#bringBack(actor, behaviour, recorded)
  }

  /** Brings back an actor whose record was read, after its supervisor. What goes wrong is told to whoever writes. */
  async #bringBack(actor: Address, behaviour: Behaviour, recorded: Recorded): Promise<void> {
    const { isLive, revive, root } = this.#options
    try {
      const supervisor = originOf(recorded)?.provenance?.supervisor
      if (supervisor && !isLive(supervisor)) await this.wake(supervisor)
      if (!isLive(actor)) await revive(recordedSpec(actor, behaviour, recorded, isLive, root()), recorded)
    } catch (thrown) {
      this.fail(actor, toRuntimeError(thrown, 'actor-crashed'))
    }
  }
}

/** How an actor was started, by its own record. `root` decides about it when its supervisor is gone. */
export function recordedSpec(
  actor: Address,
  behaviour: Behaviour,
  recorded: Recorded,
  isLive: (actor: Address) => boolean,
  root: Address | undefined,
): CellSpec {
  const { input, provenance } = originOf(recorded) ?? {}
  const { supervisor: own, restart = 'transient', policy = DEFAULT_POLICY, run } = provenance ?? {}
  const supervisor = own && isLive(own) ? own : actor === root ? undefined : root
  return {
    address: actor,
    behaviour,
    restart,
    policy,
    ...(input !== undefined && { input }),
    ...(supervisor && { supervisor }),
    ...(run !== undefined && { run }),
  }
}

const crowded = (to: Address): RuntimeError =>
  new RuntimeError('mailbox-full', `${to} is not in memory, and ${DEFAULT_CAPACITY} messages wait for it`, {
    why: 'its behaviour is not registered with this node, so nothing brings it back',
    fix: 'register the behaviour with createRuntime({ behaviours }), or spawn the actor',
  })
