/**
 * What the figures of `memory-recall` are, for anything that searches. Recall of evidence, not correctness of answers:
 * no model reads what was found. Called by our subjects and the peers. Does not search.
 */
import { quantile } from '../median.ts'
import type { Category, Conversation, Question } from './conversations.ts'

export interface Answered {
  readonly question: Question
  /** Turns, best first, by their place in the conversation; a turn of another conversation is -1. */
  readonly turns: readonly number[]
  readonly ms: number
}

/** How many hits a search is asked for. */
export const DEPTH = 20

/** Finds turns for a question; the places are those of `conversation`. */
export type Search = (text: string, conversation: Conversation) => readonly number[]

/** Puts every question to the search of its conversation, once to warm it up and once to time it. */
export function answered(
  conversations: readonly Conversation[],
  searchOf: (conversation: Conversation) => Search,
): readonly Answered[] {
  return conversations.flatMap(conversation => {
    const search = searchOf(conversation)
    for (const { text } of conversation.questions) search(text, conversation)
    return conversation.questions.map(question => {
      const begun = performance.now()
      const turns = search(question.text, conversation).slice(0, DEPTH)
      return { question, turns, ms: performance.now() - begun }
    })
  })
}

const found = ({ question, turns }: Answered, depth: number): number =>
  question.evidence.filter(place => turns.slice(0, depth).includes(place)).length

const mean = (all: readonly Answered[], value: (one: Answered) => number): number => {
  if (all.length === 0) throw new RangeError('a mean of nothing')
  return all.reduce((sum, one) => sum + value(one), 0) / all.length
}

/** Mean share of the evidence that is among the first `depth`, in percent. */
export const recallAt = (all: readonly Answered[], depth: number): number =>
  100 * mean(all, one => found(one, depth) / one.question.evidence.length)

/** Share of the questions of which some evidence is among the first `depth`, in percent. */
export const anyAt = (all: readonly Answered[], depth: number): number =>
  100 * mean(all, one => (found(one, depth) > 0 ? 1 : 0))

/** Mean of 1 / rank of the first evidence, 0 where there is none. */
export const reciprocalRank = (all: readonly Answered[]): number =>
  mean(all, ({ question, turns }) => {
    const at = turns.findIndex(turn => question.evidence.includes(turn))
    return at < 0 ? 0 : 1 / (at + 1)
  })

export const CATEGORIES: readonly (readonly [Category, string])[] = [
  [1, 'multi-hop'],
  [2, 'temporal'],
  [3, 'open-domain'],
  [4, 'single-hop'],
  [5, 'adversarial'],
]

/** By the names of the scenario's metrics, each after `prefix`. What has no question of its kind is left out. */
export function figures(all: readonly Answered[], prefix = ''): Record<string, number> {
  const main = all.filter(({ question }) => question.category !== 5)
  const values: Record<string, number> = {
    'R@5': recallAt(main, 5),
    'R@10': recallAt(main, 10),
    'R@20': recallAt(main, 20),
    'any@10': anyAt(main, 10),
    MRR: reciprocalRank(main),
    p50: quantile(
      main.map(({ ms }) => ms),
      0.5,
    ),
    p99: quantile(
      main.map(({ ms }) => ms),
      0.99,
    ),
  }
  for (const [category, name] of CATEGORIES) {
    const some = all.filter(({ question }) => question.category === category)
    if (some.length === 0) continue
    for (const depth of [5, 10, 20]) values[`${name}: R@${depth}`] = recallAt(some, depth)
  }
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]))
}
