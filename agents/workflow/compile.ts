/**
 * Turns a workflow literal into an XState machine: one state per step, in order, branches and loops as compound
 * states. The machine is all there is to a run: what has been done is its committed state.
 */
import { type Behaviour, defineBehaviour } from '../../actors/behaviour.ts'
import { RuntimeError, toWireError } from '../../actors/errors.ts'
import { type AnyStateMachine, ask, outputs, setup } from '../../actors/machine.ts'
import { CANCELLED } from '../../actors/protocol.ts'
import type {
  AskStep,
  BranchStep,
  HumanStep,
  LoopStep,
  MapStep,
  Step,
  Workflow,
  WorkflowStep,
} from './define-workflow.ts'
import { actions } from './run-actions.ts'
import * as map from './run-map.ts'
import * as run from './run-state.ts'

type Args = run.Args
/** A state node's configuration; XState checks it when the machine is made. */
type Node = Readonly<Record<string, unknown>>

/** Unanswered for a day, a question to a person ends the run: every wait has an end. */
const DEFAULT_HUMAN_MS = 86_400_000

/** The machine of a workflow's runs, checked and ready to be spawned. */
export function compileWorkflow(workflow: Workflow): Behaviour {
  return defineBehaviour({ type: workflow.name, machine: workflowMachine(workflow) })
}

export function workflowMachine(workflow: Workflow): AnyStateMachine {
  const machine = setup({
    types: { context: {} as run.RunState, input: {} as run.RunInput },
    actors: { ask },
    actions: { ...outputs, ...actions(workflow) } as never,
  }).createMachine({
    id: workflow.name,
    context: ({ input }: { input: run.RunInput }) => run.initial(input),
    initial: 'waiting',
    on: { [CANCELLED]: { target: '.failing', actions: 'keepCancellation' } },
    states: {
      waiting: {
        on: {
          'workflow.start': [
            {
              guard: (args: Args) => run.startProblem(workflow, args) !== undefined,
              actions: {
                type: 'fail',
                params: (args: Args) => ({ error: run.startProblem(workflow, args) }),
              },
            },
            { target: 'running', actions: 'begin' },
          ],
        },
      },
      running: { ...sequence(workflow.steps), on: { 'workflow.start': refuseSecond }, onDone: 'finishing' },
      finishing: {
        tags: 'busy',
        always: [
          {
            guard: ({ context }: Args) => run.outputProblem(workflow, context) !== undefined,
            target: 'failing',
            actions: 'keepOutputProblem',
          },
          {
            target: 'waiting',
            actions: [
              { type: 'reply', params: (args: Args) => ({ body: run.result(workflow, args.context) }) },
            ],
          },
        ],
      },
      failing: {
        id: FAILING.slice(1),
        tags: 'busy',
        entry: 'stopAsks',
        always: {
          target: 'waiting',
          actions: [{ type: 'reply', params: (args: Args) => ({ body: run.failure(args.context) }) }],
        },
      },
    },
  } as never)
  return machine as unknown as AnyStateMachine
}

/** Only a run that waits for a person can be asked to start: while it works, messages wait in its mailbox. */
const refuseSecond = {
  actions: {
    type: 'fail',
    params: { error: toWireError(new RuntimeError('workflow-invalid', 'this run has started already')) },
  },
}

/** Steps one after the other, as a compound state that is done after the last. */
function sequence(steps: readonly Step[]): Node {
  const next = (i: number): string => (i + 1 < steps.length ? (steps[i + 1] as Step).id : 'end')
  return {
    initial: steps[0]?.id ?? 'end',
    states: {
      ...Object.fromEntries(steps.map((step, i) => [step.id, compileStep(step, next(i))])),
      end: { type: 'final' },
    },
  }
}

function compileStep(step: Step, next: string): Node {
  if ('map' in step) return mapState(step, next)
  if ('branch' in step) return branchState(step, next)
  if ('loop' in step) return loopState(step, next)
  if ('human' in step) return humanState(step, next)
  return callState(step, next)
}

const named = (type: string, step: Step): Node => ({ type, params: { step } })

/** Known when the machine is made, so a step pays nothing for being seen. */
const signalled = (name: string, { id }: Step): Node => ({
  type: 'signal',
  params: { name, body: { step: id } },
})
const started = (step: Step): Node => signalled('step.started', step)
const finished = (step: Step): Node => signalled('step.finished', step)

function callState(step: AskStep | WorkflowStep, next: string): Node {
  const failed = named('keepFailure', step)
  const fatal = { guard: (args: Args) => run.isFatal(step, args), target: FAILING, actions: failed }
  const hasFailed = (args: Args): boolean => run.hasFailed(step, args)
  const nestedFailures =
    'workflow' in step ? [fatal, { guard: hasFailed, target: next, actions: failed }] : []
  return {
    tags: 'busy',
    entry: started(step),
    invoke: {
      src: 'ask',
      id: step.id,
      input: (args: Args) => run.askInput(step, args.context),
      onDone: [...nestedFailures, { target: next, actions: [finished(step), named('keepOutput', step)] }],
      onError: [
        ...(step.onError === 'skip' ? [fatal] : []),
        { target: failureTarget(step, next), actions: failed },
      ],
    },
  }
}

const failureTarget = (step: Step, next: string): string => (step.onError === 'skip' ? next : FAILING)
/** Every machine's failing state: an absolute id, and no token, so that no workflow's name is the same. */
const FAILING = '#(failing)'

/** A step of several parts that takes too long fails as a whole; what of it is under way is stopped. */
const timeLimit = (step: Step, next: string): Node => {
  if (step.timeoutMs === undefined) return {}
  const late = { target: failureTarget(step, next), actions: [named('keepLateness', step), 'stopAsks'] }
  return { after: { [step.timeoutMs]: late } }
}

function mapState(step: MapStep, next: string): Node {
  const settle = { actions: named('keepItem', step) }
  return {
    tags: 'busy',
    entry: [started(step), named('startMap', step)],
    on: { 'xstate.done.actor.*': settle, 'xstate.error.actor.*': settle },
    ...timeLimit(step, next),
    always: [
      { guard: ({ context }: Args) => context.error !== null, target: FAILING },
      {
        guard: ({ context }: Args) =>
          map.mapIsDone(step, context) && map.mapFailure(step, context) !== undefined,
        target: FAILING,
        actions: named('endMap', step),
      },
      {
        guard: ({ context }: Args) => map.mapIsDone(step, context),
        target: next,
        actions: named('endMap', step),
      },
    ],
  }
}

function branchState(step: BranchStep, next: string): Node {
  const cases = step.branch.map(({ steps }, i) => [`case-${i + 1}`, { ...sequence(steps), onDone: 'end' }])
  return {
    initial: 'choosing',
    states: {
      choosing: {
        tags: 'busy',
        always: [
          ...step.branch.map(({ when }, i) => ({
            guard: ({ context }: Args) => run.conditionHolds(when, context),
            target: `case-${i + 1}`,
          })),
          { target: 'otherwise' },
        ],
      },
      ...Object.fromEntries(cases),
      otherwise: { ...sequence(step.otherwise ?? []), onDone: 'end' },
      end: { type: 'final' },
    },
    onDone: next,
    ...timeLimit(step, next),
  }
}

function loopState(step: LoopStep, next: string): Node {
  return {
    initial: 'round',
    entry: named('beginLoop', step),
    exit: named('endLoop', step),
    states: {
      round: { entry: named('beginRound', step), ...sequence(step.loop), onDone: 'deciding' },
      deciding: {
        tags: 'busy',
        always: [
          { guard: ({ context }: Args) => run.loopIsDone(step, context), target: 'end' },
          { target: 'round' },
        ],
      },
      end: { type: 'final' },
    },
    onDone: next,
    ...timeLimit(step, next),
  }
}

function humanState(step: HumanStep, next: string): Node {
  const unanswered = { target: failureTarget(step, next), actions: named('keepSilence', step) }
  return {
    // Read when a run comes back from its journal: who was to be asked is gone, and the question is put again.
    meta: { human: step },
    entry: [started(step), named('askHuman', step)],
    on: {
      'human.answer': [
        {
          guard: (args: Args) => run.answerProblem(step, args) !== undefined,
          actions: { type: 'fail', params: (args: Args) => ({ error: run.answerProblem(step, args) }) },
        },
        { target: next, actions: named('keepAnswer', step) },
      ],
      'human.unavailable': { ...unanswered, guard: (args: Args) => run.isAbout(step, args) },
    },
    after: { [step.timeoutMs ?? DEFAULT_HUMAN_MS]: unanswered },
  }
}
