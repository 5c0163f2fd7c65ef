/**
 * What an English turn states: who lives where, works as what, likes and owns what, what was decided, and what no
 * longer holds. Called by extractive consolidation; also usable on its own. Pure. Patterns over clauses, no model:
 * it finds what is said plainly and leaves out the rest, since a wrong fact is worse than a missed one.
 */
import { type Calendar, utc } from '../time/calendar.ts'
import { timeExpressions } from '../time/time-expressions.ts'
import { attributesOf } from './attributes.ts'
import { changesOf } from './changes.ts'
import { clausesOf } from './clauses.ts'
import { birthday, CONTACTS_AND_PROJECTS, contactOf, reachedAt } from './contacts-and-projects.ts'
import { corrections } from './corrections.ts'
import type { FoundEnding, FoundStatement, FoundStatements, Turn } from './found-statement.ts'
import { impliedBy, LIFE_CHANGES } from './life-changes.ts'
import { favourites, mentioned } from './mentions.ts'
import { goalOf, nameOf, PERSON } from './person.ts'
import { PLACE_AND_WORK } from './place-and-work.ts'
import { callOf, POSSESSIONS } from './possessions.ts'
import { isSingle, OPPOSITES } from './predicates.ts'
import { type Found, type Rule, type Said, since, states } from './rules.ts'
import { type Subjected, subjectOf } from './subjects.ts'
import { favourite, TASTES } from './tastes.ts'

export interface StatementOptions {
  /** What the session stated before, oldest first: "actually, it's Thursday, not Friday" corrects one of these. */
  readonly earlier?: readonly FoundStatement[]
  /** Whose days are meant by "yesterday". Default: UTC. */
  readonly calendar?: Calendar
}

/** Read behind a subject, all of them. */
export const RULES: readonly Rule[] = [
  ...PLACE_AND_WORK,
  ...LIFE_CHANGES,
  ...POSSESSIONS,
  ...PERSON,
  ...TASTES,
  ...CONTACTS_AND_PROJECTS,
]
/** A longer turn is a document. What stands behind this is not read. */
const LONGEST_TURN = 20_000

/** The statements of one turn in its order. Every object is a stretch of the turn, as written. */
export function statementsOf(turn: Turn, options: StatementOptions = {}): FoundStatements {
  const { earlier = [], calendar = utc } = options
  const statements: FoundStatement[] = []
  const endings: FoundEnding[] = []
  for (const { text, sentence } of clausesOf(turn.text.slice(0, LONGEST_TURN))) {
    const corrected = corrections(text, sentence, turn, [...earlier, ...statements])
    statements.push(...corrected)
    if (corrected.length > 0) continue
    for (const found of readClause(text, sentence, turn, calendar)) {
      const object = found.object === undefined ? undefined : verbatim(found.object, sentence)
      if (found.is === 'ending') endings.push(ending(found, turn, sentence))
      else if (object !== undefined) {
        statements.push(statement({ ...found, object }, turn, sentence))
        endings.push(...takenBack({ ...found, object }, turn, sentence))
      }
    }
  }
  return { statements: distinct(statements), endings }
}

/** The object as its sentence writes it; undefined if it is not there, because a time stood in its middle. */
function verbatim(object: string, sentence: string): string | undefined {
  const index = sentence.replace(/[’‘ʼ]/g, "'").indexOf(object)
  return index < 0 ? undefined : sentence.slice(index, index + object.length)
}

type FoundHere = Found & { readonly subject: string; readonly unique: boolean; readonly relation?: string }

function readClause(text: string, sentence: string, turn: Turn, calendar: Calendar): FoundHere[] {
  const own = { subject: turn.who ?? '', unique: true }
  const direct = [nameOf, contactOf, reachedAt, callOf, goalOf].flatMap(read => read(text, turn.who))
  if (direct.length > 0) return direct.map(found => ({ ...own, ...found }))
  const mine = /^my (?=(?:all-time |absolute |new |current )?favou?rite\b|(?:\p{L}+'s )?birthday\b)/iu.exec(
    text,
  )
  if (mine !== null && turn.who !== undefined) {
    const self = {
      subject: { name: turn.who, is: 'self', unique: true },
      rest: text.slice(mine[0].length).replace(/^(?:new|current) /, ''),
    } as const
    const said = saidOf(self, turn.at, sentence, calendar)
    return [...favourite(said), ...birthday(said)].map(found => ({ ...own, ...found }))
  }
  const assumed = [...mentioned(text, turn.who), ...favourites(text, turn.who)].map(found => ({
    ...own,
    ...found,
  }))
  const first = attributesOf(text, turn.who)
  const implied = first.length > 0 ? [] : impliedBy(text, turn.who)
  const named = first.length > 0 ? first : [...changesOf(text, turn.who), ...implied]
  if (named.length > 0)
    return [...assumed, ...named.map(found => ({ ...own, ...timed(found, turn.at, calendar) }))]
  const plain = asserted(text, sentence, turn, calendar)
  const behind =
    plain.length > 0 ? undefined : /^[\p{L} ]{2,30}: (?<rest>\S.*)$/u.exec(text)?.groups?.['rest']
  return [...assumed, ...plain, ...(behind === undefined ? [] : readClause(behind, sentence, turn, calendar))]
}

/** Since when, by the times behind the object. */
function timed(found: Found, at: number, calendar: Calendar): Found {
  if (found.is !== 'statement' || found.after === undefined || found.after.length < 4) return found
  const { after, ...rest } = found
  return { ...rest, ...since({ times: timeExpressions(after, at, { calendar }), at }) }
}

const HARDLY = /^(?:never|hardly|barely|rarely|seldom|almost|nearly)\b(?! (?:eats?|drinks?)\b)/

function asserted(text: string, sentence: string, turn: Turn, calendar: Calendar): FoundHere[] {
  const subjected = subjectOf(text, turn.who)
  if (subjected === undefined || !agrees(subjected)) return []
  const { name, unique, relation } = subjected.subject
  const said = saidOf(subjected, turn.at, sentence, calendar)
  if (HARDLY.test(said.rest)) return []
  const found = RULES.flatMap(rule => rule(said))
  const called =
    relation === undefined || found.length === 0
      ? []
      : [states('is called', name, { subject: relation, single: false })]
  return [
    ...called.map(one => ({ subject: name, unique, ...one })),
    ...found.map(one => ({ subject: name, unique, ...(relation !== undefined && { relation }), ...one })),
  ]
}

const BASE =
  /^(?:like|love|live|work|have|hate|enjoy|prefer|use|play|speak|study|adore|own|dislike|detest|am|are|do|drink|eat|come|reside|collect|teach|volunteer|drive|pay|learn|stick|follow|call)\b/
const THIRD =
  /^(?:likes|loves|lives|works|has|hates|enjoys|prefers|uses|plays|speaks|studies|adores|owns|is|does|drinks|eats|comes|resides|collects|teaches|volunteers|drives|pays|learns|sticks|follows|calls)\b/

/** "Unconditional love is …" is nobody's love: the verb has to fit the subject. */
const agrees = ({ subject, rest }: Subjected): boolean =>
  subject.is === 'self' ? !THIRD.test(rest) : !BASE.test(rest) && !/^[^\p{L}]/u.test(rest)

function saidOf({ subject, rest }: Subjected, at: number, sentence: string, calendar: Calendar): Said {
  const times = timeExpressions(rest, at, { calendar, ...(subject.is === 'thing' && { look: 'ahead' }) })
  let without = rest
  for (const { text, index } of [...times].reverse()) {
    if (/^(?:[a-z]+ )?(?:the )?(?:morning|evening|night|summer|winter|spring|fall|autumn)$/i.test(text))
      continue
    without = `${without.slice(0, index).trimEnd()} ${without.slice(index + text.length).trimStart()}`
  }
  return {
    subject,
    whole: rest,
    rest: without
      .trim()
      .replace(/\s+([.,;!])/g, '$1')
      .replace(/\s+in$/, ''),
    times,
    at,
    sentence,
  }
}

const statement = (
  found: FoundHere & { readonly is: 'statement' },
  turn: Turn,
  sentence: string,
): FoundStatement => ({
  subject: found.subject,
  predicate: found.predicate,
  object: found.object,
  single: found.single ?? (found.unique && isSingle(found.predicate)),
  sentence,
  validFrom: found.validFrom ?? turn.at,
  ...(found.validUntil !== undefined && { validUntil: found.validUntil }),
  ...(found.relation !== undefined && { relation: found.relation }),
})

const ending = (found: FoundHere & { readonly is: 'ending' }, turn: Turn, sentence: string): FoundEnding => ({
  subject: found.subject,
  predicate: found.predicate,
  ...(found.object !== undefined && { object: found.object }),
  at: found.at ?? turn.at,
  ...(found.held === true && { held: true }),
  sentence,
})

function takenBack(
  found: FoundHere & { readonly is: 'statement' },
  turn: Turn,
  sentence: string,
): FoundEnding[] {
  const predicate = OPPOSITES.get(found.predicate)
  return predicate === undefined
    ? []
    : [{ subject: found.subject, predicate, object: found.object, at: found.validFrom ?? turn.at, sentence }]
}

function distinct(found: readonly FoundStatement[]): FoundStatement[] {
  const seen = new Map(found.map(one => [`${one.subject}\0${one.predicate}\0${one.object}`, one]))
  return [...seen.values()]
}
