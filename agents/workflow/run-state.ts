/**
 * The state of one run and the pure functions that move it: what each step asks, what it keeps, what the run
 * answers in the end. The machine that `compile.ts` makes consists of calls to these.
 */
import { type Address, isToken } from '../../actors/address.ts'
import { RuntimeError, toRuntimeError, toWireError, type WireError } from '../../actors/errors.ts'
import type { RunStatus } from '../../actors/events.ts'
import type { AskInput } from '../../actors/machine.ts'
import type { Plain } from '../../actors/plain.ts'
import type {
  AskStep,
  HumanStep,
  LoopStep,
  MapStep,
  Step,
  Workflow,
  WorkflowStep,
} from './define-workflow.ts'
import { type Condition, holds, resolve, type Scope } from './reference.ts'

export interface RunInput {
  /** Role, or `workflow:<name>`, to the actors that play it. */
  readonly members: { readonly [role: string]: readonly Address[] }
}

interface Progress {
  readonly items: readonly Plain[]
  readonly outputs: readonly Plain[]
  readonly started: number
  readonly settled: number
}

export interface Problem {
  readonly step: string
  /** The item of a map. */
  readonly index?: number
  readonly error: WireError
}

export interface RunState extends RunInput {
  /** Id of the message that started the run: what a person's answer sets going is done on its behalf. */
  readonly startedBy: string
  readonly input: Plain
  readonly outputs: { readonly [step: string]: Plain }
  readonly maps: { readonly [step: string]: Progress }
  readonly rounds: { readonly [step: string]: number }
  readonly round: number
  /** How often each role was asked: the next member's turn. */
  readonly turns: { readonly [role: string]: number }
  readonly problems: readonly Problem[]
  readonly error: WireError | null
}

export interface Args {
  readonly context: RunState
  readonly event: {
    readonly type: string
    readonly id?: string
    readonly body?: Plain
    readonly output?: Plain
    readonly error?: WireError
    readonly actorId?: string
  }
}

/** What a run answers. A run that did not end well still gives what it has. */
export interface WorkflowResult {
  readonly status: RunStatus
  readonly output: Plain
  readonly problems: readonly Problem[]
  readonly error?: WireError
}

type Call = Omit<AskStep, 'id'> | Omit<WorkflowStep, 'id'>

export const initial = ({ members }: RunInput): RunState => ({
  members,
  startedBy: '',
  input: null,
  outputs: {},
  maps: {},
  rounds: {},
  round: 0,
  turns: {},
  problems: [],
  error: null,
})

export function startProblem(workflow: Workflow, { event, context }: Args): WireError | undefined {
  const parsed = workflow.input.safeParse(event.body)
  if (!parsed.success) {
    const why = parsed.error.issues
      .map(issue => `${issue.path.join('.') || 'input'}: ${issue.message}`)
      .join('; ')
    return toWireError(
      new RuntimeError('input-invalid', `the input of workflow "${workflow.name}" does not fit`, { why }),
    )
  }
  const vacant = Object.keys(workflow.agents).find(role => !context.members[role]?.length)
  if (vacant === undefined) return undefined
  return toWireError(
    new RuntimeError('workflow-invalid', `nobody plays the role "${vacant}" of workflow "${workflow.name}"`),
  )
}

export const scopeOf = (state: RunState, extra: Scope = {}): Scope => ({
  ...state.outputs,
  input: state.input,
  ...(state.round > 0 && { round: state.round }),
  ...extra,
})

const roleOf = (call: Call): string => ('ask' in call ? call.ask : `workflow:${call.workflow}`)

function member(state: RunState, role: string, turn: number): Address {
  const members = state.members[role] ?? []
  const chosen = members[turn % Math.max(1, members.length)]
  if (chosen) return chosen
  throw new RuntimeError('workflow-invalid', `nobody plays "${role}"`, {
    fix: 'give the run a member for every role',
  })
}

/** What a step asks, of the role's next member. */
export function askInput(
  call: Call,
  state: RunState,
  extra: Scope = {},
  turn = state.turns[roleOf(call)] ?? 0,
): AskInput {
  const body = resolve(call.input, scopeOf(state, extra))
  const { timeoutMs, budget } = call
  return {
    to: member(state, roleOf(call), turn),
    ...('ask' in call
      ? { type: 'task.assign', body: { skill: call.skill, input: body } }
      : { type: 'workflow.start', body }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(budget && { budget }),
  }
}

export const afterTurn = (state: RunState, role: string, turns = 1): RunState => ({
  ...state,
  turns: { ...state.turns, [role]: (state.turns[role] ?? 0) + turns },
})

export const callDone = (state: RunState, step: AskStep | WorkflowStep, output: Plain): RunState =>
  afterTurn(
    keep(state, step, 'workflow' in step ? (output as unknown as WorkflowResult).output : output),
    roleOf(step),
  )

export const keep = (state: RunState, { id }: Step, output: Plain): RunState => ({
  ...state,
  outputs: { ...state.outputs, [id]: output },
})

/** A failed step: the run fails, or goes on with null in its place and the problem on record. */
export function failed(state: RunState, step: Step, error: WireError): RunState {
  const problems = [...state.problems, { step: step.id, error }]
  return step.onError === 'skip' && !isFinal(error)
    ? { ...keep(state, step, null), problems }
    : { ...state, problems, error }
}

/** Failures that no step may skip: the run's own end. */
const isFinal = (error: WireError): boolean => error.kind === 'budget-exhausted' || error.kind === 'cancelled'

/** A nested run that answered, but not with `done`, is a failure of its step. */
export function nestedFailure(step: Step | Call, { event }: Pick<Args, 'event'>): WireError | undefined {
  if (!('workflow' in step)) return undefined
  const result = event.output as unknown as WorkflowResult
  return result.status === 'done' ? undefined : (result.error ?? toWireError(notDone(result.status)))
}

const notDone = (status: RunStatus): RuntimeError =>
  new RuntimeError('effect-failed', `a nested run ended as ${status}`)

// A map: as many asks under way as its concurrency, the next one when one is answered.

export const mapChild = (step: MapStep, index: number): string => `${step.id}:${index}`

/** The item that a map's child works on. */
export const indexOf = (child: string): number => Number(child.slice(child.lastIndexOf(':') + 1))

export function startMap(state: RunState, step: MapStep): RunState {
  const items = resolve(step.map, scopeOf(state))
  if (!Array.isArray(items)) {
    throw new RuntimeError(
      'reference-unresolved',
      `step "${step.id}" maps over "${step.map.$ref}", which is not a list`,
    )
  }
  const progress: Progress = { items, outputs: items.map(() => null), started: 0, settled: 0 }
  return { ...state, maps: { ...state.maps, [step.id]: progress } }
}

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
    const scope = { [step.as]: progress.items[index] as Plain, index }
    const turn = (state.turns[role] ?? 0) + i
    return [mapChild(step, index), { ...askInput(step.step, state, scope, turn), share: 1 / (count - i) }]
  })
  const maps = { ...state.maps, [step.id]: { ...progress, started: progress.started + count } }
  return { state: afterTurn({ ...state, maps }, role, count), start }
}

export function itemSettled(state: RunState, step: MapStep, { event }: Args): RunState {
  const index = indexOf(event.actorId ?? '')
  const progress = state.maps[step.id]
  if (!progress || !Number.isInteger(index)) return state
  const error = event.error ?? nestedFailure(step.step, { event })
  const value =
    'workflow' in step.step
      ? ((event.output as unknown as WorkflowResult | undefined)?.output ?? null)
      : (event.output ?? null)
  const outputs = progress.outputs.map((output, i) => (i === index && !error ? value : output))
  const maps = { ...state.maps, [step.id]: { ...progress, outputs, settled: progress.settled + 1 } }
  if (!error) return { ...state, maps }
  const problems = [...state.problems, { step: step.id, index, error }]
  const goesOn = step.onError === 'skip' && !isFinal(error)
  return { ...state, maps, problems, ...(!goesOn && { error }) }
}

/** Too few items succeeded for the run to go on: the first problem is why. */
export function mapFailure(step: MapStep, state: RunState): WireError | undefined {
  const progress = state.maps[step.id]
  if (!step.atLeast || !progress || progress.items.length === 0) return undefined
  const failures = state.problems.filter(problem => problem.step === step.id)
  const successes = progress.items.length - failures.length
  return successes < Math.min(step.atLeast, progress.items.length) ? failures[0]?.error : undefined
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

export const conditionHolds = (condition: Condition, state: RunState): boolean =>
  holds(condition, scopeOf(state))

export const loopIsDone = (step: LoopStep, state: RunState): boolean =>
  (state.rounds[step.id] ?? 0) >= step.maxRounds || conditionHolds(step.until, state)

export function beginRound(state: RunState, step: LoopStep): RunState {
  const round = (state.rounds[step.id] ?? 0) + 1
  return { ...state, round, rounds: { ...state.rounds, [step.id]: round } }
}

export const question = (step: HumanStep, state: RunState) => ({
  step: step.id,
  question: step.human,
  ...(step.show !== undefined && { show: resolve(step.show, scopeOf(state)) }),
  ...(step.choices && { choices: step.choices }),
})

export function answerProblem(step: HumanStep, { event }: Args): WireError | undefined {
  const { step: answered, answer } = (event.body ?? {}) as { step?: string; answer?: Plain }
  const wrong =
    (answered !== step.id && `the run waits for an answer to "${step.id}", not "${String(answered)}"`) ||
    (typeof answer !== 'string' && 'an answer is a text') ||
    (step.choices && !step.choices.includes(answer as string) && `choose one of ${step.choices.join(', ')}`)
  return wrong ? toWireError(new RuntimeError('input-invalid', wrong)) : undefined
}

export const silence = (step: HumanStep): WireError =>
  toWireError(
    new RuntimeError('deadline-exceeded', `nobody answered "${step.human}"`, {
      fix: 'answer it in time, or give the step a longer timeoutMs',
      details: { needsHuman: step.id },
    }),
  )

export const result = (workflow: Workflow, state: RunState): WorkflowResult => ({
  status: 'done',
  output: resolve(workflow.output, scopeOf(state)),
  problems: state.problems,
})

export const failure = (state: RunState): WorkflowResult => {
  const error = state.error ?? toWireError(toRuntimeError('the run failed', 'internal'))
  return { status: statusOf(error), output: state.outputs, problems: state.problems, error }
}

/** How a run that failed with `error` is said to have ended. */
export function statusOf(error: WireError): RunStatus {
  if (error.kind === 'cancelled' || error.kind === 'runtime-stopped') return 'cancelled'
  if (error.kind === 'budget-exhausted') return 'budget-exhausted'
  return isToken(error.details?.['needsHuman']) ? 'needs-human' : 'failed'
}
