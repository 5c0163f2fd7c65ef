/**
 * A run step by step from its journal: what each actor took in, its state before and after, what it decided. No
 * effect is run and no message sent: results are the recorded ones. Called by `agenticraft replay`.
 */
import { type Address, addressType } from '../../actors/address.ts'
import { type Snapshot, stateText } from '../../actors/behaviour.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Act, Commit } from '../../actors/journal.ts'
import type { Plain } from '../../actors/plain.ts'
import type { RunStep } from '../runs.ts'
import { type BehaviourOf, type Folded, foldActor, unknownType } from './fold.ts'

export interface ReplayedStep extends RunStep {
  /** Text of the machine's state, for example `working.thinking`. Absent before the first commit. */
  readonly before?: string
  /** Absent where today's definition cannot say. */
  readonly after?: string
}

/** An actor whose history does not fit its behaviour of today. */
export interface Misfit {
  readonly actor: Address
  readonly error: RuntimeError
  /** The first step that does not fit. Absent when nothing of that type is defined. */
  readonly step?: number
}

export interface Replay {
  readonly steps: readonly ReplayedStep[]
  readonly misfits: readonly Misfit[]
  /** The last state of each actor that fits, its context included. */
  readonly states: ReadonlyMap<Address, Snapshot>
}

/** Folds `steps`, all of a run in order, up to and including step `to`. Throws `usage` when there is no such step. */
export function replay(steps: readonly RunStep[], behaviourOf: BehaviourOf, to?: number): Replay {
  const shown = to === undefined ? steps : steps.slice(0, checkedStep(steps, to))
  const folds = new Map<Address, Folded>()
  const misfits: Misfit[] = []
  const states = new Map<Address, Snapshot>()
  for (const [actor, commits] of commitsByActor(shown)) {
    const behaviour = behaviourOf(addressType(actor))
    if (!behaviour) {
      misfits.push({ actor, error: unknownType(addressType(actor)) })
      continue
    }
    const folded = foldActor(behaviour, commits)
    folds.set(actor, folded)
    if (folded.error) misfits.push(misfitOf(actor, folded.error, shown, folded.at))
    const last = folded.error ? undefined : folded.states.get(commits.at(-1)?.seq ?? 0)
    if (last) states.set(actor, last)
  }
  return { steps: shown.map(step => replayed(step, folds.get(step.commit.actor))), misfits, states }
}

function replayed({ step, commit }: RunStep, folded: Folded | undefined): ReplayedStep {
  const text = (seq: number): string | undefined => {
    const state = folded?.states.get(seq)
    return state && stateText(state.value)
  }
  const before = text(commit.seq - 1)
  const after = text(commit.seq)
  return {
    step,
    commit,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  }
}

function misfitOf(
  actor: Address,
  error: RuntimeError,
  steps: readonly RunStep[],
  at: Commit | undefined,
): Misfit {
  const found = steps.find(({ commit }) => commit === at)
  return { actor, error, ...(found && { step: found.step }) }
}

/** `at`, if the run has such a step. Throws `usage`. */
export function checkedStep(steps: readonly RunStep[], at: number): number {
  if (Number.isSafeInteger(at) && at >= 1 && at <= steps.length) return at
  throw new RuntimeError('usage', `there is no step ${at}`, {
    why: steps.length === 0 ? 'the run has no steps' : `the run has the steps 1 to ${steps.length}`,
  })
}

/** The commits of each actor, in their order. */
export function commitsByActor(steps: readonly RunStep[]): ReadonlyMap<Address, readonly Commit[]> {
  const byActor = new Map<Address, Commit[]>()
  for (const { commit } of steps) {
    const own = byActor.get(commit.actor)
    if (own) own.push(commit)
    else byActor.set(commit.actor, [commit])
  }
  return byActor
}

/** What `actor` last answered an ask with, or undefined when it answered none. */
export function lastReply(steps: readonly RunStep[], actor: Address): Plain | undefined {
  const isReply = (act: Act): act is Act & { readonly act: 'reply' } => act.act === 'reply'
  const own = steps.filter(({ commit }) => commit.actor === actor)
  return own.flatMap(({ commit }) => commit.acts.filter(isReply)).at(-1)?.body
}
