/**
 * Holds every finding against its sources: quotes must stand there to the letter, numbers and names must be in
 * the quotes. It needs no model, and no model is asked: a checker that can be talked round checks nothing.
 */
import { z } from 'zod'
import { defineAgent } from './define-agent.ts'
import { type Citation, type Finding, finding } from './research/document.ts'
import { corpusOf, factChecked, gathered, type ResearchContext } from './research/exchange.ts'
import { checkFindings } from './research/fact-check.ts'
import { defineSkill } from './skill.ts'

const input = z.object({
  /** As the researchers answered; null where one failed. */
  gathered: z.array(gathered.nullable()),
  sources: z.array(z.string()),
  /** Findings of earlier runs, held to their sources before. */
  known: z.array(finding).default([]),
  /** What becomes of a finding that nothing supports. */
  mode: z.enum(['drop', 'mark']).default('drop'),
})
type Input = z.infer<typeof input>

export const factChecker = defineAgent({
  name: 'fact-checker',
  description: 'Checks every quote, number and name of a finding against its sources.',
  skills: {
    check: defineSkill<Input, z.infer<typeof factChecked>>({
      description: 'Check findings against their sources.',
      input: input as unknown as z.ZodType<Input>,
      output: factChecked,
      extract: async (task, context) => {
        const findings = task.gathered.flatMap(one => one?.findings ?? [])
        const { known } = task
        if (task.sources.length === 0) return withKnown(known, unchecked(findings))
        context.progress({ doing: 'checking', findings: findings.length })
        const corpus = await corpusOf(task.sources, context as ResearchContext)
        const texts = new Map(corpus.documents.map(document => [document.source, document.text]))
        const {
          findings: checked,
          dropped,
          problems,
        } = checkFindings(findings, source => texts.get(source), task)
        return withKnown(known, {
          findings: [...checked],
          dropped: dropped.map(({ id, statement }) => ({ id, statement })),
          problems: [...problems],
        })
      },
    }),
  },
})

type Checked = z.infer<typeof factChecked>

/** What is known, and then what was found; a quote that was found again is not known any less. */
function withKnown(known: readonly Finding[], { findings, ...rest }: Checked): Checked {
  const places = new Set(known.flatMap(({ citations: [first] }) => (first ? [placeOf(first)] : [])))
  const fresh = findings.filter(({ citations: [first] }) => !first || !places.has(placeOf(first)))
  return { ...rest, findings: [...(known as Checked['findings']), ...fresh] }
}

const placeOf = ({ source, start, end }: Citation): string => `${source}\0${start}\0${end}`

/** Without sources there is nothing to check against: the report says so, and nothing is cited. */
const unchecked = (findings: readonly Finding[]): z.infer<typeof factChecked> => ({
  findings: findings.map(one => ({ ...finding.parse(one), citations: [], verdict: 'unchecked' })),
  dropped: [],
  problems: [],
})
