/**
 * A map within a run, as pure functions: as many asks under way as its concurrency, the next one when one is
 * answered, outputs in the order of the items. Called by `compile.ts` and `run-actions.ts`.
 */
import { RuntimeError, type WireError } from '../../actors/errors.ts'
import type { AskInput } from '../../actors/machine.ts'
import type { Plain } from '../../actors/plain.ts'
import type { MapStep } from './define-workflow.ts'
import { resolve, type Scope } from './reference.ts'
import {
  type Args,
  afterTurn,
  answerOf,
  askInput,
  attempt,
  callError,
  isFinal,
  keep,
  type Progress,
  type RunState,
  roleOf,
  scopeOf,
} from './run-state.ts'

const mapChild = (step: MapStep, index: number): string => `${step.id}:${index}`

/** The item that a map's child works on. */
export const indexOf = (child: string): number => Number(child.slice(child.lastIndexOf(':') + 1))

export function startMap(state: RunState, step: MapStep): RunState {
  const made = attempt(() => itemsOf(step, state))
  const items = 'value' in made ? made.value : []
  const progress: Progress = {
    items,
    outputs: items.map(() => null),
    started: 0,
    settled: 0,
    failures: [],
    ...('error' in made && { problem: made.error }),
  }
  const problems = progress.problem
    ? [...state.problems, { step: step.id, error: progress.problem }]
    : state.problems
  return { ...state, problems, maps: { ...state.maps, [step.id]: progress } }
}

function itemsOf(step: MapStep, state: RunState): readonly Plain[] {
  const items = resolve(step.map, scopeOf(state))
  if (Array.isArray(items)) return items
  throw new RuntimeError(
    'reference-unresolved',
    `step "${step.id}" maps over "${step.map.$ref}", which is not a list`,
  )
}

const scopeOfItem = (step: MapStep, { items }: Progress, index: number): Scope => ({
  [step.as]: items[index] ?? null,
  index,
})

/** The asks to start now, each with the share of the budget it may take, and the state that has them under way. */
export function nextItems(
  state: RunState,
  step: MapStep,
): { state: RunState; start: readonly [string, AskInput][] } {
  const progress = state.maps[step.id] as Progress
  if (state.error) return { state, start: [] }
  const role = roleOf(step.step)
  const concurrency = step.concurrency ?? Math.max(1, state.members[role]?.length ?? 1)
  const room = concurrency - (progress.started - progress.settled)
  const count = Math.max(0, Math.min(room, progress.items.length - progress.started))
  const start = Array.from({ length: count }, (_, i): [string, AskInput] => {
    const index = progress.started + i
    const turn = (state.turns[role] ?? 0) + i
    const ask = askInput(step.step, state, scopeOfItem(step, progress, index), turn)
    return [mapChild(step, index), { ...ask, share: 1 / (count - i) }]
  })
  const maps = { ...state.maps, [step.id]: { ...progress, started: progress.started + count } }
  return { state: afterTurn({ ...state, maps }, role, count), start }
}

/** Why an item failed, or undefined when it did not. */
export function itemError(step: MapStep, args: Args): WireError | undefined {
  const progress = args.context.maps[step.id]
  const index = indexOf(args.event.actorId ?? '')
  return callError(step.step, args, progress && scopeOfItem(step, progress, index))
}

export function itemSettled(state: RunState, step: MapStep, args: Args): RunState {
  const { event } = args
  const index = indexOf(event.actorId ?? '')
  const before = state.maps[step.id]
  if (!before || !Number.isInteger(index)) return state
  const error = itemError(step, args)
  const value = event.output === undefined || error ? null : answerOf(step.step, event.output)
  const progress: Progress = {
    ...before,
    outputs: before.outputs.map((output, i) => (i === index ? value : output)),
    settled: before.settled + 1,
    failures: error ? [...before.failures, error] : before.failures,
  }
  const next = { ...state, maps: { ...state.maps, [step.id]: progress } }
  if (!error) return next
  const problems = [...state.problems, { step: step.id, index, error }]
  const goesOn = step.onError === 'skip' && !isFinal(error)
  return { ...next, problems, ...(!goesOn && { error }) }
}

/** There was nothing to map over, or too few items succeeded for the run to go on: the first problem is why. */
export function mapFailure(step: MapStep, state: RunState): WireError | undefined {
  const { problem, items, failures } = state.maps[step.id] as Progress
  if (problem) return step.onError === 'skip' ? undefined : problem
  const successes = items.length - failures.length
  return successes < Math.min(step.atLeast ?? 0, items.length) ? failures[0] : undefined
}

/** A map that is over: its outputs in the order of its items. */
export function mapEnded(state: RunState, step: MapStep): RunState {
  const { problem, outputs } = state.maps[step.id] as Progress
  const error = mapFailure(step, state) ?? state.error
  return { ...keep(state, step, problem ? null : outputs), error }
}

export function mapIsDone(step: MapStep, state: RunState): boolean {
  const progress = state.maps[step.id]
  return progress !== undefined && progress.settled === progress.items.length
}

/** Asks of maps that are still under way. */
export const openItems = (state: RunState): readonly string[] =>
  Object.entries(state.maps).flatMap(([id, { started }]) =>
    Array.from({ length: started }, (_, index) => `${id}:${index}`),
  )
