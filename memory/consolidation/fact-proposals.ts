/**
 * What episodes state as proposed facts and endings: how they read, how much they weigh, where they come from. Called
 * by the extractive consolidator. It decides no contradictions.
 */
import { timeExpressions } from '../time/time-expressions.ts'
import { importanceOfFact } from './importance.ts'
import type { ProposedEnding, ProposedFact } from './proposal.ts'
import type { StatedEnding, StatedFact } from './stated.ts'

/** Of 100 extractions read by hand from conversations nobody wrote for this, few were wrong; other talk is less plain. */
const CONFIDENCE = 0.9

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

/** Said of a subject as a verb; every other predicate is a noun: "Ana's doctor is Dr. Okafor". */
const VERBAL =
  /^(?:(?:is|has|does|was|lives|works|likes|dislikes|prefers|uses|plays|speaks|studies|joined|decided|collects|teaches|coaches|volunteers|gave|married|engaged|allergic|born|grew|subscribes|rotates?|expires?|renews?|resets?|refreshes|repeats?|runs?|meets?|in)\b)/

/** "Ana lives in Porto", "Ana's favourite colour is green", "deadline is on Friday (2024-05-17)". */
export function sentenceOf(
  fact: Pick<StatedFact, 'subject' | 'predicate' | 'object' | 'validFrom' | 'relation'>,
): string {
  const { predicate, object, validFrom, relation } = fact
  const subject = relation === undefined ? fact.subject : `${fact.subject} (${relation})`
  const day = dateOf(object, validFrom)
  if (/^(?:married|engaged|allergic) to$|^born |^in a relationship/.test(predicate))
    return `${subject} ${predicate.startsWith('born ') ? 'was' : 'is'} ${predicate} ${object}`
  if (VERBAL.test(predicate)) return `${subject} ${predicate} ${object}${day}`
  return `${subject}${/s$/i.test(subject) ? "'" : "'s"} ${predicate} is ${object}${day}`
}

const RELATIVE =
  /^(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|^(?:tomorrow|next (?:week|month|year))$|^\d{1,2} \p{L}+$|^\p{L}+ \d{1,2}$/iu

/** The day that "Thursday" was when it was said. */
function dateOf(object: string, at: number): string {
  const [time] = RELATIVE.test(object) ? timeExpressions(object, at, { look: 'ahead' }) : []
  return time === undefined ? '' : ` (${new Date(time.from).toISOString().slice(0, 10)})`
}
