/** Plans a piece of research: which questions, over which sources. The first member of a team to work. */
import { z } from 'zod'
import { RuntimeError, toRuntimeError } from '../actors/errors.ts'
import { defineAgent } from './define-agent.ts'
import type { Subtask } from './research/document.ts'
import {
  corpusOf,
  type depth,
  plan,
  type ResearchContext,
  type ResearchResources,
  researchInput,
} from './research/exchange.ts'
import { keyTerms } from './research/key-terms.ts'
import { planSubtasks, SUBTASKS } from './research/planning.ts'
import { terms } from './research/tokens.ts'
import { defineSkill } from './skill.ts'
import { searchProvider, webSearchTool } from './tools/web-search.ts'

/** Findings a researcher looks for, per sub-task. */
const FINDINGS: Readonly<Record<z.infer<typeof depth>, number>> = { quick: 4, standard: 6, comprehensive: 8 }
const MOST_SEARCH_RESULTS = 8
/** What the search tool accepts. */
const LONGEST_QUERY = 400

type Input = z.infer<typeof researchInput>

const reply = z.object({
  subtasks: z
    .array(
      z.object({ question: z.string().min(1), terms: z.array(z.string()), focus: z.string().optional() }),
    )
    .min(1)
    .max(12),
})

interface Material {
  readonly sources: readonly string[]
  readonly titles: readonly string[]
  readonly keyTerms: readonly string[]
}

/** Sources given by the user, else the readable ones of what a configured search finds. */
async function sourcesFor(input: Input, context: ResearchContext): Promise<readonly string[]> {
  if (!searches(input, context.resources)) return input.sources
  const found = await search(input.topic.slice(0, LONGEST_QUERY), context)
  context.progress({ doing: 'reading', sources: found.length })
  return readableOf(found, context)
}

/** A search is made only when nobody named a source. */
const searches = (input: Input, { env }: ResearchResources): boolean =>
  input.sources.length === 0 && searchProvider(env) !== undefined

async function search(query: string, context: ResearchContext): Promise<readonly string[]> {
  context.progress({ doing: 'searching', query })
  context.spent({ toolCalls: 1 })
  const results = await webSearchTool({ env: context.resources.env }).run(
    { query, limit: MOST_SEARCH_RESULTS },
    {
      actor: context.actor,
      signal: context.signal,
      key: 'search',
      attempt: 1,
      progress: context.progress,
      spent: context.spent,
    },
  )
  if (results.length === 0) {
    throw new RuntimeError('sources-empty', `the search for "${query.slice(0, 80)}" found nothing`, {
      fix: 'ask in other words, or give --sources',
    })
  }
  return [...new Set(results.map(result => new URL(result.url).href))]
}

/** Nobody named these pages, so one that cannot be read is left out; the corpus is kept for the others. */
async function readableOf(found: readonly string[], context: ResearchContext): Promise<readonly string[]> {
  const { corpora, cwd } = context.resources
  try {
    const { skipped } = await corpora.load(found, { cwd, signal: context.signal, found: true })
    const unread = new Set(skipped.map(one => one.source))
    for (const { source, error } of skipped)
      context.progress({ doing: 'skipping', source, error: error.message })
    return found.filter(url => !unread.has(url))
  } catch (thrown) {
    const error = toRuntimeError(thrown, 'sources-empty')
    if (error.kind !== 'sources-empty') throw error
    throw new RuntimeError(
      'sources-empty',
      `the search found ${found.length} pages, and none of them can be read`,
      {
        ...(error.why && { why: error.why }),
        fix: 'ask in other words, or give --sources',
        ...(error.details && { details: error.details }),
        cause: thrown,
      },
    )
  }
}

async function gather(
  input: Input,
  context: ResearchContext,
): Promise<Material & { readonly subtasks: () => Subtask[] }> {
  const sources = await sourcesFor(input, context)
  context.progress({ doing: 'reading', sources: sources.length })
  const corpus = await corpusOf(sources, context)
  const { topic, focusAreas } = input
  return {
    sources,
    titles: corpus.documents.map(document => document.title),
    keyTerms: keyTerms(topic, corpus).map(term => term.text),
    subtasks: () => planSubtasks({ topic, corpus, depth: input.depth, focusAreas }),
  }
}

const planOf = (
  input: Input,
  sources: readonly string[],
  subtasks: readonly Subtask[],
): z.infer<typeof plan> => ({
  subtasks: [...subtasks],
  sources: [...sources],
  aspects: ['themes', 'comparison', 'gaps'],
  findingsPerSubtask: FINDINGS[input.depth],
})

export const coordinator = defineAgent({
  name: 'coordinator',
  description: 'Plans research: takes a topic apart into questions that can be worked on side by side.',
  instructions:
    'You lead a research team. You take a topic apart into precise, independent questions that together answer it.',
  skills: {
    plan: defineSkill<Input, z.infer<typeof plan>, unknown, Material, z.infer<typeof reply>>({
      description: 'Take a topic apart into sub-tasks.',
      input: researchInput as unknown as z.ZodType<Input>,
      output: plan,
      reply,
      reserve: (input, { resources }) => ({
        toolCalls: searches(input, resources as ResearchResources) ? 1 : 0,
      }),
      prepare: async (input, context) => {
        const { sources, titles, keyTerms: found } = await gather(input, context as ResearchContext)
        return { sources, titles, keyTerms: found }
      },
      prompt: (input, material) => ({ user: planningPrompt(input, material) }),
      finish: ({ subtasks }, input, _, { sources }) => {
        const numbered = subtasks.map(({ question, terms: words, focus }, i) => ({
          id: `subtask-${i + 1}`,
          question,
          terms: words.length > 0 ? words : terms(question),
          ...(focus !== undefined && { focus }),
        }))
        return planOf(input, sources, numbered)
      },
      extract: async (input, context) => {
        const { sources, subtasks } = await gather(input, context as ResearchContext)
        if (sources.length === 0) throw nothingToRead()
        return planOf(input, sources, subtasks())
      },
    }),
  },
})

function planningPrompt(input: Input, { titles, keyTerms: found }: Material): string {
  const lines = [
    `Topic: ${input.topic}`,
    `Audience: ${input.audience}. Depth: ${input.depth}.`,
    input.focusAreas.length > 0 ? `Focus areas, one question each: ${input.focusAreas.join('; ')}` : '',
    input.context ? `What is known already:\n${input.context}` : '',
    titles.length > 0 ? `Documents at hand: ${titles.slice(0, 40).join('; ')}` : 'There are no documents.',
    found.length > 0 ? `Terms the documents use for it: ${found.join(', ')}` : '',
    `Write ${SUBTASKS[input.depth]} questions, plus one for each focus area. For each give the search terms, the most specific first.`,
  ]
  return lines.filter(Boolean).join('\n')
}

export const nothingToRead = (): RuntimeError =>
  new RuntimeError(
    'sources-missing',
    'there is nothing to research: no sources, no language model, no search provider',
    {
      why: 'without a model the report is made of sentences from your sources, and none were given',
      fix: 'give --sources DIR|FILE|GLOB|URL; or a model with --model provider:model; or set TAVILY_API_KEY, BRAVE_API_KEY or SEARXNG_URL',
    },
  )
