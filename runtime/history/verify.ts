/**
 * Says whether a stored run could go on with today's behaviours: folds the history of each of its actors and
 * compares what was decided then with what is decided now. Called by `agenticraft runs verify`. Changes nothing.
 */
import { type Address, addressType } from '../../actors/address.ts'
import type { RuntimeError } from '../../actors/errors.ts'
import type { Commit } from '../../actors/journal.ts'
import type { Provenance } from '../../actors/provenance.ts'
import type { RunStep } from '../runs.ts'
import { type BehaviourOf, foldActor } from './fold.ts'
import { commitsByActor } from './replay.ts'

/**
 * ok: decides the same as then · changed: the first commit that does not fit is in `error` · unknown-type: nothing
 * of its type is defined.
 */
export type Verdict = 'ok' | 'changed' | 'unknown-type'

export interface ActorVerdict {
  readonly actor: Address
  readonly verdict: Verdict
  readonly commits: number
  readonly error?: RuntimeError
  /** The first step that does not fit. */
  readonly step?: number
  /** The definition of today is another one than that on record, by its hash or its author's version. */
  readonly redefined?: { readonly from: DefinitionId; readonly to: DefinitionId }
}

export interface DefinitionId {
  readonly definition: string
  readonly version?: string
}

export interface RunVerdict {
  /** True when every actor is ok. */
  readonly ok: boolean
  readonly actors: readonly ActorVerdict[]
}

/** `steps` are all of a run. */
export function verifyRun(steps: readonly RunStep[], behaviourOf: BehaviourOf): RunVerdict {
  const actors = [...commitsByActor(steps)].map(([actor, commits]) =>
    verifyActor(actor, commits, steps, behaviourOf),
  )
  return { ok: actors.every(({ verdict }) => verdict === 'ok'), actors }
}

function verifyActor(
  actor: Address,
  commits: readonly Commit[],
  steps: readonly RunStep[],
  behaviourOf: BehaviourOf,
): ActorVerdict {
  const behaviour = behaviourOf(addressType(actor))
  const about = { actor, commits: commits.length }
  if (!behaviour) return { ...about, verdict: 'unknown-type' }
  const { error, at } = foldActor(behaviour, commits)
  const from = recordedDefinition(commits)
  const { version } = behaviour
  const to: DefinitionId = { definition: behaviour.definition(), ...(version !== undefined && { version }) }
  const isNew = from && (from.definition !== to.definition || from.version !== to.version)
  const redefined = isNew ? { redefined: { from, to } } : {}
  if (!error) return { ...about, ...redefined, verdict: 'ok' }
  const step = steps.find(({ commit }) => commit === at)?.step
  return { ...about, ...redefined, verdict: 'changed', error, ...(step !== undefined && { step }) }
}

/** The definition on record: that of the last migration, or of the start. */
function recordedDefinition(commits: readonly Commit[]): DefinitionId | undefined {
  let found: Provenance | undefined
  for (const { taken } of commits)
    if (taken.kind === 'init' || taken.kind === 'migrated') found = taken.provenance ?? found
  return (
    found && {
      definition: found.definition,
      ...(found.version !== undefined && { version: found.version }),
    }
  )
}
