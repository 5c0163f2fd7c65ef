/**
 * Runtime events as OpenTelemetry spans, through the API alone: which SDK exports them, and where to, is the
 * application's choice. Prompts, answers and arguments never become attributes. Without a registered provider
 * nothing is subscribed, so that tracing costs nothing until somebody wants it.
 */
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { Events } from '../events.ts'
import { GEN_AI } from './gen-ai.ts'
import { type SpanBackend, SpanTree } from './span-tree.ts'

export interface Tracing {
  /** Makes spans from now on, if a tracer provider is registered by now. Returns how to stop, which ends open spans. */
  observe(events: Events): () => void
}

const SCOPE = 'agenticraft'

/** Tracing by the tracer provider that the process has registered with the OpenTelemetry API. */
export function createTracing(): Tracing {
  return {
    observe(events) {
      const tracer = registeredTracer()
      if (!tracer) return () => {}
      const tree = new SpanTree(backendOf(tracer))
      const unsubscribe = events.subscribe(event => tree.on(event))
      return () => {
        unsubscribe()
        tree.end()
      }
    },
  }
}

/**
 * The API always answers with a provider: a proxy that forwards to the registered one. Only the proxy can say
 * that there is none; a test span would be seen by the span processors of a real one.
 */
function registeredTracer(): Tracer | undefined {
  const provider: { getTracer(name: string): Tracer; getDelegateTracer?(name: string): Tracer | undefined } =
    trace.getTracerProvider()
  return provider.getDelegateTracer ? provider.getDelegateTracer(SCOPE) : provider.getTracer(SCOPE)
}

/** Times go as `Date`: a bare number below the start of the process would be read as a relative one. */
const backendOf = (tracer: Tracer): SpanBackend<Span> => ({
  open({ name, at, attributes, calls }, parent) {
    const context = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    const kind = calls ? SpanKind.CLIENT : SpanKind.INTERNAL
    return tracer.startSpan(name, { kind, attributes: { ...attributes }, startTime: new Date(at) }, context)
  },
  close(span, { at, attributes, error }) {
    if (attributes) span.setAttributes({ ...attributes })
    if (error !== undefined) {
      span.setAttribute(GEN_AI.errorType, error)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error })
    }
    span.end(new Date(at))
  },
})
