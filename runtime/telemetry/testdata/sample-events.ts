/**
 * One event of every type with every field filled. The compiler rejects it when a type or a field is missing,
 * which is what lets the tests compare the event table and docs/events.md with the union itself.
 */
import type { Address } from '../../../actors/address.ts'
import type { WireError } from '../../../actors/errors.ts'
import type { RuntimeEventType } from '../../../actors/events.ts'
import type { EventOf } from '../event-table.ts'

type SampleEvents = { readonly [T in RuntimeEventType]: Required<EventOf<T>> }

const actor = 'writer/w1' as Address
const root = 'supervisor/root' as Address
const at = Date.UTC(2026, 0, 1)
const run = 'r1'
const stamp = { at, actor, run }
const effect = { ...stamp, effect: 'writer/w1.3.0', name: 'model', attempt: 1 }

const SAMPLE_ERROR: WireError = {
  kind: 'model-failed',
  code: 'AC-3004',
  message: 'the provider answered 503',
  retryable: true,
}

export const SAMPLE_USAGE = { inputTokens: 100, outputTokens: 20, modelCalls: 1, toolCalls: 0, costUsd: 0.01 }

export const SAMPLE_EVENTS: SampleEvents = {
  'actor.started': { ...stamp, type: 'actor.started', supervisor: root },
  'actor.stopped': { ...stamp, type: 'actor.stopped', reason: 'asked' },
  'actor.crashed': { ...stamp, type: 'actor.crashed', error: SAMPLE_ERROR },
  'actor.restarted': { ...stamp, type: 'actor.restarted', restarts: 1 },
  'actor.recovered': { ...stamp, type: 'actor.recovered', commits: 7, supervisor: root },
  'actor.passivated': { ...stamp, type: 'actor.passivated' },
  'journal.failed': { ...stamp, type: 'journal.failed', error: SAMPLE_ERROR, delayMs: 200 },
  'actor.committed': {
    ...stamp,
    type: 'actor.committed',
    seq: 3,
    message: 'task.assign',
    state: 'working.thinking',
    durationMs: 2,
  },
  'actor.published': { ...stamp, type: 'actor.published', kind: 'tokens', body: 'once upon a time' },
  'message.dead': { ...stamp, type: 'message.dead', message: 'task.assign', id: 'm1', error: SAMPLE_ERROR },
  'effect.started': { ...effect, type: 'effect.started' },
  'effect.progress': { ...effect, type: 'effect.progress', note: 'once upon' },
  'effect.succeeded': { ...effect, type: 'effect.succeeded', durationMs: 900, usage: SAMPLE_USAGE },
  'effect.failed': {
    ...effect,
    type: 'effect.failed',
    durationMs: 900,
    reason: 'failed',
    error: SAMPLE_ERROR,
    usage: SAMPLE_USAGE,
  },
  'effect.retrying': {
    ...effect,
    type: 'effect.retrying',
    delayMs: 250,
    reason: 'failed',
    remedy: { model: 'openai:other' },
  },
  'effect.parked': {
    ...effect,
    type: 'effect.parked',
    input: { to: 'a@example.org' },
    why: 'it was under way when its process ended',
  },
  'effect.gave-up': { ...effect, type: 'effect.gave-up', reason: 'failed', error: SAMPLE_ERROR },
  'supervisor.decided': {
    ...stamp,
    type: 'supervisor.decided',
    actor: root,
    child: actor,
    reason: 'crashed',
    directive: 'restart',
    affected: [actor],
  },
  'breaker.changed': { ...stamp, type: 'breaker.changed', target: 'openai:gpt', state: 'open' },
  'budget.exhausted': { ...stamp, type: 'budget.exhausted', what: 'tokens', left: 100, needed: 150 },
  'run.started': { ...stamp, type: 'run.started', workflow: 'research' },
  'run.finished': {
    ...stamp,
    type: 'run.finished',
    workflow: 'research',
    status: 'failed',
    usage: SAMPLE_USAGE,
    durationMs: 4_000,
    error: SAMPLE_ERROR,
  },
  'step.started': { ...stamp, type: 'step.started', step: 'draft', index: 2 },
  'step.finished': { ...stamp, type: 'step.finished', step: 'draft', index: 2, error: SAMPLE_ERROR },
}
