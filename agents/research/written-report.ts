/**
 * A report written by a model: paragraphs that name the findings they rest on. Ids become numbered citations;
 * a paragraph that rests on no known finding is left out when there are sources, for then it is a claim of
 * the model's own. Without sources the report says that it was written from what the model knows.
 */
import { z } from 'zod'
import type { Finding } from './document.ts'
import { createReferences, type References } from './references.ts'
import type { ReportInput } from './report.ts'

const paragraph = z.object({ text: z.string().min(1), findings: z.array(z.string()) })

export const writtenReply = z.object({
  executiveSummary: z.array(paragraph).min(1),
  sections: z.array(z.object({ title: z.string().min(1), paragraphs: z.array(paragraph).min(1) })),
  recommendations: z.array(paragraph),
})
export type WrittenReply = z.infer<typeof writtenReply>
type Paragraph = z.infer<typeof paragraph>

export interface WrittenReport {
  readonly executiveSummary: string
  readonly fullReport: string
  readonly recommendations: string[]
  readonly sections: { title: string; body: string; findings: string[] }[]
}

export function writeReport(reply: WrittenReply, input: ReportInput): WrittenReport {
  const references = createReferences()
  const byId = new Map(input.findings.filter(one => one.verdict !== 'unsupported').map(one => [one.id, one]))
  const hasSources = input.sources.length > 0
  const rests = ({ findings }: Paragraph): Finding[] => findings.flatMap(id => byId.get(id) ?? [])
  const say = (part: Paragraph): string[] => {
    const found = rests(part)
    return hasSources && found.length === 0 ? [] : [`${onOneLine(part.text)}${marks(found, references)}`]
  }
  const executiveSummary = reply.executiveSummary.flatMap(say).join('\n\n')
  const sections = reply.sections.flatMap(({ title, paragraphs }) => {
    const body = paragraphs.flatMap(say).join('\n\n')
    const findings = [...new Set(paragraphs.flatMap(rests).map(one => one.id))]
    return body === '' ? [] : [{ title: heading(title), body, findings }]
  })
  const recommendations = reply.recommendations.flatMap(say)
  const open = input.gaps.map(gap => `- ${gap.text}`).join('\n')
  const chapters = [
    { title: 'Executive summary', body: executiveSummary },
    ...sections,
    { title: 'Recommendations', body: recommendations.map(text => `- ${text}`).join('\n') },
    { title: 'Open questions', body: open },
    { title: 'Sources', body: references.list(input.sources).join('\n') },
  ]
  const body = chapters
    .filter(chapter => chapter.body !== '')
    .map(({ title, body: text }) => `## ${title}\n\n${text}`)
  const fullReport = `${[origin(input, hasSources), `# ${heading(input.topic)}`, ...body].join('\n\n')}\n`
  return { executiveSummary, fullReport, recommendations, sections }
}

const origin = ({ model = 'a language model' }: ReportInput, hasSources: boolean): string =>
  hasSources
    ? `The language model ${model} was used to write this report; the numbers lead to the quotes it rests on.`
    : `No sources were given: the language model ${model} wrote this report from what it knows. Nothing in it is cited or checked.`

/** The marks of all findings behind one paragraph, each number once. */
const marks = (findings: readonly Finding[], references: References): string =>
  [...new Set(findings.flatMap(one => references.mark(one).match(/\[\d+\]/g) ?? []))]
    .join('')
    .replace(/^(?=\[)/, ' ')

const onOneLine = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/<(?=[a-zA-Z/!])/g, '&lt;')
    .replace(/^(?=[#>|+-])/, '\\')
    .trim()

const heading = (text: string): string => onOneLine(text).replace(/^\\/, '').slice(0, 200)
