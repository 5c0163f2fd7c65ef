import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import type { Commit } from '../actors/journal.ts'
import type { RunStep } from '../runtime/runs.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { actorName, stepLines } from './steps-view.ts'

const test = testSuite('cli/steps-view')

const RUN = '11111111-aaaa-4bbb-8ccc-222222222222'
const WORKER = address('worker', `${RUN}-1`)
const plain = (_: unknown, text: string): string => text

const linesOf = (...commits: readonly Omit<Commit, 'actor' | 'seq'>[]): readonly string[] => {
  const steps: readonly RunStep[] = commits.map((commit, i) => ({
    step: i + 1,
    commit: { ...commit, actor: WORKER, seq: i + 1 },
  }))
  const shown = steps.map(step => ({ ...step, before: 'idle', after: 'working' }))
  return stepLines(steps, shown, RUN, plain)
}
const INIT = { at: 1_000, taken: { kind: 'init', life: 'x' }, acts: [] } as const

test('names actors by what they are in their run', () => {
  assert.is(actorName(WORKER, RUN), 'worker 1')
  assert.is(actorName(address('research-team', RUN), RUN), 'research-team')
  assert.is(actorName(address('supervisor', `team-${RUN}`), RUN), 'supervisor team')
  assert.is(actorName(address('supervisor', 'root'), RUN), 'supervisor root')
  assert.is(actorName(address('node', 'n1'), RUN), 'outside')
})

test('says what was taken, from whom, with the state before and after, and what was decided', () => {
  const cause = { id: 'm', from: address('lead', RUN) }
  const message = { kind: 'message', type: 'work.do', body: { n: 1 }, cause, attempt: 1 } as const
  const start = { act: 'start', child: 'c', src: 'tool:pay', input: { sum: 5 } } as const
  const ask = { act: 'start', child: 'd', src: 'ask', input: { to: WORKER, type: 'a.b', body: 7 } } as const
  const lines = linesOf(INIT, { at: 3_500, taken: message, acts: [start, ask, { act: 'stop', child: 'e' }] })
  assert.is(lines.length, 4)
  for (const word of ['2', '+2.5 s', 'worker 1', 'takes work.do from lead {"n":1}', '[idle → working]'])
    assert.ok(lines[1]?.includes(word), `${word}: ${lines[1]}`)
  assert.match(lines[2] ?? '', '→ starts tool:pay {"sum":5}')
  assert.match(lines[3] ?? '', '→ asks worker 1 a.b 7')
})

test('says of a result what it is of and what it cost', () => {
  const start = { act: 'start', child: 'c', src: 'model', input: null } as const
  const usage = { inputTokens: 10, outputTokens: 5, modelCalls: 1, toolCalls: 0, costUsd: 0.5 }
  const result = { kind: 'result', intent: `${WORKER}.x.1.0`, output: 'yes', usage } as const
  const lines = linesOf({ ...INIT, acts: [start] }, { at: 2_000, taken: result, acts: [] })
  assert.match(lines.at(-1) ?? '', 'result of model (1 model call, 15 tokens, $0.5000): "yes"')
})

test('every line fits a log, and nothing in it can trick a screen', () => {
  const cause = { id: 'm' }
  const body = `\u001b[2J${'long '.repeat(500)}`
  const message = { kind: 'message', type: 'work.do', body, cause, attempt: 1 } as const
  const lines = linesOf(INIT, { at: 2_000, taken: message, acts: [{ act: 'reply', body }] })
  for (const line of lines) {
    assert.ok(line.length <= 145, String(line.length))
    assert.not.match(line, '\u001b')
  }
})

test.run()
