import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ModelRequest } from '../models/model.ts'
import type { AnsweredFinding } from '../testkit/research-answers.ts'
import type { ResearchReport } from './research-report.ts'
import { type ResearchOptions, ResearchTeam } from './team.ts'
import { countingModel, newScene, reportOf, TOPIC } from './testdata/team-scene.ts'

const test = testSuite('agents/research/team (model)', { limitMs: 30_000 })

const scene = newScene()
test.after(() => scene.remove())

type Change = (request: ModelRequest, answer: object) => object

async function research(change: Change, how: ResearchOptions = {}): Promise<ResearchReport> {
  const model = countingModel(0, change)
  const team = new ResearchTeam({ cwd: scene.cwd, sources: ['*.md', '*.txt'], env: {}, model })
  try {
    return reportOf(await team.run(TOPIC, { depth: 'quick', ...how }))
  } finally {
    await team.stop()
  }
}

/** Researchers answer with these findings as well, the first time they are asked. */
function alsoFinding(...more: readonly AnsweredFinding[]): Change {
  let asked = false
  return (request, answer) => {
    if (request.schemaName !== 'research' || asked) return answer
    asked = true
    return { findings: [...more, ...(answer as { findings: AnsweredFinding[] }).findings.slice(0, 2)] }
  }
}

/** The writer answers with this instead. */
const writing =
  (change: (written: Written) => object): Change =>
  (request, answer) =>
    request.schemaName === 'write' ? change(answer as Written) : answer

interface Paragraph {
  readonly text: string
  readonly findings: readonly string[]
}
interface Written {
  readonly executiveSummary: readonly Paragraph[]
  readonly sections: readonly { readonly title: string; readonly paragraphs: readonly Paragraph[] }[]
  readonly recommendations: readonly Paragraph[]
}

const LAMP = 'A lighthouse warns ships with a lamp that can be seen from a distance of 20 nautical miles.'

function isLiteral({ findings, keyFindings }: ResearchReport): void {
  for (const { citations } of [...findings, ...keyFindings])
    for (const { source, quote, start, end } of citations)
      assert.is(scene.texts[source]?.slice(start, end), quote, source)
}

test('findings of a model are anchored: their quotes stand at their offsets', async () => {
  const report = await research((_, answer) => answer)
  assert.ok(report.findings.length >= 3)
  assert.ok(report.findings.every(one => one.verdict === 'checked' && one.citations.length > 0))
  isLiteral(report)
  assert.is(report.metadata.model, 'test:counting')
  assert.match(report.fullReport, 'The language model test:counting was used')
  assert.equal(report.metadata.factCheck, [])
})

test('a quote with other white space is made literal again', async () => {
  const quote = LAMP.replace('distance of', 'distance\n  of')
  const report = await research(
    alsoFinding({ statement: LAMP, relevance: 1, quotes: [{ source: 'lamp.md', quote }] }),
  )
  const found = report.findings.find(one => one.statement === LAMP)
  assert.is(found?.citations[0]?.quote, LAMP)
  isLiteral(report)
})

test('an invented quote is dropped by the fact checker, and the report says what was dropped', async () => {
  const statement = 'Lighthouses were invented by dolphins.'
  for (const source of ['lamp.md', 'never-given.md']) {
    const report = await research(
      alsoFinding({ statement, relevance: 1, quotes: [{ source, quote: statement }] }),
    )
    assert.not.match(JSON.stringify([report.fullReport, report.findings, report.keyFindings]), 'dolphins')
    const kinds = report.metadata.factCheck.map(problem => problem.kind)
    assert.ok(kinds.includes(source === 'lamp.md' ? 'not-in-source' : 'source-unknown'), kinds.join())
    assert.ok(kinds.includes('no-citation'))
    isLiteral(report)
  }
})

test('an invented number is marked unsupported, kept out of the report, and named', async () => {
  const statement =
    'A lighthouse warns ships with a lamp that can be seen from a distance of 77 nautical miles.'
  const report = await research(
    alsoFinding({ statement, relevance: 1, quotes: [{ source: 'lamp.md', quote: LAMP }] }),
  )
  const found = report.findings.find(one => one.statement === statement)
  assert.is(found?.verdict, 'unsupported')
  assert.not.match(report.fullReport, '77')
  assert.ok(report.keyFindings.every(one => one.statement !== statement))
  const problem = report.metadata.factCheck.find(one => one.finding === found?.id)
  assert.equal([problem?.kind, problem?.text.includes('"77"')], ['not-in-quotes', true])
})

test('a writer cannot add a number, a name or a claim of its own', async () => {
  const report = await research(
    writing(({ executiveSummary, sections, recommendations }) => {
      const [first] = executiveSummary
      return {
        executiveSummary: [
          ...executiveSummary,
          { text: 'It costs 4000 dollars.', findings: first?.findings },
        ],
        sections: [
          ...sections,
          { title: 'Invented', paragraphs: [{ text: 'All is well.', findings: ['no-such-finding'] }] },
          { title: 'Groundless', paragraphs: [{ text: 'Trust me.', findings: [] }] },
        ],
        recommendations: [
          ...recommendations,
          { text: 'Buy a LIGHTMASTER from AcmeCorp.', findings: first?.findings },
        ],
      }
    }),
  )
  assert.not.match(report.fullReport, /4000|All is well|Trust me|AcmeCorp|Invented|Groundless/)
  const parts = report.metadata.factCheck.map(({ finding, kind }) => `${finding}: ${kind}`)
  assert.equal(parts, [
    'executive summary: not-in-quotes',
    'Invented: no-citation',
    'Groundless: no-citation',
    'recommendations: not-in-quotes',
  ])
  assert.ok(report.executiveSummary.length > 0 && report.sections.length > 0)
})

test('when nothing that the writer says is held by findings, the findings speak for themselves', async () => {
  const report = await research(
    writing(() => ({
      executiveSummary: [{ text: 'Everything is fine in 2031.', findings: [] }],
      sections: [],
      recommendations: [],
    })),
  )
  assert.not.match(report.fullReport, '2031')
  assert.ok(report.keyFindings.length > 0)
  const said = report.keyFindings.filter(one => report.executiveSummary.includes(one.statement.slice(0, 30)))
  assert.ok(said.length > 0, report.executiveSummary)
  assert.is(report.metadata.factCheck.length, 1)
})

test('marks, pictures and tags that a model writes itself do not reach a reader', async () => {
  const report = await research(
    writing(({ executiveSummary, ...rest }) => ({
      ...rest,
      executiveSummary: executiveSummary.map(({ text, findings }) => ({
        text: `# ${text} [99] ![x](http://evil/?q) <script>alert()</script>`,
        findings,
      })),
    })),
  )
  assert.not.match(report.fullReport, /\[99\]|<script|(?<!\\)!\[|^# A lighthouse|(?<!!\\)!\[/m)
  assert.match(report.executiveSummary, /^\\# .*\[1\]/)
  assert.equal(report.metadata.factCheck, [])
})

test('every mark leads to a source, and key findings are a chapter of their own', async () => {
  const { fullReport, keyFindings } = await research((_, answer) => answer)
  const [body = '', sources = ''] = fullReport.split('\n## Sources\n')
  for (const [mark] of body.matchAll(/\[\d+\]/g)) assert.ok(sources.includes(`- ${mark} `), mark)
  const chapter = /## Key findings\n\n([\s\S]*?)\n\n## /.exec(fullReport)?.[1] ?? ''
  assert.is(chapter.split('\n').length, keyFindings.length)
  assert.match(fullReport, /lamp\.md:\d+ /)
})

test('a model without sources says so, and cites nothing', async () => {
  const report = await research((_, answer) => answer, { sources: [] })
  assert.match(
    report.fullReport,
    /^No sources were given: the language model test:counting wrote this report/,
  )
  assert.not.match(report.fullReport, /\[\d+\]|## Sources/)
  assert.ok(report.findings.length > 0 && report.keyFindings.length > 0)
  for (const one of [...report.findings, ...report.keyFindings])
    assert.equal([one.citations, one.verdict], [[], 'unchecked'])
  assert.ok(report.executiveSummary.length > 0)
})

test('citations that a model makes up without sources are taken away', async () => {
  const quotes = [{ source: 'https://example.org/paper', quote: 'as the paper says' }]
  const report = await research(alsoFinding({ statement: 'The paper says so.', relevance: 1, quotes }), {
    sources: [],
  })
  assert.ok(report.findings.some(one => one.statement === 'The paper says so.'))
  assert.ok(report.findings.every(one => one.citations.length === 0))
})

test('a model that finds nothing in the sources gives a report that says that', async () => {
  const report = await research((request, answer) =>
    request.schemaName === 'research'
      ? { findings: [] }
      : request.schemaName === 'write'
        ? { executiveSummary: [{ text: 'Nothing.', findings: [] }], sections: [], recommendations: [] }
        : answer,
  )
  assert.equal([report.findings, report.keyFindings], [[], []])
  assert.match(report.executiveSummary, 'hold no statement')
  assert.ok(report.metadata.gaps.length > 0)
})

test('audience and depth are the model’s to know, and its usage is counted', async () => {
  const model = countingModel(0)
  const team = new ResearchTeam({ cwd: scene.cwd, sources: ['*.md'], env: {}, model, size: 3 })
  const run = await team.run(TOPIC, { depth: 'quick', audience: 'executive' })
  const prompts = model.requests.map(request => JSON.stringify(request.messages))
  assert.ok(prompts.some(one => one.includes('Audience: executive. Depth: quick.')))
  assert.equal(run.usage, { modelCalls: 5, inputTokens: 50, outputTokens: 25, toolCalls: 0, costUsd: 0 })
  assert.is(team.teamStatus().model, 'test:counting')
  await team.stop()
})

test.run()
