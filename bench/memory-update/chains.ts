/** Which values an attribute takes over the months of a dialogue, and in which session each is said. */
import type { Cast } from './cast.ts'
import type { Advice, Attribute } from './dialogue.ts'
import type { Dice } from './random.ts'
import { SESSIONS } from './slots.ts'

/** A value and the turns that state it, which are known once the dialogue is laid out. */
export interface Told {
  readonly value: string
  readonly turns: number[]
}

/** What the assistant said, and where. */
export interface Given {
  readonly advice: Advice
  readonly told: Told
}

export interface Link {
  readonly told: Told
  readonly session: number
}

export interface Chain {
  readonly attribute: Attribute
  /** The subject. */
  readonly name: string
  readonly links: readonly Link[]
}

/** Two to four values each, none used twice in a dialogue (`used` is added to), a month or more apart. */
export const chainsOf = (
  attributes: readonly Attribute[],
  cast: Cast,
  chance: Dice,
  used: Set<string>,
): readonly Chain[] =>
  attributes.map(attribute => {
    const roll = chance.next()
    const count = roll < 0.3 ? 2 : roll < 0.75 ? 3 : 4
    const free = chance.shuffled(attribute.values.filter(value => !used.has(value)))
    const span = Math.floor(SESSIONS / count)
    const values = free.slice(0, count)
    if (attribute.ordered) values.sort((a, b) => attribute.values.indexOf(a) - attribute.values.indexOf(b))
    const links = values.map((value, at) => {
      used.add(value)
      return { told: { value, turns: [] }, session: at * span + chance.between(0, Math.max(1, span - 6)) }
    })
    return { attribute, name: nameOf(attribute, cast), links }
  })

/** Whom or what an attribute is about. */
export function nameOf({ of, name }: Attribute, { speaker, project, relatives }: Cast): string {
  if (of === 'speaker') return speaker
  return of === 'project' ? project : (relatives[name] ?? speaker)
}
