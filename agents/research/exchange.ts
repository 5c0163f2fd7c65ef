/**
 * What the members of a research team hand each other, as schemas. Documents are never sent: members name
 * their sources and read them on their own node.
 */
import { z } from 'zod'
import type { Env } from '../models/providers.ts'
import type { SkillContext } from '../skill.ts'
import type { Corpora } from './corpus.ts'
import { type Corpus, createCorpus } from './corpus-index.ts'
import { finding, subtask } from './document.ts'
import { known, past, type TeamMemory } from './team-memory.ts'

/** What every member is given when it is spawned. */
export interface ResearchResources {
  readonly corpora: Corpora
  /** Where relative sources are looked up. */
  readonly cwd: string
  /** Keys of search providers. */
  readonly env: Env
  /** Absent: the team keeps nothing from one run to the next. */
  readonly memory?: TeamMemory
}

export type ResearchContext = SkillContext<ResearchResources>

export const depth = z.enum(['quick', 'standard', 'comprehensive'])
export const audience = z.enum(['general', 'technical', 'executive'])

export const researchInput = z.object({
  topic: z.string().trim().min(1).max(2_000).describe('what to research: a question or a subject'),
  depth: depth.default('standard').describe('how many questions are asked: 3, 5 or 8'),
  audience: audience.default('general').describe('who the report is for'),
  focusAreas: z
    .array(z.string().trim().min(1))
    .max(10)
    .default([])
    .describe('aspects that get a sub-task of their own (three at most)')
    .meta({ flag: 'focus', value: 'area' }),
  context: z.string().max(20_000).default('').describe('what you know already, for a model to consider'),
  sources: z
    .array(z.string().min(1))
    .default([])
    .describe('folders, files, globs or URLs to read')
    .meta({ value: 'source' }),
})
export type ResearchInput = z.infer<typeof researchInput>

export const aspect = z.enum(['themes', 'comparison', 'gaps'])

export const plan = z.object({
  subtasks: z.array(subtask).min(1),
  /** The sources to read: those given, or those a search found. */
  sources: z.array(z.string()),
  /** What the analysts are to look at. */
  aspects: z.array(aspect),
  findingsPerSubtask: z.number().int().positive(),
})

/** What a team with a memory knows before it begins. */
export const recalled = z.object({
  /** The topic, or that of the run that is continued. */
  topic: z.string(),
  focusAreas: z.array(z.string()),
  sources: z.array(z.string()),
  /** Whether it was asked to go on with something. */
  asked: z.boolean(),
  continues: past.optional(),
  known: z.array(known),
  /** Known findings that are too old to be used. */
  outdated: z.number().int(),
})

/** The plan in the light of what is known. */
export const covered = z.object({
  subtasks: z.array(subtask),
  open: z.array(subtask),
  findings: z.array(finding),
  /** Known findings whose quotes do not stand in their sources any more. */
  changed: z.number().int(),
})

export const gathered = z.object({
  /** Address of the researcher. */
  by: z.string(),
  subtask: z.string(),
  findings: z.array(finding),
  passagesRead: z.number().int(),
  sourcesRead: z.array(z.string()),
})

/** What was dropped or marked, and why; `finding` is its id, or the part of the report it would have stood in. */
const factProblem = z.object({ finding: z.string(), kind: z.string(), text: z.string() })

export const factChecked = z.object({
  findings: z.array(finding),
  dropped: z.array(z.object({ id: z.string(), statement: z.string() })),
  problems: z.array(factProblem),
})

const theme = z.object({ name: z.string(), findings: z.array(z.string()) })
const gap = z.object({
  kind: z.enum(['unanswered', 'thin', 'weak', 'unmentioned', 'single-source']),
  subtask: z.string().optional(),
  text: z.string(),
  remedy: z.string(),
})
const comparison = z.object({
  agreements: z.array(z.object({ findings: z.array(z.string()), sources: z.array(z.string()) })),
  contradictions: z.array(z.object({ findings: z.tuple([z.string(), z.string()]), about: z.string() })),
})

export const analysis = z.object({
  aspect,
  themes: z.array(theme).optional(),
  comparison: comparison.optional(),
  gaps: z.array(gap).optional(),
})
export type Analysis = z.infer<typeof analysis>

export const report = z.object({
  executiveSummary: z.string(),
  fullReport: z.string(),
  keyFindings: z.array(finding),
  recommendations: z.array(z.string()),
  sections: z.array(z.object({ title: z.string(), body: z.string(), findings: z.array(z.string()) })),
  /** What a model wrote and its findings do not hold: it is not in the report. */
  problems: z.array(factProblem),
})

/** The corpus of a task's sources; without sources, an empty one. */
export async function corpusOf(sources: readonly string[], context: ResearchContext): Promise<Corpus> {
  if (sources.length === 0) return createCorpus([])
  const { corpora, cwd } = context.resources
  return corpora.load(sources, { cwd, signal: context.signal })
}
