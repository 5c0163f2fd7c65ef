import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ResearchReport } from './research-report.ts'
import { ResearchTeam } from './team.ts'
import { reportOf } from './testdata/team-scene.ts'

const test = testSuite('agents/research/team (quotes)', { limitMs: 120_000 })

/** Documentation that somebody else wrote, in many styles; what the quotes are held against is the file. */
const CORPORA = [
  ['node_modules/nats/**/*.md'],
  ['node_modules/undici/docs/**/*.md'],
  ['node_modules/pino/docs/*.md'],
  ['node_modules/xstate/README.md', 'node_modules/zod/README.md'],
  ['node_modules/fast-check/README.md'],
  ['node_modules/commander/Readme.md'],
  ['node_modules/html-to-text/*.md', 'node_modules/minisearch/README.md'],
  ['node_modules/@ai-sdk/*/README.md'],
] as const
const TOPICS = [
  'How do clients reconnect, drain and close?',
  'errors',
  'How does it handle options and defaults?',
  'performance: memory and speed',
  'Installation',
  'What is a transport?',
  'async iterators and streams, or promises',
  'Sicherheit und Fehler',
  '`parse` <b>and</b> "validate"',
  '日本語',
] as const

const team = new ResearchTeam({ env: {}, size: 6 })
test.after(() => team.stop())

/** Every quote stands in its file at its offsets, and every mark of the report leads to a listed source. */
function holds({ findings, keyFindings, fullReport, executiveSummary }: ResearchReport): void {
  for (const { citations, statement, verdict } of [...findings, ...keyFindings]) {
    assert.ok(citations.length > 0, statement)
    assert.is(verdict, 'checked', statement)
    for (const { source, quote, start, end } of citations)
      assert.is(readFileSync(source, 'utf8').slice(start, end), quote, `${source}:${start}`)
  }
  const listed = new Set([...fullReport.matchAll(/^- \[(\d+)\] /gm)].map(found => found[1]))
  const body = fullReport.slice(0, Math.max(0, fullReport.indexOf('\n## Sources\n')))
  const cited = [...body.matchAll(/ ((?:\[\d+\])+)(?=\s|$)/gm)].flatMap(
    found => found[1]?.match(/\d+/g) ?? [],
  )
  for (const number of cited) assert.ok(listed.has(number), `[${number}] of\n${fullReport}`)
  assert.ok(executiveSummary.trim().length > 0)
  assert.is(keyFindings.length === 0, findings.length === 0)
}

test('every quote is literal at its offsets, whatever the topic and the corpus', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...TOPICS),
      fc.constantFrom(...CORPORA),
      fc.constantFrom('quick', 'standard', 'comprehensive' as const),
      fc.constantFrom('general', 'technical', 'executive' as const),
      async (topic, sources, depth, audience) => {
        const run = await team.run(topic, { sources, depth, audience })
        holds(reportOf(run))
      },
    ),
    {
      numRuns: 40,
      examples: TOPICS.map((topic, i) => [
        topic,
        CORPORA[i % CORPORA.length] ?? CORPORA[0],
        'comprehensive',
        'technical',
      ]),
    },
  ))

test('any topic at all gives a report or a clear refusal', () =>
  fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 80 }), async topic => {
      const sources = ['node_modules/nats/README.md']
      try {
        holds(reportOf(await team.run(topic, { sources, depth: 'quick' })))
      } catch (error) {
        assert.is((error as { kind?: string }).kind, 'input-invalid', `${JSON.stringify(topic)}: ${error}`)
        assert.is(topic.trim(), '')
      }
    }),
    { numRuns: 30 },
  ))

test.run()
