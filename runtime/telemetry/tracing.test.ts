import {
  type Attributes,
  type Context,
  type Exception,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import * as assert from 'uvu/assert'
import type { Address } from '../../actors/address.ts'
import { createEvents, type Events } from '../events.ts'
import { testSuite } from '../testkit/suite.ts'
import { SAMPLE_EVENTS } from './testdata/sample-events.ts'
import { createTracing } from './tracing.ts'

const test = testSuite('runtime/telemetry/tracing')

/** A span that remembers what it was told: as much of an SDK as these tests need. */
class MemorySpan implements Span {
  readonly name: string
  readonly options: SpanOptions
  readonly parent: SpanContext | undefined
  readonly #context: SpanContext
  attributes: Attributes
  status: SpanStatus = { code: SpanStatusCode.UNSET }
  endedAt: TimeInput | undefined

  constructor(name: string, options: SpanOptions, parent: SpanContext | undefined, n: number) {
    this.name = name
    this.options = options
    this.parent = parent
    this.attributes = { ...options.attributes }
    const traceId = parent?.traceId ?? n.toString(16).padStart(32, '0')
    this.#context = { traceId, spanId: n.toString(16).padStart(16, '0'), traceFlags: TraceFlags.SAMPLED }
  }
  spanContext = () => this.#context
  setAttribute(key: string, value: Attributes[string]): this {
    this.attributes[key] = value
    return this
  }
  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes)
    return this
  }
  setStatus(status: SpanStatus): this {
    this.status = status
    return this
  }
  end(at?: TimeInput): void {
    assert.is(this.endedAt, undefined, `${this.name} ends once`)
    this.endedAt = at ?? ([0, 0] as HrTime)
  }
  isRecording = () => this.endedAt === undefined
  addEvent = () => this
  addLink = () => this
  addLinks = () => this
  updateName = () => this
  recordException(_: Exception): void {}
}

function memoryProvider() {
  const spans: MemorySpan[] = []
  const tracer = {
    startSpan(name: string, options: SpanOptions = {}, context: Context = ROOT_CONTEXT) {
      const span = new MemorySpan(name, options, trace.getSpanContext(context), spans.length + 1)
      spans.push(span)
      return span
    },
    startActiveSpan(): never {
      throw new Error('not used')
    },
  }
  return { spans, provider: { getTracer: () => tracer } }
}

const throwing = () =>
  createEvents(error => {
    throw error
  })
const workflow = 'workflow/wf1' as Address

/** One run in which a model call fails, a second one succeeds, and a tool is cut off by the end of the run. */
function emitRun(events: Events): void {
  events.emit({ ...SAMPLE_EVENTS['run.started'], actor: workflow })
  events.emit(SAMPLE_EVENTS['actor.committed'])
  events.emit(SAMPLE_EVENTS['effect.started'])
  events.emit(SAMPLE_EVENTS['effect.failed'])
  events.emit({ ...SAMPLE_EVENTS['effect.started'], attempt: 2 })
  events.emit({ ...SAMPLE_EVENTS['effect.succeeded'], attempt: 2 })
  const search = { effect: 'writer/w1.4.0', name: 'tool:search' }
  events.emit({ ...SAMPLE_EVENTS['actor.committed'], message: 'result', seq: 4 })
  events.emit({ ...SAMPLE_EVENTS['effect.started'], ...search })
}

test.afterEach(() => trace.disable())

test('subscribes to nothing while no provider is registered', () => {
  const events = throwing()
  const stop = createTracing().observe(events)
  assert.is(events.on, false)
  emitRun(events)
  stop()
  stop()
})

test('makes one trace of a run, with parents, times and operations', () => {
  const { spans, provider } = memoryProvider()
  trace.setGlobalTracerProvider(provider)
  const events = throwing()
  createTracing().observe(events)
  assert.is(events.on, true)
  emitRun(events)
  events.emit({ ...SAMPLE_EVENTS['run.finished'], actor: workflow, status: 'done' })
  const nameOf = (context: SpanContext | undefined) =>
    spans.find(span => span.spanContext().spanId === context?.spanId)?.name
  assert.equal(
    spans.map(span => [span.name, nameOf(span.parent)]),
    [
      ['invoke_workflow research', undefined],
      ['invoke_agent writer', 'invoke_workflow research'],
      ['chat', 'invoke_agent writer'],
      ['chat', 'invoke_agent writer'],
      ['execute_tool search', 'invoke_agent writer'],
    ],
  )
  assert.is(new Set(spans.map(span => span.spanContext().traceId)).size, 1)
  assert.equal(spans[0]?.options.startTime, new Date(SAMPLE_EVENTS['run.started'].at))
  assert.equal(spans[0]?.endedAt, new Date(SAMPLE_EVENTS['run.finished'].at))
  assert.equal(
    spans.map(span => span.attributes['gen_ai.operation.name']),
    ['invoke_workflow', 'invoke_agent', 'chat', 'chat', 'execute_tool'],
  )
})

test('sets the status error with the code, and only for what failed', () => {
  const { spans, provider } = memoryProvider()
  trace.setGlobalTracerProvider(provider)
  const events = throwing()
  createTracing().observe(events)
  emitRun(events)
  events.emit({ ...SAMPLE_EVENTS['run.finished'], actor: workflow })
  const failed = { code: SpanStatusCode.ERROR, message: 'AC-3004' }
  const unset = { code: SpanStatusCode.UNSET }
  assert.equal(
    spans.map(span => span.status),
    [failed, unset, failed, unset, unset],
  )
  assert.equal(
    spans.map(span => span.attributes['error.type']),
    ['AC-3004', undefined, 'AC-3004', undefined, undefined],
  )
})

test('ends every span when the run is cancelled', () => {
  const { spans, provider } = memoryProvider()
  trace.setGlobalTracerProvider(provider)
  const events = throwing()
  createTracing().observe(events)
  emitRun(events)
  assert.ok(spans.some(span => span.isRecording()))
  events.emit({ ...SAMPLE_EVENTS['run.finished'], actor: workflow, status: 'cancelled' })
  assert.not.ok(spans.some(span => span.isRecording()))
  assert.is(spans[0]?.status.code, SpanStatusCode.UNSET)
})

test('ends open spans and stops listening when it is stopped', () => {
  const { spans, provider } = memoryProvider()
  trace.setGlobalTracerProvider(provider)
  const events = throwing()
  const stop = createTracing().observe(events)
  emitRun(events)
  stop()
  stop()
  assert.is(events.on, false)
  assert.is(spans.length, 5)
  assert.not.ok(spans.some(span => span.isRecording()))
})

test('captures no content', () => {
  const { spans, provider } = memoryProvider()
  trace.setGlobalTracerProvider(provider)
  const events = throwing()
  createTracing().observe(events)
  emitRun(events)
  const text = 'a private text'
  events.emit({ ...SAMPLE_EVENTS['effect.progress'], note: text })
  events.emit({ ...SAMPLE_EVENTS['actor.published'], body: text })
  const error = { ...SAMPLE_EVENTS['effect.failed'].error, message: text, details: { text } }
  events.emit({ ...SAMPLE_EVENTS['effect.failed'], effect: 'writer/w1.4.0', name: 'tool:search', error })
  events.emit({ ...SAMPLE_EVENTS['run.finished'], error })
  assert.is(spans.length, 5)
  for (const span of spans)
    assert.not.match(JSON.stringify([span.name, span.attributes, span.status]), 'private')
})

test.run()
