/**
 * A report written by a model: paragraphs that name the findings they rest on. Ids become numbered citations.
 * With sources, a paragraph that rests on no known finding, or holds a number or a name that its findings do
 * not, is a claim of the model's own: it is left out, and the problem reported. Without sources the report says
 * that it was written from what the model knows.
 */
import { z } from 'zod'
import type { Finding } from './document.ts'
import { checkFindings } from './fact-check.ts'
import { KNOWN_TITLE, knownChapter, knownSince } from './known-chapter.ts'
import { namesIn } from './polarity.ts'
import { createReferences, type References } from './references.ts'
import type { ReportInput } from './report.ts'

const paragraph = z.object({ text: z.string().trim().min(1), findings: z.array(z.string()) })

export const writtenReply = z.object({
  executiveSummary: z.array(paragraph).min(1),
  sections: z.array(z.object({ title: z.string().trim().min(1), paragraphs: z.array(paragraph).min(1) })),
  recommendations: z.array(paragraph),
})
export type WrittenReply = z.infer<typeof writtenReply>
type Paragraph = z.infer<typeof paragraph>

export interface WrittenProblem {
  /** The part of the report it would have stood in. */
  readonly finding: string
  readonly kind: 'no-citation' | 'not-in-quotes'
  readonly text: string
}

export interface WrittenReport {
  /** Empty when nothing of what the model wrote for it rests on its findings. */
  readonly executiveSummary: string
  readonly fullReport: string
  readonly recommendations: string[]
  readonly sections: { title: string; body: string; findings: string[] }[]
  readonly problems: WrittenProblem[]
}

/** The report that `reply` makes of `input`; `key` are the findings it lists as the most important ones. */
export function writeReport(
  reply: WrittenReply,
  input: ReportInput,
  key: readonly Finding[] = [],
): WrittenReport {
  const references = createReferences()
  const problems: WrittenProblem[] = []
  const usable = input.findings.filter(one => one.verdict !== 'unsupported')
  const byId = new Map(usable.map(one => [one.id, one]))
  const rests = ({ findings }: Paragraph): Finding[] => findings.flatMap(id => byId.get(id) ?? [])
  const supported = (part: string, paragraphs: readonly Paragraph[]): Paragraph[] =>
    paragraphs.filter(({ text, findings }) => {
      const problem = problemOf(text, rests({ text, findings }), input)
      if (problem) problems.push({ finding: part, ...problem })
      return problem === undefined
    })
  const say = (one: Paragraph): string => `${onOneLine(one.text)}${marks(rests(one), references)}`

  const executiveSummary = supported('executive summary', reply.executiveSummary).map(say).join('\n\n')
  const keyFindings = key.map(
    one => `- ${onOneLine(one.statement)}${marks([one], references)}${knownSince(one)}`,
  )
  const sections = reply.sections.flatMap(({ title, paragraphs }) => {
    const kept = supported(title, paragraphs)
    const findings = [...new Set(kept.flatMap(rests).map(one => one.id))]
    return kept.length === 0 ? [] : [{ title: heading(title), body: kept.map(say).join('\n\n'), findings }]
  })
  const recommendations = supported('recommendations', reply.recommendations).map(say)
  const fullReport = assemble(input, [
    { title: 'Executive summary', body: executiveSummary },
    { title: 'Key findings', body: keyFindings.join('\n') },
    ...sections,
    { title: KNOWN_TITLE, body: knownChapter(input.subtasks, input.findings, usable.length) },
    { title: 'Recommendations', body: recommendations.map(text => `- ${text}`).join('\n') },
    { title: 'Open questions', body: input.gaps.map(gap => `- ${onOneLine(gap.text)}`).join('\n') },
    { title: 'Sources', body: references.list(input.sources).join('\n') },
  ])
  return { executiveSummary, fullReport, recommendations, sections, problems }
}

/** Why a paragraph may not be in a report over sources; without sources nothing can be held against it. */
function problemOf(
  text: string,
  findings: readonly Finding[],
  { topic, subtasks, sources, findings: all }: ReportInput,
): Omit<WrittenProblem, 'finding'> | undefined {
  if (sources.length === 0) return undefined
  if (findings.length === 0) return { kind: 'no-citation', text: `nothing supports "${text.slice(0, 80)}"` }
  const quote = [
    ...textsOf(findings),
    // A name of another finding links the two; a number of another finding would be a mistake.
    ...[...namesIn(textsOf(all).join('\n'))].filter(name => !/\d/.test(name)),
    // What was asked, and what the sources are called, may be named in every answer.
    ...[topic, ...subtasks.map(one => one.question)],
    ...sources.flatMap(({ source, title }) => [source, title]),
  ].join('\n')
  const claim = {
    id: '',
    subtask: '',
    relevance: 0,
    verdict: 'unchecked' as const,
    statement: withoutMarks(text),
  }
  const citations = [{ source: '', quote, start: 0, end: quote.length }]
  const problem = checkFindings([{ ...claim, citations }], () => quote).problems[0]
  return problem && { kind: 'not-in-quotes', text: `"${text.slice(0, 80)}": ${problem.text}` }
}

const textsOf = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ statement, citations }) => [statement, ...citations.map(one => one.quote)])

interface Chapter {
  readonly title: string
  readonly body: string
}

function assemble(input: ReportInput, chapters: readonly Chapter[]): string {
  const body = chapters
    .filter(one => one.body !== '')
    .map(({ title, body: text }) => `## ${title}\n\n${text}`)
  return `${[origin(input), `# ${heading(input.topic)}`, ...body].join('\n\n')}\n`
}

const origin = ({ model = 'a language model', sources }: ReportInput): string =>
  sources.length > 0
    ? `The language model ${model} was used to write this report; the numbers lead to the quotes it rests on.`
    : `No sources were given: the language model ${model} wrote this report from what it knows. Nothing in it is cited or checked.`

/** The marks of all findings behind one paragraph, each number once. */
const marks = (findings: readonly Finding[], references: References): string =>
  [...new Set(findings.flatMap(one => references.mark(one).match(/\[\d+\]/g) ?? []))]
    .join('')
    .replace(/^(?=\[)/, ' ')

/** On one line, without citation marks of the model's own, and without what a viewer would load or obey. */
const onOneLine = (text: string): string =>
  withoutMarks(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll('![', '!\\[')
    .replaceAll(/<(?=[a-zA-Z/!])/g, '&lt;')
    .replace(/^(?=[#>|+-])/, '\\')
    .trim()

/** A model that numbers its sources itself numbers other ones. */
const withoutMarks = (text: string): string => text.replaceAll(/ ?\[\d{1,3}\]/g, '')

const heading = (text: string): string => onOneLine(text).replace(/^\\/, '').slice(0, 200)
