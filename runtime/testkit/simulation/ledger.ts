/**
 * The effect ledger: what the world outside of the nodes saw of every effect, in order. It survives every crash,
 * and with the journals it is what the invariants are computed from. It judges nothing.
 */
import type { Address } from '../../../actors/address.ts'
import type { EffectClass } from '../../../actors/effect.ts'
import type { ErrorKind } from '../../../actors/errors.ts'
import type { Usage } from '../../../actors/events.ts'
import type { Plain } from '../../../actors/plain.ts'

/**
 * started: a node made the call · happened: the world did it · completed: the node got the result ·
 * failed: it got an error · lost: it was aborted, or its process died · checked: it was asked whether it happened ·
 * undone: it was taken back.
 */
export type LedgerKind = 'started' | 'happened' | 'completed' | 'failed' | 'lost' | 'checked' | 'undone'

export interface LedgerEntry {
  /** Place among everything that was witnessed, commits included. */
  readonly order: number
  /** True time, ms since the epoch. */
  readonly at: number
  readonly kind: LedgerKind
  /** The effect's key: the same for all its attempts. */
  readonly key: string
  readonly name: string
  readonly class: EffectClass
  /** `node.1`, `node.2` …: which life of the node did it. */
  readonly life: string
  readonly actor?: Address
  readonly attempt?: number
  /** Of `started`. */
  readonly input?: Plain
  /** Of `started`: it was past its deadline, or cancelled, already. */
  readonly late?: 'deadline' | 'cancelled'
  /** Of `failed`. */
  readonly error?: ErrorKind
  /** Of `checked`: whether it had happened. */
  readonly done?: boolean
  /** Of `happened`: what it cost. */
  readonly usage?: Usage
}

export interface Ledger {
  readonly entries: readonly LedgerEntry[]
  add(entry: Omit<LedgerEntry, 'order' | 'at'>): void
  /** What the effect with this key came to, when it happened and was not undone. */
  outcome(key: string): { readonly output: Plain } | undefined
  setOutcome(key: string, output: Plain | undefined): void
}

/** `order` counts everything that is witnessed; `now` is true time. */
export function effectLedger(order: () => number, now: () => number): Ledger {
  const entries: LedgerEntry[] = []
  const outcomes = new Map<string, { readonly output: Plain }>()
  return {
    entries,
    add: entry => void entries.push({ order: order(), at: now(), ...entry }),
    outcome: key => outcomes.get(key),
    setOutcome(key, output) {
      if (output === undefined) outcomes.delete(key)
      else outcomes.set(key, { output })
    },
  }
}
