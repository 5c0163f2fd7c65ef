/**
 * Which spans a stream of runtime events makes, whose children they are and when they end: run, agent's task,
 * attempt of an effect. It knows nothing of OpenTelemetry: `tracing.ts` hands in how a span is opened and
 * closed. Whatever ends without a word (work that was cancelled, an actor that stopped) is closed with it.
 */
import { type Address, addressType } from '../../actors/address.ts'
import type { RuntimeEvent, Usage } from '../../actors/events.ts'
import type { EventOf } from './event-table.ts'
import { AGENTICRAFT, GEN_AI, OPERATION } from './gen-ai.ts'

export type Attributes = Readonly<Record<string, string | number>>

export interface SpanBackend<S> {
  /** Times are milliseconds since the epoch. `calls` marks a span that waits for another system. */
  open(
    span: {
      readonly name: string
      readonly at: number
      readonly attributes: Attributes
      readonly calls?: boolean
    },
    parent: S | undefined,
  ): S
  close(span: S, end: SpanEnd): void
}

interface SpanEnd {
  readonly at: number
  readonly attributes?: Attributes
  /** An error code. */
  readonly error?: string
}

interface Run<S> {
  readonly span: S
  /** The workflow's own actor: its effects stand under the run, it is not an agent at work for it. */
  readonly actor: Address
}

interface Task<S> {
  readonly span: S
  /** When it was last seen to do something: its end, once something shows that it is over. */
  lastAt: number
}

interface OpenEffect<S> {
  readonly span: S
  readonly run: string | undefined
}

type EffectStarted = EventOf<'effect.started'>

/** What one actor has open. Kept only while it is not empty. */
interface Work<S> {
  /** By run; '' for work outside of runs. */
  readonly tasks: Map<string, Task<S>>
  readonly effects: Map<string, OpenEffect<S>>
}

/** What `actor.committed` says when no message was taken. */
const OUTCOMES = new Set(['init', 'timer', 'result', 'failure', 'attempt-failed', 'retry', 'restart'])

const MODEL = 'model'
const TOOL = 'tool:'

/** Spans one actor has open at most: of work whose end is never reported, the oldest is closed. */
const PER_ACTOR = 1_000

export class SpanTree<S> {
  readonly #backend: SpanBackend<S>
  readonly #limit: number
  readonly #runs = new Map<string, Run<S>>()
  readonly #work = new Map<Address, Work<S>>()
  #lastAt = 0

  /** At most `limit` actors and `limit` runs have spans open; beyond that the oldest are closed. */
  constructor(backend: SpanBackend<S>, limit = 10_000) {
    this.#backend = backend
    this.#limit = limit
  }

  /** Runs and actors that have spans open. */
  get size(): number {
    return this.#runs.size + this.#work.size
  }

  on(event: RuntimeEvent): void {
    this.#lastAt = event.at
    switch (event.type) {
      case 'run.started':
        this.#runStarted(event)
        break
      case 'run.finished':
        this.#runFinished(event)
        break
      case 'effect.started':
        this.#effectStarted(event)
        break
      case 'effect.succeeded':
      case 'effect.failed':
        this.#effectEnded(event)
        break
      case 'actor.committed':
        this.#committed(event)
        break
      case 'actor.restarted':
      case 'actor.stopped':
        this.#abandon(event.actor, event.at)
        break
    }
  }

  /** Closes everything that is open. */
  end(): void {
    for (const actor of [...this.#work.keys()]) this.#abandon(actor, this.#lastAt)
    for (const run of [...this.#runs.keys()]) this.#closeRun(run, { at: this.#lastAt })
  }

  #runStarted({ run, workflow, actor, at }: EventOf<'run.started'>): void {
    // A run that goes on after a crash may be announced again.
    if (this.#runs.has(run)) return
    const attributes = {
      [GEN_AI.operation]: OPERATION.invokeWorkflow,
      [GEN_AI.workflowName]: workflow,
      [AGENTICRAFT.run]: run,
    }
    const span = this.#backend.open(
      { name: `${OPERATION.invokeWorkflow} ${workflow}`, at, attributes },
      undefined,
    )
    this.#runs.set(run, { span, actor })
    const oldest = oldestBeyond(this.#runs, this.#limit)
    if (oldest !== undefined) this.#closeRun(oldest, { at })
  }

  #runFinished({ run, status, usage, error, at }: EventOf<'run.finished'>): void {
    for (const [actor, work] of [...this.#work]) {
      for (const [id, effect] of work.effects) if (effect.run === run) this.#lose(work, id, at)
      this.#endTask(work, run)
      this.#tidy(actor, work)
    }
    const failed = status === 'failed' || status === 'budget-exhausted'
    this.#closeRun(run, {
      at,
      attributes: { [AGENTICRAFT.runStatus]: status, ...usageAttributes(usage) },
      ...(failed && { error: error?.code ?? status }),
    })
  }

  #closeRun(run: string, end: SpanEnd): void {
    const open = this.#runs.get(run)
    this.#runs.delete(run)
    if (open) this.#backend.close(open.span, end)
  }

  #effectStarted(event: EffectStarted): void {
    const work = this.#workOf(event.actor, event.at)
    this.#lose(work, event.effect, event.at)
    const span = this.#backend.open(effectSpan(event), this.#parentOf(work, event))
    work.effects.set(event.effect, { span, run: event.run })
    const oldest = oldestBeyond(work.effects, PER_ACTOR)
    if (oldest !== undefined) this.#lose(work, oldest, event.at)
  }

  #effectEnded(event: EventOf<'effect.succeeded'> | EventOf<'effect.failed'>): void {
    const work = this.#work.get(event.actor)
    if (!work) return
    this.#touch(work, event.run, event.at)
    const effect = work.effects.get(event.effect)
    work.effects.delete(event.effect)
    if (effect) this.#backend.close(effect.span, { at: event.at, ...outcomeOf(event) })
    this.#tidy(event.actor, work)
  }

  /** Taking the next message of the same run ends the task before it. A commit is told before the effects it starts. */
  #committed(event: EventOf<'actor.committed'>): void {
    const work = this.#work.get(event.actor)
    if (!work) return
    if (OUTCOMES.has(event.message)) this.#touch(work, event.run, event.at + Math.max(0, event.durationMs))
    else this.#endTask(work, event.run)
    this.#tidy(event.actor, work)
  }

  #parentOf(work: Work<S>, { actor, run, at }: EffectStarted): S | undefined {
    const of = run === undefined ? undefined : this.#runs.get(run)
    if (of?.actor === actor) return of.span
    const key = run ?? ''
    const known = work.tasks.get(key)
    if (known) return known.span
    const agent = addressType(actor)
    const attributes = {
      [GEN_AI.operation]: OPERATION.invokeAgent,
      [GEN_AI.agentName]: agent,
      [GEN_AI.agentId]: actor,
      ...(run !== undefined && { [AGENTICRAFT.run]: run }),
    }
    const span = this.#backend.open({ name: `${OPERATION.invokeAgent} ${agent}`, at, attributes }, of?.span)
    work.tasks.set(key, { span, lastAt: at })
    const oldest = oldestBeyond(work.tasks, PER_ACTOR)
    if (oldest !== undefined) this.#endTask(work, oldest)
    return span
  }

  #touch(work: Work<S>, run: string | undefined, at: number): void {
    const task = work.tasks.get(run ?? '')
    if (task) task.lastAt = Math.max(task.lastAt, at)
  }

  #endTask(work: Work<S>, run: string | undefined): void {
    const task = work.tasks.get(run ?? '')
    if (!task) return
    work.tasks.delete(run ?? '')
    this.#backend.close(task.span, { at: task.lastAt })
  }

  /** Closes an effect whose end nobody reported. */
  #lose(work: Work<S>, id: string, at: number): void {
    const effect = work.effects.get(id)
    work.effects.delete(id)
    if (effect) this.#backend.close(effect.span, { at, attributes: { [AGENTICRAFT.outcome]: 'abandoned' } })
  }

  #abandon(actor: Address, at: number): void {
    const work = this.#work.get(actor)
    if (!work) return
    for (const id of [...work.effects.keys()]) this.#lose(work, id, at)
    for (const run of [...work.tasks.keys()]) this.#endTask(work, run)
    this.#work.delete(actor)
  }

  #workOf(actor: Address, at: number): Work<S> {
    const known = this.#work.get(actor)
    if (known) return known
    const work: Work<S> = { tasks: new Map(), effects: new Map() }
    this.#work.set(actor, work)
    const oldest = oldestBeyond(this.#work, this.#limit)
    if (oldest !== undefined) this.#abandon(oldest, at)
    return work
  }

  #tidy(actor: Address, { tasks, effects }: Work<S>): void {
    if (tasks.size + effects.size === 0) this.#work.delete(actor)
  }
}

const oldestBeyond = <K>(map: ReadonlyMap<K, unknown>, limit: number): K | undefined =>
  map.size > limit ? map.keys().next().value : undefined

/** By the names agents give their effects: `model` is a call of the model, `tool:x` of a tool, others are our own work. */
function effectSpan({ name, actor, run, effect, attempt, at }: EffectStarted) {
  const shared = {
    [AGENTICRAFT.actor]: actor,
    [AGENTICRAFT.effect]: effect,
    [AGENTICRAFT.attempt]: attempt,
    ...(run !== undefined && { [AGENTICRAFT.run]: run }),
  }
  if (name === MODEL) {
    const attributes = { ...shared, [GEN_AI.operation]: OPERATION.chat }
    return { name: OPERATION.chat, at, calls: true, attributes }
  }
  if (!name.startsWith(TOOL)) return { name: `effect ${name}`, at, attributes: shared }
  const tool = name.slice(TOOL.length)
  const attributes = { ...shared, [GEN_AI.operation]: OPERATION.executeTool, [GEN_AI.toolName]: tool }
  return { name: `${OPERATION.executeTool} ${tool}`, at, attributes }
}

function outcomeOf(event: EventOf<'effect.succeeded'> | EventOf<'effect.failed'>) {
  if (event.type === 'effect.succeeded') return { attributes: usageAttributes(event.usage) }
  const spent = usageAttributes(event.usage)
  if (event.reason === 'cancelled') return { attributes: { ...spent, [AGENTICRAFT.outcome]: 'cancelled' } }
  return { error: event.error.code, attributes: spent }
}

const usageAttributes = (usage: Usage | undefined): Attributes =>
  usage === undefined
    ? {}
    : {
        [GEN_AI.inputTokens]: usage.inputTokens,
        [GEN_AI.outputTokens]: usage.outputTokens,
        ...(usage.costUsd !== null && { [AGENTICRAFT.costUsd]: usage.costUsd }),
      }
