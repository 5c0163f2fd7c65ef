/**
 * What episodes state and end: the statements of each turn in the order of time, repetitions gathered into one fact with
 * several sources, relatives under their names, changes read with what held before. Called by the extractive
 * consolidator. It decides no contradictions, and lets others run between turns.
 */
import { FIRST_READINGS } from '../facts/first-readings.ts'
import type { FoundEnding, FoundStatement, FoundStatements } from '../facts/found-statement.ts'
import { normalName, sameName } from '../facts/names.ts'
import { replacementsIn } from '../facts/replacements.ts'
import { statementsOf } from '../facts/statements.ts'
import type { MemoryRecord } from '../memory.ts'
import { type Calendar, utc } from '../time/calendar.ts'
import { addKnown, endKnown, knownAbout, knownFrom, underRelation } from './known-facts.ts'
import type { Pause } from './pause.ts'
import { named, namesIn, type RelativeNames } from './relative-names.ts'

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
  readonly names: RelativeNames
}

interface Read {
  readonly episode: MemoryRecord
  readonly found: FoundStatements
}

/** Names and objects beyond this are no names. */
const LONGEST = 250

/** What the episodes state, oldest first, given the facts that are held. */
export async function statedIn(
  episodes: readonly MemoryRecord[],
  held: readonly MemoryRecord[],
  pause: Pause,
  calendar: Calendar = utc,
): Promise<Stated> {
  const read = await readAll(
    [...episodes].sort((a, b) => a.at - b.at),
    pause,
    calendar,
  )
  const names = namesIn([
    ...held.flatMap(({ fact }) => (fact === undefined ? [] : [fact])),
    ...read.flatMap(({ found }) => found.statements),
  ])
  const facts: StatedFact[] = []
  const endings: StatedEnding[] = []
  const known = knownFrom(held)
  const heard = firstHeard(read)
  for (const { episode, found: unnamed } of read) {
    const found = named(unnamed, names)
    const turn = turnOf(episode)
    const before = knownAbout(known, turn)
    const changed = replacementsIn(turn, found, before)
    const statements = [...found.statements, ...changed.statements]
    const ended = [...found.endings, ...changed.endings.filter(isShort), ...underRelation(statements, known)]
    for (const statement of statements) addFact(facts, statement, episode, endings)
    for (const ending of ended) {
      const old = heldUntil(ending, before, heard.get(turn.who ?? ''))
      if (old !== undefined) addFact(facts, old, episode, endings)
    }
    endings.push(...ended.map(ending => ({ ...ending, episode })))
    endKnown(known, ended)
    addKnown(known, statements)
    await pause()
  }
  return { facts, endings, names }
}

const turnOf = ({ text, at, who }: MemoryRecord) => ({ text, at, ...(who !== undefined && { who }) })

/** Corrections refer to what their own session said before. */
async function readAll(
  ordered: readonly MemoryRecord[],
  pause: Pause,
  calendar: Calendar,
): Promise<readonly Read[]> {
  const said = new Map<string, FoundStatement[]>()
  const out: Read[] = []
  for (const prepare of FIRST_READINGS) {
    prepare()
    await pause()
  }
  for (const episode of ordered) {
    const { session } = episode
    const earlier = session === undefined ? [] : (said.get(session) ?? [])
    const { statements, endings } = statementsOf(turnOf(episode), { earlier, calendar })
    const found = { statements: statements.filter(isShort), endings: endings.filter(isShort) }
    if (session !== undefined) said.set(session, [...earlier, ...found.statements].slice(-50))
    out.push({ episode, found })
    await pause()
  }
  return out
}

const isShort = ({ subject, predicate, object = '' }: FoundStatement | FoundEnding): boolean =>
  subject.length <= LONGEST && predicate.length <= LONGEST && object.length <= LONGEST

const firstHeard = (read: readonly Read[]): ReadonlyMap<string, number> => {
  const out = new Map<string, number>()
  for (const { episode } of read) if (!out.has(episode.who ?? '')) out.set(episode.who ?? '', episode.at)
  return out
}

/**
 * "From Porto to Lisbon" says that it was Porto until then. Since when is not said: it is taken to have been so since
 * the speaker was first heard.
 */
function heldUntil(
  { subject, predicate, object, at, held, sentence }: FoundEnding,
  known: readonly { readonly subject: string; readonly object: string }[],
  heard: number | undefined,
): FoundStatement | undefined {
  if (held !== true || object === undefined || heard === undefined || heard >= at) return undefined
  if (known.some(one => sameName(one.subject, subject) && sameName(one.object, object))) return undefined
  return { subject, predicate, object, single: true, sentence, validFrom: heard, validUntil: at }
}

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
