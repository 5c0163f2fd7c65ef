import * as assert from 'uvu/assert'
import type { Act, Taken } from '../../actors/journal.ts'
import type { RunStep } from '../runs.ts'
import { testSuite } from '../testkit/suite.ts'
import { openEffects } from './open-effects.ts'
import { recordedRun, WORKER } from './testdata/recorded-run.ts'

const test = testSuite('runtime/history/open-effects')

const START: Act = { act: 'start', child: 'c', src: 'tool:pay', input: { sum: 5 } }
const EFFECT = `${WORKER}.life.2.0`
const stepsOf = (...commits: readonly (readonly [Taken, ...Act[]])[]): readonly RunStep[] =>
  commits.map(([taken, ...acts], i) => ({
    step: i + 1,
    commit: { actor: WORKER, seq: i + 1, at: i, taken, acts },
  }))
const INIT: readonly [Taken] = [{ kind: 'init', life: 'life' }]
const RECOVERED = { kind: 'recovered', downMs: 1 } as const

test('a run that ended well has none', async () => {
  assert.equal(openEffects((await recordedRun()).steps), [])
})

test('an effect is open until its outcome is on record', () => {
  const steps = stepsOf(INIT, [RECOVERED, START], [{ kind: 'result', intent: EFFECT, output: 1 }])
  assert.equal(openEffects(steps.slice(0, 2)), [
    { effect: EFFECT, actor: WORKER, name: 'tool:pay', input: { sum: 5 }, attempt: 1, startedAt: 1 },
  ])
  assert.equal(openEffects(steps), [])
})

test('a parked one says what is not known, until it is made again', () => {
  const parked = { kind: 'parked', intent: EFFECT, attempt: 1, why: 'it may have been paid' } as const
  const retry = { kind: 'retry', intent: EFFECT, attempt: 2, due: 9, reason: 'interrupted' } as const
  const steps = stepsOf(INIT, [RECOVERED, START], [parked], [retry])
  assert.equal(openEffects(steps.slice(0, 3))[0]?.parked, 'it may have been paid')
  const [again] = openEffects(steps)
  assert.equal([again?.parked, again?.attempt], [undefined, 2])
})

test('what the machine stopped, and what an actor left at its end or restart, is not open', () => {
  const stop: Act = { act: 'stop', child: 'c' }
  const restart = { kind: 'restart', restarts: 1, error: { kind: 'internal' } } as unknown as Taken
  assert.equal(openEffects(stepsOf(INIT, [RECOVERED, START], [RECOVERED, stop])), [])
  assert.equal(openEffects(stepsOf(INIT, [RECOVERED, START], [restart])), [])
  assert.equal(openEffects(stepsOf(INIT, [RECOVERED, START], [{ kind: 'ended', reason: 'done' }])), [])
})

test.run()
