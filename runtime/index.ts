/** `agenticraft`: a node to embed in a process, policies for one's own methods, and its observers. */

export { type Address, address } from '../actors/address.ts'
export type { BudgetLease } from '../actors/budget-lease.ts'
export type { DeadLetter } from '../actors/dead-letters.ts'
export { type ErrorCode, type ErrorKind, RuntimeError } from '../actors/errors.ts'
export type { RunStatus, RuntimeEvent, Usage } from '../actors/events.ts'
export type { EffectDecision } from '../actors/protocol.ts'
export type { Hit, Memory, MemoryRecord, Namespace, NewMemory, RecallOptions } from '../memory/memory.ts'
export {
  type ActorStatus,
  type ChildSpec,
  createRuntime,
  type ParkedEffect,
  type Recovery,
  type Runtime,
  type RuntimeOptions,
  type SpawnOptions,
  type SuperviseOptions,
} from './create-runtime.ts'
export type { EventListener, Events } from './events.ts'
export type { Answered, AskOptions } from './messages.ts'
export { type OpenMemoryOptions, openMemory } from './open-memory.ts'
export { cache } from './resilience/cache.ts'
export { fallback } from './resilience/fallback.ts'
export { rateLimit } from './resilience/rate-limit.ts'
export { retry } from './resilience/retry.ts'
export { timeout } from './resilience/timeout.ts'
export type { RunRecord, RunStep, Runs } from './runs.ts'
export { createLogger, type Logger } from './telemetry/logger.ts'
export { createMetrics, type Metrics } from './telemetry/metrics.ts'
export { type Observers, observe } from './telemetry/observe.ts'
export { createTracing, type Tracing } from './telemetry/tracing.ts'
export { createInProcessBus } from './transport/in-process.ts'
export type { Transport } from './transport/transport.ts'
