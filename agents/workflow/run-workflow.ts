/**
 * Runs a workflow once and says how it ended: always in exactly one of the five ways, never by throwing for
 * what happened inside the run. Whoever calls it provides the members; this only starts, follows and stops.
 */
import { type Address, address } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import type { BudgetLease } from '../../actors/budget-lease.ts'
import { type RuntimeError, toRuntimeError, toWireError, type WireError } from '../../actors/errors.ts'
import { NO_USAGE, type RunStatus, type Usage } from '../../actors/events.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { type Problem, statusOf, type WorkflowResult } from './run-state.ts'

export interface HumanQuestion {
  readonly step: string
  readonly question: string
  readonly show?: unknown
  readonly choices?: readonly string[]
}

export interface RunOptions {
  readonly runtime: Runtime
  /** The compiled workflow. */
  readonly behaviour: Behaviour
  readonly input: unknown
  /** Role to the actors that play it. */
  readonly members: Readonly<Record<string, readonly Address[]>>
  readonly runId?: string
  readonly supervisor?: Address
  readonly budget?: BudgetLease
  readonly signal?: AbortSignal
  /** Milliseconds for the whole run. Default one hour. */
  readonly timeoutMs?: number
  /** Answers questions to a person. Without it, such a question ends the run as needs-human. */
  readonly onHuman?: (question: HumanQuestion, signal: AbortSignal) => Promise<string>
}

export interface RunResult<Output = unknown> {
  readonly runId: string
  readonly workflow: string
  readonly status: RunStatus
  /** The workflow's output, or what there is of it when the run did not end as `done`. */
  readonly output: Output
  readonly usage: Usage
  readonly durationMs: number
  /** Steps that failed and were skipped, or that ended the run. */
  readonly problems: readonly Problem[]
  readonly error?: WireError
}

const DEFAULT_RUN_MS = 3_600_000

export async function runWorkflow<Output = unknown>(options: RunOptions): Promise<RunResult<Output>> {
  const { runtime, behaviour, members } = options
  const { clock } = runtime.host
  const runId = options.runId ?? runtime.host.id()
  const began = clock.now()
  const actor = address(behaviour.type, runId)
  const { type: workflow } = behaviour
  const { supervisor } = options
  await runtime.spawn(behaviour, {
    id: runId,
    input: { members },
    restart: 'temporary',
    ...(supervisor && { supervisor }),
  })
  const stopFollowing = follow(options, actor)
  if (runtime.events.on) runtime.events.emit({ type: 'run.started', at: began, actor, run: runId, workflow })
  const { result, usage } = await outcome(options, actor, runId)
  stopFollowing()
  await runtime.stop(actor)
  const durationMs = clock.now() - began
  const { status, error } = result
  if (runtime.events.on) {
    const at = clock.now()
    runtime.events.emit({
      type: 'run.finished',
      at,
      actor,
      run: runId,
      workflow,
      status,
      usage,
      durationMs,
      ...(error && { error }),
    })
  }
  const { problems } = result
  return {
    runId,
    workflow,
    status,
    output: result.output as Output,
    usage,
    durationMs,
    problems,
    ...(error && { error }),
  }
}

async function outcome(
  { runtime, input, budget, signal, timeoutMs = DEFAULT_RUN_MS }: RunOptions,
  actor: Address,
  run: string,
): Promise<{ result: WorkflowResult; usage: Usage }> {
  try {
    const answered = await runtime.askWithUsage(actor, 'workflow.start', input, {
      run,
      timeoutMs,
      ...(budget && { budget }),
      ...(signal && { signal }),
    })
    return { result: answered.value as WorkflowResult, usage: answered.spent ?? NO_USAGE }
  } catch (thrown) {
    return { result: ended(toRuntimeError(thrown, 'internal')), usage: NO_USAGE }
  }
}

const ended = (error: RuntimeError): WorkflowResult => {
  const wire = toWireError(error)
  return { status: statusOf(wire), output: null, problems: [], error: wire }
}

/** Passes questions of this run to whoever answers them. */
function follow({ runtime, onHuman, signal }: RunOptions, actor: Address): () => void {
  const over = new AbortController()
  const anySignal = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  const { unsubscribe } = runtime.subscribe(`ac.*.event.${actor.replace('/', '.')}.human.asked`, body => {
    const question = body as unknown as HumanQuestion
    if (!onHuman) return runtime.tell(actor, 'human.unavailable')
    return onHuman(question, anySignal).then(
      answer => runtime.tell(actor, 'human.answer', { step: question.step, answer }),
      () => {
        if (!anySignal.aborted) runtime.tell(actor, 'human.unavailable')
      },
    )
  })
  return () => {
    over.abort()
    unsubscribe()
  }
}
