/**
 * The facts that hold while episodes are read one after the other: those that were held before, and what the episodes
 * stated so far. Called by `stated.ts`, for changes that are said by what was so before.
 */
import type { FoundEnding, FoundStatement, Turn } from '../facts/found-statement.ts'
import { normalName } from '../facts/names.ts'
import type { KnownFact } from '../facts/replacements.ts'
import type { MemoryRecord } from '../memory.ts'

interface DatedFact extends KnownFact {
  readonly validFrom: number
}

/** By normalised subject. Changed in place while episodes are read. */
export type KnownFacts = Map<string, DatedFact[]>

export function knownFrom(held: readonly MemoryRecord[]): KnownFacts {
  const known: KnownFacts = new Map()
  for (const { fact, validFrom, at } of held)
    if (fact !== undefined) put(known, { ...fact, single: fact.single ?? false, validFrom: validFrom ?? at })
  return known
}

function put(known: KnownFacts, fact: DatedFact): void {
  const subject = normalName(fact.subject)
  const list = known.get(subject)
  if (list === undefined) known.set(subject, [fact])
  else list.push(fact)
}

/** Of the speaker and of all whom the turn names, as far as they began before it. */
export function knownAbout(known: KnownFacts, { text, who, at }: Turn): readonly KnownFact[] {
  const lower = text.toLowerCase()
  const own = who === undefined ? undefined : normalName(who)
  const out: KnownFact[] = []
  for (const [subject, facts] of known)
    if (subject === own || lower.includes(subject)) out.push(...facts.filter(one => one.validFrom <= at))
  return out
}

/** A newer object takes the place of the older where there is one at a time. */
export function addKnown(known: KnownFacts, statements: readonly FoundStatement[]): void {
  for (const { subject, predicate, object, single, validFrom, validUntil } of statements) {
    if (validUntil !== undefined) continue
    const key = normalName(subject)
    const list = known.get(key) ?? []
    const isSame = (one: KnownFact): boolean =>
      normalName(one.predicate) === normalName(predicate) &&
      ((single && one.single) || normalName(one.object) === normalName(object))
    known.set(key, [...list.filter(one => !isSame(one)), { subject, predicate, object, single, validFrom }])
  }
}

export function endKnown(known: KnownFacts, endings: readonly FoundEnding[]): void {
  for (const { subject, predicate, object } of endings) {
    const key = normalName(subject)
    const list = known.get(key)
    if (list === undefined) continue
    const isMeant = (one: KnownFact): boolean =>
      normalName(one.predicate) === normalName(predicate) &&
      (object === undefined || normalName(one.object) === normalName(object))
    known.set(
      key,
      list.filter(one => !isMeant(one)),
    )
  }
}

/** What was held of "Ana's brother" ends when the same is stated anew of Davi, who he is. */
export const underRelation = (
  statements: readonly FoundStatement[],
  known: KnownFacts,
): readonly FoundEnding[] =>
  statements.flatMap(({ relation, predicate, object, single, validFrom, sentence }) =>
    relation === undefined || !single
      ? []
      : (known.get(normalName(relation)) ?? [])
          .filter(one => one.predicate === predicate && normalName(one.object) !== normalName(object))
          .map(one => ({
            subject: one.subject,
            predicate,
            object: one.object,
            at: validFrom,
            sentence,
          })),
  )
