/** Works on one question at a time: finds passages, and states what they say with the words that prove it. */
import { z } from 'zod'
import { defineAgent } from './define-agent.ts'
import type { Corpus } from './research/corpus-index.ts'
import { type Finding, type RankedPassage, subtask } from './research/document.ts'
import { corpusOf, gathered, type ResearchContext } from './research/exchange.ts'
import { extractFindings } from './research/extraction.ts'
import { defineSkill } from './skill.ts'

const input = z.object({
  topic: z.string(),
  subtask,
  sources: z.array(z.string()),
  limit: z.number().int().positive().default(6),
})
type Input = z.infer<typeof input>

const reply = z.object({
  findings: z.array(
    z.object({
      statement: z.string().min(1),
      /** 0 to 1: how directly it answers the question. */
      relevance: z.number().min(0).max(1),
      quotes: z.array(z.object({ source: z.string(), quote: z.string().min(1) })),
    }),
  ),
})
type Reply = z.infer<typeof reply>

interface Material {
  readonly passages: readonly RankedPassage[]
}

/** Passages searched for one question: without a model many are weighed, a model is shown the best. */
const WEIGHED = 60
const SHOWN = 24

const search = (corpus: Corpus, { topic, subtask: task }: Input, limit: number): RankedPassage[] =>
  corpus.search(`${task.question} ${task.terms.join(' ')} ${topic}`, { limit })

async function read(task: Input, context: ResearchContext, limit: number) {
  context.progress({ doing: 'reading', question: task.subtask.question })
  const corpus = await corpusOf(task.sources, context)
  return { corpus, passages: search(corpus, task, limit) }
}

const outcome = (
  by: string,
  task: Input,
  findings: readonly Finding[],
  passages: readonly RankedPassage[],
) => ({
  by,
  subtask: task.subtask.id,
  findings: [...findings],
  passagesRead: passages.length,
  sourcesRead: [...new Set(passages.map(passage => passage.source))],
})

export const webResearcher = defineAgent({
  name: 'web-researcher',
  description: 'Finds what sources say about a question, each finding with the quote that proves it.',
  instructions:
    'You are a careful researcher. You state only what the given passages say. Every finding carries at least one quote, copied to the letter from a passage, that proves it.',
  skills: {
    research: defineSkill<Input, z.infer<typeof gathered>, unknown, Material, Reply>({
      description: 'Find what the sources say about one question.',
      input: input as unknown as z.ZodType<Input>,
      output: gathered,
      reply,
      prepare: async (task, context) => {
        const { passages } = await read(task, context as ResearchContext, SHOWN)
        return { passages }
      },
      prompt: (task, { passages }) => ({ user: researchPrompt(task, passages) }),
      finish: async (answer, task, context, { passages }) => {
        const corpus = await corpusOf(task.sources, context as ResearchContext)
        return outcome(context.actor, task, anchored(answer, task, corpus), passages)
      },
      extract: async (task, context) => {
        const { passages } = await read(task, context as ResearchContext, WEIGHED)
        const findings = extractFindings({
          subtask: task.subtask,
          topic: task.topic,
          passages,
          limit: task.limit,
        })
        return outcome(context.actor, task, findings, passages)
      },
    }),
  },
})

function researchPrompt({ topic, subtask: task, limit }: Input, passages: readonly RankedPassage[]): string {
  const material = passages.map(
    ({ source, headings, text }, i) =>
      `<passage n="${i + 1}" source=${JSON.stringify(source)} under=${JSON.stringify(headings.join(' > '))}>\n${inert(text)}\n</passage>`,
  )
  const task_ = `Topic: ${topic}\nQuestion: ${task.question}\nGive at most ${limit} findings.`
  if (passages.length === 0) {
    return `${task_}\nThere are no passages. Answer from what you know, without quotes: leave "quotes" empty.`
  }
  return `${task_}\nUse only these passages; name a quote's source exactly as given.\n\n${material.join('\n\n')}`
}

/** A document cannot close the mark that says that it is one. */
const inert = (text: string): string => text.replaceAll(/<(?=\/?passage)/gi, '&lt;')

/**
 * The model's findings with the places of their quotes. A quote that is not where the model says keeps the
 * model's words and a place that cannot be right: the fact checker is the one to judge it.
 */
function anchored({ findings }: Reply, { subtask: task, limit }: Input, corpus: Corpus): Finding[] {
  return findings.slice(0, limit).map(({ statement, relevance, quotes }, i) => ({
    id: `${task.id}-f${i + 1}`,
    statement,
    subtask: task.id,
    relevance,
    verdict: 'unchecked',
    citations: quotes.map(
      ({ source, quote }) => corpus.quote(source, quote) ?? { source, quote, start: 0, end: quote.length },
    ),
  }))
}
