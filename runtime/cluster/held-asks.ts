/**
 * Asks from outside the cluster, held while they are worked on: whoever asked comes again under the same key until
 * the answer is there, also to another node, where the ask joins the work that goes on. One that nobody has come for
 * in a while is withdrawn.
 */
import type { Address } from '../../actors/address.ts'
import type { Cancel } from '../../actors/clock.ts'
import { RuntimeError, toRuntimeError, toWireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Runtime } from '../create-runtime.ts'

export interface HeldAsk {
  readonly to: Address
  readonly type: string
  readonly body: Plain
  /** Of this ask alone, made up by whoever asks. */
  readonly key: string
  /** Absolute ms after which nobody wants the answer. */
  readonly deadline: number
}

export interface HeldAsks {
  /**
   * The outcome, or that it is not there yet. Does not throw for what the actor answers. Throws `runtime-stopped` when
   * the partition is served here no more: then it is to be asked again.
   */
  ask(
    ask: HeldAsk,
  ): Promise<{ readonly value: Plain } | { readonly error: Plain } | { readonly pending: true }>
  /** Withdraws what is worked on for that key. */
  withdraw(key: string): void
  /** How many are worked on, or answered and not come for yet. */
  readonly open: number
  close(): void
}

/** How long one visit waits, ms: well below the time a request may take. */
const VISIT_MS = 2_000
/** After that long without a visit nobody wants the answer, ms. */
const FORGOTTEN_MS = 30_000

/** Failures of this node, which are no answers. */
const UNANSWERED: ReadonlySet<string> = new Set(['runtime-stopped', 'store-failed'])

type Outcome = { readonly value: Plain } | { readonly error: Plain }

interface Held {
  readonly outcome: Promise<Outcome>
  readonly withdrawal: AbortController
  forget: Cancel
}

export function heldAsks(runtime: Runtime): HeldAsks {
  const { clock } = runtime.host
  const held = new Map<string, Held>()

  const begin = ({ to, type, body, key, deadline }: HeldAsk): Held => {
    const withdrawal = new AbortController()
    const { signal } = withdrawal
    const timeoutMs = Math.max(0, deadline - clock.now())
    const outcome = runtime.ask(to, type, body, { key, timeoutMs, signal }).then(
      (value): Outcome => ({ value: value as Plain }),
      (error): Outcome => {
        // Nobody has answered: the partition goes to another node, or its disk comes back, and the work with it.
        if (UNANSWERED.has(toRuntimeError(error, 'internal').kind)) {
          forget(key)
          throw error
        }
        return { error: toWireError(error) as unknown as Plain }
      },
    )
    // Who asks may be between two visits.
    outcome.catch(() => {})
    return { outcome, withdrawal, forget: () => {} }
  }
  /** Whoever comes again begins anew. */
  const forget = (key: string): void => {
    held.get(key)?.forget()
    held.delete(key)
  }
  const remember = (key: string, ask: Held): void => {
    ask.forget()
    ask.forget = clock.at(clock.now() + FORGOTTEN_MS, () => {
      held.delete(key)
      ask.withdrawal.abort(new RuntimeError('cancelled', 'nobody has come for the answer'))
    })
  }

  return {
    async ask(ask) {
      const found = held.get(ask.key) ?? begin(ask)
      held.set(ask.key, found)
      remember(ask.key, found)
      let stopWaiting: Cancel = () => {}
      const patience = new Promise<{ pending: true }>(resolve => {
        stopWaiting = clock.at(clock.now() + VISIT_MS, () => resolve({ pending: true }))
      })
      const outcome = await Promise.race([found.outcome, patience])
      stopWaiting()
      return outcome
    },
    withdraw(key) {
      const found = held.get(key)
      forget(key)
      found?.withdrawal.abort(new RuntimeError('cancelled', 'whoever asked has withdrawn it'))
    },
    get open() {
      return held.size
    },
    close() {
      for (const { forget } of held.values()) forget()
      held.clear()
    },
  }
}
