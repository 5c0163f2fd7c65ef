import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { LOST, NOT_MEASURED, type Rounds, ratio, toRows } from './rows.ts'
import type { Measured, Scenario, Subject } from './scenario.ts'

const test = testSuite('bench/rows')

const subject = (name: string): Subject => ({
  name,
  package: name,
  load: () => Promise.reject(new Error('not measured here')),
})
const scenario: Scenario = {
  name: 'planted',
  summary: 'planted',
  rounds: 3,
  metrics: [
    { name: 'time', unit: 'µs', better: 'lower' },
    { name: 'rate', unit: 'per second', better: 'higher' },
  ],
  ours: subject('ours'),
  peers: [subject('peer')],
}
const round = (values: Record<string, number>, asked = 10, answered = asked): Measured => ({
  values,
  asked,
  answered,
})

test('a ratio above one is better for us, whichever way the metric counts', () => {
  assert.is(ratio('lower', 2, 10), 5)
  assert.is(ratio('lower', 10, 2), 0.2)
  assert.is(ratio('higher', 10, 2), 5)
  assert.is(ratio('higher', 2, 10), 0.2)
})

test('reports the median of the rounds and the ratio of the medians', () => {
  const rounds: Rounds = new Map([
    ['ours', [round({ time: 2, rate: 30 }), round({ time: 900, rate: 40 }), round({ time: 1, rate: 50 })]],
    ['peer', [round({ time: 8, rate: 20 }), round({ time: 6, rate: 20 }), round({ time: 7, rate: 0.1 })]],
  ])
  const [oursTime, peerTime, oursRate, peerRate] = toRows(scenario, rounds)
  assert.equal(oursTime, { subject: 'ours', metric: 'time', value: 2, unit: 'µs', ratio: null })
  assert.equal(peerTime, { subject: 'peer', metric: 'time', value: 7, unit: 'µs', ratio: 3.5 })
  assert.is(oursRate?.value, 40)
  assert.is(peerRate?.ratio, 2)
})

test('counts what each subject lost over all its rounds', () => {
  const rounds: Rounds = new Map([
    ['ours', [round({ time: 1 }), round({ time: 1 })]],
    ['peer', [round({ time: 1 }, 10, 7), round({ time: 1 }, 10, 9)]],
  ])
  const lost = toRows(scenario, rounds).filter(({ metric }) => metric === LOST)
  assert.equal(
    lost.map(({ subject, value, unit, ratio }) => [subject, value, unit, ratio]),
    [
      ['ours', 0, 'of 20', null],
      ['peer', 4, 'of 20', null],
    ],
  )
})

test('leaves out a metric that a subject does not have, and a ratio to a figure of ours that is missing', () => {
  const rounds: Rounds = new Map([
    ['ours', [round({ time: 1 })]],
    ['peer', [round({ rate: 5 })]],
  ])
  const rows = toRows(scenario, rounds).filter(({ metric }) => metric !== LOST)
  assert.equal(
    rows.map(({ subject, metric, ratio }) => [subject, metric, ratio]),
    [
      ['ours', 'time', null],
      ['peer', 'rate', null],
    ],
  )
})

test('shows subjects by their labels', () => {
  const rounds: Rounds = new Map([['ours', [round({ time: 1 })]]])
  const rows = toRows(scenario, rounds, name => `${name} (1.2.3)`)
  assert.equal(
    rows.map(({ subject }) => subject),
    ['ours (1.2.3)', 'ours (1.2.3)', 'peer (1.2.3)'],
  )
})

test('a subject that cannot be measured here has one row that says why, and neither figure nor loss', () => {
  const rounds: Rounds = new Map([
    ['ours', [round({ time: 1, rate: 2 })]],
    ['peer', [{ unavailable: 'its server is not installed' }]],
  ])
  const rows = toRows(scenario, rounds).filter(({ subject }) => subject === 'peer')
  assert.equal(rows, [
    {
      subject: 'peer',
      metric: NOT_MEASURED,
      value: null,
      unit: '',
      ratio: null,
      why: 'its server is not installed',
    },
  ])
})

test('what a subject measured before it became unavailable is not shown as if it were whole', () => {
  const rounds: Rounds = new Map([
    ['ours', [round({ time: 1 })]],
    ['peer', [round({ time: 9 }), { unavailable: 'its server does not start' }]],
  ])
  const metrics = toRows(scenario, rounds).filter(({ subject }) => subject === 'peer')
  assert.equal(
    metrics.map(({ metric }) => metric),
    [NOT_MEASURED],
  )
})

test.run()
