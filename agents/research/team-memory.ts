/**
 * What a research team keeps from one run to the next, as memories: one episode that says what was researched, and
 * one insight per finding, with the quotes it rests on. Called by the archivist. What comes back from a memory is
 * held to its shape: another program may have written there.
 */
import { z } from 'zod'
import type { Hit, MemoryRecord, Namespace, NewMemory } from '../../memory/memory.ts'
import { citation, type Finding, type Subtask } from './document.ts'

/** What the archivist needs of a namespace. */
export type TeamNamespace = Pick<Namespace, 'list' | 'recall' | 'rememberAll'>

export interface TeamMemory {
  readonly namespace: TeamNamespace
  /** Milliseconds after which a finding is not used again. */
  readonly maxAgeMs: number
}

/** A finding that an earlier run left, and the question it answered there. */
export const known = z.object({
  id: z.string(),
  statement: z.string(),
  question: z.string(),
  terms: z.array(z.string()),
  citations: z.array(citation),
  relevance: z.number(),
  run: z.string(),
  topic: z.string(),
  at: z.number(),
})
export type Known = z.infer<typeof known>

/** An earlier run. */
export const past = z.object({
  run: z.string(),
  topic: z.string(),
  at: z.number(),
  sources: z.array(z.string()),
})
export type Past = z.infer<typeof past>

const FINDING = 'research-finding'
const RUN = 'research-run'
/** As many findings of one run, or of one topic, are looked at. */
const MOST = 200
/** Earlier runs on the topic whose findings are looked at as a whole. */
const RELATED_RUNS = 5
const LONGEST_QUERY = 2_000

const findingMeta = known.omit({ id: true, statement: true, at: true }).extend({ type: z.literal(FINDING) })
const runMeta = past.omit({ at: true }).extend({ type: z.literal(RUN) })

const sessionOf = (run: string): string => `research-${run}`

export interface Learned {
  readonly run: string
  readonly topic: string
  readonly now: number
  readonly sources: readonly string[]
  readonly subtasks: readonly Subtask[]
  /** Those of memory are not learned again. */
  readonly findings: readonly Finding[]
  /** `provider:model` that stated them; absent: they are sentences of the sources. */
  readonly model: string | null
}

/** The memories of one run: what was asked is the team's own, what was found is as little trusted as its sources. */
export function memoriesOf(learned: Learned): NewMemory[] {
  const { run, topic, now, sources, subtasks, findings, model } = learned
  const session = sessionOf(run)
  const asked = new Map(subtasks.map(one => [one.id, one]))
  const fresh = findings.filter(one => !one.memory && one.verdict === 'checked')
  const questions = subtasks.map(one => one.question).join(' ')
  const about: NewMemory = {
    kind: 'episode',
    text: `Research on “${topic}”. Questions: ${questions}`.slice(0, 8_000),
    who: 'research-team',
    at: now,
    session,
    trust: 'agent',
    meta: { type: RUN, run, topic, sources },
  }
  return [
    about,
    ...fresh.map(one => findingMemory(one, asked.get(one.subtask), { session, run, topic, now, model })),
  ]
}

function findingMemory(
  { statement, citations, relevance, subtask }: Finding,
  asked: Subtask | undefined,
  {
    session,
    run,
    topic,
    now,
    model,
  }: Pick<Learned, 'run' | 'topic' | 'now' | 'model'> & { readonly session: string },
): NewMemory {
  return {
    kind: 'insight',
    text: statement,
    at: now,
    session,
    importance: Math.min(1, Math.max(0, relevance)),
    trust: 'untrusted',
    by: model === null ? 'extraction' : `model:${model}`,
    ...(citations[0] && { source: citations[0].source }),
    meta: {
      type: FINDING,
      run,
      topic,
      question: asked?.question ?? subtask,
      terms: asked?.terms ?? [],
      citations,
      relevance,
    },
  }
}

/** The earlier run that `subject` is about, within the time given; without a subject the newest one. */
export async function pastRun(
  namespace: TeamNamespace,
  subject: string,
  when: { readonly since?: number; readonly until?: number },
): Promise<Past | undefined> {
  const kinds = ['episode'] as const
  if (subject.trim() === '') {
    const { memories } = await namespace.list({ kinds, who: 'research-team', limit: MOST, ...when })
    return memories.flatMap(asPast).sort((a, b) => b.at - a.at)[0]
  }
  const query = subject.slice(0, LONGEST_QUERY)
  const hits = await namespace.recall(query, { kinds, minTrust: 'agent', limit: 10, ...when })
  return hits.flatMap(asPast)[0]
}

/** Findings on `subject`, and all of the runs that were on it; each quote once per question, newest first. */
export async function knownFindings(
  namespace: TeamNamespace,
  subject: string,
  continued: Past | undefined,
): Promise<readonly Known[]> {
  const query = subject.slice(0, LONGEST_QUERY)
  const related = await namespace.recall(query, {
    kinds: ['episode'],
    minTrust: 'agent',
    limit: RELATED_RUNS,
  })
  const runs = new Set([...(continued ? [continued] : []), ...related.flatMap(asPast)].map(({ run }) => run))
  const kinds = ['insight'] as const
  const left = await Promise.all(
    [...runs].map(run => namespace.list({ kinds, session: sessionOf(run), limit: MOST })),
  )
  const found = await namespace.recall(query, { kinds, limit: MOST })
  const all = [...left.flatMap(page => page.memories), ...found].flatMap(asKnown).sort((a, b) => b.at - a.at)
  const seen = new Set<string>()
  return all.filter(one => !seen.has(keyOf(one)) && seen.add(keyOf(one)))
}

/** One quote may answer several questions. */
const keyOf = ({ statement, question, citations: [first] }: Known): string =>
  `${question}\0${first ? `${first.source}\0${first.start}\0${first.end}` : statement}`

function asKnown({ id, text, at, meta }: Hit | MemoryRecord): Known[] {
  const parsed = findingMeta.safeParse(meta)
  if (!parsed.success || parsed.data.citations.length === 0) return []
  const { type: _, ...rest } = parsed.data
  return [{ id, statement: text, at, ...rest }]
}

function asPast({ at, meta, trust }: Hit | MemoryRecord): Past[] {
  const parsed = runMeta.safeParse(meta)
  // Its sources will be read: nobody from outside chooses them.
  if (!parsed.success || trust === 'untrusted') return []
  const { type: _, ...rest } = parsed.data
  return [{ at, ...rest }]
}
