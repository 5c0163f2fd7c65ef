/**
 * Keeps what a team learns: before the work it recalls what is known and still fresh, and says which questions are
 * open; after it, it remembers what was found. It reads and writes one namespace of the team's memory, and asks no
 * model: what is known is looked up, not imagined.
 */
import { z } from 'zod'
import { RuntimeError } from '../actors/errors.ts'
import { defineAgent } from './define-agent.ts'
import { type ContinuedTopic, continuedTopic } from './research/continued-topic.ts'
import { coverageOf } from './research/coverage.ts'
import { finding } from './research/document.ts'
import { corpusOf, covered, plan, type ResearchContext, recalled } from './research/exchange.ts'
import { checkFindings } from './research/fact-check.ts'
import {
  type Known,
  knownFindings,
  memoriesOf,
  type Past,
  pastRun,
  type TeamMemory,
} from './research/team-memory.ts'
import { defineSkill } from './skill.ts'

const recallInput = z.object({
  topic: z.string(),
  focusAreas: z.array(z.string()),
  sources: z.array(z.string()),
})
const coverInput = z.object({ plan, recalled })
const rememberInput = z.object({
  run: z.string(),
  recalled,
  covered,
  findings: z.array(finding),
  model: z.string().nullable().default(null),
})

type RecallInput = z.infer<typeof recallInput>
type Recalled = z.infer<typeof recalled>
type CoverInput = z.infer<typeof coverInput>
type Covered = z.infer<typeof covered>
type RememberInput = z.infer<typeof rememberInput>

/** Findings that answer a question well enough: with one, an answer counts as thin. */
const ENOUGH = 2

function memoryOf({ resources }: ResearchContext): TeamMemory {
  if (resources.memory) return resources.memory
  throw new RuntimeError('definition-invalid', 'the archivist was started without a memory', {
    fix: 'give the team a memory',
  })
}

async function recallFor(task: RecallInput, context: ResearchContext): Promise<Recalled> {
  const { namespace, maxAgeMs } = memoryOf(context)
  const now = context.now()
  const read = continuedTopic(task.topic, now)
  const past = read.continues ? await earlierRun(namespace, read) : undefined
  const topic = past?.topic ?? (read.subject === '' ? task.topic : read.subject)
  const subject = [topic, ...read.focus, ...task.focusAreas].join(' ')
  const all = await knownFindings(namespace, subject, past)
  const fresh = all.filter(one => now - one.at <= maxAgeMs)
  const outdated = all.length - fresh.length
  context.progress({
    doing: 'recalling',
    findings: fresh.length,
    outdated,
    ...(read.continues && { continues: past?.run ?? 'nothing that is remembered' }),
  })
  return {
    topic,
    focusAreas: [...new Set([...task.focusAreas, ...read.focus])].slice(0, 10),
    sources: task.sources.length > 0 ? task.sources : (past?.sources ?? []),
    asked: read.continues,
    ...(past && { continues: past }),
    known: [...fresh],
    outdated,
  }
}

/** What lies in the time that the request names; when nothing does, whatever is closest to it. */
async function earlierRun(
  namespace: TeamMemory['namespace'],
  { subject, since, until }: ContinuedTopic,
): Promise<Past | undefined> {
  const when = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) }
  return (await pastRun(namespace, subject, when)) ?? (await pastRun(namespace, subject, {}))
}

/** Known findings whose quotes still stand in their sources; those whose source is not read now stay as they were. */
async function stillTrue(known: readonly Known[], sources: readonly string[], context: ResearchContext) {
  const corpus = await corpusOf(sources, context)
  const texts = new Map(corpus.documents.map(document => [document.source, document.text]))
  return known.flatMap(one => {
    const citations = one.citations.filter(({ source }) => texts.has(source))
    if (citations.length === 0) return [one]
    const asFinding = { ...one, citations, subtask: '', verdict: 'unchecked' as const }
    const [checked] = checkFindings([asFinding], source => texts.get(source)).findings
    return checked?.verdict === 'checked' ? [{ ...one, citations: [...checked.citations] }] : []
  })
}

async function cover(
  { plan: planned, recalled: found }: CoverInput,
  context: ResearchContext,
): Promise<Covered> {
  const known = await stillTrue(found.known, planned.sources, context)
  const { subtasks, open, findings } = coverageOf({
    subtasks: planned.subtasks,
    known,
    enough: ENOUGH,
    ...(found.continues && { continues: found.continues.run }),
  })
  const changed = found.known.length - known.length
  context.progress({
    doing: 'reusing',
    findings: findings.length,
    changed,
    open: open.map(one => one.question),
  })
  return { subtasks: [...subtasks], open: [...open], findings: [...findings], changed }
}

async function remember(task: RememberInput, context: ResearchContext) {
  const { namespace } = memoryOf(context)
  const { run, recalled: begun, covered: planned, findings, model } = task
  const memories = memoriesOf({
    run,
    topic: begun.topic,
    now: context.now(),
    sources: begun.sources,
    subtasks: planned.subtasks,
    findings,
    model,
  })
  const ids = await namespace.rememberAll(memories, { key: `research-${run}` })
  context.progress({ doing: 'remembering', findings: ids.length - 1 })
  return { findings: ids.length - 1 }
}

export const archivist = defineAgent({
  name: 'archivist',
  description: 'Recalls what a team knows before it works, and remembers what it found.',
  skills: {
    recall: defineSkill<RecallInput, Recalled>({
      description: 'Recall what is known about a topic, and what a request to go on refers to.',
      input: recallInput as unknown as z.ZodType<RecallInput>,
      output: recalled as unknown as z.ZodType<Recalled>,
      extract: (task, context) => recallFor(task, context as ResearchContext),
    }),
    cover: defineSkill<CoverInput, Covered>({
      description: 'Say which questions of a plan are answered by what is known.',
      input: coverInput as unknown as z.ZodType<CoverInput>,
      output: covered,
      extract: (task, context) => cover(task, context as ResearchContext),
    }),
    remember: defineSkill<RememberInput, { findings: number }>({
      description: 'Remember what a run found, with its quotes.',
      input: rememberInput as unknown as z.ZodType<RememberInput>,
      output: z.object({ findings: z.number().int() }),
      extract: (task, context) => remember(task, context as ResearchContext),
    }),
  },
})
