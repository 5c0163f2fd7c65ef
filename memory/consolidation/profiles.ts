/**
 * What is known of a person in one text: attributes and preferences, of what is held and of what was just stated.
 * Called by the extractive consolidator. A new profile takes the place of the one before.
 */
import { normalName } from '../facts/names.ts'
import type { MemoryRecord } from '../memory.ts'
import { importanceOfInsight } from './importance.ts'
import type { ProposedInsight } from './proposal.ts'
import { pairOf, type Stated } from './stated.ts'

export interface Profiles {
  readonly insights: readonly ProposedInsight[]
  /** Ids of the profiles they replace. */
  readonly drop: readonly string[]
}

interface Known {
  readonly subject: string
  readonly predicate: string
  readonly object: string
  readonly single: boolean
  readonly validFrom: number
  readonly from: readonly string[]
}

/** One line about somebody needs at least this many statements. */
const FEWEST = 2
const MOST = 20
const MOST_SOURCES = 100
/** Not of the person but of one occasion. */
const PASSING = new Set(['order number', 'reference number', 'decided', 'is on'])

/** One for each person of whom the episodes state or end something. */
export function profiles(
  stated: Stated,
  held: readonly MemoryRecord[],
  insights: readonly MemoryRecord[],
  by: string,
): Profiles {
  const people = new Set(stated.facts.flatMap(({ episodes }) => episodes.flatMap(({ who }) => who ?? [])))
  for (const { episode } of stated.endings) if (episode.who !== undefined) people.add(episode.who)
  const known = current(stated, held)
  const out: ProposedInsight[] = []
  const drop: string[] = []
  for (const who of people) {
    const own = known
      .filter(one => isOf(one.subject, who, stated.names) && !PASSING.has(one.predicate))
      .slice(0, MOST)
    const old = insights.filter(one => one.by === by && one.who === who && one.text.startsWith(headOf(who)))
    const text = `${headOf(who)}${lines(own, who)}`
    if (old.some(one => one.text === text)) continue
    drop.push(...old.map(({ id }) => id))
    if (own.length < FEWEST) continue
    const from = [...new Set(own.flatMap(one => one.from))].slice(0, MOST_SOURCES)
    out.push({ text, from, importance: importanceOfInsight('profile', 1).importance, who })
  }
  return { insights: out, drop }
}

const headOf = (who: string): string => `${who}: `
const isOf = (subject: string, who: string, names: Stated['names']): boolean => {
  const [own, plain] = [normalName(who), normalName(subject)]
  return (
    plain === own || [plain, ...(names.relationsOf.get(plain) ?? [])].some(one => one.startsWith(`${own}'`))
  )
}

/** Held facts and stated ones, without what newer statements and endings took back. Oldest first. */
function current({ facts, endings }: Stated, held: readonly MemoryRecord[]): Known[] {
  const all: Known[] = [
    ...held.flatMap(({ fact, validFrom, at, from = [] }) =>
      fact === undefined || from.length === 0
        ? []
        : [{ ...fact, single: fact.single ?? false, validFrom: validFrom ?? at, from }],
    ),
    ...facts
      .filter(({ validUntil, endedAt }) => validUntil === undefined && endedAt === undefined)
      .map(({ episodes, ...fact }) => ({ ...fact, from: episodes.map(({ id }) => id) })),
  ].sort((a, b) => a.validFrom - b.validFrom)
  const out = new Map<string, Known>()
  for (const one of all) {
    const key = one.single ? pairOf(one) : `${pairOf(one)}\0${normalName(one.object)}`
    const isOver = endings.some(
      end =>
        pairOf(end) === pairOf(one) &&
        (end.object === undefined || normalName(end.object) === normalName(one.object)) &&
        end.at >= one.validFrom,
    )
    const before = out.get(key)
    const from =
      before !== undefined && normalName(before.object) === normalName(one.object) ? before.from : []
    if (isOver) out.delete(key)
    else out.set(key, { ...one, from: [...new Set([...from, ...one.from])] })
  }
  return [...out.values()]
}

/** "lives in Porto; likes jazz, olives; Ana's wife is called Eva". */
function lines(own: readonly Known[], who: string): string {
  const groups = new Map<string, string[]>()
  for (const { subject, predicate, object } of own) {
    const head = normalName(subject) === normalName(who) ? predicate : `${subject} ${predicate}`
    groups.set(head, [...(groups.get(head) ?? []), object])
  }
  return [...groups].map(([head, objects]) => `${head} ${objects.join(', ')}`).join('; ')
}
