/**
 * The predicates that extraction uses, and which of them have one object at a time. Read by the rules beside it. A
 * model or a user may store any other predicate.
 */

/**
 * One object at a time: a newer statement ends the older. `favourite …` is one too, whatever follows. A subject may
 * have several of all others: languages, pets, allergies, tastes, orders, decisions, tools.
 */
const SINGLE: ReadonlySet<string> = new Set([
  'lives in',
  'is from',
  'is called',
  'works at',
  'works as',
  'studies at',
  'married to',
  'born on',
  'born in',
  'birthday',
  'age',
  'email',
  'phone',
  'address',
  'is on',
  'is',
  'happens',
])

export const isSingle = (predicate: string): boolean =>
  SINGLE.has(predicate) || predicate.startsWith('favourite ')

/** What cannot hold of the same object at once: who says the one takes back the other. */
export const OPPOSITES: ReadonlyMap<string, string> = new Map([
  ['likes', 'dislikes'],
  ['dislikes', 'likes'],
])
