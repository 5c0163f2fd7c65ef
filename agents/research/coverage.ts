/**
 * Which questions of a plan are answered by what is known, and which have to be researched. Called by the archivist
 * between planning and research. It compares words; what is true is the fact checker's business.
 */
import { createHash } from 'node:crypto'
import type { Finding, Subtask } from './document.ts'
import type { Known } from './team-memory.ts'
import { terms } from './tokens.ts'

export interface Coverage {
  /** The plan's, then those of earlier runs that it left out although their answers are known. */
  readonly subtasks: readonly Subtask[]
  /** Those that have to be researched. */
  readonly open: readonly Subtask[]
  /** What is known, as findings of `subtasks`. */
  readonly findings: readonly Finding[]
}

export interface CoverageInput {
  readonly subtasks: readonly Subtask[]
  readonly known: readonly Known[]
  /** Findings that answer a question well enough not to ask it again. */
  readonly enough: number
  /** Questions of an earlier run are taken over when that run is continued. */
  readonly continues?: string
}

/** Questions that share so much of their words are the same question. */
const SAME = 0.7
const MOST_SUBTASKS = 12

/**
 * A question is covered when `enough` known findings were given to the same question (Jaccard index of its stems at
 * least 0.7), and never when it is a focus area that nobody asked for before.
 */
export function coverageOf({ subtasks, known, enough, continues }: CoverageInput): Coverage {
  const earlier = continues === undefined ? [] : questionsOf(known, continues)
  const added = earlier.filter(one => !subtasks.some(task => isSame(task, one)))
  const all = [...subtasks, ...added].slice(0, MOST_SUBTASKS)
  const findings = known.flatMap(one => {
    const task = all.find(task => isSame(task, one)) ?? bestFor(one, all)
    return task ? [asFinding(one, task)] : []
  })
  const answers = (task: Subtask): number => known.filter(one => isSame(one, task)).length
  const isAdded = new Set(added.map(({ id }) => id))
  const open = all.filter(task => !isAdded.has(task.id) && answers(task) < enough)
  return { subtasks: all, open, findings }
}

/** The questions that a run's findings answered, in the order of their first finding. */
function questionsOf(known: readonly Known[], run: string): Subtask[] {
  const byQuestion = new Map(known.filter(one => one.run === run).map(one => [one.question, one]))
  return [...byQuestion.values()].map((one, i) => ({
    id: `known-${i + 1}`,
    question: one.question,
    terms: one.terms,
  }))
}

/** Much alike, and neither asks for something most specific that the other does not name. */
function isSame(a: Asked, b: Asked): boolean {
  if (a.question === b.question) return true
  const left = new Set(terms(a.question))
  const right = new Set(terms(b.question))
  const shared = [...left].filter(one => right.has(one)).length
  const isAlike = shared > 0 && shared / (left.size + right.size - shared) >= SAME
  return isAlike && names(right, a) && names(left, b)
}

type Asked = Pick<Subtask, 'question' | 'terms'>

const names = (stems: ReadonlySet<string>, { terms: [specific = ''] }: Asked): boolean =>
  terms(specific).every(stem => stems.has(stem))

/** The question whose most specific word the statement holds. */
function bestFor({ statement }: Known, subtasks: readonly Subtask[]): Subtask | undefined {
  const said = new Set(terms(statement))
  const asks = ({ terms: words }: Subtask): readonly string[] => terms(words[0] ?? '')
  return subtasks.find(task => {
    const stems = asks(task)
    return stems.length > 0 && stems.every(stem => said.has(stem))
  })
}

const asFinding = (
  { statement, citations, relevance, run, topic, at, id }: Known,
  task: Subtask,
): Finding => ({
  id: `known-${createHash('sha256').update(id).digest('hex').slice(0, 12)}`,
  statement,
  subtask: task.id,
  citations,
  relevance,
  verdict: 'checked',
  memory: { run, topic, at },
})
