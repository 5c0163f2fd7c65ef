/**
 * Runtime events as Prometheus metrics (https://prometheus.io/docs/practices/naming/). Each `createMetrics()`
 * has a registry of its own, so that two runtimes and a host application never mix. Labels are types, names
 * and codes, never ids of actors, runs or messages. It serves nothing over HTTP: whoever has a server does.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type Address, addressType } from '../../actors/address.ts'
import type { RuntimeEvent, RuntimeEventType, Usage } from '../../actors/events.ts'
import type { Events } from '../events.ts'
import type { EventOf } from './event-table.ts'
import { createLabelLimit, type LabelLimit } from './label-limit.ts'

export interface Metrics {
  /** The exposition of all metrics, to be served with `contentType`. */
  text(): Promise<string>
  readonly contentType: string
  /** Counts from now on. Several runtimes may be observed. Returns how to stop, which takes their actors off the gauge. */
  observe(events: Events): () => void
}

export interface MetricsOptions {
  /** How many values one label takes before the rest share `other`. Default 200. */
  readonly maxLabelValues?: number
}

/** Metrics with a registry of their own. */
export function createMetrics({ maxLabelValues }: MetricsOptions = {}): Metrics {
  const registry = new Registry()
  const families = familiesOf(registry)
  const label = createLabelLimit(maxLabelValues)
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    observe(events) {
      const recording: Recording = { ...families, label, live: new Set() }
      const unsubscribe = events.subscribe(event => record(recording, event))
      return () => {
        unsubscribe()
        for (const actor of recording.live) recording.actors.dec({ actor_type: typeLabel(recording, actor) })
        recording.live.clear()
      }
    },
  }
}

type Families = ReturnType<typeof familiesOf>

interface Recording extends Families {
  readonly label: LabelLimit
  /** Actors seen to start and not yet to stop: a late subscriber must not count below zero. */
  readonly live: Set<Address>
}

type Recorders = { readonly [T in RuntimeEventType]?: (m: Recording, event: EventOf<T>) => void }

const RECORDERS: Recorders = {
  'actor.started': (m, { actor }) => {
    if (m.live.has(actor)) return
    m.live.add(actor)
    m.actors.inc({ actor_type: typeLabel(m, actor) })
  },
  'actor.stopped': (m, { actor }) => {
    if (m.live.delete(actor)) m.actors.dec({ actor_type: typeLabel(m, actor) })
  },
  'actor.crashed': (m, { actor, error }) =>
    m.crashes.inc({ actor_type: typeLabel(m, actor), code: m.label('code', error?.code) }),
  'actor.restarted': (m, { actor }) => m.restarts.inc({ actor_type: typeLabel(m, actor) }),
  'actor.committed': (m, { actor, durationMs }) => {
    const labels = { actor_type: typeLabel(m, actor) }
    m.commits.inc(labels)
    m.commitSeconds.observe(labels, seconds(durationMs))
  },
  'actor.published': (m, { actor }) => m.published.inc({ actor_type: typeLabel(m, actor) }),
  'message.dead': (m, { actor, error }) =>
    m.deadLetters.inc({ actor_type: typeLabel(m, actor), code: m.label('code', error?.code) }),
  'effect.started': (m, { name }) => m.attempts.inc({ effect: m.label('effect', name) }),
  'effect.succeeded': (m, { name, durationMs, usage }) => {
    const effect = m.label('effect', name)
    m.effects.inc({ effect, outcome: 'succeeded', reason: 'none' })
    m.effectSeconds.observe({ effect, outcome: 'succeeded' }, seconds(durationMs))
    if (usage) recordUsage(m, effect, usage)
  },
  'effect.failed': (m, { name, durationMs, reason, usage }) => {
    const effect = m.label('effect', name)
    m.effects.inc({ effect, outcome: 'failed', reason: m.label('reason', reason) })
    m.effectSeconds.observe({ effect, outcome: 'failed' }, seconds(durationMs))
    if (usage) recordUsage(m, effect, usage)
  },
  'effect.retrying': (m, { name, reason }) =>
    m.retries.inc({ effect: m.label('effect', name), reason: m.label('reason', reason) }),
  'effect.gave-up': (m, { name, reason }) =>
    m.effects.inc({
      effect: m.label('effect', name),
      outcome: 'gave-up',
      reason: m.label('reason', reason),
    }),
  'supervisor.decided': (m, { directive, reason }) =>
    m.decisions.inc({ directive: m.label('directive', directive), reason: m.label('reason', reason) }),
  'breaker.changed': (m, { target, state }) => {
    for (const each of ['closed', 'half-open', 'open'])
      m.breaker.set({ target: m.label('target', target), state: each }, each === state ? 1 : 0)
  },
  'budget.exhausted': (m, { what }) => m.budgets.inc({ what: m.label('what', what) }),
  'run.started': (m, { workflow }) => m.runsStarted.inc({ workflow: m.label('workflow', workflow) }),
  'run.finished': (m, event) => {
    const labels = { workflow: m.label('workflow', event.workflow), status: m.label('status', event.status) }
    m.runs.inc(labels)
    m.runSeconds.observe(labels, seconds(event.durationMs))
  },
  'step.finished': (m, { error }) => m.steps.inc({ outcome: error ? 'failed' : 'succeeded' }),
}

function record<T extends RuntimeEventType>(m: Recording, event: RuntimeEvent & { readonly type: T }): void {
  const recorder = Object.hasOwn(RECORDERS, event.type) ? RECORDERS[event.type as T] : undefined
  recorder?.(m, event as unknown as EventOf<T>)
}

function recordUsage(m: Recording, effect: string, usage: Usage): void {
  const [input, output] = [amount(usage.inputTokens), amount(usage.outputTokens)]
  if (input > 0) m.tokens.inc({ effect, direction: 'input' }, input)
  if (output > 0) m.tokens.inc({ effect, direction: 'output' }, output)
  if (usage.costUsd === null) m.unpriced.inc({ effect }, amount(usage.modelCalls))
  else if (amount(usage.costUsd) > 0) m.cost.inc({ effect }, usage.costUsd)
}

const typeLabel = (m: Recording, actor: Address): string => m.label('actor_type', addressType(actor))

/** prom-client refuses what is negative or not finite; a clock that was set back makes a negative duration. */
const amount = (value: number): number => (Number.isFinite(value) && value > 0 ? value : 0)
const seconds = (ms: number): number => amount(ms) / 1_000

const COMMIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const EFFECT_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const RUN_BUCKETS = [0.1, 0.5, 1, 5, 15, 30, 60, 180, 600, 1_800, 3_600]

function familiesOf(registry: Registry) {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `agenticraft_${name}`, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge({ name: `agenticraft_${name}`, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new Histogram({ name: `agenticraft_${name}`, help, labelNames, buckets, registers })
  return {
    actors: gauge('actors', 'Actors that live now.', ['actor_type']),
    crashes: counter('actor_crashes_total', 'Actors that failed on a message.', ['actor_type', 'code']),
    restarts: counter('actor_restarts_total', 'Restarts of actors.', ['actor_type']),
    commits: counter('messages_committed_total', 'Messages and outcomes committed.', ['actor_type']),
    commitSeconds: histogram(
      'commit_duration_seconds',
      'From taking a message to its commit.',
      ['actor_type'],
      COMMIT_BUCKETS,
    ),
    published: counter('facts_published_total', 'Facts published by actors.', ['actor_type']),
    deadLetters: counter('dead_letters_total', 'Messages nobody took.', ['actor_type', 'code']),
    attempts: counter('effect_attempts_total', 'Attempts of effects begun.', ['effect']),
    effects: counter(
      'effects_total',
      'Attempts that succeeded or failed, and effects given up after their last attempt.',
      ['effect', 'outcome', 'reason'],
    ),
    effectSeconds: histogram(
      'effect_duration_seconds',
      'Duration of one attempt.',
      ['effect', 'outcome'],
      EFFECT_BUCKETS,
    ),
    retries: counter('effect_retries_total', 'Further attempts granted.', ['effect', 'reason']),
    tokens: counter('model_tokens_total', 'Tokens that attempts report, also those that failed.', [
      'effect',
      'direction',
    ]),
    cost: counter('model_cost_usd_total', 'Cost of calls whose price is known, US dollars.', ['effect']),
    unpriced: counter('model_unpriced_calls_total', 'Model calls whose price is not known.', ['effect']),
    decisions: counter('supervisor_decisions_total', 'Decisions about failed children.', [
      'directive',
      'reason',
    ]),
    breaker: gauge('breaker_state', '1 for the state a circuit breaker is in.', ['target', 'state']),
    budgets: counter('budget_exhausted_total', 'Work refused for want of budget.', ['what']),
    runsStarted: counter('runs_started_total', 'Runs started.', ['workflow']),
    runs: counter('runs_total', 'Runs finished.', ['workflow', 'status']),
    runSeconds: histogram('run_duration_seconds', 'Duration of runs.', ['workflow', 'status'], RUN_BUCKETS),
    steps: counter('steps_total', 'Steps finished.', ['outcome']),
  }
}
