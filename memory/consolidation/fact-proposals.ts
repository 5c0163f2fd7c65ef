/**
 * Episodes into proposed facts and endings: the statements of each turn in the order of time, repetitions gathered
 * into one fact with several sources. Called by the extractive consolidator. It decides no contradictions.
 */
import type { FoundEnding, FoundStatement } from '../facts/found-statement.ts'
import { normalName } from '../facts/names.ts'
import { statementsOf } from '../facts/statements.ts'
import type { MemoryRecord } from '../memory.ts'
import { type Calendar, utc } from '../time/calendar.ts'
import { timeExpressions } from '../time/time-expressions.ts'
import { importanceOfFact } from './importance.ts'
import type { ProposedEnding, ProposedFact } from './proposal.ts'

export interface StatedFact extends FoundStatement {
  readonly episodes: readonly MemoryRecord[]
  /** Ended within these episodes and stated again later. */
  readonly endedAt?: number
}

export interface StatedEnding extends FoundEnding {
  readonly episode: MemoryRecord
}

export interface Stated {
  readonly facts: readonly StatedFact[]
  readonly endings: readonly StatedEnding[]
}

/**
 * Of 150 extractions from conversations nobody wrote for this, one was wrong when they were read (and the rule mended).
 * Kept lower than that, because other talk is less plain.
 */
const CONFIDENCE = 0.9
/** Names and objects beyond this are no names. */
const LONGEST = 250

/** What the episodes state, oldest first. Corrections refer to what their own session said before. */
export function statedIn(episodes: readonly MemoryRecord[], calendar: Calendar = utc): Stated {
  const ordered = [...episodes].sort((a, b) => a.at - b.at)
  const said = new Map<string, FoundStatement[]>()
  const facts: StatedFact[] = []
  const endings: StatedEnding[] = []
  for (const episode of ordered) {
    const { text, who, at, session } = episode
    const earlier = session === undefined ? [] : (said.get(session) ?? [])
    const found = statementsOf({ text, at, ...(who !== undefined && { who }) }, { earlier, calendar })
    const short = found.statements.filter(isShort)
    if (session !== undefined) said.set(session, [...earlier, ...short].slice(-50))
    for (const statement of short) addFact(facts, statement, episode, endings)
    endings.push(...found.endings.filter(isShort).map(ending => ({ ...ending, episode })))
  }
  return { facts, endings }
}

const isShort = ({ subject, predicate, object = '' }: FoundStatement | FoundEnding): boolean =>
  subject.length <= LONGEST && predicate.length <= LONGEST && object.length <= LONGEST

/** One more source of the last fact that says the same, unless it ended in between, or another fact of its own. */
function addFact(
  facts: StatedFact[],
  statement: FoundStatement,
  episode: MemoryRecord,
  endings: readonly StatedEnding[],
): void {
  const pair = pairOf(statement)
  const index = facts.findLastIndex(
    one => pairOf(one) === pair && (statement.single || sameObject(one, statement)),
  )
  const last = facts[index]
  const isSame = last !== undefined && sameObject(last, statement) && last.validUntil === statement.validUntil
  if (last === undefined || !isSame || last.episodes[0]?.trust !== episode.trust) {
    facts.push({ ...statement, episodes: [episode] })
    return
  }
  const end = endings.find(
    one =>
      pairOf(one) === pair && isMeant(one, last) && one.at > last.validFrom && one.at <= statement.validFrom,
  )
  if (end === undefined) {
    const validFrom = Math.min(last.validFrom, statement.validFrom)
    facts[index] = { ...last, validFrom, episodes: withEpisode(last.episodes, episode) }
    return
  }
  // The episode that ends it is a source of its end: without that episode it is to be read again.
  facts[index] = { ...last, endedAt: end.at, episodes: withEpisode(last.episodes, end.episode) }
  facts.push({ ...statement, episodes: [episode] })
}

const withEpisode = (episodes: readonly MemoryRecord[], episode: MemoryRecord): readonly MemoryRecord[] =>
  episodes.some(({ id }) => id === episode.id) || episodes.length >= MOST_SOURCES
    ? episodes
    : [...episodes, episode]
const MOST_SOURCES = 100

export const pairOf = ({
  subject,
  predicate,
}: {
  readonly subject: string
  readonly predicate: string
}): string => `${normalName(subject)}\0${normalName(predicate)}`
const sameObject = (a: FoundStatement, b: FoundStatement): boolean =>
  normalName(a.object) === normalName(b.object)
const isMeant = (ending: FoundEnding, fact: FoundStatement): boolean =>
  ending.object === undefined || normalName(ending.object) === normalName(fact.object)

/** Facts as they are proposed, their importance by predicate and number of sources. */
export function proposedFacts(facts: readonly StatedFact[]): ProposedFact[] {
  return facts.map(fact => {
    const { subject, predicate, object, single, validFrom, episodes } = fact
    const who = episodes[0]?.who
    const validUntil = fact.validUntil ?? fact.endedAt
    return {
      statement: { subject, predicate, object, single },
      text: sentenceOf(fact),
      from: episodes.map(({ id }) => id),
      validFrom,
      ...(validUntil !== undefined && { validUntil }),
      ...(who !== undefined && { who }),
      confidence: CONFIDENCE,
      importance: importanceOfFact(predicate, episodes.length).importance,
    }
  })
}

export const proposedEndings = (endings: readonly StatedEnding[]): ProposedEnding[] =>
  endings.map(({ subject, predicate, object, at, episode }) => ({
    subject,
    predicate,
    ...(object !== undefined && { object }),
    at,
    from: [episode.id],
  }))

const OWNED =
  /^(?:favourite .+|age|email|phone|address|birthday|goal|postcode|order number|account number|reference number)$/

/** "Ana lives in Porto", "Ana's favourite colour is green", "deadline is on Friday (2024-05-17)". */
export function sentenceOf({ subject, predicate, object, validFrom }: FoundStatement): string {
  if (OWNED.test(predicate)) return `${subject}${/s$/i.test(subject) ? "'" : "'s"} ${predicate} is ${object}`
  if (predicate.startsWith('born ')) return `${subject} was ${predicate} ${object}`
  return `${subject} ${predicate} ${object}${predicate === 'is on' ? dateOf(object, validFrom) : ''}`
}

/** The day that "Thursday" was when it was said. */
function dateOf(object: string, at: number): string {
  const [time] = timeExpressions(object, at, { look: 'ahead' })
  return time === undefined ? '' : ` (${new Date(time.from).toISOString().slice(0, 10)})`
}
