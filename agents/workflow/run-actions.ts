/** The named actions of a workflow's machine: assignments of `run-state.ts`, asks to start, and signals. */
import { toWireError, type WireError } from '../../actors/errors.ts'
import { cancelled } from '../../actors/in-flight.ts'
import { assign, enqueueActions } from '../../actors/machine.ts'
import type {
  AskStep,
  HumanStep,
  LoopStep,
  MapStep,
  Step,
  Workflow,
  WorkflowStep,
} from './define-workflow.ts'
import * as run from './run-state.ts'

type Of<S extends Step> = { readonly step: S }

interface Enqueue {
  (action: { readonly type: 'signal' | 'publish' | 'behalf'; readonly params: unknown }): void
  assign(state: Partial<run.RunState>): void
  spawnChild(src: 'ask', options: { readonly id: string; readonly input: unknown }): void
  stopChild(id: string): void
}

/** `change` as an assignment with the step as its parameter. */
const keep = <S extends Step>(change: (args: run.Args, step: S) => run.RunState) =>
  assign((args: unknown, { step }: Of<S>) => change(args as run.Args, step) as never)

const act = <S extends Step>(body: (args: run.Args & { readonly enqueue: Enqueue }, step: S) => void) =>
  enqueueActions((args: unknown, { step }: Of<S>) => body(args as run.Args & { enqueue: Enqueue }, step))

const signal = (enqueue: Enqueue, name: string, step: string, index?: number, error?: WireError): void =>
  enqueue({
    type: 'signal',
    params: { name, body: { step, ...(index !== undefined && { index }), ...(error && { error }) } },
  })

function startItems(state: run.RunState, step: MapStep, enqueue: Enqueue): void {
  const next = run.nextItems(state, step)
  for (const [id, input] of next.start) {
    signal(enqueue, 'step.started', step.id, run.indexOf(id))
    enqueue.spawnChild('ask', { id, input })
  }
  enqueue.assign(next.state)
}

export const actions = (workflow: Workflow) => ({
  begin: assign(({ event, context }) => {
    const { body, id = '' } = event as run.Args['event']
    return {
      ...run.initial(context as run.RunState),
      startedBy: id,
      input: workflow.input.parse(body),
    } as never
  }),
  announce: act((args, step) => signal(args.enqueue, 'step.started', step.id)),
  keepOutput: act<AskStep | WorkflowStep>(({ context, event, enqueue }, step) => {
    signal(enqueue, 'step.finished', step.id)
    enqueue.assign(run.callDone(context, step, event.output ?? null))
  }),
  keepFailure: act(({ context, event, enqueue }, step) => {
    const error = event.error as WireError
    signal(enqueue, 'step.finished', step.id, undefined, error)
    enqueue.assign(run.failed(context, step, error))
  }),
  keepNestedFailure: keep((args, step) =>
    run.failed(args.context, step, run.nestedFailure(step, args) as WireError),
  ),
  startMap: act<MapStep>(({ context, enqueue }, step) =>
    startItems(run.startMap(context, step), step, enqueue),
  ),
  keepItem: act<MapStep>((args, step) => {
    const index = run.indexOf(args.event.actorId ?? '')
    signal(args.enqueue, 'step.finished', step.id, index, args.event.error)
    startItems(run.itemSettled(args.context, step, args), step, args.enqueue)
  }),
  endMap: act<MapStep>(({ context, enqueue }, step) => {
    const error = run.mapFailure(step, context)
    signal(enqueue, 'step.finished', step.id, undefined, error)
    const outputs = [...(context.maps[step.id]?.outputs ?? [])]
    enqueue.assign({ ...run.keep(context, step, outputs), error: error ?? context.error })
  }),
  beginLoop: keep<LoopStep>(({ context }, step) => ({
    ...context,
    rounds: { ...context.rounds, [step.id]: 0 },
  })),
  beginRound: keep<LoopStep>(({ context }, step) => run.beginRound(context, step)),
  endLoop: keep<LoopStep>(({ context }, step) => ({
    ...run.keep(context, step, context.rounds[step.id] ?? 0),
    round: 0,
  })),
  askHuman: act<HumanStep>(({ context, enqueue }, step) =>
    enqueue({ type: 'publish', params: { kind: 'human.asked', body: run.question(step, context) } }),
  ),
  keepAnswer: act<HumanStep>(({ context, event, enqueue }, step) => {
    enqueue({ type: 'behalf', params: { of: context.startedBy } })
    signal(enqueue, 'step.finished', step.id)
    enqueue.assign(run.keep(context, step, (event.body as { answer: string }).answer))
  }),
  keepSilence: act<HumanStep>(({ context, enqueue }, step) => {
    enqueue({ type: 'behalf', params: { of: context.startedBy } })
    enqueue.assign({ error: run.silence(step) })
  }),
  keepCancellation: assign(
    () => ({ error: toWireError(cancelled('whoever started the run cancelled it')) }) as never,
  ),
  stopAsks: enqueueActions(({ context, enqueue }) => {
    for (const id of run.openItems(context as run.RunState)) enqueue.stopChild(id)
  }),
})
