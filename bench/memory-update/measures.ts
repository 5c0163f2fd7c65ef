/**
 * What the figures of `memory-update` are, for anything that searches: each question is put to a search over its
 * dialogue, and the ranks and scores of what comes are counted. Called by our subject and the peers. Does not search.
 */
import type { Dialogue, Question } from './dialogue.ts'

/** A hit, best first: the turns it stands for, and its score. */
export interface Found {
  readonly turns: readonly number[]
  readonly score: number
}

export interface Answered {
  readonly dialogue: Dialogue
  readonly question: Question
  readonly hits: readonly Found[]
}

/** How many hits a search is asked for. */
export const DEPTH = 50

/** Searches one dialogue. */
export type Search = (question: Question) => Promise<readonly Found[]> | readonly Found[]

/** Every question of every dialogue, each dialogue by a search of its own. */
export async function answers(
  dialogues: readonly Dialogue[],
  open: (dialogue: Dialogue) => Promise<Search> | Search,
): Promise<readonly Answered[]> {
  const all: Answered[] = []
  for (const dialogue of dialogues) {
    const search = await open(dialogue)
    for (const question of dialogue.questions) {
      all.push({ dialogue, question, hits: await search(question) })
    }
  }
  return all
}

/** Rank of the first hit that stands for one of `turns`, from 1; Infinity when none does. */
export function rankOf(hits: readonly Found[], turns: readonly number[]): number {
  const at = hits.findIndex(hit => hit.turns.some(turn => turns.includes(turn)))
  return at < 0 ? Number.POSITIVE_INFINITY : at + 1
}

const evidenceRank = ({ hits, question }: Answered): number => rankOf(hits, question.evidence)

/** What is so comes before what was so. */
const isAboveOutdated = (answer: Answered): boolean =>
  evidenceRank(answer) < rankOf(answer.hits, answer.question.outdated)

/** Percent of `items` for which `holds`. Throws for no items: there is no such figure. */
export function percent<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  if (items.length === 0) throw new RangeError('a share of nothing')
  return (100 * items.filter(holds).length) / items.length
}

const topScore = ({ hits }: Answered): number => hits[0]?.score ?? 0

/** The figures that every search has, by the names of the scenario's metrics. */
export function retrievalFigures(all: readonly Answered[]): Record<string, number> {
  const of = (...kinds: readonly Question['kind'][]) =>
    all.filter(({ question }) => kinds.includes(question.kind))
  const [now, past, said] = [of('now'), of('month', 'before'), of('assistant')]
  const within = (some: readonly Answered[], rank: number) => percent(some, one => evidenceRank(one) <= rank)
  return {
    'now: newest in top 1': within(now, 1),
    'now: newest in top 3': within(now, 3),
    'now: newest in top 5': within(now, 5),
    'now: newest above the outdated': percent(now, isAboveOutdated),
    'past: in top 1': within(past, 1),
    'past: in top 3': within(past, 3),
    'past: in top 5': within(past, 5),
    'assistant said: in top 1': within(said, 1),
    'assistant said: in top 5': within(said, 5),
    'assistant said: in top 10': within(said, 10),
    'no answer: AUC of the top score': abstentionAuc(all),
  }
}

/** How well the score of the best hit tells questions with an answer from those without, in percent. */
export function abstentionAuc(all: readonly Answered[]): number {
  const [without, within] = [true, false].map(isNone =>
    all.filter(({ question }) => (question.kind === 'none') === isNone).map(topScore),
  )
  return 100 * auc(within ?? [], without ?? [])
}

/**
 * The chance that one of `positive` is above one of `negative`, equal ones counted half: the area under the ROC
 * curve (Mann and Whitney, 1947).
 */
export function auc(positive: readonly number[], negative: readonly number[]): number {
  if (positive.length === 0 || negative.length === 0) throw new RangeError('nothing to compare')
  let wins = 0
  for (const high of positive) {
    for (const low of negative) wins += high > low ? 1 : high === low ? 0.5 : 0
  }
  return wins / (positive.length * negative.length)
}

/** Shares of the questions with an answer whose top score reaches `known`, and of those without that stay below. */
export function thresholdFigures(all: readonly Answered[], known: number): Record<string, number> {
  const [none, some] = [true, false].map(isNone =>
    all.filter(({ question }) => (question.kind === 'none') === isNone),
  )
  return {
    'known threshold: answers kept': percent(some ?? [], one => topScore(one) >= known),
    'known threshold: no answer told': percent(none ?? [], one => topScore(one) < known),
  }
}

/** The object of a fact without what may stand around it: case, articles, a full stop. */
export const plainObject = (object: string): string =>
  object
    .toLowerCase()
    .replace(/^(?:(?:a|an|the|in|at|on|to|by)\s+)+/, '')
    .replace(/[\s.!,]+$/, '')
    .trim()
