/**
 * The machine of every agent: take one task, prepare, think, use tools, think again, finish, answer. While it
 * works it takes no other task: they wait in its bounded mailbox. All it does to the world are the effects of
 * `agent-effects.ts`; what each event means is one decision of `task.ts`, which the machine carries out.
 *
 * Hot path: bench/scenarios/agent-turn.ts
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
import {
  type AgentEffects,
  type AgentSetting,
  agentEffects,
  type Thought,
  toolEffect,
  toolEffectName,
} from './agent-effects.ts'
import type { Agent } from './define-agent.ts'
import { recallInput } from './memory/exchange.ts'
import {
  type Assignment,
  type Decision,
  IDLE,
  type Next,
  type TaskRules,
  type TaskState,
  taskRules,
} from './task.ts'

type Assign = MessageEvent<Assignment, 'task.assign'>
/** How XState reports a child: `xstate.done.actor.<id>`, `xstate.error.actor.<id>`. */
interface ChildEvent {
  readonly type: 'xstate.done.actor.*' | 'xstate.error.actor.*'
  readonly actorId: string
  readonly output?: Plain
  readonly error?: WireError
}
type Args = { readonly context: TaskState; readonly event: unknown }
type Decide = (args: Args) => Decision

/** The behaviour of one agent with one setting. Its type is the agent's name. */
export function agentBehaviour(agent: Agent, setting: AgentSetting): Behaviour {
  const rules = taskRules(agent, setting)
  const decide = decider(rules)
  const is = (next: Next) => (args: Args) => decide(args).next === next
  const machine = setup({
    types: { context: {} as TaskState, events: {} as Assign | ChildEvent },
    actors: { ...(agentEffects(agent, setting) as Required<AgentEffects>), ...toolEffects(agent) },
    guards: {
      isRefused: is('refuse'),
      recalls: is('recall'),
      extracts: is('extract'),
      prepares: is('prepare'),
      thinks: is('think'),
      acts: is('act'),
      waits: is('wait'),
      finishes: is('finish'),
      remembers: is('remember'),
      answers: is('answer'),
      hasFailed: is('fail'),
    },
    actions: {
      ...outputs,
      keep: assign(args => decide(args).state),
      callTools: enqueueActions(({ context, event, enqueue }) => {
        const { state, start } = decide({ context, event })
        enqueue.assign(state)
        for (const [child, call] of start)
          (enqueue as unknown as Enqueue).spawnChild(toolEffectName(call.name), {
            id: child,
            input: call.input,
          })
      }),
      stopCalls: enqueueActions(({ context, enqueue }) => {
        for (const child of Object.keys(context.running)) enqueue.stopChild(child)
      }),
      forget: assign(IDLE),
    },
  }).createMachine(agentStates(agent.name, rules, decide, setting) as never)
  return defineBehaviour({
    type: agent.name,
    machine: machine as unknown as AnyStateMachine,
    ...(agent.mailbox && { mailbox: agent.mailbox }),
  })
}

interface Enqueue {
  spawnChild(src: string, options: { readonly id: string; readonly input: Plain }): void
}

/** What an event means for a task. Guards and actions of one step ask for the same: it is worked out once. */
function decider(rules: TaskRules): Decide {
  let last: { readonly context: TaskState; readonly event: unknown; readonly decision: Decision } | undefined
  return ({ context, event }) => {
    if (last?.event !== event || last?.context !== context) {
      last = { context, event, decision: decisionOf(rules, context, event as Assign | ChildEvent) }
    }
    return last.decision
  }
}

function decisionOf(rules: TaskRules, state: TaskState, event: Assign | ChildEvent): Decision {
  if (!('actorId' in event)) return rules.take(event.body, event)
  const { actorId, output = null, error } = event
  switch (actorId) {
    case 'recall':
      return rules.recalled(state, error ? { error } : { output })
    case 'remember':
      return rules.remembered(state, error ? { error } : { output })
    case 'extract':
    case 'finish':
      return rules.done(state, output)
    case 'prepare':
      return rules.prepared(state, output)
    case 'model':
      return rules.thought(state, output as unknown as Thought)
    default:
      return rules.called(state, actorId, error ? { error } : { output })
  }
}

const reply = (body: (args: Args) => Plain) => [
  { type: 'reply', params: (args: Args) => ({ body: body(args) }) },
  'forget',
]
const keptReply = reply(({ context }) => context.reply)

/** What a skill works with: the task, and what is known of it. */
const callOf = ({ task, memory: { memories } }: TaskState) =>
  memories.length > 0 ? { ...task, memories } : task

/** The states; every name they use is declared above. An agent without a memory has none for it. */
function agentStates(id: string, rules: TaskRules, decide: Decide, { memory }: AgentSetting) {
  const error = (args: Args) => ({ error: decide(args).state.error })
  const failed = {
    guard: 'hasFailed',
    target: 'idle',
    actions: [{ type: 'fail', params: error }, 'stopCalls', 'forget'],
  }
  const broken = {
    target: 'idle',
    actions: [
      { type: 'fail', params: ({ event }: Args) => ({ error: (event as ChildEvent).error }) },
      'forget',
    ],
  }
  const thinks = { guard: 'thinks', target: 'thinking', actions: 'keep' }
  const acts = { guard: 'acts', target: 'acting', actions: 'callTools' }
  const starts = [
    { guard: 'extracts', target: 'extracting', actions: 'keep' },
    { guard: 'prepares', target: 'preparing', actions: 'keep' },
    failed,
    thinks,
  ]
  const remembers = memory?.remember ? [{ guard: 'remembers', target: 'remembering', actions: 'keep' }] : []
  const done = [...remembers, { target: 'idle', actions: reply(args => decide(args).state.reply) }]
  const called = [
    failed,
    { guard: 'waits', actions: 'keep' },
    { guard: 'acts', actions: 'callTools' },
    thinks,
  ]
  return {
    id,
    context: IDLE,
    initial: 'idle',
    states: {
      idle: {
        on: {
          'task.assign': [
            { guard: 'isRefused', actions: { type: 'fail', params: error } },
            ...(memory ? [{ guard: 'recalls', target: 'recalling', actions: 'keep' }] : starts),
          ],
        },
      },
      ...(memory && memoryStates(rules, failed, starts)),
      extracting: {
        tags: 'busy',
        invoke: {
          src: 'extract',
          id: 'extract',
          input: ({ context }: Args) => callOf(context),
          onDone: done,
          onError: broken,
        },
      },
      preparing: {
        tags: 'busy',
        invoke: {
          src: 'prepare',
          id: 'prepare',
          input: ({ context }: Args) => callOf(context),
          onDone: [failed, thinks],
          onError: broken,
        },
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
            trouble: context.trouble,
          }),
          onDone: [
            failed,
            acts,
            { ...thinks, reenter: true },
            { guard: 'finishes', target: 'finishing', actions: 'keep' },
            ...remembers,
            { guard: 'answers', target: 'idle', actions: reply(args => decide(args).state.reply) },
          ],
          onError: broken,
        },
      },
      acting: {
        tags: 'busy',
        on: { 'xstate.done.actor.*': called, 'xstate.error.actor.*': called },
      },
      finishing: {
        tags: 'busy',
        invoke: {
          src: 'finish',
          id: 'finish',
          input: ({ context }: Args) => ({
            ...callOf(context),
            by: context.by,
            reply: context.reply,
            material: context.material,
          }),
          onDone: done,
          onError: broken,
        },
      },
    },
  }
}

type Transition = { readonly guard?: string; readonly target: string; readonly actions: unknown }

/** Before the work and after it. What is remembered is there when the answer comes. */
function memoryStates(rules: TaskRules, failed: Transition, starts: readonly Transition[]) {
  const answered = [failed, { target: 'idle', actions: keptReply }]
  return {
    recalling: {
      tags: 'busy',
      invoke: {
        src: 'recall',
        id: 'recall',
        input: ({ context: { task, memory } }: Args) => recallInput(task.input, memory),
        onDone: starts,
        onError: starts,
      },
    },
    remembering: {
      tags: 'busy',
      invoke: {
        src: 'remember',
        id: 'remember',
        input: ({ context }: Args) => rules.exchange(context),
        onDone: answered,
        onError: answered,
      },
    },
  }
}

function toolEffects(agent: Agent): Record<never, never> {
  const tools = [...(agent.tools ?? []), ...Object.values(agent.skills).flatMap(skill => skill.tools ?? [])]
  return Object.fromEntries(tools.map(tool => [toolEffectName(tool.name), toolEffect(tool)]))
}
