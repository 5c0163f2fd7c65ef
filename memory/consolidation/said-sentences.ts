/**
 * The sentences of episodes with who said them and where, for insights that quote them verbatim. Called by summaries
 * and themes.
 */
import type { MemoryRecord } from '../memory.ts'
import { stemsOf } from './text-rank.ts'

export interface SaidSentence {
  readonly text: string
  readonly stems: readonly string[]
  readonly episode: MemoryRecord
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })
/** Shorter ones say little, longer ones are no quotation. In characters. */
const SHORTEST = 20
const LONGEST = 300
/** Of one episode: more is a document. */
const MOST = 20

/** Sentences that state something: no questions, no greetings, at least three telling words. */
export const saidSentences = (episodes: readonly MemoryRecord[]): SaidSentence[] =>
  episodes.flatMap(episode =>
    [...segmenter.segment(episode.text.slice(0, 10_000))]
      .map(({ segment }) => segment.trim().replace(/\s+/g, ' '))
      .filter(text => text.length >= SHORTEST && text.length <= LONGEST && !/\?["”')]*$/.test(text))
      .slice(0, MOST)
      .map(text => ({ text, stems: stemsOf(text), episode }))
      .filter(({ stems }) => new Set(stems).size >= 3),
  )

/** `"I moved." (Ana)` */
export const quoted = ({ text, episode }: SaidSentence): string =>
  `"${text}"${episode.who === undefined ? '' : ` (${episode.who})`}`

/** Episodes of each session, oldest first; those without a session belong to none. */
export function bySession(episodes: readonly MemoryRecord[]): Map<string, MemoryRecord[]> {
  const out = new Map<string, MemoryRecord[]>()
  for (const episode of [...episodes].sort((a, b) => a.at - b.at)) {
    if (episode.session === undefined) continue
    const known = out.get(episode.session)
    if (known === undefined) out.set(episode.session, [episode])
    else known.push(episode)
  }
  return out
}

export const dayOfEpisode = ({ at }: MemoryRecord): string => new Date(at).toISOString().slice(0, 10)
