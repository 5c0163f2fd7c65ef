/**
 * The machine of every agent: take one task, prepare, think, use tools, think again, finish, answer. While it
 * works it takes no other task: they wait in its bounded mailbox. It is plain XState; all it does to the world
 * are the effects of `agent-effects.ts`, and what it decides are the rules of `task.ts`.
 */
import { type Behaviour, defineBehaviour } from '../actors/behaviour.ts'
import type { WireError } from '../actors/errors.ts'
import {
  type AnyStateMachine,
  assign,
  enqueueActions,
  type MessageEvent,
  outputs,
  setup,
} from '../actors/machine.ts'
import type { Plain } from '../actors/plain.ts'
import { type AgentSetting, agentEffects, type Thought, toolEffect, toolEffectName } from './agent-effects.ts'
import type { Agent } from './define-agent.ts'
import { type Assignment, IDLE, type TaskRules, type TaskState, taskRules } from './task.ts'

type Assign = MessageEvent<Assignment, 'task.assign'>
/** How XState reports a child: `xstate.done.actor.<id>`, `xstate.error.actor.<id>`. */
interface ChildEvent {
  readonly type: 'xstate.done.actor.*' | 'xstate.error.actor.*'
  readonly actorId: string
  readonly output?: Plain
  readonly error?: WireError
}
type Args = { readonly context: TaskState; readonly event: unknown }

const assignment = ({ event }: Args): Assignment => (event as Assign).body
const output = ({ event }: Args): Plain => (event as ChildEvent).output as Plain
const thought = (args: Args): Thought => output(args) as unknown as Thought

/** The behaviour of one agent with one setting. Its type is the agent's name. */
export function agentBehaviour(agent: Agent, setting: AgentSetting): Behaviour {
  const rules = taskRules(agent, setting.model !== undefined)
  const machine = setup({
    types: { context: {} as TaskState, events: {} as Assign | ChildEvent },
    actors: { ...agentEffects(agent, setting), ...toolEffects(agent) },
    guards: {
      isRefused: args => rules.problem(assignment(args)) !== undefined,
      isExtractive: args => rules.way(assignment(args).skill) === 'extract',
      needsMaterial: args => rules.way(assignment(args).skill) === 'prepare',
      hasFailed: ({ context }) => context.error !== null,
      wantsTools: ({ context }) => context.queue.length > 0,
      isMisfit: ({ context }) => context.repairing,
      isToFinish: ({ context }) => rules.hasFinish(context.task.skill),
      isActing: ({ context }) => context.queue.length > 0 || Object.keys(context.running).length > 0,
    },
    actions: {
      ...outputs,
      accept: assign(args => rules.accept(assignment(args))),
      begin: assign(({ context }) => rules.begin(context, null)),
      beginWith: assign(args => rules.begin(args.context, output(args))),
      think: assign(args => rules.afterThought(args.context, thought(args))),
      keepReply: assign(args => ({ reply: output(args) })),
      keepError: assign(({ event }) => ({ error: (event as ChildEvent).error ?? null })),
      callTools: enqueueActions(({ context, enqueue }) =>
        callTools(rules, context, enqueue as unknown as Enqueue),
      ),
      keepResult: enqueueActions(({ context, event, enqueue }) =>
        callTools(rules, afterCall(rules, context, event as ChildEvent), enqueue as unknown as Enqueue),
      ),
      handResults: assign(({ context }) => rules.afterCalls(context)),
      stopCalls: enqueueActions(({ context, enqueue }) => {
        for (const child of Object.keys(context.running)) enqueue.stopChild(child)
      }),
      forget: assign(IDLE),
    },
  }).createMachine(agentStates(agent.name, rules) as never)
  return defineBehaviour({
    type: agent.name,
    machine: machine as unknown as AnyStateMachine,
    ...(agent.mailbox && { mailbox: agent.mailbox }),
  })
}

const failed = { target: 'failing', actions: 'keepError' } as const

/** The states; every name they use is declared above. */
const agentStates = (id: string, rules: TaskRules) => ({
  id,
  context: IDLE,
  initial: 'idle',
  states: {
    idle: {
      on: {
        'task.assign': [
          {
            guard: 'isRefused',
            actions: { type: 'fail', params: (args: Args) => ({ error: rules.problem(assignment(args)) }) },
          },
          { guard: 'isExtractive', target: 'extracting', actions: 'accept' },
          { guard: 'needsMaterial', target: 'preparing', actions: 'accept' },
          { target: 'ready', actions: ['accept', 'begin'] },
        ],
      },
    },
    extracting: {
      tags: 'busy',
      invoke: {
        src: 'extract',
        id: 'extract',
        input: ({ context }: Args) => context.task,
        onDone: { target: 'answering', actions: 'keepReply' },
        onError: failed,
      },
    },
    preparing: {
      tags: 'busy',
      invoke: {
        src: 'prepare',
        id: 'prepare',
        input: ({ context }: Args) => context.task,
        onDone: { target: 'ready', actions: 'beginWith' },
        onError: failed,
      },
    },
    ready: {
      tags: 'busy',
      always: [{ guard: 'hasFailed', target: 'failing' }, { target: 'thinking' }],
    },
    thinking: {
      tags: 'busy',
      invoke: {
        src: 'model',
        id: 'model',
        input: ({ context }: Args) => ({
          skill: context.task.skill,
          request: rules.request(context),
          repair: context.repairing,
        }),
        onDone: { target: 'judging', actions: 'think' },
        onError: failed,
      },
    },
    judging: {
      tags: 'busy',
      always: [
        { guard: 'hasFailed', target: 'failing' },
        { guard: 'isMisfit', target: 'thinking' },
        { guard: 'wantsTools', target: 'acting' },
        { guard: 'isToFinish', target: 'finishing' },
        { target: 'answering' },
      ],
    },
    acting: {
      tags: 'busy',
      entry: 'callTools',
      on: {
        'xstate.done.actor.*': { actions: 'keepResult' },
        'xstate.error.actor.*': { actions: 'keepResult' },
      },
      always: [
        { guard: 'hasFailed', target: 'failing' },
        { guard: 'isActing', actions: [] },
        { target: 'ready', actions: 'handResults' },
      ],
    },
    finishing: {
      tags: 'busy',
      invoke: {
        src: 'finish',
        id: 'finish',
        input: ({ context }: Args) => ({ ...context.task, reply: context.reply, material: context.material }),
        onDone: { target: 'answering', actions: 'keepReply' },
        onError: failed,
      },
    },
    answering: {
      tags: 'busy',
      always: {
        target: 'idle',
        actions: [{ type: 'reply', params: ({ context }: Args) => ({ body: context.reply }) }, 'forget'],
      },
    },
    failing: {
      tags: 'busy',
      always: {
        target: 'idle',
        actions: [
          { type: 'fail', params: ({ context }: Args) => ({ error: context.error }) },
          'stopCalls',
          'forget',
        ],
      },
    },
  },
})

type Enqueue = {
  readonly assign: (state: TaskState) => void
  readonly spawnChild: (src: string, options: { readonly id: string; readonly input: Plain }) => void
}

/** Starts what may run now. Names that are no tools are answered at once, so another batch may follow. */
function callTools(rules: TaskRules, before: TaskState, enqueue: Enqueue): void {
  let state = before
  while (state.queue.length > 0 && Object.keys(state.running).length === 0 && state.error === null) {
    const next = rules.startCalls(state)
    state = next.state
    for (const [child, { call }] of next.start)
      enqueue.spawnChild(toolEffectName(call.name), { id: child, input: call.input })
  }
  enqueue.assign(state)
}

const afterCall = (
  rules: TaskRules,
  state: TaskState,
  { actorId, output: result, error }: ChildEvent,
): TaskState => rules.afterCall(state, actorId, error ? { error } : { output: result ?? null })

function toolEffects(agent: Agent): Record<never, never> {
  const tools = [...(agent.tools ?? []), ...Object.values(agent.skills).flatMap(skill => skill.tools ?? [])]
  return Object.fromEntries(tools.map(tool => [toolEffectName(tool.name), toolEffect(tool)]))
}
