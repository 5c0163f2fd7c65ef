/**
 * A session in its most central sentences, verbatim, and what it decided. Called by the extractive consolidator.
 * Nothing is put into other words, so that nothing is invented.
 */
import type { MemoryRecord } from '../memory.ts'
import { timeExpressions } from '../time/time-expressions.ts'
import { importanceOfInsight } from './importance.ts'
import type { Pause } from './pause.ts'
import type { ProposedInsight } from './proposal.ts'
import { bySession, dayOfEpisode, quoted, type SaidSentence, saidSentences } from './said-sentences.ts'
import type { StatedFact } from './stated.ts'
import { textRank } from './text-rank.ts'
import { WEAK } from './weak-words.ts'

/** A session with fewer sentences is its own summary. */
const FEWEST = 8
/** One sentence stands for this many, and no more than so many stand for a session. */
const EACH = 8
const MOST = 5
/** Ranking takes time in the square of the sentences; the last ones of a longer session are taken. */
const MOST_RANKED = 300
/** Two sentences that share this part of their words say the same. */
const ALIKE = 0.6

/** At most one summary for each session of the episodes. */
export async function sessionSummaries(
  episodes: readonly MemoryRecord[],
  pause: Pause,
): Promise<readonly ProposedInsight[]> {
  const out: ProposedInsight[] = []
  for (const session of bySession(episodes).values()) {
    out.push(...summaryOf(session))
    await pause()
  }
  return out
}

function summaryOf(session: readonly MemoryRecord[]): ProposedInsight[] {
  const said = saidSentences(session).slice(-MOST_RANKED)
  const [first] = session
  if (first === undefined || said.length < FEWEST) return []
  const chosen = central(said, Math.min(MOST, Math.ceil(said.length / EACH)))
  const people = [...new Set(session.flatMap(({ who }) => (who === undefined ? [] : [who])))].slice(0, 5)
  const head = `Session of ${dayOfEpisode(first)}${people.length === 0 ? '' : ` with ${people.join(', ')}`}`
  return [
    {
      text: `${head}: ${chosen.map(quoted).join(' ')}`,
      from: [...new Set(chosen.map(({ episode }) => episode.id))],
      importance: importanceOfInsight('summary', 1).importance,
    },
  ]
}

/** The `count` most central ones that do not repeat each other, in the order in which they were said. */
function central(said: readonly SaidSentence[], count: number): SaidSentence[] {
  const ranks = textRank(said.map(({ stems }) => stems.filter(stem => !WEAK.has(stem)))).map(
    (rank, index) => rank * tells(said[index]),
  )
  const order = said.map((_, index) => index).sort((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0) || a - b)
  const chosen: number[] = []
  for (const index of order) {
    if (chosen.length === count) break
    const one = said[index]
    if (one !== undefined && !chosen.some(other => alike(one, said[other]))) chosen.push(index)
  }
  return chosen.sort((a, b) => a - b).flatMap(index => said[index] ?? [])
}

/**
 * Centrality alone picks what is said in every talk ("your support means a lot"). What the speaker tells of the own life,
 * with times, names and numbers, counts for more than what is said to please.
 */
function tells(said: SaidSentence | undefined): number {
  if (said === undefined) return 0
  const { text, episode } = said
  const own = /\b(?:I|my|we|our)\b/.test(text) ? 1.5 : 1
  const other = /\byou(?:r|rs|['’]\w+)?\b/i.test(text) ? 0.3 : 1
  const time = timeExpressions(text, episode.at).length > 0 ? 1.5 : 1
  const named = /\s(?:\p{Lu}\p{Ll}+|\d)/u.test(text.replace(/\bI\b/g, '')) ? 1.2 : 1
  const weak = said.stems.filter(stem => WEAK.has(stem)).length / Math.max(1, said.stems.length)
  return own * other * time * named * (1 - 0.8 * weak)
}

function alike(a: SaidSentence, b: SaidSentence | undefined): boolean {
  const other = new Set(b?.stems)
  const own = new Set(a.stems)
  const shared = [...own].filter(stem => other.has(stem)).length
  return shared / Math.max(1, Math.min(own.size, other.size)) >= ALIKE
}

const DECIDED = new Set(['decided', 'is on'])

/** What each session decided and set a date for, by the sentences that say so. */
export function sessionDecisions(facts: readonly StatedFact[]): ProposedInsight[] {
  const sessions = new Map<string, StatedFact[]>()
  for (const fact of facts.filter(({ predicate }) => DECIDED.has(predicate))) {
    const [episode] = fact.episodes
    const session = episode?.session
    if (session !== undefined) sessions.set(session, [...(sessions.get(session) ?? []), fact])
  }
  return [...sessions.values()].flatMap(found => {
    const [first] = found.flatMap(({ episodes }) => episodes)
    if (first === undefined) return []
    const sentences = [
      ...new Map(found.map(({ sentence, episodes }) => [sentence, episodes[0]?.who])).entries(),
    ].slice(0, 20)
    const text = sentences
      .map(([sentence, who]) => `"${sentence}"${who === undefined ? '' : ` (${who})`}`)
      .join(' ')
    return [
      {
        text: `Decisions and dates of ${dayOfEpisode(first)}: ${text}`,
        from: [...new Set(found.flatMap(({ episodes }) => episodes.slice(0, 1).map(({ id }) => id)))],
        importance: importanceOfInsight('decisions', 1).importance,
      },
    ]
  })
}
