/**
 * Changes that only make sense to those who know what was so before: "sold the Fabia and bought a Niro", "goodbye
 * SQLite", "the harp has replaced the cello". Called by consolidation with the facts that hold. It ends nothing that is
 * not named in the turn, and says of a new value what was said of the one it took the place of.
 */
import { clausesOf } from './clauses.ts'
import type { FoundEnding, FoundStatement, FoundStatements, Turn } from './found-statement.ts'
import { kindOf } from './kinds.ts'
import { LANGUAGES } from './known-words.ts'
import { normalName, sameName } from './names.ts'
import { cutObject, wordCount } from './objects.ts'
import { type Shape, valueIn } from './values.ts'

/** A fact that holds when the turn is said. */
export interface KnownFact {
  readonly subject: string
  readonly predicate: string
  readonly object: string
  readonly single: boolean
}

/** What does not change because somebody speaks of leaving or dropping it. */
const LASTING =
  /^(?:is called|birthday|born on|born in|age|allergic to|is from|grew up in|speaks|decided|goal|order number|account number|reference number|joined|gave up|does not eat|does not drink|dislikes|anniversary)$/

const ARTICLE =
  '(?:(?:the|my|our|an?|on|at|in|by|being|using|it|with|old|of|reading|learning|playing|flat|house|apartment|room|calls|job|course|class|lessons|account|subscription|to) )*'
const BEFORE_END = new RegExp(
  `(?:\\b(?:gave up|given up|giving up|give up)(?: on)?|\\b(?:quit|dropped|ditched|sold|no more|goodbye|bye|bye-bye|farewell|farewell to|enough of|instead of|rather than|done with|through with|finished with|got rid of|cancelled|canceled|replaced|replaces|returned|delete|remove|removed|stopped|no longer(?: (?:read|use|have|play|drive|learn|study|work at|work for|live in|live at))?|used to be|used to have|used to use|used to play|closed|shut down|swapped|traded|traded in|put away|do not|don't miss|do not miss|as opposed to|took over from|takes over from)|\\b(?:don't|doesn't|do not|does not) (?:use|have|play|work at|work for|live in|learn|study|read|drive)|, (?:and )?not|\\bput) ${ARTICLE}$`,
  'i',
)
const OVER =
  '(?:over|gone|history|cancelled|canceled|switched off|shut down|turned off|retired|dead|closed|finished|no more|behind me|behind us|a thing of the past|not enough|too slow|too dear|too expensive)'
const AFTER_END = new RegExp(
  `^(?: (?:plan|phase|days|course|lessons?|class|account|contract|subscription|job|era|server|servers))?(?:(?: is| are| was| were| has been| have been| got)(?: now| finally| already)? ${OVER}(?=$|[.,;!]| (?:now|for|and|but|so|since)\\b)| (?:retired|broke|broke down|died|gave up|stepped down|resigned|quit|went on leave|left the (?:team|company|project|practice)|has left|can retire|can go|fell into|got stolen|was stolen|no longer works?|away)\\b| left(?=[,.]| and\\b)|(?: already)? feels far away| (?:for good|any more|anymore)\\b)`,
  'i',
)
const LEFT_FOR_GOOD = /\bleft $/i

/** What the turn ends and states, given what holds. `known`: of all whom it may be about. */
export function replacementsIn(
  turn: Turn,
  found: FoundStatements,
  known: readonly KnownFact[],
): FoundStatements {
  const near = known.filter(one => !LASTING.test(one.predicate) && turn.text.includes(one.object))
  const endings: FoundEnding[] = found.statements.flatMap(one => supersededBy(one, known))
  const statements: FoundStatement[] = []
  if (near.length === 0) return { statements, endings }
  for (const sentence of new Set(clausesOf(turn.text).map(clause => clause.sentence))) {
    for (const fact of meantIn(near, sentence, turn)) {
      const change = changeIn(sentence, fact, normalName(fact.subject) === normalName(turn.who ?? ''))
      if (change === undefined) continue
      const { subject, predicate, object, single } = fact
      if (found.statements.some(one => isOf(one, subject) && sameName(one.object, object))) continue
      endings.push({ subject, predicate, object, at: turn.at, sentence })
      const value = change.value
      const isStated = [...found.statements, ...statements].some(
        one => isOf(one, subject) && (value === undefined || sameName(one.object, value)),
      )
      if (value !== undefined && !isStated)
        statements.push({ subject, predicate, object: value, single, sentence, validFrom: turn.at })
    }
  }
  return { statements, endings }
}

const isOf = (one: FoundStatement, subject: string): boolean =>
  normalName(one.subject) === normalName(subject)

/** Facts of those whom the sentence is about: of whom it names, or else of the speaker. */
function meantIn(near: readonly KnownFact[], sentence: string, turn: Turn): readonly KnownFact[] {
  const said = near.filter(one => sentence.includes(one.object))
  const named = said.filter(
    one => normalName(one.subject) !== normalName(turn.who ?? '') && mentions(turn.text, one),
  )
  if (named.length > 0) return named
  const own =
    turn.who === undefined ? [] : said.filter(one => normalName(one.subject) === normalName(turn.who ?? ''))
  // "Bob sold his Golf": somebody else is spoken of.
  const first =
    /^(?:\p{Lu}\p{Ll}+) (?=(?:has |just |finally )*(?:sold|left|gave|quit|replaced|dropped|moved|traded|swapped) )/u.exec(
      sentence,
    )?.[0]
  return first !== undefined &&
    !/^(?:We|I|Just|Finally|Sold|Left|Gave|Quit|Replaced|Dropped|Moved|Traded|Swapped) /.test(first)
    ? []
    : own
}

function mentions(text: string, { subject }: KnownFact): boolean {
  const index = text.toLowerCase().indexOf(subject.toLowerCase())
  return (
    index >= 0 &&
    !/[\p{L}\p{N}]/u.test(text[index + subject.length] ?? '') &&
    !/[\p{L}\p{N}]/u.test(text[index - 1] ?? '')
  )
}

interface Change {
  /** What took its place. */
  readonly value?: string
}

/** What others are reported to say. */
const TOLD =
  /\b(?:said|says|told|tells|thinks|thought|claims|claimed|heard|wrote|asked|asks|believes|suggested|hopes?)\b/i
/** "My brother gave up Greek" is not about the speaker's. */
const BY_OTHERS =
  /(?:\b(?:he|she|they|someone|somebody|nobody|everyone|(?:my|his|her|their|an?) [a-z-]+(?: [A-Z]\S+)?)) (?:has |have |had |just |finally |also |already |never |always )*(?:gave up|given up|quit|dropped|ditched|sold|stopped|left|cancelled|canceled|returned|swapped|traded|got rid of|no longer|does not|doesn't|used to)\b[^,;]*$/i
const SHIFTS =
  /\b(?:mov(?:ed?|es|ing)|switch(?:ed|es)?|chang(?:ed?|es)|migrat(?:ed?|es)|went|goes|gone|relocat\w+|upgrad\w+|downgrad\w+|transferr?\w*|rose|fell|raised|lowered|cut|push(?:ed)?|slip(?:ped|s)?|postponed|set|swap(?:ped)?|traded|convert(?:ed)?|replac(?:ed|es)|increased|reduced|rescheduled|promoted|shifted|bumped|port(?:ed)?)\b/i

/** "From Porto to Rome" is a journey unless somebody moved. */
const shifts = (before: string, { predicate }: KnownFact): boolean =>
  predicate === 'lives in' ? /\b(?:moved|relocated|transferred)\b/i.test(before) : SHIFTS.test(before)

/** Whether the sentence says that the object of the fact is so no more. */
function changeIn(sentence: string, fact: KnownFact, isOwn: boolean): Change | undefined {
  const { object } = fact
  const index = sentence.indexOf(object)
  if (
    index < 0 ||
    /[\p{L}\p{N}]/u.test(sentence[index - 1] ?? '') ||
    /[\p{L}\p{N}']/u.test(sentence[index + object.length] ?? '')
  )
    return undefined
  const before = sentence.slice(0, index)
  const after = sentence.slice(index + object.length)
  if (TOLD.test(before) || (isOwn && BY_OTHERS.test(before))) return undefined
  if (/\bfrom (?:the |my |our )?$/i.test(before) && !shifts(before, fact)) return undefined
  const value = valueBehind(before, after, object) ?? valueBefore(before, object)
  if (value !== undefined && !sameName(value, object)) return { value }
  const isLeft = LEFT_FOR_GOOD.test(before) && /^ (?:for good|behind)\b/.test(after)
  if (!isLeft && !BEFORE_END.test(before) && !AFTER_END.test(after)) return undefined
  const other = otherOfKind(sentence, object) ?? itIs(sentence, object)
  return other === undefined ? {} : { value: other }
}

const shapesLike = (object: string): readonly Shape[] => {
  if (object.includes('@')) return ['email']
  if (valueIn(object, ['time']) === object) return ['time']
  if (/^[€$£]?\d/.test(object)) return /^\d+[a-z]? \p{Lu}/u.test(object) ? ['address'] : ['amount']
  return /^\p{Lu}|^[ie]\p{Lu}/u.test(object) ? ['name'] : ['words']
}

const BEHIND: readonly (readonly [before: RegExp, after: RegExp])[] = [
  [
    /\bfrom (?:the |my |our |an? |being (?:an? )?)?$/i,
    /^(?: (?:plan|account|subscription|tariff|package|course|class))?(?: over| up| down| back)? (?:to|into|onto) (?:the |an? |my |our |being (?:an? )?)?(?<value>\S.*)$/,
  ],
  [
    /\b(?:replaced?|swapped|swap|traded(?: in)?|exchanged|changed?|switched|substituted|left|ditched|dropped) (?:the |my |our |an? )?$/i,
    /^(?: (?:plan|account|subscription|package|flat|job))?(?: in| out)? (?:by|with|for|to join|to) (?:the |an? |my |our )?(?:new )?(?<value>\S.*)$/,
  ],
  [
    /\b(?:sold|left|dropped|ditched|gave up|quit|cancelled|canceled|returned|got rid of|gave away|stopped|put) (?:the |my |our |learning |playing |using )?(?:flat in |job at )?$/i,
    /^(?: away| for good| in)?(?:,)? and (?:now )?(?:bought|got|took(?: up)?|started(?: with| on| learning| at)?|picked up|chose|went for|booked|settled in|moved to|joined|use|am on|switched to|ordered|play|learn) (?:the |an? |my |our )?(?<value>\S.*)$/,
  ],
  [
    /\b(?:not|no longer|isn't|is not|aren't) (?:the |an? |on |at |in )?$/i,
    /^(?: any ?more)?,? but (?:now )?(?:the |an? |on |at |in )?(?<value>\S.*)$/,
  ],
]

function valueBehind(before: string, after: string, object: string): string | undefined {
  for (const [front, back] of BEHIND) {
    const text = front.test(before) ? back.exec(after)?.groups?.['value'] : undefined
    const value = text === undefined ? undefined : valueIn(text, shapesLike(object))
    if (value !== undefined && fits(value, object)) return value
  }
  return undefined
}

const INSTEAD =
  /(?:,? (?:instead of|rather than|in place of)|, (?:and )?(?:not|no longer)|,? no more|(?: has| have)?(?: now)? (?:replaces|replaced|taken the place of|takes the place of|took the place of|takes over from|took over from|succeeds|succeeded)) (?:the |my |our |an? |on |at |in |by )?$/i
const NAME_AT_END =
  /(?:^|[\s:])(?<value>(?:(?:Dr|Prof)\. )?(?:\p{Lu}|[ie]\p{Lu})[\p{L}\p{N}.&'-]*(?: (?:\p{Lu}[\p{L}\p{N}.&'-]*|&|\d+))*)$/u
const WORDS_AT_END = /(?:^|\s|:)(?:the |an? |my |on |at |by )(?<value>\p{Ll}[\p{L}-]*(?: \p{Ll}[\p{L}-]*)?)$/u

/** "Saturdays instead of Mondays", "the harp has replaced the cello": what stands in front of the change. */
function valueBefore(before: string, object: string): string | undefined {
  const change = INSTEAD.exec(before)
  if (change === null) return undefined
  const front = before.slice(0, change.index).replace(/ (?:now|today)$/, '')
  const [shape] = shapesLike(object)
  if (shape === 'name' || shape === 'words') {
    const value = (shape === 'name' ? NAME_AT_END : WORDS_AT_END).exec(front)?.groups?.['value']
    return value !== undefined && fits(value, object) && !/^(?:I|We|The|My|It)$/.test(value)
      ? value
      : undefined
  }
  // Amounts and times: the last of them before.
  for (let start = Math.max(0, front.length - 30); start < front.length; start++) {
    if (start > 0 && !/[\s:]/.test(front[start - 1] ?? '')) continue
    const value = valueIn(front.slice(start), shape === undefined ? [] : [shape])
    if (value !== undefined && fits(value, object)) return value
  }
  return undefined
}

/** Of the same make-up: as many words, about, and of the same kind if kinds are known. */
function fits(value: string, object: string): boolean {
  const [a, b] = [kindOfObject(value), kindOfObject(object)]
  if (a !== undefined && b !== undefined && a !== b) return false
  return (
    wordCount(value) <= 4 &&
    !sameName(value, object) &&
    !/^(?:it|this|that|them|one|something)\b/i.test(value)
  )
}

const kindOfObject = (name: string): string | undefined =>
  kindOf(name) ?? (LANGUAGES.has(name) ? 'language' : undefined)

/** "The Mazda 3 is mine and the Kia Niro is gone": the only other thing of the kind. */
function otherOfKind(sentence: string, object: string): string | undefined {
  const kind = kindOfObject(object)
  if (kind === undefined) return undefined
  const others = new Map<string, string>()
  for (const { index } of sentence.matchAll(/(?<![\p{L}\p{N}])[\p{L}]/gu)) {
    const text = sentence.slice(index)
    const name = /^(?:\p{Lu}|[ie]\p{Lu})[\p{L}\p{N}.-]*(?: (?:\p{Lu}[\p{L}\p{N}-]*|\d+))*/u.exec(text)?.[0]
    const word = name ?? /^\p{Ll}[\p{L}-]+/u.exec(text)?.[0]
    if (word === undefined || object.includes(word) || word.includes(object)) continue
    if (kindOfObject(word) !== kind) continue
    if (![...others.values()].some(one => one.includes(word))) others.set(normalName(word), word)
  }
  const [only, ...more] = others.values()
  return more.length > 0 ? undefined : only?.replace(/\.$/, '')
}

/** "Graz it is, no more Ghent for me." */
function itIs(sentence: string, object: string): string | undefined {
  const value = /(?:^|[,.:] )(?<value>\p{Lu}[\p{L}-]+(?: \p{Lu}[\p{L}-]+)?) it is\b/u.exec(sentence)
    ?.groups?.['value']
  return value !== undefined && fits(value, object) ? cutObject(value) : undefined
}

const RENEWED =
  /\b(?:now|instead|nowadays|these days|from (?:today|now) on|switched|changed|migrated|moved|new|since)\b/i
const ADDED = /\b(?:too|also|as well|second|another|besides|both|additionally|sometimes|next to)\b/i
const OF_A_KIND = new Set(['uses', 'plays', 'is learning', 'is', 'diet'])

/** "We run on Postgres now" ends another database; "I play the harp too" ends nothing. */
function supersededBy(stated: FoundStatement, known: readonly KnownFact[]): FoundEnding[] {
  const kind = kindOfObject(stated.object)
  if (kind === undefined || stated.validUntil !== undefined || ADDED.test(stated.sentence)) return []
  const isKindOf = (one: KnownFact): boolean => OF_A_KIND.has(one.predicate) || one.predicate === kind
  if (!stated.single && !RENEWED.test(stated.sentence)) return []
  if (!OF_A_KIND.has(stated.predicate) && stated.predicate !== kind) return []
  return known
    .filter(
      one =>
        isOf(stated, one.subject) &&
        isKindOf(one) &&
        !(one.predicate === stated.predicate && one.single) &&
        kindOfObject(one.object) === kind &&
        !sameName(one.object, stated.object),
    )
    .map(({ subject, predicate, object }) => ({
      subject,
      predicate,
      object,
      at: stated.validFrom,
      sentence: stated.sentence,
    }))
}
