/** The named actions of a workflow's machine: assignments of `run-state.ts`, asks to start, and signals. */
import { toWireError, type WireError } from '../../actors/errors.ts'
import { cancelled } from '../../actors/in-flight.ts'
import { assign, enqueueActions } from '../../actors/machine.ts'
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
import * as map from './run-map.ts'
import * as run from './run-state.ts'

type Of<S extends Step> = { readonly step: S }

interface Enqueue {
  (action: { readonly type: 'signal' | 'publish' | 'behalf' | 'reply'; readonly params: unknown }): void
  assign(state: Partial<run.RunState>): void
  spawnChild(src: 'ask', options: { readonly id: string; readonly input: unknown }): void
  stopChild(id: string): void
}

/** `change` as an assignment with the step as its parameter. */
const keep = <S extends Step>(change: (state: run.RunState, step: S) => run.RunState) =>
  assign((args: unknown, { step }: Of<S>) => change((args as run.Args).context, step) as never)

const act = <S extends Step>(body: (args: run.Args & { readonly enqueue: Enqueue }, step: S) => void) =>
  enqueueActions((args: unknown, { step }: Of<S>) => body(args as run.Args & { enqueue: Enqueue }, step))

const signal = (enqueue: Enqueue, name: string, step: string, index?: number, error?: WireError): void =>
  enqueue({
    type: 'signal',
    params: { name, body: { step, ...(index !== undefined && { index }), ...(error && { error }) } },
  })

function startItems(state: run.RunState, step: MapStep, enqueue: Enqueue): void {
  const next = map.nextItems(state, step)
  for (const [id, input] of next.start) {
    signal(enqueue, 'step.started', step.id, map.indexOf(id))
    enqueue.spawnChild('ask', { id, input })
  }
  enqueue.assign(next.state)
}

export const actions = (workflow: Workflow) => ({
  begin: assign(({ event, context }) => {
    const { body, id = '' } = event as run.Args['event']
    return run.begun(workflow, context as run.RunState, id, workflow.input.parse(body) as Plain) as never
  }),
  keepOutput: assign((args: unknown, { step }: Of<AskStep | WorkflowStep>) => {
    const { context, event } = args as run.Args
    return run.callDone(context, step, event.output ?? null) as never
  }),
  keepFailure: act<AskStep | WorkflowStep>((args, step) => {
    const error = run.callError(step, args) as WireError
    signal(args.enqueue, 'step.finished', step.id, undefined, error)
    args.enqueue.assign(run.callFailed(args.context, step, error))
  }),
  startMap: act<MapStep>(({ context, enqueue }, step) =>
    startItems(map.startMap(context, step), step, enqueue),
  ),
  keepItem: act<MapStep>((args, step) => {
    const index = map.indexOf(args.event.actorId ?? '')
    signal(args.enqueue, 'step.finished', step.id, index, map.itemError(step, args))
    startItems(map.itemSettled(args.context, step, args), step, args.enqueue)
  }),
  endMap: act<MapStep>(({ context, enqueue }, step) => {
    signal(enqueue, 'step.finished', step.id, undefined, map.mapFailure(step, context))
    enqueue.assign(map.mapEnded(context, step))
  }),
  beginLoop: keep<LoopStep>(run.beginLoop),
  beginRound: keep<LoopStep>(run.beginRound),
  endLoop: keep<LoopStep>(run.endLoop),
  keepLateness: act(({ context, enqueue }, step) => {
    const error = run.tooSlow(step)
    if ('map' in step) signal(enqueue, 'step.finished', step.id, undefined, error)
    enqueue.assign(run.failed(context, step, error))
  }),
  askHuman: act<HumanStep>(({ context, enqueue }, step) =>
    enqueue({ type: 'publish', params: { kind: 'human.asked', body: run.question(step, context) } }),
  ),
  keepAnswer: act<HumanStep>(({ context, event, enqueue }, step) => {
    enqueue({ type: 'reply', params: { body: null } })
    enqueue({ type: 'behalf', params: { of: context.startedBy } })
    signal(enqueue, 'step.finished', step.id)
    enqueue.assign(run.keep(context, step, (event.body as { answer: string }).answer))
  }),
  keepSilence: act<HumanStep>(({ context, enqueue }, step) => {
    enqueue({ type: 'behalf', params: { of: context.startedBy } })
    const error = run.silence(step)
    signal(enqueue, 'step.finished', step.id, undefined, error)
    enqueue.assign(run.failed(context, step, error))
  }),
  keepOutputProblem: assign(
    ({ context }) => ({ error: run.outputProblem(workflow, context as run.RunState) ?? null }) as never,
  ),
  keepCancellation: assign(
    () => ({ error: toWireError(cancelled('whoever started the run cancelled it')) }) as never,
  ),
  stopAsks: enqueueActions(({ context, enqueue }) => {
    for (const id of map.openItems(context as run.RunState)) enqueue.stopChild(id)
  }),
})
