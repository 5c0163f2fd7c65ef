/**
 * The rules of one task, as pure functions over an agent's state: what is wrong with an assignment, what to do
 * next with a model's turn, which tool calls may run together, when it goes too far. The machine of
 * `agent-behaviour.ts` only carries them out.
 */
import { RuntimeError, toWireError, type WireError } from '../actors/errors.ts'
import { cycleLength, fingerprint, observe, type StepWindow } from '../actors/loop-detection.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import type { Thought } from './agent-effects.ts'
import { type Conversation, conversation } from './conversation.ts'
import type { Agent } from './define-agent.ts'
import type { ModelMessage, ModelRequest, ToolCall, ToolResult } from './models/model.ts'
import { repairMessage } from './models/structured.ts'
import type { Skill } from './skill.ts'

/** Body of `task.assign`: which skill, and its input. */
export interface Assignment {
  readonly skill: string
  readonly input: Plain
}

/** A tool call with its number within the task: models are not trusted to make ids unique. */
export interface NumberedCall {
  readonly number: number
  readonly call: ToolCall
}

/** What came of a tool call. */
interface Outcome extends NumberedCall {
  readonly output: Plain
  readonly failed: boolean
}

/** State of an agent that works on one task. */
export interface TaskState {
  readonly task: Assignment
  readonly messages: readonly ModelMessage[]
  readonly turns: number
  readonly toolCalls: number
  /** The model was told once what is wrong with its answer. */
  readonly repairing: boolean
  /** Tool calls not started yet, those under way by child id, and what came of the finished ones. */
  readonly queue: readonly ToolCall[]
  readonly running: { readonly [child: string]: NumberedCall }
  readonly outcomes: readonly Outcome[]
  /** What each turn called and learned. */
  readonly window: StepWindow
  /** What was gathered for the prompt; the finishing touch may need it again. */
  readonly material: Plain
  readonly reply: Plain
  readonly error: WireError | null
}

export const IDLE: TaskState = {
  task: { skill: '', input: null },
  messages: [],
  turns: 0,
  toolCalls: 0,
  repairing: false,
  queue: [],
  running: {},
  outcomes: [],
  window: [],
  material: null,
  reply: null,
  error: null,
}

/** How a skill is done with the setting at hand. */
export type Way = 'extract' | 'prepare' | 'think' | 'impossible'

export interface TaskRules {
  /** Why this assignment cannot be taken, or undefined. */
  problem(assignment: Assignment): WireError | undefined
  way(skill: string): Way
  /** The state at the start of a task; its input as the schema reads it. */
  accept(assignment: Assignment): TaskState
  /** With the first messages, once the material is there, or the error of a prompt that threw. */
  begin(state: TaskState, material: Plain): TaskState
  request(state: TaskState): ModelRequest
  /** With the model's turn added, or an error when that went too far. */
  afterThought(state: TaskState, thought: Thought): TaskState
  /** The calls to start now, by child id, and the state that has them under way. */
  startCalls(state: TaskState): {
    readonly state: TaskState
    readonly start: readonly [string, NumberedCall][]
  }
  /** With the outcome of one tool call. */
  afterCall(
    state: TaskState,
    child: string,
    outcome: { readonly output: Plain } | { readonly error: WireError },
  ): TaskState
  /** With all results handed to the model, or an error when it goes round in circles. */
  afterCalls(state: TaskState): TaskState
  hasFinish(skill: string): boolean
}

const MAX_TURNS = 12
const MAX_TOOL_CALLS = 32

export function taskRules(agent: Agent, hasModel: boolean): TaskRules {
  const skills = agent.skills
  const talks = new Map(
    Object.entries(skills)
      .filter(([, skill]) => skill.prompt && hasModel)
      .map(talk(agent)),
  )
  const talkOf = (state: TaskState): Conversation => talks.get(state.task.skill) as Conversation
  const way = (name: string): Way => wayOf(skills[name] as Skill, hasModel)

  return {
    way,
    problem: assignment => problemOf(agent, assignment, hasModel),
    accept: ({ skill, input }) => ({
      ...IDLE,
      task: { skill, input: skills[skill]?.input.parse(input) as Plain },
    }),
    begin: (state, material) => begin(state, material, talkOf(state)),
    request: state => talkOf(state).request(state.messages),
    afterThought: (state, thought) => afterThought(agent, state, thought),
    startCalls: state => startCalls(state, talkOf(state)),
    afterCall,
    afterCalls: state => afterCalls(agent, state),
    hasFinish: name => skills[name]?.finish !== undefined,
  }
}

const talk =
  (agent: Agent) =>
  ([name, skill]: [string, Skill]): [string, Conversation] => [name, conversation(agent, name, skill)]

function wayOf(skill: Skill, hasModel: boolean): Way {
  if (skill.prompt && hasModel) return skill.prepare ? 'prepare' : 'think'
  return skill.extract ? 'extract' : 'impossible'
}

function problemOf(agent: Agent, assignment: unknown, hasModel: boolean): WireError | undefined {
  const { skill: name, input } = (assignment ?? {}) as { readonly skill?: unknown; readonly input?: unknown }
  if (typeof name !== 'string') return toWireError(noAssignment(agent))
  if (!Object.hasOwn(agent.skills, name)) return toWireError(unknownSkill(agent, name))
  const skill = agent.skills[name] as Skill
  if (wayOf(skill, hasModel) === 'impossible') return toWireError(needsModel(agent, name))
  const parsed = skill.input.safeParse(input)
  if (!parsed.success) {
    const why = parsed.error.issues
      .map(issue => `${issue.path.join('.') || 'input'}: ${issue.message}`)
      .join('; ')
    return toWireError(
      new RuntimeError('input-invalid', `the input of ${agent.name}.${name} does not fit its schema`, {
        why,
      }),
    )
  }
  // A schema may turn plain input into what cannot be stored, for example a Date.
  return problemIn(() => toPlain(parsed.data, `input of ${agent.name}.${name}`))
}

function problemIn(act: () => unknown): WireError | undefined {
  try {
    act()
    return undefined
  } catch (thrown) {
    return toWireError(thrown)
  }
}

/** The prompt is the user's own function: when it throws, the task fails, not the agent. */
function begin(state: TaskState, material: Plain, talk: Conversation): TaskState {
  try {
    return { ...state, material, messages: talk.begin(state.task.input, material) }
  } catch (thrown) {
    return { ...state, error: toWireError(thrown) }
  }
}

function afterThought(agent: Agent, state: TaskState, { response, problem, reply }: Thought): TaskState {
  const { text, toolCalls } = response
  const said: ModelMessage = { role: 'assistant', text, ...(toolCalls.length > 0 && { toolCalls }) }
  const turns = state.turns + 1
  const next: TaskState = { ...state, turns, messages: [...state.messages, said], reply: reply ?? null }
  const goesOn = toolCalls.length > 0 || problem !== undefined
  if (goesOn && turns >= (agent.limits?.maxTurns ?? MAX_TURNS))
    return { ...next, error: tooFar(agent, `${turns} turns`) }
  if (problem !== undefined)
    return { ...next, repairing: true, messages: [...next.messages, repairMessage(problem)] }
  const calls = state.toolCalls + toolCalls.length
  if (calls > (agent.limits?.maxToolCalls ?? MAX_TOOL_CALLS))
    return { ...next, error: tooFar(agent, `${calls} tool calls`) }
  return { ...next, repairing: false, toolCalls: calls, queue: toolCalls }
}

/** Calls that only look run together; one that changes something runs alone and in its turn. */
function startCalls(state: TaskState, { tools }: Conversation) {
  if (Object.keys(state.running).length > 0) return { state, start: [] }
  const isIndependent = (call: ToolCall): boolean => {
    const effect = tools.get(call.name)?.effect
    return effect === undefined || effect === 'pure' || effect === 'idempotent'
  }
  const [first] = state.queue
  const dependent = first && !isIndependent(first) ? 1 : state.queue.findIndex(call => !isIndependent(call))
  const size = dependent < 0 ? state.queue.length : dependent
  const before = state.toolCalls - state.queue.length
  const batch = state.queue.slice(0, size).map((call, i): NumberedCall => ({ number: before + i, call }))
  const unknown = batch.filter(({ call }) => !tools.has(call.name))
  const start = batch
    .filter(({ call }) => tools.has(call.name))
    .map((numbered): [string, NumberedCall] => [`call-${numbered.number}`, numbered])
  return {
    start,
    state: {
      ...state,
      queue: state.queue.slice(size),
      running: Object.fromEntries(start),
      outcomes: [...state.outcomes, ...unknown.map(numbered => noSuchTool(numbered, [...tools.keys()]))],
    },
  }
}

function afterCall(
  state: TaskState,
  child: string,
  outcome: { readonly output: Plain } | { readonly error: WireError },
): TaskState {
  const { [child]: numbered, ...running } = state.running
  if (!numbered) return state
  const failed = 'error' in outcome
  const output: Plain = failed ? describe(outcome.error) : outcome.output
  const outcomes = [...state.outcomes, { ...numbered, output, failed }]
  // A budget or a cancellation is not the model's to argue with; every other failure is told to it.
  const error = failed && FINAL.has(outcome.error.kind) ? outcome.error : state.error
  return { ...state, running, outcomes, error }
}

const FINAL: ReadonlySet<string> = new Set([
  'budget-exhausted',
  'cancelled',
  'deadline-exceeded',
  'runtime-stopped',
])

/** Results in the order of the calls: models expect them so. One turn is one step of the loop detection. */
function afterCalls(agent: Agent, state: TaskState): TaskState {
  const outcomes = state.outcomes.toSorted((a, b) => a.number - b.number)
  const results = outcomes.map(
    ({ call: { id, name }, output, failed }): ToolResult => ({ id, name, output, ...(failed && { failed }) }),
  )
  const window = observe(state.window, stepOf(agent, outcomes))
  const cycle = cycleLength(window)
  return {
    ...state,
    outcomes: [],
    window,
    messages: [...state.messages, { role: 'tool', results }],
    error: cycle > 0 ? looping(agent, outcomes, cycle) : state.error,
  }
}

/** The same calls with the same results are the same step, in whatever order and however often within a turn. */
function stepOf(agent: Agent, outcomes: readonly Outcome[]): string {
  const parts = outcomes.map(({ call, output }) => fingerprint(call.name, call.input, output))
  return fingerprint(agent.name, [...new Set(parts)].sort())
}

const describe = ({ code, message, why, fix }: WireError): string =>
  [`${code}: ${message}`, why, fix].filter(Boolean).join(' — ')

const noSuchTool = ({ number, call }: NumberedCall, known: readonly string[]): Outcome => ({
  number,
  call,
  output: `There is no tool "${call.name}". Tools: ${known.join(', ') || 'none'}.`,
  failed: true,
})

const noAssignment = (agent: Agent): RuntimeError =>
  new RuntimeError('input-invalid', `a task for ${agent.name} does not name a skill`, {
    fix: 'send { skill, input } as the body of task.assign',
  })

const unknownSkill = (agent: Agent, skill: string): RuntimeError =>
  new RuntimeError('skill-unknown', `${agent.name} has no skill "${skill}"`, {
    fix: `ask for one of ${Object.keys(agent.skills).join(', ')}`,
  })

const needsModel = (agent: Agent, skill: string): RuntimeError =>
  new RuntimeError('model-required', `${agent.name}.${skill} cannot be done without a language model`, {
    why: 'it has no extractive way of filling its schema, and nothing is invented',
    fix: 'configure a model, for example with --model openai:gpt-5-mini',
  })

const tooFar = (agent: Agent, reached: string): WireError =>
  toWireError(
    new RuntimeError('turn-limit', `${agent.name} used ${reached} without an answer`, {
      fix: 'raise its limits, or give it a smaller task',
    }),
  )

const looping = (agent: Agent, outcomes: readonly Outcome[], cycle: number): WireError => {
  const tools = [...new Set(outcomes.map(({ call }) => call.name))]
  return toWireError(
    new RuntimeError(
      'loop-detected',
      `${agent.name} repeats "${tools.join('", "')}" with the same arguments and result`,
      {
        why: `its last steps form a cycle of ${cycle}`,
        fix: 'improve its instructions, or use another model',
        details: { tools, cycle },
      },
    ),
  )
}
