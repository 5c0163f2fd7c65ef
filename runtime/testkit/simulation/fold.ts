/**
 * Replays an actor's journal with its behaviour, apart from the runtime's own recovery: what the simulation holds
 * against the live state, and against the acts that were recorded. It knows commits and nothing of cells.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Behaviour, Snapshot, Step } from '../../../actors/behaviour.ts'
import type { Commit, Recorded, Taken } from '../../../actors/journal.ts'

export interface Folded {
  readonly snapshot: Snapshot | undefined
  /** Commits whose recorded acts are not those that the behaviour decides. */
  readonly differing: readonly number[]
}

/** The state that a record leads to. Throws what the behaviour throws. */
export function foldRecord(behaviour: Behaviour, recorded: Recorded): Folded {
  const children = new Map<string, string>()
  const differing: number[] = []
  const { snapshot: stored, commits } = recorded
  let life = ''
  let snapshot: Snapshot | undefined
  if (stored) {
    snapshot = behaviour.revive(stored.state)
    life = stored.state.outstanding?.life ?? ''
    for (const { id, child } of stored.state.outstanding?.intents ?? []) children.set(id, child)
  }
  for (const commit of commits) {
    if (commit.taken.kind === 'init') life = commit.taken.life
    const step = stepOf(behaviour, snapshot, commit, children)
    if (step && !isDeepStrictEqual(step.acts, commit.acts)) differing.push(commit.seq)
    if (step) snapshot = step.snapshot
    commit.acts.forEach((act, k) => {
      if (act.act === 'start') children.set(`${commit.actor}.${life}.${commit.seq}.${k}`, act.child)
    })
  }
  return { snapshot, differing }
}

function stepOf(
  behaviour: Behaviour,
  snapshot: Snapshot | undefined,
  { taken, at }: Commit,
  children: ReadonlyMap<string, string>,
): Step | undefined {
  if (taken.kind === 'init' || taken.kind === 'restart') return behaviour.initial(taken.input, at)
  if (taken.kind === 'migrated') return { snapshot: behaviour.revive(taken.state), acts: [] }
  const event = eventOf(taken, at, children)
  return event && snapshot ? behaviour.next(snapshot, event, at) : undefined
}

function eventOf(
  taken: Taken,
  at: number,
  children: ReadonlyMap<string, string>,
): { readonly type: string } | undefined {
  switch (taken.kind) {
    case 'message': {
      const { id, from } = taken.cause
      const event = { type: taken.type, body: taken.body, id, at, ...(from !== undefined && { from }) }
      return event
    }
    case 'timer':
      return taken.event
    case 'result': {
      const actorId = children.get(taken.intent)
      const done = { type: `xstate.done.actor.${actorId}`, output: taken.output, actorId }
      return done
    }
    case 'failure': {
      const actorId = children.get(taken.intent)
      const failed = { type: `xstate.error.actor.${actorId}`, error: taken.error, actorId }
      return failed
    }
    default:
      return undefined
  }
}
