/**
 * The rules of one task, as pure functions over an agent's state: what is wrong with an assignment, what to do
 * next with a model's turn, which tool calls may run together, when it goes too far. The machine of
 * `agent-behaviour.ts` only carries them out.
 */
import type { Address } from '../actors/address.ts'
import { toWireError, type WireError } from '../actors/errors.ts'
import { cycleLength, fingerprint, observe, type StepWindow } from '../actors/loop-detection.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import type { AgentSetting, Thought } from './agent-effects.ts'
import { type Conversation, conversation } from './conversation.ts'
import type { Agent } from './define-agent.ts'
import type { RememberInput } from './memory/agent-memory.ts'
import { exchangeOf, NO_MEMORY, type TaskMemory } from './memory/exchange.ts'
import type { Recollection } from './memory/recollection.ts'
import type { ModelMessage, ModelRequest, ToolCall, ToolResult } from './models/model.ts'
import { repairMessage } from './models/structured.ts'
import type { Skill } from './skill.ts'
import {
  badConversation,
  looping,
  misfitInput,
  needsModel,
  noAssignment,
  tooFar,
  unknownSkill,
} from './task-errors.ts'

/** Body of `task.assign`: which skill, and its input. */
export interface Assignment {
  readonly skill: string
  readonly input: Plain
  /** For an agent with a memory: the conversation it belongs to, and who asks. */
  readonly session?: string
  readonly who?: string
}

/** How a task came. */
export interface Arrival {
  readonly from?: Address
  /** Absolute ms. */
  readonly at: number
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
  readonly task: Pick<Assignment, 'skill' | 'input'>
  readonly memory: TaskMemory
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
  memory: NO_MEMORY,
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
export type Next =
  | 'refuse'
  | 'recall'
  | 'extract'
  | 'prepare'
  | 'think'
  | 'act'
  | 'wait'
  | 'finish'
  | 'remember'
  | 'answer'
  | 'fail'

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
  take(assignment: unknown, arrival: Arrival): Decision
  /** What is known was looked up, or could not be. */
  recalled(state: TaskState, ended: Ended): Decision
  /** The material is there. */
  prepared(state: TaskState, material: Plain): Decision
  /** The model had its turn. */
  thought(state: TaskState, thought: Thought): Decision
  /** A tool call ended. */
  called(state: TaskState, child: string, ended: Ended): Decision
  /** The output is there. */
  done(state: TaskState, output: Plain): Decision
  /** It is remembered, or could not be. */
  remembered(state: TaskState, ended: Ended): Decision
  /** What there is to remember of a task that is done. */
  exchange(state: TaskState): RememberInput
  request(state: TaskState): ModelRequest
}

const MAX_TURNS = 12
const MAX_TOOL_CALLS = 32

export type TaskSetting = Pick<AgentSetting, 'model' | 'memory' | 'resources'>

export function taskRules(agent: Agent, setting: TaskSetting): TaskRules {
  const { memory } = setting
  const hasModel = setting.model !== undefined
  const talks = new Map(
    Object.entries(agent.skills)
      .filter(([, skill]) => skill.prompt && hasModel)
      .map(talk(agent)),
  )
  const talkOf = (state: TaskState): Conversation => talks.get(state.task.skill) as Conversation
  const next = (state: TaskState): Decision => afterTools(agent, state, talkOf(state))
  const start = (state: TaskState): Decision => startTask(agent, state, hasModel, talkOf)
  const done = (state: TaskState, output: Plain): Decision =>
    decision(memory?.remember ? 'remember' : 'answer', { ...state, reply: output })

  return {
    take(assignment, arrival) {
      const taken = take(agent, assignment, hasModel, arrival)
      if (taken.error) return decision('refuse', taken)
      return memory ? decision('recall', taken) : start(taken)
    },
    recalled(state, ended) {
      if ('output' in ended) return start(withMemories(state, ended.output))
      const isFatal = memory?.required || FINAL.has(ended.error.kind)
      return isFatal ? decision('fail', { ...state, error: ended.error }) : start(state)
    },
    prepared: (state, material) => begin(state, material, talkOf(state)),
    thought(state, thought) {
      const after = afterThought(agent, state, thought)
      if (after.error) return decision('fail', after)
      if (after.repairing) return decision('think', after)
      if (after.queue.length > 0) return next(after)
      return agent.skills[state.task.skill]?.finish ? decision('finish', after) : done(after, after.reply)
    },
    called(state, child, ended) {
      const after = afterCall(state, child, ended)
      if (after.error) return decision('fail', after)
      return Object.keys(after.running).length > 0 ? decision('wait', after) : next(after)
    },
    done,
    remembered(state, ended) {
      const error = 'error' in ended && memory?.required ? ended.error : null
      return error ? decision('fail', { ...state, error }) : decision('answer', state)
    },
    exchange: state => exchange(agent, state, setting),
    request: state => talkOf(state).request(state.messages),
  }
}

const withMemories = (state: TaskState, output: Plain): TaskState => ({
  ...state,
  memory: { ...state.memory, memories: output as unknown as readonly Recollection[] },
})

function exchange(agent: Agent, state: TaskState, { memory, resources }: TaskSetting): RememberInput {
  const { task, reply, messages } = state
  const skill = agent.skills[task.skill]
  const untrusted = new Set(
    [...(agent.tools ?? []), ...(skill?.tools ?? [])].flatMap(tool => (tool.untrusted ? [tool.name] : [])),
  )
  const outside =
    resources !== undefined ||
    skill?.prepare !== undefined ||
    messages.some(one => one.role === 'tool' && one.results.some(({ name }) => untrusted.has(name)))
  const memories = exchangeOf({
    agent: agent.name,
    skill: task.skill,
    input: task.input,
    output: reply,
    task: state.memory,
    trust: memory?.trust ?? 'untrusted',
    outside,
  })
  return { session: state.memory.session, memories }
}

const decision = (next: Next, state: TaskState, start: Decision['start'] = []): Decision => ({
  next,
  state,
  start,
})
const refused = (error: unknown): TaskState => ({ ...IDLE, error: toWireError(error) })

const talk =
  (agent: Agent) =>
  ([name, skill]: [string, Skill]): [string, Conversation] => [name, conversation(agent, name, skill)]

/** The state of a new task; with an error, one that is refused. */
function take(agent: Agent, assignment: unknown, hasModel: boolean, arrival: Arrival): TaskState {
  const {
    skill: name,
    input,
    session,
    who,
  } = (assignment ?? {}) as { readonly [K in keyof Assignment]?: unknown }
  if (typeof name !== 'string') return refused(noAssignment(agent))
  if (!Object.hasOwn(agent.skills, name)) return refused(unknownSkill(agent, name))
  const skill = agent.skills[name] as Skill
  const thinks = skill.prompt !== undefined && hasModel
  if (!thinks && !skill.extract) return refused(needsModel(agent, name))
  const parsed = skill.input.safeParse(input)
  if (!parsed.success) return refused(misfitInput(agent, name, parsed.error.issues))
  if (!isName(session) || !isName(who)) return refused(badConversation(agent))
  try {
    // A schema may turn plain input into what cannot be stored, for example a Date.
    const task = { skill: name, input: toPlain(parsed.data, `input of ${agent.name}.${name}`) }
    const asker = who ?? arrival.from?.split('/')[0] ?? 'user'
    return { ...IDLE, task, memory: { ...NO_MEMORY, session: session ?? null, who: asker, at: arrival.at } }
  } catch (thrown) {
    return refused(thrown)
  }
}

const isName = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value !== '' && value.length <= 200)

function startTask(
  agent: Agent,
  state: TaskState,
  hasModel: boolean,
  talkOf: (state: TaskState) => Conversation,
): Decision {
  const skill = agent.skills[state.task.skill] as Skill
  if (!skill.prompt || !hasModel) return decision('extract', state)
  return skill.prepare ? decision('prepare', state) : begin(state, null, talkOf(state))
}

/** The prompt is the user's own function: when it throws, the task fails, not the agent. */
function begin(state: TaskState, material: Plain, talk: Conversation): Decision {
  try {
    const { task, memory } = state
    const messages = talk.begin(task.input, material, memory.memories)
    return decision('think', { ...state, material, messages })
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
    ...(cycle > 0 && {
      trouble: looping(agent, [...new Set(outcomes.map(({ call }) => call.name))], cycle),
      window: [],
    }),
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
