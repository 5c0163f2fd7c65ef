import { register } from 'prom-client'
import * as assert from 'uvu/assert'
import type { Address } from '../../actors/address.ts'
import type { RuntimeEvent, RuntimeEventType } from '../../actors/events.ts'
import { createEvents } from '../events.ts'
import { testSuite } from '../testkit/suite.ts'
import type { EventOf } from './event-table.ts'
import { createMetrics, type MetricsOptions } from './metrics.ts'
import { SAMPLE_EVENTS, SAMPLE_USAGE } from './testdata/sample-events.ts'

const test = testSuite('runtime/telemetry/metrics')

function observed(options?: MetricsOptions) {
  const metrics = createMetrics(options)
  const events = createEvents(error => {
    throw error
  })
  const stop = metrics.observe(events)
  const emit = <T extends RuntimeEventType>(type: T, fields: Partial<EventOf<T>> = {}) =>
    events.emit({ ...SAMPLE_EVENTS[type], ...fields } as unknown as RuntimeEvent)
  return { metrics, events, stop, emit }
}

/** The value of one series, for example `runs_total{workflow="a",status="done"}`; undefined when there is none. */
async function seriesValue(
  metrics: { text(): Promise<string> },
  series: string,
): Promise<number | undefined> {
  const text = await metrics.text()
  const line = text.split('\n').find(each => each.startsWith(`agenticraft_${series} `))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
}

test('keeps a registry of its own: neither the default one nor another one sees its numbers', async () => {
  const { metrics, emit } = observed()
  const other = createMetrics()
  emit('run.finished', { status: 'done' })
  assert.is(await seriesValue(metrics, 'runs_total{workflow="research",status="done"}'), 1)
  assert.not.match(await other.text(), 'research')
  assert.equal(register.getMetricsAsArray(), [])
})

test('speaks the exposition format, with names as Prometheus wants them', async () => {
  const { metrics, emit } = observed()
  for (const type of Object.keys(SAMPLE_EVENTS) as RuntimeEventType[]) emit(type)
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/)
  const families = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  assert.ok(families.length > 15)
  for (const [, name = '', kind] of families) {
    assert.match(name, /^agenticraft_[a-z]+(?:_[a-z]+)*$/)
    assert.is(name.endsWith('_total'), kind === 'counter', name)
    if (kind === 'histogram') assert.match(name, /_seconds$/)
  }
})

test('counts commits and their duration in seconds by the type of the actor', async () => {
  const { metrics, emit } = observed()
  emit('actor.committed', { durationMs: 250 })
  emit('actor.committed', { durationMs: 250, actor: 'writer/w2' as Address })
  assert.is(await seriesValue(metrics, 'messages_committed_total{actor_type="writer"}'), 2)
  assert.is(await seriesValue(metrics, 'commit_duration_seconds_sum{actor_type="writer"}'), 0.5)
})

test('follows an effect through attempt, failure, retry, success and giving up', async () => {
  const { metrics, emit } = observed()
  emit('effect.started')
  emit('effect.failed', { reason: 'rate-limited', durationMs: 100 })
  emit('effect.retrying', { reason: 'rate-limited' })
  emit('effect.started', { attempt: 2 })
  emit('effect.succeeded', { durationMs: 2_000 })
  emit('effect.gave-up', { reason: 'timeout' })
  const of = (series: string) => seriesValue(metrics, series)
  assert.is(await of('effect_attempts_total{effect="model"}'), 2)
  assert.is(await of('effects_total{effect="model",outcome="failed",reason="rate-limited"}'), 1)
  assert.is(await of('effects_total{effect="model",outcome="succeeded",reason="none"}'), 1)
  assert.is(await of('effects_total{effect="model",outcome="gave-up",reason="timeout"}'), 1)
  assert.is(await of('effect_retries_total{effect="model",reason="rate-limited"}'), 1)
  assert.is(await of('effect_duration_seconds_sum{effect="model",outcome="succeeded"}'), 2)
  assert.is(await of('effect_duration_seconds_count{effect="model",outcome="failed"}'), 1)
})

test('adds tokens by direction and cost, and counts calls without a price instead of calling them free', async () => {
  const { metrics, emit } = observed()
  emit('effect.succeeded', { usage: { ...SAMPLE_USAGE, inputTokens: 7, outputTokens: 3, costUsd: 0.25 } })
  emit('effect.succeeded', {
    usage: { ...SAMPLE_USAGE, inputTokens: 7, outputTokens: 3, modelCalls: 2, costUsd: null },
  })
  const of = (series: string) => seriesValue(metrics, series)
  assert.is(await of('model_tokens_total{effect="model",direction="input"}'), 14)
  assert.is(await of('model_tokens_total{effect="model",direction="output"}'), 6)
  assert.is(await of('model_cost_usd_total{effect="model"}'), 0.25)
  assert.is(await of('model_unpriced_calls_total{effect="model"}'), 2)
})

test('makes no token or cost series for effects that spend none', async () => {
  const { metrics, emit } = observed()
  const usage = { inputTokens: 0, outputTokens: 0, modelCalls: 0, toolCalls: 1, costUsd: 0 }
  emit('effect.succeeded', { name: 'tool:search', usage })
  assert.not.match(await metrics.text(), /^agenticraft_model_\w+\{/m)
})

test('does not count the usage of a run again: its effects were counted', async () => {
  const { metrics, emit } = observed()
  emit('run.finished')
  assert.not.match(await metrics.text(), /^agenticraft_model_\w+\{/m)
})

test('counts runs by workflow and status, and their duration', async () => {
  const { metrics, emit } = observed()
  emit('run.started')
  emit('run.finished', { status: 'cancelled', durationMs: 1_500 })
  emit('run.finished', { status: 'done', durationMs: 500 })
  const of = (series: string) => seriesValue(metrics, series)
  assert.is(await of('runs_started_total{workflow="research"}'), 1)
  assert.is(await of('runs_total{workflow="research",status="cancelled"}'), 1)
  assert.is(await of('run_duration_seconds_sum{workflow="research",status="cancelled"}'), 1.5)
  assert.is(await of('run_duration_seconds_count{workflow="research",status="done"}'), 1)
})

test('shows exactly one state of a breaker as 1', async () => {
  const { metrics, emit } = observed()
  for (const state of ['open', 'half-open', 'closed', 'open'] as const) {
    emit('breaker.changed', { state })
    for (const each of ['open', 'half-open', 'closed'])
      assert.is(
        await seriesValue(metrics, `breaker_state{target="openai:gpt",state="${each}"}`),
        each === state ? 1 : 0,
      )
  }
})

test('counts crashes, restarts, decisions, dead letters, spent budgets and steps', async () => {
  const { metrics, emit } = observed()
  emit('actor.crashed')
  emit('actor.restarted')
  emit('supervisor.decided')
  emit('message.dead')
  emit('budget.exhausted')
  emit('step.finished')
  const of = (series: string) => seriesValue(metrics, series)
  assert.is(await of('actor_crashes_total{actor_type="writer",code="AC-3004"}'), 1)
  assert.is(await of('actor_restarts_total{actor_type="writer"}'), 1)
  assert.is(await of('supervisor_decisions_total{directive="restart",reason="crashed"}'), 1)
  assert.is(await of('dead_letters_total{actor_type="writer",code="AC-3004"}'), 1)
  assert.is(await of('budget_exhausted_total{what="tokens"}'), 1)
  assert.is(await of('steps_total{outcome="failed"}'), 1)
})

test('knows how many actors live, also when it came late, and forgets them when it stops', async () => {
  const { metrics, emit, stop } = observed()
  const live = () => seriesValue(metrics, 'actors{actor_type="writer"}')
  emit('actor.stopped', { actor: 'writer/from-before' as Address })
  assert.is(await live(), undefined)
  emit('actor.started')
  emit('actor.started')
  emit('actor.started', { actor: 'writer/w2' as Address })
  assert.is(await live(), 2)
  emit('actor.stopped')
  emit('actor.stopped')
  assert.is(await live(), 1)
  stop()
  stop()
  assert.is(await live(), 0)
})

test('adds up two runtimes that have actors of the same address', async () => {
  const metrics = createMetrics()
  const [one, two] = [createEvents(() => {}), createEvents(() => {})]
  const stop = metrics.observe(one)
  metrics.observe(two)
  for (const events of [one, two]) events.emit(SAMPLE_EVENTS['actor.started'])
  assert.is(await seriesValue(metrics, 'actors{actor_type="writer"}'), 2)
  stop()
  assert.is(await seriesValue(metrics, 'actors{actor_type="writer"}'), 1)
})

test('makes no series per id: ten thousand actors, runs, effects and messages are still the same few', async () => {
  const { metrics, emit } = observed()
  const types = Object.keys(SAMPLE_EVENTS) as RuntimeEventType[]
  for (const type of types) emit(type)
  const before = (await metrics.text()).split('\n').length
  for (let i = 0; i < 10_000; i++) {
    const ids = { actor: `writer/w${i}` as Address, run: `r${i}`, effect: `writer/w${i}.${i}.0`, id: `m${i}` }
    const type = types[i % types.length] as RuntimeEventType
    emit(type, { ...ids, child: ids.actor, attempt: i } as Partial<RuntimeEvent>)
  }
  const text = await metrics.text()
  assert.is(text.split('\n').length, before)
  assert.not.match(text, /w\d{2,}|r\d{2,}|m\d{2,}/)
})

test('stays bounded when names and types are made up without end', async () => {
  const { metrics, emit } = observed({ maxLabelValues: 5 })
  const types = Object.keys(SAMPLE_EVENTS) as RuntimeEventType[]
  const flood = (from: number) => {
    for (let i = from; i < from + 2_000; i++) {
      const type = types[i % types.length] as RuntimeEventType
      const name = `n${i}`
      const made = {
        name,
        workflow: name,
        target: name,
        what: name,
        reason: name,
        status: name,
        directive: name,
      }
      const error = { ...SAMPLE_EVENTS['actor.crashed'].error, code: name }
      emit(type, { ...made, actor: `t${i}/1`, error } as unknown as Partial<RuntimeEvent>)
    }
  }
  flood(0)
  const before = (await metrics.text()).split('\n').length
  flood(2_000)
  const text = await metrics.text()
  assert.is(text.split('\n').length, before)
  assert.match(text, 'other')
  const distinct = new Set([...text.matchAll(/workflow="([^"]*)"/g)].map(found => found[1]))
  assert.is(distinct.size, 6)
})

test('survives numbers that are none: a clock set back, a signal without its fields', async () => {
  const { metrics, emit, events } = observed()
  emit('actor.committed', { durationMs: -5 })
  emit('effect.succeeded', {
    durationMs: Number.NaN,
    usage: { ...SAMPLE_USAGE, inputTokens: -1, costUsd: Number.NaN },
  })
  const { at, actor } = SAMPLE_EVENTS['run.finished']
  for (const type of ['run.started', 'run.finished', 'breaker.changed', 'budget.exhausted', 'step.finished'])
    events.emit({ at, actor, type } as unknown as RuntimeEvent)
  assert.is(await seriesValue(metrics, 'messages_committed_total{actor_type="writer"}'), 1)
  assert.is(await seriesValue(metrics, 'model_cost_usd_total{effect="model"}'), undefined)
  assert.is(await seriesValue(metrics, 'runs_total{workflow="unknown",status="unknown"}'), 1)
})

test('passes over types that it does not know', () => {
  const { events } = observed()
  for (const type of ['actor.cloned', 'constructor', '__proto__'])
    events.emit({ ...SAMPLE_EVENTS['run.started'], type } as unknown as RuntimeEvent)
})

test('counts nothing after it was stopped', async () => {
  const { metrics, events, emit, stop } = observed()
  stop()
  emit('run.started')
  assert.is(events.on, false)
  assert.is(await seriesValue(metrics, 'runs_started_total{workflow="research"}'), undefined)
})

test.run()
