/**
 * "Actually, it's Thursday, not Friday" and "sorry, I meant Lisbon": statements that replace an object said before.
 * Called by `statements.ts` with what the session stated so far. What it cannot tie to exactly one earlier statement
 * it leaves out.
 */
import type { FoundStatement, Turn } from './found-statement.ts'
import { normalName, sameName } from './names.ts'
import { cutObject, wordCount } from './objects.ts'

const INSTEAD =
  /^(?:(?:it|that|this)(?:'s| is| was)|I (?:meant|mean)|make (?:that|it)|(?:it )?should be) (?:actually |in fact |now )?(?:on |in |at )?(?<right>.{1,60}?)(?:,| and)? (?:not|instead of|rather than) (?:on |in |at )?(?<wrong>.{1,60}?)[.!]*$/i
const MEANT = /^(?:I (?:meant|mean)|make (?:that|it)) (?:to say )?(?:on |in |at )?(?<right>.{1,60}?)[.!]*$/i
/** Only these many statements back may be meant. */
const REACH = 12

/** The corrected statement: it holds from when the wrong one would have held. */
export function corrections(
  clause: string,
  sentence: string,
  turn: Turn,
  earlier: readonly FoundStatement[],
): FoundStatement[] {
  const near = earlier.slice(-REACH)
  const instead = INSTEAD.exec(clause)?.groups
  if (instead !== undefined) return replaced(near, instead['right'] ?? '', instead['wrong'], sentence)
  const meant = MEANT.exec(clause)?.groups
  const last = near.at(-1)
  // Without the wrong word only the last single-valued statement of the speaker's own can be meant.
  const isOwn = last?.single === true && turn.who !== undefined && last.subject.startsWith(turn.who)
  return meant === undefined || last === undefined || !isOwn
    ? []
    : replaced([last], meant['right'] ?? '', last.object, sentence)
}

function replaced(
  near: readonly FoundStatement[],
  right: string,
  wrong: string | undefined,
  sentence: string,
): FoundStatement[] {
  const object = cutObject(right)
  const meant = near.filter(one => wrong !== undefined && sameName(one.object, wrong))
  const distinct = new Set(meant.map(one => `${normalName(one.subject)}\0${one.predicate}`))
  const last = meant.at(-1)
  if (last === undefined || distinct.size !== 1 || !last.single) return []
  if (object === '' || wordCount(object) > 5 || sameName(object, last.object)) return []
  return [{ ...last, object, sentence }]
}
