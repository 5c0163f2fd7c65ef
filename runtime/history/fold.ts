/**
 * Folds the history of one actor with today's behaviour, by the fold that recovery uses, and keeps the state after
 * every commit. Nothing can be carried out: the host it is given refuses everything. Used by replay, verify and fork.
 */
import { Acting } from '../../actors/acting.ts'
import { addressType } from '../../actors/address.ts'
import type { Behaviour, Snapshot } from '../../actors/behaviour.ts'
import type { CellHost } from '../../actors/cell-host.ts'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import type { Commit, Journal, Recorded } from '../../actors/journal.ts'
import { originOf, restore } from '../../actors/recovery.ts'
import { supervisorBehaviour } from '../../actors/supervisor.ts'
import { recordedSpec } from '../sleepers.ts'

export type BehaviourOf = (type: string) => Behaviour | undefined

export interface Folded {
  /** The state after each commit, by its number; commits written by an earlier definition have none. */
  readonly states: ReadonlyMap<number, Snapshot>
  readonly acting: Acting
  /** Why the fold ended before the last commit: `definition-changed`, or what the machine threw. */
  readonly error?: RuntimeError
  /** The commit it ended at. */
  readonly at?: Commit
}

/** Looks behaviours up by type; the runtime's own supervisor is always among them. */
export function behavioursByType(behaviours: readonly Behaviour[]): BehaviourOf {
  const byType = new Map([supervisorBehaviour(), ...behaviours].map(one => [one.type, one]))
  return type => byType.get(type)
}

/** `commits` are all of one actor, from the first one on. Throws nothing: what does not fit is in `error`. */
export function foldActor(behaviour: Behaviour, commits: readonly Commit[]): Folded {
  const recorded = sinceMigration(commits)
  const [first] = commits
  if (!first) throw new RuntimeError('internal', 'an actor without commits has no history')
  const spec = recordedSpec(first.actor, behaviour, recorded, () => true, undefined)
  const life = originOf(recorded)?.life ?? ''
  const acting = new Acting(spec, inertHost, life, refuse)
  const states = new Map<number, Snapshot>()
  try {
    restore(behaviour, acting, recorded, ({ seq }, snapshot) => states.set(seq, snapshot))
    return { states, acting }
  } catch (thrown) {
    const at = recorded.commits.find(({ seq }) => !states.has(seq))
    return { states, acting, error: toRuntimeError(thrown, 'actor-crashed'), ...(at && { at }) }
  }
}

/** Throws what `foldActor` found. */
export function foldSoundly(behaviourOf: BehaviourOf, commits: readonly Commit[]): Folded {
  const [first] = commits
  const type = first ? addressType(first.actor) : ''
  const behaviour = behaviourOf(type)
  if (!behaviour) throw unknownType(type)
  const folded = foldActor(behaviour, commits)
  if (folded.error) throw folded.error
  return folded
}

export const unknownType = (type: string): RuntimeError =>
  new RuntimeError('definition-changed', `nothing of type "${type}" is defined any more`, {
    why: 'the history was written by actors of a type that this version does not know',
    fix: 'run it with the version that wrote it',
    details: { type },
  })

/** What an earlier definition committed cannot be taken again: the history begins with the migrated state. */
function sinceMigration(commits: readonly Commit[]): Recorded {
  const at = commits.findLastIndex(({ taken }) => taken.kind === 'migrated')
  const commit = commits[at]
  if (commit?.taken.kind !== 'migrated') return { commits }
  return { snapshot: { seq: commit.seq - 1, state: commit.taken.state }, commits: commits.slice(at) }
}

const refuse = (): never => {
  throw new RuntimeError('internal', 'a replay carries nothing out')
}

/** Durable, as the journals are that hold histories: an actor's ledger is kept by it. */
const inertJournal: Journal = {
  durable: true,
  append: refuse,
  snapshot: refuse,
  read: refuse,
  readAll: refuse,
  history: refuse,
  known: refuse,
  actors: refuse,
  remove: refuse,
  records: { put: refuse, get: refuse, list: refuse, remove: refuse },
  close: refuse,
}

const inertHost: CellHost = {
  clock: { now: refuse, at: refuse },
  random: refuse,
  id: refuse,
  defer: refuse,
  events: { on: false, emit: refuse },
  journal: inertJournal,
  whenStored: refuse,
  version: '',
  isEnding: false,
  isQuiescing: false,
  isGone: refuse,
  send: refuse,
  bury: refuse,
  publish: refuse,
  direct: refuse,
  signal: refuse,
  spawn: refuse,
  receipt: refuse,
  took: refuse,
  report: refuse,
  stopped: refuse,
}
