/**
 * What somebody comes back to: a noun that the same person uses in several sessions and that is rare otherwise, with
 * sentences that say it. Called by the extractive consolidator.
 */
import type { MemoryRecord } from '../memory.ts'
import { wordsOf } from '../recall/words.ts'
import { importanceOfInsight } from './importance.ts'
import type { Pause } from './pause.ts'
import type { ProposedInsight } from './proposal.ts'
import { quoted, type SaidSentence, saidSentences } from './said-sentences.ts'
import { stemsOf } from './text-rank.ts'
import { WEAK } from './weak-words.ts'

const FEWEST_SESSIONS = 3
/** In a larger part of somebody's sentences a word is a habit of speech, not a theme. */
const COMMON = 0.2
const MOST_THEMES = 5
const QUOTES = 3
const BEFORE_NOUN = new Set(
  'a an the my our his her their this some any of for with about in at on new no'.split(' '),
)

/** Of the speaker, not of the one who is spoken to. */
const OWN = /\b(?:I|my|me|we|our|us)\b/i
const TO_OTHERS = /\byou(?:r|rs|['’]\w+)?\b/i

interface Theme {
  readonly stem: string
  readonly sentences: readonly SaidSentence[]
  readonly sessions: number
  readonly weight: number
}

/** At most five for each person, most widely used first. */
export async function themes(
  episodes: readonly MemoryRecord[],
  pause: Pause,
): Promise<readonly ProposedInsight[]> {
  const people = [...new Set(episodes.flatMap(({ who }) => (who === undefined ? [] : [who])))]
  const names = new Set(people.flatMap(stemsOf))
  const out: ProposedInsight[] = []
  for (const who of people) {
    const said: SaidSentence[] = []
    for (const episode of episodes) {
      if (episode.who !== who || episode.session === undefined) continue
      said.push(...saidSentences([episode]).filter(({ text }) => OWN.test(text) && !TO_OTHERS.test(text)))
      await pause()
    }
    const found = themesOf(said, names).slice(0, MOST_THEMES)
    out.push(...found.map(theme => insightOf(theme, who)))
    await pause()
  }
  return out
}

function themesOf(said: readonly SaidSentence[], names: ReadonlySet<string>): Theme[] {
  const byStem = new Map<string, SaidSentence[]>()
  for (const sentence of said) {
    for (const stem of new Set(sentence.stems)) {
      if (WEAK.has(stem) || names.has(stem) || !/^\p{L}{4,}$/u.test(stem)) continue
      const known = byStem.get(stem)
      if (known === undefined) byStem.set(stem, [sentence])
      else known.push(sentence)
    }
  }
  return [...byStem]
    .flatMap(([stem, sentences]): Theme[] => {
      const sessions = new Set(sentences.map(({ episode }) => episode.session)).size
      const isTheme =
        sessions >= FEWEST_SESSIONS && sentences.length <= Math.max(FEWEST_SESSIONS, COMMON * said.length)
      const weight = sessions * Math.log(said.length / sentences.length + 1)
      return isTheme && isNoun(stem, sentences) ? [{ stem, sentences, sessions, weight }] : []
    })
    .sort((a, b) => b.weight - a.weight || (a.stem < b.stem ? -1 : 1))
}

/** Mostly the head of a noun phrase: after an article or a preposition, and before a word or mark that ends it. */
function isNoun(stem: string, sentences: readonly SaidSentence[]): boolean {
  const heads = sentences.filter(({ text }) => {
    const words = [...text.matchAll(/[\p{L}'’-]+|[.,;:!?"–—]/gu)].map(([word]) => word.toLowerCase())
    return words.some(
      (word, index) =>
        stemsOf(word)[0] === stem &&
        BEFORE_NOUN.has(words[index - 1] ?? '') &&
        stemsOf(words[index + 1] ?? '').length === 0,
    )
  })
  return heads.length * 3 > sentences.length
}

function insightOf({ stem, sentences, sessions }: Theme, who: string): ProposedInsight {
  const seen = new Set<string | undefined>()
  const shown = sentences
    .filter(({ episode: { session } }) => !seen.has(session) && seen.add(session))
    .slice(0, QUOTES)
  return {
    text: `${who} speaks of "${formOf(stem, sentences)}" in ${sessions} sessions: ${shown.map(quoted).join(' ')}`,
    from: [...new Set(sentences.map(({ episode }) => episode.id))].slice(0, 50),
    importance: importanceOfInsight('theme', sessions).importance,
    who,
  }
}

/** The word as it is written most often. */
function formOf(stem: string, sentences: readonly SaidSentence[]): string {
  const forms = new Map<string, number>()
  for (const { text } of sentences)
    for (const word of wordsOf(text)) {
      const lower = word.toLowerCase()
      if (stemsOf(lower)[0] === stem) forms.set(lower, (forms.get(lower) ?? 0) + 1)
    }
  return [...forms].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? stem
}
