import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { findingOf } from './testdata/small-corpus.ts'
import { FURTHER_POINTS, groupByTheme } from './themes.ts'

const test = testSuite('agents/research/themes')

const WAIT = [
  'The reconnect delay is two seconds.',
  'A reconnect delay protects the server.',
  'Clients add jitter to the reconnect delay.',
].map(text => findingOf(text))
const BUFFER = ['A pending buffer keeps messages.', 'The pending buffer is bounded.'].map(text =>
  findingOf(text),
)
const ALONE = findingOf('Zebras graze quietly near water.')

test('puts like statements together and names them in their own words', () => {
  const themes = groupByTheme([...WAIT, ...BUFFER])
  assert.equal(
    themes.map(({ findings }) => findings),
    [WAIT.map(({ id }) => id), BUFFER.map(({ id }) => id)],
  )
  assert.match(themes[0]?.name ?? '', /^Reconnect delay/)
  assert.match(themes[1]?.name ?? '', /^Pending buffer/)
})

test('collects what resembles nothing under further points, last, and only then has such a theme', () => {
  const themes = groupByTheme([ALONE, ...WAIT, ...BUFFER])
  assert.equal(themes.at(-1), { name: FURTHER_POINTS, findings: [ALONE.id] })
  assert.not(
    groupByTheme([...WAIT, ...BUFFER]).some(({ name }) => name === FURTHER_POINTS || name === 'Other'),
  )
})

test('has no themes for no findings', () => {
  assert.equal(groupByTheme([]), [])
})

test('puts every finding in exactly one theme under a name of its own', () => {
  const words = [
    'client',
    'server',
    'delay',
    'buffer',
    'drain',
    'the',
    'is',
    'zebra',
    '`x.y`',
    '😀',
    'the the',
  ]
  const statement = fc
    .array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 })
    .map(list => list.join(' '))
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 30 }), statements => {
      const findings = statements.map((text, index) => findingOf(text, 'a.md', { id: `f${index}` }))
      const themes = groupByTheme(findings)
      assert.equal(themes.flatMap(theme => theme.findings).sort(), findings.map(({ id }) => id).sort())
      assert.is(new Set(themes.map(({ name }) => name)).size, themes.length)
      assert.ok(themes.every(({ name, findings: ids }) => name !== '' && ids.length > 0))
    }),
  )
})

test('groups five hundred findings in less than three seconds', () => {
  const findings = Array.from({ length: 500 }, (_, i) =>
    findingOf(`Topic${i % 40} has aspect${i} with detail${i % 7}.`, 'a.md', { id: `f${i}` }),
  )
  const start = performance.now()
  groupByTheme(findings)
  assert.ok(performance.now() - start < 3_000)
})

test.run()
