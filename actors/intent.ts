/** Something an actor started and whose outcome it awaits: an effect, or an ask of another actor. */
import type { Address } from './address.ts'
import type { Amounts } from './budget.ts'
import type { BudgetLease } from './budget-lease.ts'
import type { Cause } from './cause.ts'
import type { Cancel } from './clock.ts'
import type { EffectClass, EffectSpec } from './effect.ts'
import { fromWireError, RuntimeError, toWireError, type WireError } from './errors.ts'
import { NO_USAGE, type Usage } from './events.ts'
import type { IntentPhase, StoredIntent } from './outstanding.ts'
import type { Plain } from './plain.ts'

export interface Intent {
  readonly id: string
  /** The machine's id for it. */
  readonly child: string
  readonly src: string
  readonly input: Plain
  cause: Cause | undefined
  /** Absent for an ask. */
  readonly spec: EffectSpec<unknown, unknown> | undefined
  readonly startedAt: number
  deadline: number | undefined
  phase: IntentPhase
  attempt: number
  /** Attempts of these that ended because the process did. */
  interruptions: number
  remedy: Record<string, Plain> | undefined
  /** What the next attempt does before it makes the call again. */
  first: 'check' | 'undo' | undefined
  /** When the next attempt is due, while it waits for that. */
  due: number | undefined
  /** Why the last attempt failed. */
  error: WireError | undefined
  /** What a person has to know to decide, while it is parked. */
  why: string | undefined
  askedOf: Address | undefined
  lease: BudgetLease | undefined
  /** Why no attempt may be made, or why it cannot be asked. */
  refused: unknown
  /** What the budget holds back for the attempt or the ask that runs now. */
  held: Amounts | undefined

  // Of this process only:
  usage: Usage | undefined
  /** The answer has come and waits to be committed. */
  answered: boolean
  /** Aborts the attempt that runs now. */
  abort: ((reason: RuntimeError) => void) | undefined
  timer: Cancel | undefined
  /** Changes with each attempt and on cancellation, so that a late outcome is recognised as stale. */
  turn: number
}

type Started = Pick<Intent, 'id' | 'child' | 'src' | 'input' | 'cause' | 'spec' | 'startedAt' | 'deadline'>

/** A new intent before its first attempt. Written out: a spread here is a measurable part of an effect. */
export const newIntent = (started: Started): Intent => ({
  id: started.id,
  child: started.child,
  src: started.src,
  input: started.input,
  cause: started.cause,
  spec: started.spec,
  startedAt: started.startedAt,
  deadline: started.deadline,
  phase: 'running',
  attempt: 1,
  interruptions: 0,
  remedy: undefined,
  first: undefined,
  due: undefined,
  error: undefined,
  why: undefined,
  askedOf: undefined,
  lease: undefined,
  held: undefined,
  usage: undefined,
  answered: false,
  refused: undefined,
  abort: undefined,
  timer: undefined,
  turn: 0,
})

export function storeIntent(intent: Intent): StoredIntent {
  const { id, child, src, input, startedAt, phase, attempt, interruptions } = intent
  const { cause, deadline, remedy, first, due, held, askedOf, lease, error, why, refused } = intent
  return {
    ...{ id, child, src, input, startedAt, phase, attempt, interruptions },
    ...(cause && { cause }),
    ...(deadline !== undefined && { deadline }),
    ...(remedy && { remedy }),
    ...(first && { first }),
    ...(due !== undefined && { due }),
    ...(held && { held }),
    ...(askedOf && { askedOf }),
    ...(lease && { lease }),
    ...(error && { error }),
    ...(why !== undefined && { why }),
    ...(refused !== undefined && { refused: toWireError(refused) }),
  }
}

export const loadIntent = (stored: StoredIntent, spec: Intent['spec']): Intent => ({
  ...newIntent({
    ...stored,
    cause: stored.cause,
    deadline: stored.deadline,
    spec,
  }),
  phase: stored.phase,
  attempt: stored.attempt,
  interruptions: stored.interruptions,
  remedy: stored.remedy as Record<string, Plain> | undefined,
  first: stored.first,
  due: stored.due,
  held: stored.held,
  askedOf: stored.askedOf,
  lease: stored.lease,
  error: stored.error,
  why: stored.why,
  refused: stored.refused && fromWireError(stored.refused),
})

/** What a crash may do to an effect: one that cannot say whether it happened, or undo it, is for a person. */
export function classOf({ class: declared, check, undo }: EffectSpec<unknown, unknown>): EffectClass {
  if (declared === 'verifiable' && !check) return 'manual'
  if (declared === 'compensable' && !undo) return 'manual'
  return declared
}

export const interrupted = ({ src, attempt }: Intent): RuntimeError =>
  new RuntimeError(
    'effect-interrupted',
    `attempt ${attempt} of "${src}" was under way when its process ended`,
    {
      why: 'whether it happened is not known',
      details: { effect: src, attempt },
    },
  )

export const skipped = ({ src }: Intent): RuntimeError =>
  new RuntimeError('effect-skipped', `"${src}" was skipped by a person's decision`, {
    why: 'its outcome was not known, and nobody wanted it repeated',
  })

/**
 * Whether an attempt may have been under way when the process ended, as far as the ledger tells at time `at`. One
 * that waited for its time may have begun; what may not be repeated freely is not left to a clock that may jump.
 */
export function mayHaveBegun({ phase, due = 0, spec }: Intent, at: number): boolean {
  if (phase !== 'waiting') return phase === 'running'
  const effectClass = spec && classOf(spec)
  return due <= at || (effectClass !== 'pure' && effectClass !== 'idempotent')
}

/** What is known to be spent by intents that a commit ends. */
export function spentOn(intents: Iterable<Intent | undefined>): Record<string, Usage> | undefined {
  let spent: Record<string, Usage> | undefined
  for (const intent of intents) {
    const usage = intent?.usage ?? (intent?.answered ? NO_USAGE : undefined)
    if (!intent || !usage) continue
    spent ??= {}
    spent[intent.id] = usage
  }
  return spent
}
