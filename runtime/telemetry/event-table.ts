/**
 * How each runtime event reads in a log: its level, one line for people, and the fields that may be written
 * down. Loggers and progress lines use it; docs/events.md is compared with it by a test. It holds no metric
 * and no span: those have their own files.
 */
import type { RunStatus, RuntimeEvent, RuntimeEventType, Usage } from '../../actors/events.ts'

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'

export type EventOf<T extends RuntimeEventType> = Extract<RuntimeEvent, { readonly type: T }>

/** Fields every event has; a table row lists the others. */
export type StampField = 'type' | 'at' | 'actor' | 'run'

export interface EventEntry<E extends RuntimeEvent> {
  readonly level: Level
  /** A level for particular events of the type, for example a run that failed. */
  levelOf?(event: E): Level | undefined
  /** The fields beside `type`, `at`, `actor` and `run`. A field that is not listed is not logged. */
  readonly fields: readonly Exclude<keyof E & string, StampField>[]
  message(event: E): string
}

type EventTable = { readonly [T in RuntimeEventType]: EventEntry<EventOf<T>> }

const RUN_LEVELS: Partial<Record<RunStatus, Level>> = {
  failed: 'error',
  'budget-exhausted': 'warn',
  'needs-human': 'warn',
}

/** A cancellation is asked for, not a failure. */
const quietIfCancelled =
  (level: Level) =>
  ({ reason }: { readonly reason: string }): Level | undefined =>
    reason === 'cancelled' ? level : undefined

export const EVENT_TABLE: EventTable = {
  'actor.started': {
    level: 'debug',
    fields: ['supervisor'],
    message: e => `${e.actor} started`,
  },
  'actor.stopped': {
    level: 'debug',
    levelOf: e => (e.reason === 'crashed' ? 'warn' : undefined),
    fields: ['reason'],
    message: e => `${e.actor} stopped (${e.reason})`,
  },
  'actor.crashed': {
    level: 'error',
    fields: ['error'],
    message: e => `${e.actor} crashed: ${said(e.error)}`,
  },
  'actor.restarted': {
    level: 'warn',
    fields: ['restarts'],
    message: e => `${e.actor} restarted (${times(e.restarts)} so far)`,
  },
  'actor.recovered': {
    level: 'info',
    fields: ['commits', 'supervisor'],
    message: e => `${e.actor} came back from its journal (${e.commits} commits)`,
  },
  'actor.passivated': {
    level: 'trace',
    fields: [],
    message: e => `${e.actor} left memory`,
  },
  'journal.failed': {
    level: 'error',
    fields: ['error', 'delayMs'],
    message: e =>
      `a commit of ${e.actor} could not be stored, tried again in ${e.delayMs} ms: ${said(e.error)}`,
  },
  'actor.committed': {
    level: 'trace',
    fields: ['seq', 'message', 'state', 'durationMs'],
    message: e => `${e.actor} took ${e.message}, now ${e.state}`,
  },
  'actor.published': {
    level: 'debug',
    fields: ['kind', 'body'],
    message: e => `${e.actor} published ${e.kind}`,
  },
  'message.dead': {
    level: 'warn',
    fields: ['message', 'id', 'error'],
    message: e => `${e.message} to ${e.actor} was not delivered: ${said(e.error)}`,
  },
  'effect.started': {
    level: 'debug',
    fields: ['effect', 'name', 'attempt'],
    message: e => `${e.actor} began ${e.name}${again(e.attempt)}`,
  },
  'effect.progress': {
    level: 'trace',
    fields: ['effect', 'name', 'attempt', 'note'],
    message: e => `${e.name} of ${e.actor} goes on`,
  },
  'effect.succeeded': {
    level: 'debug',
    fields: ['effect', 'name', 'attempt', 'durationMs', 'usage'],
    message: e => `${e.name} of ${e.actor} succeeded after ${e.durationMs} ms${again(e.attempt)}`,
  },
  'effect.failed': {
    level: 'warn',
    levelOf: quietIfCancelled('debug'),
    fields: ['effect', 'name', 'attempt', 'durationMs', 'reason', 'error', 'usage'],
    message: e => `${e.name} of ${e.actor} failed${again(e.attempt)}: ${said(e.error)}`,
  },
  'effect.retrying': {
    level: 'info',
    fields: ['effect', 'name', 'attempt', 'delayMs', 'reason', 'remedy'],
    message: e => `${e.name} of ${e.actor} is tried again in ${e.delayMs} ms (${e.reason})`,
  },
  'effect.parked': {
    level: 'warn',
    fields: ['effect', 'name', 'attempt', 'input', 'why'],
    message: e => `${e.name} of ${e.actor} waits for a person: ${e.why}`,
  },
  'effect.gave-up': {
    level: 'error',
    levelOf: quietIfCancelled('info'),
    fields: ['effect', 'name', 'attempt', 'reason', 'error'],
    message: e => `${e.name} of ${e.actor} is not tried again: ${said(e.error)}`,
  },
  'supervisor.decided': {
    level: 'warn',
    fields: ['child', 'reason', 'directive', 'affected'],
    message: e => `${e.actor} answers ${e.reason} of ${e.child} with ${e.directive}`,
  },
  'breaker.changed': {
    level: 'warn',
    levelOf: e => (e.state === 'open' ? undefined : 'info'),
    fields: ['target', 'state'],
    message: e => `the breaker of ${e.target} is ${e.state}`,
  },
  'budget.exhausted': {
    level: 'warn',
    fields: ['what', 'left', 'needed'],
    message: e => `${e.actor} needs ${e.needed} ${e.what}, its budget has ${e.left} left`,
  },
  'run.started': {
    level: 'info',
    fields: ['workflow'],
    message: e => `run ${e.run} of ${e.workflow} started`,
  },
  'run.finished': {
    level: 'info',
    levelOf: e => RUN_LEVELS[e.status],
    fields: ['workflow', 'status', 'usage', 'durationMs', 'error'],
    message: e =>
      `run ${e.run} of ${e.workflow}: ${e.status} after ${e.durationMs} ms, ${spent(e.usage)}${
        e.error ? `: ${said(e.error)}` : ''
      }`,
  },
  'step.started': {
    level: 'info',
    fields: ['step', 'index'],
    message: e => `step ${place(e)} started`,
  },
  'step.finished': {
    level: 'info',
    levelOf: e => (e.error ? 'warn' : undefined),
    fields: ['step', 'index', 'error'],
    message: e => `step ${place(e)} ${e.error ? `failed: ${said(e.error)}` : 'finished'}`,
  },
}

/** The row of an event's type, or undefined for a type of a newer peer. */
export const entryOf = <E extends RuntimeEvent>(event: E): EventEntry<E> | undefined =>
  Object.hasOwn(EVENT_TABLE, event.type) ? (EVENT_TABLE[event.type] as unknown as EventEntry<E>) : undefined

/** The level of this very event. */
export const levelOf = <E extends RuntimeEvent>(entry: EventEntry<E>, event: E): Level =>
  entry.levelOf?.(event) ?? entry.level

const said = (error: { readonly code: string; readonly message: string } | undefined): string =>
  error ? `${error.message} [${error.code}]` : 'no reason given'
const times = (n: number): string => (n === 1 ? 'once' : `${n} times`)
const again = (attempt: number): string => (attempt > 1 ? ` (attempt ${attempt})` : '')
const place = ({ step, index }: { readonly step: string; readonly index?: number }): string =>
  index === undefined ? step : `${step}[${index}]`

/** A cost that is not known is called unknown, never zero. */
const spent = (usage: Usage | undefined): string =>
  usage
    ? `${usage.inputTokens}+${usage.outputTokens} tokens, cost ${
        usage.costUsd === null ? 'unknown' : `$${usage.costUsd.toFixed(4)}`
      }`
    : 'usage unknown'
