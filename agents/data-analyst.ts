/**
 * Looks at all findings together: what belongs to one theme, where sources agree or contradict each other, and
 * what is missing. Everything it says is computed from the findings; it takes no model's word for a count.
 */
import { z } from 'zod'
import { defineAgent } from './define-agent.ts'
import { compareFindings } from './research/agreement.ts'
import { finding, subtask } from './research/document.ts'
import { type Analysis, analysis, aspect, corpusOf, type ResearchContext } from './research/exchange.ts'
import { findGaps } from './research/gaps.ts'
import { groupByTheme } from './research/themes.ts'
import { defineSkill } from './skill.ts'

const input = z.object({
  topic: z.string(),
  aspect,
  subtasks: z.array(subtask),
  findings: z.array(finding),
  sources: z.array(z.string()),
})
type Input = z.infer<typeof input>

async function analyse(task: Input, context: ResearchContext): Promise<Analysis> {
  const { aspect: wanted, findings, topic, subtasks } = task
  context.progress({ doing: 'analysing', aspect: wanted, findings: findings.length })
  const trusted = findings.filter(one => one.verdict !== 'unsupported')
  switch (wanted) {
    case 'themes':
      return {
        aspect: wanted,
        themes: groupByTheme(trusted).map(one => ({ ...one, findings: [...one.findings] })),
      }
    case 'comparison':
      return { aspect: wanted, comparison: compareFindings(trusted) as NonNullable<Analysis['comparison']> }
    case 'gaps': {
      const corpus = await corpusOf(task.sources, context)
      const gaps =
        corpus.documents.length === 0 ? [] : findGaps({ topic, subtasks, findings: trusted, corpus })
      return { aspect: wanted, gaps }
    }
  }
}

export const dataAnalyst = defineAgent({
  name: 'data-analyst',
  description: 'Groups findings by theme, compares them across sources and names what is missing.',
  skills: {
    analyse: defineSkill<Input, Analysis>({
      description: 'Look at one aspect of all findings.',
      input: input as unknown as z.ZodType<Input>,
      output: analysis,
      extract: (task, context) => analyse(task, context as ResearchContext),
    }),
  },
})
