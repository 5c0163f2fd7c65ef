import { readFile } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { FAULT_CASES } from './cases.ts'
import type { FaultCase, Tally } from './fault-case.ts'
import { type FaultResult, faultReport } from './report.ts'
import { currentPage, keptResults, PAGE } from './results.ts'

const test = testSuite('.ci/faults/report')

const planted: FaultCase = {
  name: 'floods',
  title: 'Flood (of water)',
  how: 'Water is poured.',
  count: 2_000,
  run: () => Promise.reject(new Error('not run here')),
}
const resultOf = (tally: Partial<Tally>): FaultResult => ({
  name: 'floods',
  command: 'npm run faults -- floods',
  seed: 7,
  seconds: 3,
  machine: { cpu: 'Abacus', cores: 2, node: '20.0.0', date: '2030-01-31' },
  tally: { faults: 2_000, lost: 0, figures: { litres: 12_345 }, problems: [], ...tally },
})

test('the page is what the kept results say', async () => {
  assert.is(await readFile(PAGE, 'utf8'), await currentPage())
})

test('every kept result belongs to a case', async () => {
  const names = FAULT_CASES.map(({ name }) => name)
  for (const { name } of await keptResults()) assert.ok(names.includes(name), name)
  assert.is(new Set(names).size, names.length)
})

test('says what was counted, by which command and on what machine', () => {
  const page = faultReport([planted], [resultOf({ repeated: 0 })])
  assert.match(page, '| [Flood (of water)](#flood-of-water) | 2,000 | 0 | 0 | – |')
  assert.match(page, '| litres | 12,345 |')
  for (const part of ['npm run faults -- floods', 'seed 7', 'Abacus', '2 cores', '2030-01-31'])
    assert.match(page, part)
})

test('hides neither what was not run, nor a run that was too short, nor what went wrong', () => {
  assert.match(faultReport([planted], []), '| not run |')
  assert.match(faultReport([planted], [resultOf({ faults: 10 })]), '| 10 of 2,000 |')
  const page = faultReport([planted], [resultOf({ lost: 3, problems: ['three `barrels`\nare <gone>'] })])
  assert.match(page, "- three 'barrels' are 'gone'")
})

test.run()
