/**
 * The state of one run and the pure functions that move it: what each step asks, what it keeps, what the run
 * answers in the end. The machine that `compile.ts` makes consists of calls to these.
 */
import { type Address, isToken } from '../../actors/address.ts'
import { RuntimeError, toRuntimeError, toWireError, type WireError } from '../../actors/errors.ts'
import type { RunStatus } from '../../actors/events.ts'
import type { AskInput } from '../../actors/machine.ts'
import type { Plain } from '../../actors/plain.ts'
import {
  type AskStep,
  type HumanStep,
  type LoopStep,
  type Step,
  stepsWithin,
  type Workflow,
  type WorkflowStep,
} from './define-workflow.ts'
import { type Condition, holds, read, resolve, type Scope } from './reference.ts'

export interface RunInput {
  /** Role, or `workflow:<name>`, to the actors that play it. */
  readonly members: { readonly [role: string]: readonly Address[] }
}

export interface Progress {
  readonly items: readonly Plain[]
  readonly outputs: readonly Plain[]
  readonly started: number
  readonly settled: number
  readonly failures: readonly WireError[]
  /** There is nothing to map over. */
  readonly problem?: WireError
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
  /** Null for every step: what a branch left out reads as null. */
  readonly blank: { readonly [step: string]: null }
  readonly maps: { readonly [step: string]: Progress }
  readonly rounds: { readonly [step: string]: number }
  readonly round: number
  /** The round of the loop around each loop. */
  readonly outerRounds: { readonly [step: string]: number }
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

export type Call = Omit<AskStep, 'id'> | Omit<WorkflowStep, 'id'>

export const initial = ({ members }: RunInput): RunState => ({
  members,
  startedBy: '',
  input: null,
  outputs: {},
  blank: {},
  maps: {},
  rounds: {},
  round: 0,
  outerRounds: {},
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
  const nested = [...stepsWithin(workflow.steps)].flatMap(step => {
    const call = 'map' in step ? step.step : step
    return 'workflow' in call ? [roleOf(call)] : []
  })
  const roles = [...Object.keys(workflow.agents), ...nested]
  const vacant = roles.find(role => !context.members[role]?.length)
  if (vacant === undefined) return undefined
  return toWireError(
    new RuntimeError('workflow-invalid', `nobody plays the role "${vacant}" of workflow "${workflow.name}"`),
  )
}

/** The state at the start of a run. */
export const begun = (workflow: Workflow, state: RunState, startedBy: string, input: Plain): RunState => ({
  ...initial(state),
  startedBy,
  input,
  blank: Object.fromEntries([...stepsWithin(workflow.steps)].map(({ id }) => [id, null])),
})

export const scopeOf = (state: RunState, extra: Scope = {}): Scope => ({
  ...state.blank,
  ...state.outputs,
  input: state.input,
  ...(state.round > 0 && { round: state.round }),
  ...extra,
})

export const roleOf = (call: Call): string => ('ask' in call ? call.ask : `workflow:${call.workflow}`)

function member(state: RunState, role: string, turn: number): Address {
  const members = state.members[role] ?? []
  const chosen = members[turn % Math.max(1, members.length)]
  if (chosen) return chosen
  throw new RuntimeError('workflow-invalid', `nobody plays "${role}"`, {
    fix: 'give the run a member for every role',
  })
}

/** Asks nobody, so it fails at once: in place of an ask that cannot be made. Why it cannot, `askProblem` says. */
const IMPOSSIBLE: AskInput = { to: '' as Address, type: 'task.assign', body: null }

/** What a step asks, of the role's next member. Never throws: a machine that throws loses its run. */
export function askInput(call: Call, state: RunState, extra: Scope = {}, turn?: number): AskInput {
  const made = attempt(() => makeAsk(call, state, extra, turn))
  return 'value' in made ? made.value : IMPOSSIBLE
}

/** Why an ask could not be made, or undefined when it was. */
function askProblem(call: Call, state: RunState, extra: Scope = {}): WireError | undefined {
  const made = attempt(() => makeAsk(call, state, extra))
  return 'error' in made ? made.error : undefined
}

function makeAsk(call: Call, state: RunState, extra: Scope, turn = state.turns[roleOf(call)] ?? 0): AskInput {
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

export function attempt<T>(act: () => T): { readonly value: T } | { readonly error: WireError } {
  try {
    return { value: act() }
  } catch (thrown) {
    return { error: toWireError(toRuntimeError(thrown, 'internal')) }
  }
}

/** Why a call failed, or undefined when it did not. A nested run that did not end as done failed. */
export function callError(call: Call, args: Args, extra: Scope = {}): WireError | undefined {
  const { context, event } = args
  if (event.error) return askProblem(call, context, extra) ?? event.error
  if (!('workflow' in call)) return undefined
  const { status, error } = event.output as unknown as WorkflowResult
  return status === 'done' ? undefined : (error ?? toWireError(notDone(status)))
}

export const hasFailed = (step: AskStep | WorkflowStep, args: Args): boolean =>
  callError(step, args) !== undefined

/** A failure that ends the run. */
export function isFatal(step: AskStep | WorkflowStep, args: Args): boolean {
  const error = callError(step, args)
  return error !== undefined && (step.onError !== 'skip' || isFinal(error))
}

export const afterTurn = (state: RunState, role: string, turns = 1): RunState => ({
  ...state,
  turns: { ...state.turns, [role]: (state.turns[role] ?? 0) + turns },
})

/** What a call is worth to its run: of a nested run, the output alone. */
export const answerOf = (call: Call, answer: Plain): Plain =>
  'workflow' in call ? (answer as unknown as WorkflowResult).output : answer

export const callDone = (state: RunState, step: AskStep | WorkflowStep, answer: Plain): RunState =>
  afterTurn(keep(state, step, answerOf(step, answer)), roleOf(step))

/** A failed call; the next one asks the role's next member. */
export const callFailed = (state: RunState, step: AskStep | WorkflowStep, error: WireError): RunState =>
  afterTurn(failed(state, step, error), roleOf(step))

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
export const isFinal = (error: WireError): boolean =>
  error.kind === 'budget-exhausted' || error.kind === 'cancelled'

const notDone = (status: RunStatus): RuntimeError =>
  new RuntimeError('effect-failed', `a nested run ended as ${status}`)

export const conditionHolds = (condition: Condition, state: RunState): boolean =>
  holds(condition, scopeOf(state))

export const loopIsDone = (step: LoopStep, state: RunState): boolean =>
  (state.rounds[step.id] ?? 0) >= step.maxRounds || conditionHolds(step.until, state)

export const beginLoop = (state: RunState, { id }: LoopStep): RunState => ({
  ...state,
  rounds: { ...state.rounds, [id]: 0 },
  outerRounds: { ...state.outerRounds, [id]: state.round },
})

/** However a loop ends, its output is the number of its rounds. */
export const endLoop = (state: RunState, step: LoopStep): RunState => ({
  ...keep(state, step, state.rounds[step.id] ?? 0),
  round: state.outerRounds[step.id] ?? 0,
})

export function beginRound(state: RunState, step: LoopStep): RunState {
  const round = (state.rounds[step.id] ?? 0) + 1
  return { ...state, round, rounds: { ...state.rounds, [step.id]: round } }
}

export const question = (step: HumanStep, state: RunState) => ({
  step: step.id,
  question: step.human,
  ...(step.show !== undefined && { show: read(step.show, scopeOf(state)) }),
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

/** What is said of another step's question is no answer to this one. */
export const isAbout = (step: HumanStep, { event }: Args): boolean =>
  ((event.body ?? {}) as { readonly step?: Plain }).step === step.id

export const tooSlow = (step: Step): WireError =>
  toWireError(
    new RuntimeError('deadline-exceeded', `step "${step.id}" took longer than ${step.timeoutMs} ms`, {
      fix: 'give it a longer timeoutMs, or less to do',
      details: { step: step.id },
    }),
  )

export const silence = (step: HumanStep): WireError =>
  toWireError(
    new RuntimeError('deadline-exceeded', `nobody answered "${step.human}"`, {
      fix: 'answer it in time, or give the step a longer timeoutMs',
      details: { needsHuman: step.id },
    }),
  )

/** Why the output of a run cannot be made, or undefined when it can. */
export function outputProblem(workflow: Workflow, state: RunState): WireError | undefined {
  const made = attempt(() => resolve(workflow.output, scopeOf(state)))
  return 'error' in made ? made.error : undefined
}

export const result = (workflow: Workflow, state: RunState): WorkflowResult => ({
  status: 'done',
  output: resolve(workflow.output, scopeOf(state)),
  problems: state.problems,
})

export const failure = (state: RunState): WorkflowResult => {
  const error = state.error ?? toWireError(toRuntimeError('the run failed', 'internal'))
  return { status: statusOf(error), output: partial(state), problems: state.problems, error }
}

/** What there is of a run that did not end well, maps that were not finished included. */
export const partial = ({ outputs, maps }: RunState): Plain => ({
  ...outputs,
  ...Object.fromEntries(
    Object.entries(maps)
      .filter(([id]) => outputs[id] === undefined)
      .map(([id, progress]) => [id, progress.outputs]),
  ),
})

/** How a run that failed with `error` is said to have ended. */
export function statusOf(error: WireError): RunStatus {
  if (error.kind === 'cancelled' || error.kind === 'runtime-stopped') return 'cancelled'
  if (error.kind === 'budget-exhausted') return 'budget-exhausted'
  if (error.kind === 'human-required') return 'needs-human'
  return isToken(error.details?.['needsHuman']) ? 'needs-human' : 'failed'
}
