/**
 * Runs a workflow once and says how it ended: always in exactly one of the five ways, never by throwing for
 * what happened inside the run. Whoever calls it provides the members; this only starts, follows and stops.
 * With a journal on disk, calling it again with the same `runId` goes on where the run was, in whatever process.
 */
import { type Address, address } from '../../actors/address.ts'
import type { Behaviour, Snapshot } from '../../actors/behaviour.ts'
import type { BudgetLease } from '../../actors/budget-lease.ts'
import { RuntimeError, toRuntimeError, toWireError, type WireError } from '../../actors/errors.ts'
import { addUsage, NO_USAGE, type RunStatus, type Usage } from '../../actors/events.ts'
import { cancelled } from '../../actors/in-flight.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import type { EffectDecision } from '../../actors/protocol.ts'
import { eventSubject } from '../../actors/subject.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { type BlockedRun, watchForBlocks } from './blocked-run.ts'
import type { HumanStep } from './define-workflow.ts'
import { type Problem, partial, question, type RunState, statusOf, type WorkflowResult } from './run-state.ts'

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
  /** What else the run was started with, for its record: what it takes to start it the same way. */
  readonly options?: Plain
  /** What a person decided about effects of unknown outcome, by effect. */
  readonly decisions?: ReadonlyMap<string, EffectDecision>
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
  const { runtime, behaviour, input } = options
  await runtime.ready
  const runId = options.runId ?? runtime.host.id()
  const { type: workflow } = behaviour
  const { runs, journal } = runtime
  if (!journal.durable) return (await live(options, runId)) as RunResult<Output>
  const over = await endedRun(runtime, runId)
  if (over) return over as RunResult<Output>
  const what = { input: toPlain(input ?? null, `input of ${workflow}`), options: options.options ?? {} }
  const record = await runs.begin({ id: runId, workflow, ...what })
  const conclude = async (result: RunResult): Promise<void> => {
    const { status, usage, error } = result
    const kept = toPlain(result, `result of ${workflow}`)
    await runs.finish(runId, { status, usage, result: kept, ...(error && { error }) })
  }
  return (await live(options, runId, record.startedAt, conclude)) as RunResult<Output>
}

/** What a run of that id gave when it ended: it is what it gives whenever it is asked for again. */
export async function endedRun(
  { runs, journal, ready }: Runtime,
  runId: string,
): Promise<RunResult | undefined> {
  await ready
  const record = journal.durable ? await runs.get(runId) : undefined
  if (!record || record.status === 'running') return undefined
  // One that waits for a person goes on, unless its actor gave up.
  const isOver = journal.known(address(record.workflow, runId))?.rest === 'ended'
  return record.status === 'needs-human' && !isOver ? undefined : (record.result as unknown as RunResult)
}

/** Starts the run's actor, or finds it where it was, and follows it to the end. */
async function live(
  options: RunOptions,
  runId: string,
  startedAt?: number,
  conclude?: (result: RunResult) => Promise<void>,
): Promise<RunResult> {
  const { runtime, behaviour, members, supervisor } = options
  const { clock } = runtime.host
  const began = startedAt ?? clock.now()
  const actor = address(behaviour.type, runId)
  const { type: workflow } = behaviour
  await runtime.spawn(behaviour, {
    id: runId,
    input: { members },
    restart: 'temporary',
    run: runId,
    ...(supervisor && { supervisor }),
  })
  // Nothing is ever interrupted where nothing outlives the process.
  const blocked = runtime.journal.durable ? watchForBlocks(runtime, runId, options.decisions) : undefined
  const stopFollowing = follow(options, runsWithin(runtime, actor), blocked)
  if (runtime.events.on) runtime.events.emit({ type: 'run.started', at: began, actor, run: runId, workflow })
  const { result, usage } = await outcome(options, actor, runId, blocked)
  stopFollowing()
  blocked?.stop()
  const durationMs = clock.now() - began
  const { status, error, problems } = result
  const why = error && { error }
  const finished = { runId, workflow, status, output: result.output, usage, durationMs, problems, ...why }
  // A node that stops has not ended the run.
  if (error?.kind !== 'runtime-stopped') {
    // Noted before its actor ends: what died in between is found with its result, not without its actor.
    await conclude?.(finished)
    if (blocked?.isBlocked) await runtime.suspendRun(runId)
    else await runtime.stop(actor)
  }
  if (runtime.events.on) {
    const ended = { type: 'run.finished', at: clock.now(), actor, run: runId, workflow } as const
    runtime.events.emit({ ...ended, status, usage, durationMs, ...why })
  }
  return finished
}

async function outcome(
  { runtime, input, budget, signal, timeoutMs = DEFAULT_RUN_MS }: RunOptions,
  actor: Address,
  run: string,
  blocked: BlockedRun | undefined,
): Promise<{ result: WorkflowResult; usage: Usage }> {
  const seen = meter(runtime, run)
  const state = (): RunState | undefined => runtime.snapshot(actor)?.context as RunState | undefined
  try {
    const answer = runtime.askWithUsage(actor, 'workflow.start', input, {
      run,
      timeoutMs,
      key: 'start',
      ...(budget && { budget }),
      ...(signal && { signal }),
    })
    answer.catch(() => {})
    const answered = await (blocked ? Promise.race([answer, blocked.blocked]) : answer)
    if (answered) return { result: answered.value as WorkflowResult, usage: answered.spent ?? NO_USAGE }
    return { result: ended((blocked as BlockedRun).why(), state()), usage: seen.total() }
  } catch (thrown) {
    return { result: ended(toRuntimeError(thrown, 'internal'), state()), usage: seen.total() }
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

/**
 * Passes questions of these runs to whoever answers them. A question that gets no fitting answer ends its run, or,
 * where it can be taken up again, leaves it waiting.
 */
function follow(
  { runtime, onHuman, signal }: RunOptions,
  runs: ReadonlySet<Address>,
  blocked: BlockedRun | undefined,
): () => void {
  const over = new AbortController()
  const anySignal = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  const answer = async (actor: Address, question: HumanQuestion): Promise<void> => {
    const { step } = question
    if (!onHuman && blocked) return blocked.unanswered(step)
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
  for (const actor of runs) {
    const pending = pendingQuestion(runtime.snapshot(actor))
    if (pending) void answer(actor, pending)
  }
  const subscriptions = [...runs].map(actor =>
    runtime.subscribe(eventSubject(runtime.namespace, actor, 'human.asked'), body =>
      answer(actor, body as unknown as HumanQuestion),
    ),
  )
  return () => {
    over.abort()
    for (const subscription of subscriptions) subscription.unsubscribe()
  }
}

/** The question that a run waits with, which it asked in an earlier process. */
function pendingQuestion(snapshot: Snapshot | undefined): HumanQuestion | undefined {
  for (const meta of Object.values(snapshot?.getMeta() ?? {})) {
    const { human } = (meta ?? {}) as { readonly human?: HumanStep }
    if (human) return question(human, snapshot?.context as RunState) as HumanQuestion
  }
  return undefined
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
