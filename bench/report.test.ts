import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { figure, json, RATIO_HEADER, table } from './report.ts'
import type { Row } from './rows.ts'

const test = testSuite('bench/report')

const machine = { cpu: 'Planted CPU', cores: 2, node: '20.19.0', date: '2030-01-31' }
const rows: readonly Row[] = [
  { subject: 'ours', metric: 'time', value: 2.5, unit: 'µs', ratio: null },
  { subject: 'a longer peer', metric: 'time', value: 1_234.5, unit: 'µs', ratio: 493.8 },
  { subject: 'ours', metric: 'lost replies', value: 0, unit: 'of 20', ratio: null },
]

test('begins with the machine that the figures belong to', () => {
  const [first] = table(machine, 'planted', rows).split('\n')
  assert.is(first, 'planted: Planted CPU, 2 cores, Node 20.19.0, 2030-01-31')
})

test('says in its header which ratio is better', () => {
  assert.match(RATIO_HEADER, '>1')
  assert.ok(table(machine, 'planted', rows).includes(RATIO_HEADER))
})

test('is a markdown table of one width', () => {
  const lines = table(machine, 'planted', rows).split('\n').slice(2)
  assert.is(lines.length, 2 + rows.length)
  assert.is(new Set(lines.map(line => line.length)).size, 1)
  for (const line of lines) assert.is(line.split('|').length, 7)
  assert.match(lines[1] ?? '', /^\| -+ \| -+ \| -+: \| -+ \| -+: \|$/)
})

test('shows a ratio beside peers only', () => {
  const [ours = '', peer = ''] = table(machine, 'planted', rows).split('\n').slice(4)
  assert.match(peer, /\b494x \|$/)
  assert.match(ours, /\| +\|$/)
})

test('rounds to three digits and keeps counts', () => {
  assert.equal([0, 7, 20_000, 0.523, 7.544, 60.54, 255.4, 85_806.4, -0.0012].map(figure), [
    '0',
    '7',
    '20000',
    '0.523',
    '7.54',
    '60.5',
    '255',
    '85806',
    '-0.00120',
  ])
})

const missing: Row = {
  subject: 'a peer',
  metric: 'not measured',
  value: null,
  unit: '',
  ratio: null,
  why: 'says |\n"no"',
}

test('says in one line why a subject has no figure', () => {
  const lines = table(machine, 'planted', [...rows, missing])
    .split('\n')
    .slice(2)
  assert.is(lines.length, 3 + rows.length)
  assert.is(new Set(lines.map(line => line.length)).size, 1)
  assert.match(lines.at(-1) ?? '', /^\| not measured \| a peer +\| +\| says \\\| "no" \| +\|$/)
})

test('keeps in JSON why a subject has no figure', () => {
  assert.equal(JSON.parse(json(machine, 'planted', [missing])).rows, [missing])
})

test('is one JSON object of machine, scenario and rows', () => {
  const text = json(machine, 'planted', rows)
  assert.not.ok(text.includes('\n'))
  assert.equal(JSON.parse(text), { machine, scenario: 'planted', rows })
})

test('refuses a figure that JSON would turn into null', () => {
  for (const broken of [{ value: Number.NaN }, { ratio: Number.POSITIVE_INFINITY }]) {
    const [row] = rows
    assert.throws(
      () => json(machine, 'planted', [{ ...(row as Row), ...broken }]),
      (error: unknown) => error instanceof RangeError,
    )
  }
})

test.run()
