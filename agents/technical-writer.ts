/** Writes the report: composed of the sources' own sentences, or by a model that may only say what is found. */
import { z } from 'zod'
import { defineAgent } from './define-agent.ts'
import { finding, subtask } from './research/document.ts'
import { analysis, audience, corpusOf, depth, type ResearchContext, report } from './research/exchange.ts'
import { composeReport, type ReportInput } from './research/report.ts'
import { KEY_FINDINGS, keyFindings, usable } from './research/selection.ts'
import { type WrittenReply, writeReport, writtenReply } from './research/written-report.ts'
import { defineSkill } from './skill.ts'

const input = z.object({
  topic: z.string(),
  audience,
  depth,
  context: z.string().default(''),
  subtasks: z.array(subtask),
  findings: z.array(finding),
  analyses: z.array(analysis.nullable()),
  sources: z.array(z.string()),
  model: z.string().nullable().default(null),
})
type Input = z.infer<typeof input>
type Report = z.infer<typeof report>

type Parts = Pick<ReportInput, 'themes' | 'comparison' | 'gaps'>

/** What the analysts found, put together; an analyst that failed leaves its part empty. */
const partsOf = (task: Input): Parts =>
  Object.assign(
    { themes: [], comparison: { agreements: [], contradictions: [] }, gaps: [] },
    ...task.analyses.filter(one => one !== null),
  ) as Parts

/** All that a report is made of. */
async function reportInput(task: Input, context: ResearchContext): Promise<ReportInput> {
  const parts = partsOf(task)
  const corpus = await corpusOf(task.sources, context)
  return {
    topic: task.topic,
    audience: task.audience,
    depth: task.depth,
    subtasks: task.subtasks,
    findings: task.findings,
    themes: parts.themes,
    comparison: parts.comparison,
    gaps: parts.gaps,
    model: task.model ?? undefined,
    sources: corpus.documents,
  }
}

const keyOf = ({ subtasks, findings, audience: reader, depth: how }: ReportInput) =>
  keyFindings(subtasks, usable(findings), reader, KEY_FINDINGS[how])

export const technicalWriter = defineAgent({
  name: 'technical-writer',
  description: 'Writes cited reports for a given audience.',
  instructions:
    'You write clear reports. Every statement rests on findings you are given and names them by id. You add no fact of your own.',
  skills: {
    write: defineSkill<Input, Report, unknown, unknown, WrittenReply>({
      description: 'Write the report from checked findings.',
      input: input as unknown as z.ZodType<Input>,
      output: report,
      reply: writtenReply,
      prompt: task => ({ user: writingPrompt(task) }),
      finish: async (reply, task, context) => {
        const model = context.model ?? task.model
        const all = await reportInput({ ...task, model }, context as ResearchContext)
        const cited = keyOf(all)
        const known = task.findings.filter(one => one.verdict !== 'unsupported')
        const key = cited.length > 0 ? cited : known.slice(0, KEY_FINDINGS[task.depth])
        const { problems, ...written } = writeReport(reply, all, key)
        // Nothing of the model's summary is held by the findings: then they speak for themselves.
        if (written.executiveSummary === '') return { ...composed(all), problems }
        return { ...written, keyFindings: key, problems }
      },
      extract: async (task, context) => {
        context.progress({ doing: 'writing', findings: task.findings.length })
        return composed(await reportInput(task, context as ResearchContext))
      },
    }),
  },
})

function composed(all: ReportInput): Report {
  const { executiveSummary, fullReport, recommendations, sections } = composeReport(all)
  return {
    executiveSummary,
    fullReport,
    keyFindings: keyOf(all),
    recommendations: recommendations.map(one => one.text),
    sections: sections.map(section => ({ ...section, findings: [...section.findings] })),
    problems: [],
  }
}

function writingPrompt(task: Input): string {
  const usableFindings = task.findings.filter(one => one.verdict !== 'unsupported')
  const findings = usableFindings.map(({ id, subtask: of, statement }) => `- [${id}] (${of}) ${statement}`)
  const parts = partsOf(task)
  const lines = [
    `Write a report on: ${task.topic}`,
    `Audience: ${task.audience}. Depth: ${task.depth}.`,
    task.context ? `What the reader knows already:\n${task.context}` : '',
    `Questions:\n${task.subtasks.map(one => `- (${one.id}) ${one.question}`).join('\n')}`,
    `Findings:\n${findings.join('\n')}`,
    `Themes: ${JSON.stringify(parts.themes)}`,
    `Agreements and contradictions: ${JSON.stringify(parts.comparison)}`,
    `Gaps: ${JSON.stringify(parts.gaps.map(one => one.text))}`,
    'Name the ids of the findings that each paragraph and recommendation rests on.',
  ]
  return lines.filter(Boolean).join('\n\n')
}
