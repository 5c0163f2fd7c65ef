/**
 * An actor's side of its journal: the last committed state and its number, what is appended with which care,
 * how it comes back from a record and what it leaves behind. Owned by one cell, which decides when.
 */
import type { Acting } from './acting.ts'
import type { Snapshot, Step } from './behaviour.ts'
import type { CellHost, CellSpec } from './cell-host.ts'
import { type RuntimeError, toRuntimeError } from './errors.ts'
import type { AppendOptions, Commit, Recorded, StoredState, Taken } from './journal.ts'
import type { Plain } from './plain.ts'
import type { Provenance } from './provenance.ts'
import { isOfAnother, migrated, originOf, restore } from './recovery.ts'

const NO_ACTS: Commit['acts'] = []

/** What a cell does first: a commit to make, and the step it comes from. */
export interface Opening {
  readonly taken: Taken
  readonly step?: Step
}

export class ActorRecord {
  readonly #spec: CellSpec
  readonly #host: CellHost
  readonly #acting: Acting
  /** Number of the last commit. */
  seq = 0
  /** Its time, ms since the epoch. */
  at = 0
  /** The state after it; undefined before the first. */
  snapshot: Snapshot | undefined
  #provenance: Provenance | undefined
  #input: Plain | undefined

  constructor(spec: CellSpec, host: CellHost, acting: Acting) {
    this.#spec = spec
    this.#host = host
    this.#acting = acting
  }

  /** The start of a life. Throws what the machine's own start throws. */
  begin(now: number): Opening {
    const { input, behaviour } = this.#spec
    this.#input = input
    if (this.#host.journal.durable) this.#provenance = provenanceOf(this.#spec, this.#host.version)
    const step = behaviour.initial(input, now)
    return { taken: { kind: 'init', life: this.#acting.ledger.life, ...this.#origin() }, step }
  }

  /** The start after a crash of the actor. Throws what the machine's own start throws. */
  beginAgain(now: number, taken: Omit<Taken & { readonly kind: 'restart' }, 'kind' | 'input'>): Opening {
    const input = this.#input
    const step = this.#spec.behaviour.initial(input, now)
    return { taken: { kind: 'restart', ...taken, ...(input !== undefined && { input }) }, step }
  }

  /**
   * Fills this and the ledger from a record. Returns the commit with which the actor goes on, if it has anything
   * to go on with. Throws `definition-changed`, and what the machine throws.
   */
  load(recorded: Recorded, now: number): Opening | undefined {
    const { behaviour } = this.#spec
    const { input, provenance } = originOf(recorded) ?? {}
    this.#input = input
    this.#provenance = provenance
    if (behaviour.migrate && isOfAnother(behaviour, recorded)) return this.#migrate(recorded, now)
    try {
      const { snapshot, seq, at } = restore(behaviour, this.#acting, recorded)
      this.snapshot = snapshot
      this.seq = seq
      this.at = at
      if (snapshot.status === 'done' || this.#acting.ledger.isIdle) return undefined
      return { taken: { kind: 'recovered', downMs: downMs(at, now) } }
    } catch (thrown) {
      return this.#migrate(recorded, now, toRuntimeError(thrown, 'actor-crashed'))
    }
  }

  /** Goes on from the last snapshot under a changed definition. Throws `definition-changed`, or `why` there is need. */
  #migrate(recorded: Recorded, now: number, why?: RuntimeError): Opening {
    const { behaviour } = this.#spec
    const state = migrated(behaviour, recorded, why)
    const step = { snapshot: behaviour.revive(state), acts: NO_ACTS }
    const { outstanding } = state
    if (outstanding) this.#acting.ledger.load(outstanding, this.#acting)
    this.seq = recorded.snapshot?.seq ?? 0
    const provenance = provenanceOf(this.#spec, this.#host.version)
    this.#provenance = provenance
    return { taken: { kind: 'migrated', state, provenance, downMs: downMs(outstanding?.at, now) }, step }
  }

  /** Appends the next commit. The promise is that of the journal; without one the commit is safe already. */
  append(
    taken: Taken,
    step: Step | undefined,
    now: number,
  ): { readonly commit: Commit; readonly next: Snapshot; readonly stored: Promise<void> | void } {
    const acts = step?.acts ?? NO_ACTS
    const spent = this.#acting.spentBy(taken, acts)
    const { address: actor } = this.#spec
    const made = { actor, seq: this.seq + 1, at: now, taken, acts }
    const commit: Commit = spent ? { ...made, spent } : made
    const next = step?.snapshot ?? (this.snapshot as Snapshot)
    const { journal } = this.#host
    return { commit, next, stored: journal.append(commit, this.#state, this.#options(commit)) }
  }

  /** The last commit and the state after it, if there is one. */
  store(): { readonly seq: number; readonly state: StoredState } | undefined {
    return this.snapshot && { seq: this.seq, state: this.#state() }
  }

  /** What is left when the actor ends with commit `seq`: its history when that is a run's, else nothing. */
  async bequeath(seq: number, reason: 'done' | 'asked' | 'crashed'): Promise<void> {
    const { journal, clock } = this.#host
    const { run, address: actor } = this.#spec
    if (run === undefined || !journal.durable || !this.snapshot) return journal.remove(actor)
    const commit: Commit = { actor, seq, at: clock.now(), taken: { kind: 'ended', reason }, acts: NO_ACTS }
    await journal.append(commit, this.#state, { run, rest: 'ended' })
  }

  #options({ taken, acts }: Commit): AppendOptions | undefined {
    if (!this.#host.journal.durable) return undefined
    const { run } = this.#spec
    return { ...(run !== undefined && { run }), sync: this.#acting.needsSync(taken, acts) }
  }

  readonly #state = (): StoredState => ({
    ...this.#spec.behaviour.store(this.snapshot as Snapshot),
    outstanding: { ...this.#acting.ledger.store(), ...this.#origin(), at: this.at },
  })

  #origin() {
    const input = this.#input
    const provenance = this.#provenance
    return { ...(input !== undefined && { input }), ...(provenance && { provenance }) }
  }
}

/** How long nobody lived, as far as the record tells. */
const downMs = (at: number | undefined, now: number): number => (at ? Math.max(0, now - at) : 0)

function provenanceOf(
  { behaviour, supervisor, restart, policy, run }: CellSpec,
  runtime: string,
): Provenance {
  const { version, machine } = behaviour
  return {
    restart,
    policy,
    machine: machine.id,
    definition: behaviour.definition(),
    runtime,
    ...(supervisor && { supervisor }),
    ...(run !== undefined && { run }),
    ...(version !== undefined && { version }),
  }
}
