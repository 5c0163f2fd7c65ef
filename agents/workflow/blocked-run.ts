/**
 * Watches a run for what only a person can tell: effects of unknown outcome, and questions that nobody is there to
 * answer. The run is blocked once there are such and nothing else of it is under way: it has gone as far as it can.
 * What a person decided already is told to the effects at once. Only where there is a journal on disk: elsewhere
 * nothing is interrupted, and a run that waited could not be taken up again.
 */
import type { Cancel } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { EffectDecision } from '../../actors/protocol.ts'
import type { ParkedEffect, Runtime } from '../../runtime/create-runtime.ts'

/** How long nothing of a run may be under way before it counts as blocked, ms: longer than a commit takes. */
const SETTLE_MS = 250

export interface BlockedRun {
  /** Settles when the run is blocked, and never otherwise. */
  readonly blocked: Promise<undefined>
  /** True from then on. */
  readonly isBlocked: boolean
  /** A question of the run has nobody to answer it. */
  unanswered(step: string): void
  /** What a person has to tell. */
  why(): RuntimeError
  stop(): void
}

export function watchForBlocks(
  runtime: Runtime,
  run: string,
  decisions: ReadonlyMap<string, EffectDecision> = new Map(),
): BlockedRun {
  const { clock } = runtime.host
  const questions = new Set<string>()
  let isBlocked = false
  let block: (value: undefined) => void = () => {}
  let cancel: Cancel | undefined
  const blocked = new Promise<undefined>(resolve => {
    block = resolve
  })
  const parked = (): readonly ParkedEffect[] => runtime.parkedEffects().filter(effect => effect.run === run)
  let mayBeParked = parked().length > 0
  const look = (): void => {
    cancel = undefined
    const undecided = parked().filter(({ effect }) => !decisions.has(effect))
    if (undecided.length + questions.size === 0) return
    if (runtime.effectsUnderWay(run) > 0) return
    isBlocked = true
    block(undefined)
  }
  /** What an outcome sets going is known only after its commit. */
  const lookLater = (): void => {
    cancel?.()
    cancel = clock.at(clock.now() + SETTLE_MS, look)
  }
  const decide = (effect: string): void => {
    const decision = decisions.get(effect)
    if (decision) runtime.decideEffect(effect, decision).catch(() => {})
  }
  const unsubscribe = runtime.events.subscribe(event => {
    // Also a failure that is final, and a commit that leaves nothing under way: neither is an outcome of its own.
    if (event.run !== run) return
    if (event.type === 'effect.parked') {
      mayBeParked = true
      decide(event.effect)
    }
    if (mayBeParked || questions.size > 0) lookLater()
  })
  // The run's actors may be back already, and have said so before anybody listened.
  for (const { effect } of parked()) decide(effect)
  if (mayBeParked) lookLater()

  return {
    blocked,
    get isBlocked() {
      return isBlocked
    },
    unanswered(step) {
      questions.add(step)
      lookLater()
    },
    why: () => undecided(parked(), [...questions]),
    stop() {
      cancel?.()
      unsubscribe()
    },
  }
}

/** Why a run waits for a person, with everything there is to know about it. */
function undecided(effects: readonly ParkedEffect[], questions: readonly string[]): RuntimeError {
  const [first] = effects
  if (!first) {
    return new RuntimeError('human-required', `nobody is there to answer "${questions.join('", "')}"`, {
      why: 'the run was started without anybody to ask',
      fix: 'resume the run with somebody to ask: `onHuman`',
      details: { questions },
    })
  }
  const names = effects.map(({ name, effect }) => `${name} (${effect})`).join(', ')
  return new RuntimeError('human-required', `a person has to decide about ${names}`, {
    why: first.why,
    fix: 'find out whether it happened, then resume the run with a decision for each: done, redo or skip',
    details: { effects, ...(questions.length > 0 && { questions }) },
  })
}
