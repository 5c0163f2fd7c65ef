import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { compareFindings } from './agreement.ts'
import type { Finding } from './document.ts'
import { extractFindings } from './extraction.ts'
import { checkFindings } from './fact-check.ts'
import { findGaps } from './gaps.ts'
import { knownAndFresh } from './known-chapter.ts'
import { type Depth, planSubtasks } from './planning.ts'
import { composeReport, NO_MODEL, type ReportInput } from './report.ts'
import type { Audience } from './selection.ts'
import { CLIENT, CORPUS, corpusOf, document, findingOf, SERVER, TOPIC } from './testdata/small-corpus.ts'
import { groupByTheme } from './themes.ts'

const test = testSuite('agents/research/report')

function research(
  audience: Audience = 'general',
  depth: Depth = 'standard',
  corpus = CORPUS,
  topic = TOPIC,
): ReportInput {
  const subtasks = planSubtasks({ topic, corpus, depth })
  const found = subtasks.flatMap(subtask =>
    extractFindings({ subtask, topic, passages: corpus.search(subtask.question) }),
  )
  const { findings } = checkFindings(
    found,
    source => corpus.documents.find(one => one.source === source)?.text,
  )
  const gaps = findGaps({ topic, subtasks, findings, corpus })
  const [themes, comparison] = [groupByTheme(findings), compareFindings(findings)]
  return {
    topic,
    audience,
    depth,
    subtasks,
    findings,
    themes,
    comparison,
    gaps,
    model: undefined,
    sources: corpus.documents,
  }
}

const headings = (markdown: string): string[] => markdown.match(/^#+ .*$/gm) ?? []
const AUDIENCES: readonly Audience[] = ['general', 'technical', 'executive']

test('begins by saying that no language model was used, or which one was', () => {
  assert.is(composeReport(research()).fullReport.split('\n')[0], NO_MODEL)
  assert.is(
    NO_MODEL,
    'No language model was used: this report is composed of sentences quoted from the sources.',
  )
  const { fullReport } = composeReport({ ...research(), model: 'openai:some-model' })
  assert.match(fullReport.split('\n')[0] ?? '', /openai:some-model/)
  assert.not(fullReport.includes(NO_MODEL))
})

test('has at least five key findings whenever five findings exist', () => {
  for (const audience of AUDIENCES) {
    for (const depth of ['quick', 'standard', 'comprehensive'] as const) {
      const { keyFindings } = composeReport(research(audience, depth))
      assert.ok(
        keyFindings.length >= 5 && keyFindings.length <= 8,
        `${audience} ${depth}: ${keyFindings.length}`,
      )
    }
  }
})

test('summarises in sentences of the sources, with their numbers, not in a stock phrase', () => {
  const { executiveSummary } = composeReport(research())
  assert.match(executiveSummary, /reconnect/)
  assert.match(executiveSummary, /\[\d+\]/)
  assert.not.match(executiveSummary, /research completed/i)
  const other = corpusOf([
    document('zebra.md', 'Zebras are animals that graze in herds of twenty near water.'),
  ])
  assert.not.equal(
    composeReport(research('general', 'quick', other, 'zebras')).executiveSummary,
    executiveSummary,
  )
})

test('says what was read and what is missing when nothing was found', () => {
  const report = composeReport(research('general', 'quick', CORPUS, 'zebras'))
  assert.match(report.executiveSummary, /2 sources.*zebras/)
  assert.equal(report.keyFindings, [])
  assert.equal(report.sections, [])
  assert.not(report.fullReport.includes('## Key findings'))
  assert.not(report.fullReport.includes('## Sources'))
  assert.ok(report.recommendations.every(({ from }) => from === 'gap'))
})

test('numbers citations without holes and lists each with its path, line and quote', () => {
  for (const audience of AUDIENCES) {
    const { fullReport } = composeReport(research(audience))
    const [body = '', sources = ''] = fullReport.split('## Sources')
    const used = [...new Set([...body.matchAll(/\[(\d+)\]/g)].map(([, n]) => Number(n)))].sort(
      (a, b) => a - b,
    )
    const listed = [...sources.matchAll(/^- \[(\d+)\] (client|server)\.md:\d+: “.+”$/gm)].map(([, n]) =>
      Number(n),
    )
    assert.equal(
      used,
      listed.map((_, index) => index + 1),
    )
    assert.equal(listed, used)
  }
})

test('repeats no heading and has no empty section', () => {
  for (const audience of AUDIENCES) {
    const { fullReport, sections } = composeReport(research(audience, 'comprehensive'))
    assert.is(new Set(headings(fullReport)).size, headings(fullReport).length)
    assert.not(/^## .*\n+(?=## |$(?![\s\S]))/m.test(fullReport))
    assert.ok(sections.length >= 3)
    for (const section of sections) assert.ok(section.findings.length > 0 && section.body !== '')
  }
})

test('keeps headings apart when questions are alike, repeat the topic or take a reserved name', () => {
  const questions = [
    'Sources?',
    'What do the sources say about sources?',
    'Clients drain',
    'Clients drain',
    'Clients drain',
  ]
  const subtasks = questions.map((question, n) => ({ id: `s${n}`, question, terms: [] }))
  const findings = subtasks.map(({ id }, n) =>
    findingOf(`Fact${n} holds here${n}.`, `${n}.md`, { subtask: id }),
  )
  const { fullReport } = composeReport({ ...research(), topic: 'clients drain', subtasks, findings })
  assert.is(new Set(headings(fullReport).map(one => one.toLowerCase())).size, headings(fullReport).length)
})

test('recommends only what sources advise, cited, and what would close a named gap', () => {
  const input = research()
  const { recommendations } = composeReport(input)
  const advice = recommendations.filter(({ from }) => from === 'advice')
  assert.ok(
    advice.some(({ text }) => /^You should drain a connection before you close it\. \[\d+\]$/.test(text)),
  )
  const ids = new Set(input.findings.map(({ id }) => id))
  for (const { findings } of advice) assert.ok(findings.length > 0 && findings.every(id => ids.has(id)))
  const remedies = new Set(input.gaps.map(({ remedy }) => remedy))
  for (const { text, from } of recommendations) if (from === 'gap') assert.ok(remedies.has(text))
})

test('states nothing that is not in a source', () => {
  const { keyFindings } = composeReport(research('technical'))
  const flat = [CLIENT, SERVER]
    .map(({ text }) => text.replace(/\s+(?:> )?/g, ' ').replace(/\*\*|\[(\w+)\]\([^)]*\)/g, '$1'))
    .join(' ')
  for (const statement of keyFindings)
    assert.ok(flat.includes(statement.replace(/( \[\d+\]|\[\d+\])+$/, '')), statement)
})

test('gives executives less, with the advice before the details', () => {
  const [general, executive] = [composeReport(research('general')), composeReport(research('executive'))]
  assert.ok(executive.fullReport.length < general.fullReport.length)
  const order = headings(executive.fullReport)
  assert.equal(order.slice(1, 4), ['## Executive summary', '## Recommendations', '## Key findings'])
  assert.ok(headings(general.fullReport).indexOf('## Recommendations') > 3)
})

test('keeps code ticks for technical readers only', () => {
  const count = (audience: Audience) =>
    composeReport(research(audience))
      .sections.map(({ body }) => body)
      .join()
      .split('`').length
  assert.ok(count('technical') > 1)
  assert.is(count('general'), 1)
})

test('names contradictions with both sides, and statements that could not be verified apart', () => {
  const findings = [
    findingOf('The default reconnect delay is 2 seconds.', 'a.md', { id: 'a' }),
    findingOf('The default reconnect delay is 5 seconds.', 'b.md', { id: 'b' }),
    findingOf('The delay was invented by Bob.', 'b.md', { id: 'c', verdict: 'unsupported' }),
  ]
  const { fullReport, keyFindings } = composeReport({
    ...research(),
    findings,
    comparison: compareFindings(findings),
  })
  assert.match(
    fullReport,
    /contradict each other on 2 seconds or 5 seconds.*2 seconds\. \[\d\] Against it: .*5 seconds\. \[\d\]/,
  )
  assert.match(fullReport, /## Statements that could not be verified\n\n- The delay was invented by Bob\./)
  assert.not(keyFindings.join().includes('Bob'))
})

test('lets no statement or topic break the layout or smuggle in tags', () => {
  const findings: Finding[] = [findingOf('# Heading\n\n## Fake <script>alert(1)</script> text.', 'a.md')]
  const { fullReport } = composeReport({ ...research(), topic: '# A <img src=x>\n## B', findings })
  assert.not(/<script|<img/.test(fullReport))
  assert.not(headings(fullReport).some(one => one.includes('Fake')))
  assert.is(headings(fullReport).filter(one => one.startsWith('# ')).length, 1)
})

test('composes the same report from the same input, and never fails', () => {
  assert.equal(composeReport(research()), composeReport(research()))
  const input = research()
  const subset = fc.subarray([...input.findings])
  fc.assert(
    fc.property(subset, fc.constantFrom(...AUDIENCES), (findings, audience) => {
      const report = composeReport({ ...input, findings, audience })
      assert.ok(report.executiveSummary.length > 20)
      assert.ok(report.keyFindings.length > 0 || findings.length === 0)
    }),
    { numRuns: 50 },
  )
})

test('counts what was known as the run does, also what repeats or could not be verified, and says that it uses fewer', () => {
  const memory = { run: 'run-1', topic: 'the lamp', at: Date.UTC(2026, 2, 1) }
  const input = research()
  const [first, ...rest] = input.findings as [Finding, ...Finding[]]
  const findings: Finding[] = [
    { ...first, memory },
    { ...first, id: 'again', memory },
    { ...first, id: 'found-again', relevance: first.relevance * 2 },
    ...rest.map((one, at): Finding => (at === 0 ? { ...one, verdict: 'unsupported', memory } : one)),
  ]
  const { fullReport } = composeReport({ ...input, findings })
  const { known, fresh } = knownAndFresh(findings)
  assert.is(known, 3)
  assert.match(
    fullReport,
    `${known} findings are from memory, of “the lamp” (run run-1, 2026-03-01). ${fresh} new.`,
  )
  assert.match(fullReport, /This report uses \d+ of the/)
  const lines = fullReport.match(/: \d+ known, \d+ new$/gm) ?? []
  const sum = lines.reduce((total, line) => total + Number(/(\d+) known/.exec(line)?.[1]), 0)
  assert.is(sum, known)
  // The statement was known, although finding it again was worth more.
  assert.match(fullReport, 'known since 2026-03-01')
})

test.run()
