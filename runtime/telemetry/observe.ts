/**
 * Attaches what watches a runtime: logger, metrics, tracing, each optional. The composition root of an
 * application calls it once. It loads none of their libraries: who does not make a logger does not pay for one.
 */
import type { Events } from '../events.ts'
import { logEvents } from './log-events.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { Tracing } from './tracing.ts'

export interface Observers {
  readonly logger?: Logger
  readonly metrics?: Metrics
  readonly tracing?: Tracing
}

/** Starts observing. Returns how to stop; calling that again does nothing. */
export function observe(events: Events, { logger, metrics, tracing }: Observers): () => void {
  const stops = [
    logger && logEvents(events, logger),
    metrics?.observe(events),
    tracing?.observe(events),
  ].filter(stop => stop !== undefined)
  return () => {
    for (const stop of stops.splice(0)) stop()
  }
}
