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
  /** Id of the model that gave it. */
  readonly by: string
  /** What the supervisor has to decide about before the next thought. */
  readonly trouble: WireError | null
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
  by: '',
  trouble: null,
  error: null,
}

/** What the machine does next: one of these per event. */
export type Next = 'refuse' | 'extract' | 'prepare' | 'think' | 'act' | 'wait' | 'finish' | 'answer' | 'fail'

export interface Decision {
  readonly next: Next
  readonly state: TaskState
  /** Tool calls to start, by child id. */
  readonly start: readonly (readonly [child: string, call: ToolCall])[]
}

/** How a child of the machine ended. */
export type Ended = { readonly output: Plain } | { readonly error: WireError }

export interface TaskRules {
  /** A task was assigned: refuse it, or how to begin. */
  take(assignment: unknown): Decision
  /** The material is there. */
  prepared(state: TaskState, material: Plain): Decision
  /** The model had its turn. */
  thought(state: TaskState, thought: Thought): Decision
  /** A tool call ended. */
  called(state: TaskState, child: string, ended: Ended): Decision
  request(state: TaskState): ModelRequest
}

const MAX_TURNS = 12
const MAX_TOOL_CALLS = 32

export function taskRules(agent: Agent, hasModel: boolean): TaskRules {
  const talks = new Map(
    Object.entries(agent.skills)
      .filter(([, skill]) => skill.prompt && hasModel)
      .map(talk(agent)),
  )
  const talkOf = (state: TaskState): Conversation => talks.get(state.task.skill) as Conversation
  const next = (state: TaskState): Decision => afterTools(agent, state, talkOf(state))

  return {
    take: assignment => take(agent, assignment, hasModel, talkOf),
    prepared: (state, material) => begin(state, material, talkOf(state)),
    thought(state, thought) {
      const after = afterThought(agent, state, thought)
      if (after.error) return decision('fail', after)
      if (after.repairing) return decision('think', after)
      if (after.queue.length > 0) return next(after)
      return decision(agent.skills[state.task.skill]?.finish ? 'finish' : 'answer', after)
    },
    called(state, child, ended) {
      const after = afterCall(state, child, ended)
      if (after.error) return decision('fail', after)
      return Object.keys(after.running).length > 0 ? decision('wait', after) : next(after)
    },
    request: state => talkOf(state).request(state.messages),
  }
}

const decision = (next: Next, state: TaskState, start: Decision['start'] = []): Decision => ({
  next,
  state,
  start,
})
const refusal = (error: WireError): Decision => decision('refuse', { ...IDLE, error })

const talk =
  (agent: Agent) =>
  ([name, skill]: [string, Skill]): [string, Conversation] => [name, conversation(agent, name, skill)]

function take(
  agent: Agent,
  assignment: unknown,
  hasModel: boolean,
  talkOf: (state: TaskState) => Conversation,
): Decision {
  const { skill: name, input } = (assignment ?? {}) as { readonly skill?: unknown; readonly input?: unknown }
  if (typeof name !== 'string') return refusal(toWireError(noAssignment(agent)))
  if (!Object.hasOwn(agent.skills, name)) return refusal(toWireError(unknownSkill(agent, name)))
  const skill = agent.skills[name] as Skill
  const thinks = skill.prompt !== undefined && hasModel
  if (!thinks && !skill.extract) return refusal(toWireError(needsModel(agent, name)))
  const parsed = skill.input.safeParse(input)
  if (!parsed.success) return refusal(toWireError(misfitInput(agent, name, parsed.error.issues)))
  try {
    // A schema may turn plain input into what cannot be stored, for example a Date.
    const state = {
      ...IDLE,
      task: { skill: name, input: toPlain(parsed.data, `input of ${agent.name}.${name}`) },
    }
    if (!thinks) return decision('extract', state)
    return skill.prepare ? decision('prepare', state) : begin(state, null, talkOf(state))
  } catch (thrown) {
    return refusal(toWireError(thrown))
  }
}

/** The prompt is the user's own function: when it throws, the task fails, not the agent. */
function begin(state: TaskState, material: Plain, talk: Conversation): Decision {
  try {
    return decision('think', { ...state, material, messages: talk.begin(state.task.input, material) })
  } catch (thrown) {
    return decision('fail', { ...state, error: toWireError(thrown) })
  }
}

/** Starts the calls that may run now; when none are left, the model sees what came of them. */
function afterTools(agent: Agent, before: TaskState, talk: Conversation): Decision {
  let state = before
  while (state.queue.length > 0) {
    const batch = startCalls(state, talk)
    state = batch.state
    // Names that are no tools are answered at once, so another batch may follow.
    if (batch.start.length > 0) return decision('act', state, batch.start)
  }
  return decision('think', afterCalls(agent, state))
}

function afterThought(agent: Agent, state: TaskState, thought: Thought): TaskState {
  const { by, response, problem, reply = null } = thought
  const { text, toolCalls } = response
  const said: ModelMessage = { role: 'assistant', text, ...(toolCalls.length > 0 && { toolCalls }) }
  const turns = state.turns + 1
  const messages = [...state.messages, said]
  const next: TaskState = { ...state, turns, messages, repairing: false, trouble: null, reply, by }
  const goesOn = toolCalls.length > 0 || problem !== undefined
  if (goesOn && turns >= (agent.limits?.maxTurns ?? MAX_TURNS))
    return { ...next, error: tooFar(agent, `${turns} turns`) }
  if (problem !== undefined)
    return { ...next, repairing: true, messages: [...next.messages, repairMessage(problem)] }
  const calls = state.toolCalls + toolCalls.length
  if (calls > (agent.limits?.maxToolCalls ?? MAX_TOOL_CALLS))
    return { ...next, error: tooFar(agent, `${calls} tool calls`) }
  return { ...next, toolCalls: calls, queue: toolCalls }
}

/** Calls that only look run together; one that changes something runs alone and in its turn. */
function startCalls(state: TaskState, { tools }: Conversation) {
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
    start: start.map(([child, { call }]) => [child, call] as const),
    state: {
      ...state,
      queue: state.queue.slice(size),
      running: Object.fromEntries(start),
      outcomes: [...state.outcomes, ...unknown.map(numbered => noSuchTool(numbered, [...tools.keys()]))],
    },
  }
}

function afterCall(state: TaskState, child: string, ended: Ended): TaskState {
  const { [child]: numbered, ...running } = state.running
  if (!numbered) return state
  const failed = 'error' in ended
  const output: Plain = failed ? describe(ended.error) : ended.output
  const outcomes = [...state.outcomes, { ...numbered, output, failed }]
  // A budget or a cancellation is not the model's to argue with; every other failure is told to it.
  const error = failed && FINAL.has(ended.error.kind) ? ended.error : state.error
  return { ...state, running, outcomes, error }
}

const FINAL: ReadonlySet<string> = new Set([
  'budget-exhausted',
  'cancelled',
  'deadline-exceeded',
  'runtime-stopped',
])

/**
 * Results in the order of the calls: models expect them so. One turn is one step of the loop detection; a loop
 * is the supervisor's to decide about, so the next thought begins with it and goes on only with a remedy.
 */
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
    ...(cycle > 0 && { trouble: looping(agent, outcomes, cycle), window: [] }),
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

const misfitInput = (
  agent: Agent,
  name: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): RuntimeError =>
  new RuntimeError('input-invalid', `the input of ${agent.name}.${name} does not fit its schema`, {
    why: issues.map(issue => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; '),
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
