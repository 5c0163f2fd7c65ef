/**
 * Relatives under their own names: once "Ana's brother is called Davi" is known, what is said of her brother and what is
 * said of Davi is about one person. Called by `stated.ts`. Who has several brothers by name keeps "Ana's brother" apart.
 */
import type { FoundStatements } from '../facts/found-statement.ts'
import { normalName } from '../facts/names.ts'
import { isSingle } from '../facts/predicates.ts'
import type { Statement } from '../memory.ts'

export interface RelativeNames {
  /** "ana's brother" -> "Davi". */
  readonly nameOf: ReadonlyMap<string, string>
  /** "davi" -> ["ana's brother"]. */
  readonly relationsOf: ReadonlyMap<string, readonly string[]>
}

const RELATION = /(?:'s|s') \p{L}/u

export function namesIn(statements: readonly Statement[]): RelativeNames {
  const called = new Map<string, Map<string, string>>()
  const relationsOf = new Map<string, string[]>()
  for (const { subject, predicate, object } of statements) {
    if (predicate !== 'is called' || !RELATION.test(subject)) continue
    const [relation, name] = [normalName(subject), normalName(object)]
    called.set(relation, (called.get(relation) ?? new Map<string, string>()).set(name, object))
    const relations = relationsOf.get(name) ?? []
    if (!relations.includes(relation)) relationsOf.set(name, [...relations, relation])
  }
  const nameOf = new Map<string, string>()
  for (const [relation, names] of called) {
    const [name, ...others] = names.values()
    if (name !== undefined && others.length === 0) nameOf.set(relation, name)
  }
  return { nameOf, relationsOf }
}

/** The same statements and endings, of people with names: of "my brother" there may be several, of Davi there is one. */
export const named = ({ statements, endings }: FoundStatements, names: RelativeNames): FoundStatements => ({
  statements: statements.map(one => {
    const name = one.predicate === 'is called' ? undefined : names.nameOf.get(normalName(one.subject))
    return name === undefined
      ? one
      : { ...one, subject: name, relation: one.subject, single: one.single || isSingle(one.predicate) }
  }),
  endings: endings.map(one => {
    const name = names.nameOf.get(normalName(one.subject))
    return name === undefined ? one : { ...one, subject: name }
  }),
})
