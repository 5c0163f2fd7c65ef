/**
 * Runs a workflow once and says how it ended: always in exactly one of the five ways, never by throwing for
 * what happened inside the run. Whoever calls it provides the members; this only starts, follows and stops.
 */
import { type Address, address } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import type { BudgetLease } from '../../actors/budget-lease.ts'
import { RuntimeError, toRuntimeError, toWireError, type WireError } from '../../actors/errors.ts'
import { addUsage, NO_USAGE, type RunStatus, type Usage } from '../../actors/events.ts'
import { cancelled } from '../../actors/in-flight.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { type Problem, partial, type RunState, statusOf, type WorkflowResult } from './run-state.ts'

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
  const stopFollowing = follow(options, runsWithin(runtime, actor))
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
  const seen = meter(runtime, run)
  try {
    const answered = await runtime.askWithUsage(actor, 'workflow.start', input, {
      run,
      timeoutMs,
      ...(budget && { budget }),
      ...(signal && { signal }),
    })
    return { result: answered.value as WorkflowResult, usage: answered.spent ?? NO_USAGE }
  } catch (thrown) {
    const state = runtime.snapshot(actor)?.context as RunState | undefined
    return { result: ended(toRuntimeError(thrown, 'internal'), state), usage: seen.total() }
  } finally {
    seen.stop()
  }
}

/** Adds up what the run's effects are seen to cost, failed ones too: a run without an answer has no other account. */
function meter({ events }: Runtime, run: string): { total(): Usage; stop(): void } {
  let total = NO_USAGE
  const stop = events.subscribe(event => {
    if (event.type !== 'effect.succeeded' && event.type !== 'effect.failed') return
    if (event.run === run && event.usage) total = addUsage(total, event.usage)
  })
  return { total: () => total, stop }
}

const ended = (error: RuntimeError, state: RunState | undefined): WorkflowResult => {
  const wire = toWireError(error)
  return {
    status: statusOf(wire),
    output: state ? partial(state) : null,
    problems: state?.problems ?? [],
    error: wire,
  }
}

/** The run itself and the actors that run the workflows nested in it, whose questions are its own. */
function runsWithin(runtime: Runtime, actor: Address, found = new Set<Address>()): ReadonlySet<Address> {
  found.add(actor)
  const { members = {} } = (runtime.snapshot(actor)?.context ?? {}) as Partial<RunState>
  for (const [role, actors] of Object.entries(members)) {
    if (!role.startsWith('workflow:')) continue
    for (const nested of actors) if (!found.has(nested)) runsWithin(runtime, nested, found)
  }
  return found
}

/** Passes questions of these runs to whoever answers them. A question that gets no fitting answer ends its run. */
function follow({ runtime, onHuman, signal }: RunOptions, runs: ReadonlySet<Address>): () => void {
  const over = new AbortController()
  const anySignal = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  const answer = async (actor: Address, question: HumanQuestion): Promise<void> => {
    const { step } = question
    try {
      if (!onHuman) throw unanswerable(step)
      const answer = await Promise.race([onHuman(question, anySignal), whenAborted(anySignal)])
      await runtime.ask(actor, 'human.answer', { step, answer }, { signal: anySignal })
    } catch (error) {
      if (anySignal.aborted) return
      runtime.tell(actor, 'human.unavailable', { step })
      // A fault of `onHuman` goes where the errors of subscribers go.
      if (!(error instanceof RuntimeError)) throw error
    }
  }
  const subscriptions = [...runs].map(actor =>
    runtime.subscribe(`ac.*.event.${actor.replace('/', '.')}.human.asked`, body =>
      answer(actor, body as unknown as HumanQuestion),
    ),
  )
  return () => {
    over.abort()
    for (const subscription of subscriptions) subscription.unsubscribe()
  }
}

const unanswerable = (step: string): RuntimeError =>
  new RuntimeError('input-invalid', `nobody is there to answer "${step}"`)

/** Rejects when `signal` aborts: who never answers must not keep the runtime from stopping. */
const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(cancelled('the run is over'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
