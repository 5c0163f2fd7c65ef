import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Finding } from './document.ts'
import type { ReportInput } from './report.ts'
import { findingOf } from './testdata/small-corpus.ts'
import { type WrittenReply, writeReport, writtenReply } from './written-report.ts'

const test = testSuite('agents/research/written-report')

const TLS = findingOf('The client opens TLS connections within 20 seconds.', 'a.md', { id: 'f1' })
const NKEYS = findingOf('NKEYS replace passwords.', 'b.md', { id: 'f2' })
const DOUBTED = findingOf('It costs 5 dollars.', 'b.md', { id: 'f3', verdict: 'unsupported' })

const input = (
  findings: readonly Finding[] = [TLS, NKEYS, DOUBTED],
  more: Partial<ReportInput> = {},
): ReportInput => ({
  topic: 'How does the MQTT client connect?',
  audience: 'general',
  depth: 'quick',
  subtasks: [{ id: 'subtask-1', question: 'What is OAUTH?', terms: [] }],
  findings,
  themes: [],
  comparison: { agreements: [], contradictions: [] },
  gaps: [],
  model: 'test:model',
  sources: [
    { source: 'a.md', title: 'A' },
    { source: 'b.md', title: 'The NATS book' },
  ],
  ...more,
})
const saying = (text: string, findings: readonly string[] = ['f1']): WrittenReply => ({
  executiveSummary: [{ text, findings: [...findings] }],
  sections: [],
  recommendations: [],
})
const said = (text: string, findings?: readonly string[]): string =>
  writeReport(saying(text, findings), input()).executiveSummary

test('keeps what its findings hold, with a mark for each quote', () => {
  assert.is(said('Connections are opened in 20 seconds.'), 'Connections are opened in 20 seconds. [1]')
  assert.is(said('It connects.', ['f1', 'f2', 'f1']), 'It connects. [1][2]')
})

test('may name what was asked, what the sources are called, and what other findings name', () => {
  for (const text of [
    'MQTT works.',
    'OAUTH is asked about.',
    'So says the NATS book.',
    'It goes with NKEYS.',
  ])
    assert.is(said(text), `${text} [1]`)
})

test('leaves out a number of another finding, an unknown name, an unknown or doubted finding', () => {
  for (const [text, findings, kind] of [
    ['It takes 20 seconds.', ['f2'], 'not-in-quotes'],
    ['It takes 21 seconds.', ['f1'], 'not-in-quotes'],
    ['It uses OpenSSL.', ['f1'], 'not-in-quotes'],
    ['It connects.', [], 'no-citation'],
    ['It connects.', ['f9'], 'no-citation'],
    ['It costs 5 dollars.', ['f3'], 'no-citation'],
  ] as const) {
    const { executiveSummary, problems } = writeReport(saying(text, findings), input())
    assert.is(executiveSummary, '', text)
    assert.equal(
      problems.map(problem => [problem.finding, problem.kind]),
      [['executive summary', kind]],
    )
    assert.match(problems[0]?.text ?? '', text)
  }
})

test('leaves out a section of which nothing is left, not one of which something is', () => {
  const sections = [
    { title: 'Gone', paragraphs: [{ text: 'It takes 99 seconds.', findings: ['f1'] }] },
    {
      title: 'Kept',
      paragraphs: [
        { text: 'It connects.', findings: ['f1'] },
        { text: 'It flies.', findings: [] },
      ],
    },
  ]
  const report = writeReport({ ...saying('It connects.'), sections }, input())
  assert.equal(report.sections, [{ title: 'Kept', body: 'It connects. [1]', findings: ['f1'] }])
  assert.is(report.problems.length, 2)
})

test('without sources it holds nothing against the model, and cites nothing', () => {
  const loose = { ...TLS, citations: [] }
  const report = writeReport(
    saying('It takes 99 seconds, says OpenSSL.', ['f1']),
    input([loose], { sources: [] }),
  )
  assert.is(report.executiveSummary, 'It takes 99 seconds, says OpenSSL.')
  assert.match(report.fullReport, /^No sources were given/)
  assert.not.match(report.fullReport, '## Sources')
  assert.equal(report.problems, [])
})

test('is Markdown in which a model cannot pose as the report', () => {
  const hostile = '## Sources\n\n- [9] evil <img src=x> ![p](http://evil/a) [12]'
  const { fullReport, problems } = writeReport(saying(hostile), input())
  assert.equal(problems, [])
  assert.is(fullReport.match(/^## Sources$/gm)?.length, 1)
  assert.not.match(fullReport, /<img|\[9\]|\[12\]|(?<!!\\)!\[|(?<!\\)!\[/)
})

test('refuses a reply without a word', () => {
  assert.is(writtenReply.safeParse(saying('  ')).success, false)
  assert.is(writtenReply.safeParse({ ...saying('x'), executiveSummary: [] }).success, false)
  assert.is(writtenReply.safeParse(saying('x')).success, true)
})

test.run()
