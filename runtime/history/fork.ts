/**
 * A new run with the beginning of another one: its history up to a step, under new ids, in the same journal. What
 * is recorded counts as done, what comes after is live. Called by `agenticraft replay --fork`; it starts nothing.
 */
import { addressType } from '../../actors/address.ts'
import { RuntimeError, toWireError, type WireError } from '../../actors/errors.ts'
import type { Commit, Journal } from '../../actors/journal.ts'
import type { Plain } from '../../actors/plain.ts'
import { machineEvent } from '../../actors/recovery.ts'
import type { RunRecord, RunStep, Runs } from '../runs.ts'
import { type BehaviourOf, foldSoundly } from './fold.ts'
import { checkedStep, commitsByActor } from './replay.ts'

export interface ForkRequest {
  readonly run: string
  /** The last step that is taken over, numbered as in a replay. */
  readonly at: number
  /** The new run's id. */
  readonly id: string
  /** What the new run is started with, instead of the old one's. */
  readonly options?: Plain
  /** Takes the place of what step `at` took in: an effect's result, or a message's body. */
  readonly edit?: Plain
  /** Those of the new run. */
  readonly behaviourOf: BehaviourOf
}

/** Ids are replaced in whatever text they stand in: a short one could be part of something else. */
const SHORTEST_ID = 16

/**
 * Copies the history and notes the new run, ready to be resumed. Throws `run-unknown`, `usage` for a step or an edit
 * that cannot be, `definition-changed` when the new run's behaviours do not fit what is taken over. Until all of it
 * is copied the new run is on record as failed.
 */
export async function fork(journal: Journal, runs: Runs, request: ForkRequest): Promise<RunRecord> {
  const { run, at, id, behaviourOf } = request
  const record = await runs.get(run)
  if (!record) throw new RuntimeError('run-unknown', `there is no run "${run}"`)
  if (await runs.get(id)) throw new RuntimeError('usage', `there is a run "${id}" already`)
  const steps = await runs.steps(run)
  const commits = copied(steps.slice(0, checkedStep(steps, at)), request)
  for (const own of commitsByActor(numbered(commits)).values()) foldSoundly(behaviourOf, own)
  const { workflow, input } = record
  const forkedFrom = { run, at }
  const fresh = { id, workflow, input, options: request.options ?? record.options, forkedFrom }
  await runs.begin(fresh)
  await runs.finish(id, { status: 'failed', error: cutShort(run) })
  await appendAll(journal, commits, id)
  return runs.begin(fresh)
}

/** The commits of the new run. The ends of actors are left out: in the new run they go on. */
function copied(
  steps: readonly RunStep[],
  { run, id, edit, behaviourOf, at }: ForkRequest,
): readonly Commit[] {
  checkIds(steps, run)
  const last = steps.at(-1)
  if (edit !== undefined && last?.commit.taken.kind === 'ended') throw notEditable(at, 'ended')
  const commits = steps
    .filter(({ commit }) => commit.taken.kind !== 'ended')
    .map(({ commit }) => renamed(commit, run, id) as Commit)
  const final = commits.at(-1)
  if (edit === undefined || !final) return commits
  const before = commits.slice(0, -1).filter(({ actor }) => actor === final.actor)
  return [...commits.slice(0, -1), edited(final, before, edit, at, behaviourOf)]
}

/** The commit with something else taken in, and what the behaviour decides then. */
function edited(
  commit: Commit,
  before: readonly Commit[],
  edit: Plain,
  step: number,
  behaviourOf: BehaviourOf,
): Commit {
  const { taken, actor, at } = commit
  const behaviour = behaviourOf(addressType(actor))
  const other =
    taken.kind === 'result'
      ? { ...taken, output: edit }
      : taken.kind === 'message'
        ? { ...taken, body: edit }
        : undefined
  if (!other || !behaviour || before.length === 0) throw notEditable(step, taken.kind)
  const { acting, states } = foldSoundly(behaviourOf, before)
  const snapshot = states.get(commit.seq - 1)
  const event = machineEvent(acting, other, at)
  if (!snapshot || typeof event === 'string') throw notEditable(step, taken.kind)
  return { ...commit, taken: other, acts: behaviour.next(snapshot, event, at).acts }
}

/** Appends in the order of the steps, so that whatever is there is a history that could have been. */
async function appendAll(journal: Journal, commits: readonly Commit[], run: string): Promise<void> {
  for (const [i, commit] of commits.entries())
    await journal.append(commit, later, { run, sync: i === commits.length - 1 })
}

/** Snapshots are taken when the new run goes on. */
const later = () => undefined

const numbered = (commits: readonly Commit[]): readonly RunStep[] =>
  commits.map((commit, i) => ({ step: i + 1, commit }))

/** Throws `usage` unless the run's id can be replaced wherever it stands, and stands in every actor's name. */
function checkIds(steps: readonly RunStep[], run: string): void {
  if (run.length < SHORTEST_ID) {
    throw new RuntimeError('usage', `run "${run}" cannot be forked`, {
      why: `its id is shorter than ${SHORTEST_ID} characters: it could be part of something else that is recorded`,
      fix: 'leave the id of a run to the runtime, or give it a long one',
    })
  }
  const other = steps.find(({ commit }) => !commit.actor.includes(run))
  if (!other) return
  throw new RuntimeError('usage', `run "${run}" cannot be forked`, {
    why: `its actor ${other.commit.actor} is not named after it, so it cannot have a counterpart in the new run`,
    fix: 'name the actors of a run after its id',
  })
}

/** The same data with another run's id in all its texts. */
function renamed(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value.replaceAll(from, to)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(item => renamed(item, from, to))
  const members = Object.entries(value).map(([key, member]) => [
    key.replaceAll(from, to),
    renamed(member, from, to),
  ])
  return Object.fromEntries(members)
}

const notEditable = (step: number, kind: string): RuntimeError =>
  new RuntimeError('usage', `what step ${step} took in cannot be edited`, {
    why: `it is of kind "${kind}"; an edit replaces the result of an effect or the body of a message that an actor took after its start`,
    fix: 'choose a step that took in a result or a message: agenticraft replay RUN lists them',
  })

const cutShort = (run: string): WireError =>
  toWireError(
    new RuntimeError('internal', `the copy of run ${run} was cut short`, {
      why: 'the process that made it ended',
      fix: 'remove it, and fork again',
    }),
  )
