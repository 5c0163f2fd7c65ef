import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Citation, Finding } from './document.ts'
import { checkFindings } from './fact-check.ts'
import { findingOf } from './testdata/small-corpus.ts'

const test = testSuite('agents/research/fact-check')

const TEXT = 'Intro. The client waits\n2000 ms, as Alice says. The client drains. End. The client drains.'
const lookup = (source: string) => (source === 'a.md' ? TEXT : undefined)
const cite = (quote: string, start = TEXT.indexOf(quote), source = 'a.md'): Citation => ({
  source,
  quote,
  start,
  end: start + quote.length,
})
const claim = (statement: string, ...citations: Citation[]): Finding =>
  findingOf(statement, 'a.md', { citations, verdict: 'unchecked' })
const check = (finding: Finding, mode: 'drop' | 'mark' = 'drop') => checkFindings([finding], lookup, { mode })

test('confirms a literal quote and reports nothing', () => {
  const { findings, dropped, problems } = check(claim('The client drains.', cite('The client drains.')))
  assert.is(findings[0]?.verdict, 'checked')
  assert.equal([dropped, problems], [[], []])
})

test('re-anchors a quote at its nearest occurrence', () => {
  const quote = 'The client drains.'
  const { findings, problems } = check(claim(quote, cite(quote, 85)))
  assert.is(findings[0]?.citations[0]?.start, TEXT.lastIndexOf(quote))
  assert.equal(
    problems.map(({ kind }) => kind),
    ['moved'],
  )
})

test('makes a quote literal again when only its white space differs', () => {
  const { findings } = check(claim('The client waits.', cite('The client waits 2000 ms', 3)))
  const [citation] = findings[0]?.citations ?? []
  assert.is(citation?.quote, 'The client waits\n2000 ms')
  assert.is(TEXT.slice(citation?.start, citation?.end), citation?.quote)
})

test('drops a citation that its source does not hold, and keeps the finding for the others', () => {
  const { findings, problems } = check(
    claim('The client drains.', cite('Zebras drain.', 0), cite('The client drains.')),
  )
  assert.is(findings[0]?.citations.length, 1)
  assert.is(findings[0]?.verdict, 'checked')
  assert.equal(
    problems.map(({ kind }) => kind),
    ['not-in-source'],
  )
})

test('drops a finding without a true citation, or marks it when asked', () => {
  for (const bad of [cite('Zebras.', 0), cite('The client drains.', 0, 'nowhere.md'), cite(' ', 0)]) {
    const finding = claim('The client drains.', bad)
    assert.equal(check(finding).dropped, [finding])
    assert.equal(check(finding).findings, [])
    assert.equal(check(finding, 'mark').dropped, [])
    assert.is(check(finding, 'mark').findings[0]?.verdict, 'unsupported')
    assert.ok(check(finding).problems.some(({ kind }) => kind === 'no-citation'))
  }
})

test('marks numbers and names that no quote holds as unsupported', () => {
  const quote = cite('The client waits\n2000 ms, as Alice says.')
  const verdict = (statement: string) => check(claim(statement, quote)).findings[0]?.verdict
  assert.is(verdict('The client waits 2000 ms.'), 'checked')
  assert.is(verdict('The client waits 2 seconds, Alice says.'), 'checked')
  assert.is(verdict('The client waits 3000 ms.'), 'unsupported')
  assert.is(verdict('The client waits, as Bob says.'), 'unsupported')
  assert.is(verdict('The client calls `waitFor` first.'), 'unsupported')
})

test('never keeps a quote that is not literally at its offsets, whatever it is given', () => {
  const citation = fc.record({
    source: fc.constantFrom('a.md', 'b.md'),
    quote: fc.oneof(
      fc.string(),
      fc.constantFrom('The client drains.', 'client  waits 2000', 'e', '(', '\\', ' End.', ''),
    ),
    start: fc.integer({ min: -5, max: 120 }),
    end: fc.integer({ min: -5, max: 120 }),
  })
  fc.assert(
    fc.property(
      fc.array(citation, { maxLength: 4 }),
      fc.constantFrom('drop' as const, 'mark' as const),
      (citations, mode) => {
        const { findings, dropped } = check(claim('The client drains.', ...citations), mode)
        assert.is(findings.length + dropped.length, 1)
        for (const finding of findings) {
          if (finding.verdict === 'checked') assert.ok(finding.citations.length > 0)
          for (const { source, quote, start, end } of finding.citations)
            assert.is(lookup(source)?.slice(start, end), quote)
        }
      },
    ),
  )
})

test.run()
