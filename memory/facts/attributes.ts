/**
 * "My doctor is Dr. Okafor", "the budget of Heron went from 5,000 to 8,000 euros", "Sam is our lead now", "new laptop: a
 * ThinkPad": attributes of people and projects, said with a noun. Called by `statements.ts` with whole clauses.
 */
import { type AttributeNoun, attributeNoun, predicateOf } from './attribute-nouns.ts'
import { NO_NAMES, ONE_OF, SOME_OF } from './known-words.ts'
import { nameOfRelation } from './names.ts'
import { ends, type Found, states } from './rules.ts'
import { amountIn, type Shape, valueIn } from './values.ts'

// What a word is made of is said by what it is not: classes of letters take long to compile, and these are many.
const IN_WORD = '[^\\s,.;:!?()"\'/“”]'
const PART = `\\p{Lu}${IN_WORD}*(?:\\.${IN_WORD}+)?`
export const PROPER: string = `${PART}(?: ${PART}){0,2}`
const NOUN = `(?<noun>${IN_WORD}+(?: ${IN_WORD}+){0,3}?)`
const OF = `(?: (?:of|for|on|in|at|behind) (?:the |our |project )?(?<of>me|us|${PROPER})(?:'s)?(?: (?:project|team|account|app|service))?| (?:for|of|on) (?:me and )?(?:for )?(?:my|our|the|this) [a-z-]+(?: [a-z-]+)?| for me(?: and [a-z ]{2,20})?| to (?:call|reach|contact|ring)(?: me| us)?)?`
const DET = '(?:(?<det>[Mm]y|[Oo]ur|[Tt]he|[Aa]n?|[Tt]his|[Dd]aily|[Yy]our|[Aa]ll the|[Aa]ll) )?'
/** "The Heron stand-up" is tried after "Heron's stand-up" and "the stand-up of Heron". */
export const PHRASES: readonly string[] = [
  `${DET}(?:(?<owner>${PROPER})'s? |(?<rel>[a-z]+)'s )?${NOUN}${OF}`,
  `${DET}(?<owner>${PROPER}) (?<noun>[a-z-]+(?: [a-z-]+)?)`,
]

export const ADVERBS =
  '(?:(?:now|currently|still|officially|actually|already|again|once again|just|finally|also|at present|presently|really|these days) )*'
const CHANGED =
  'moved|changed|went|gone|goes|go|rose|risen|fell|dropped|slipped|slips|switched|pushed(?: back| out)?|raised|lowered|increased|decreased|reduced|cut|extended|postponed|delayed|rescheduled|brought forward|updated|upgraded|set|bumped|planned|scheduled|fixed|agreed|handed over|passed|shifted|moves|switches|changes'
export const FROM = '(?: (?:away )?from (?<old>.{1,40}?))?'
const LINK = [
  "(?: is| are|'s| remains?| stays?| became| becomes?| will be| has become| have become|:| =)",
  `(?: has| have)?(?: was| is| got| are| been| has been| have been)? ${ADVERBS}(?:${CHANGED})(?: over)?(?: again)?${FROM} (?:to|for|at|on|until|till)`,
  ' (?:sits|lives|runs|run|goes|go|happens?|takes place|is held|are held|is stored|is kept|are kept|is hosted|are hosted|is handled|are handled|starts|begins|is with|are with|is paid|has gone|have gone) (?:now )?(?:in|on|at|through|via|by|with|over)',
  // "Heron stand-up at 13:30".
  '(?= at \\d)',
].join('|')
const FILLER = `${ADVERBS}(?:(?:called|named|set to|set at|planned for|scheduled for|due on|at|on|by|for|with|through|via|to|in|under|:) )?${ADVERBS}`

const STATED = PHRASES.map(phrase => new RegExp(`^${phrase}(?<link>${LINK}) ${FILLER}(?<value>\\S.*)$`, 'u'))

interface Groups {
  readonly [name: string]: string | undefined
}

export interface Holder {
  readonly subject: string
  readonly noun: AttributeNoun
}

/** Whose attribute a noun phrase names, and which. */
export function holderOf(groups: Groups, who: string | undefined): Holder | undefined {
  const { det, owner, rel, of, noun = '' } = groups
  const isOwn = /^[Mm]y$/.test(det ?? '') || of === 'me' || of === 'us'
  const name = of === 'me' || of === 'us' ? undefined : (of ?? owner)
  if (name !== undefined) {
    const found = NO_NAMES.has(name.split(' ')[0] ?? '') ? undefined : attributeNoun(noun, false)
    return found && { subject: name, noun: found }
  }
  const found = attributeNoun(noun, isOwn || rel !== undefined)
  if (found === undefined) return undefined
  if (rel !== undefined) {
    const isKnown =
      who !== undefined && /^[Mm]y|[Oo]ur$/.test(det ?? '') && (ONE_OF.has(rel) || SOME_OF.has(rel))
    return isKnown ? { subject: nameOfRelation(who, rel), noun: found } : undefined
  }
  const isBare = det === undefined && (/^(?::| =)$/.test(groups['link'] ?? '') || /^best time$/i.test(noun))
  if (isOwn || (found.personal && (isBare || /^[Oo]ur$/.test(det ?? ''))))
    return who === undefined ? undefined : { subject: who, noun: found }
  // "The deadline is Friday" is about the deadline, and read elsewhere.
  const isThing = /^(?:[Oo]ur|[Tt]he)$/.test(det ?? '') && !found.personal
  return isThing
    ? { subject: noun.replace(/^(?:new|current) /, ''), noun: { ...found, predicate: 'is' } }
    : undefined
}

const isThing = ({ noun }: Holder): boolean => noun.predicate === 'is'
/** Times and amounts of things without an owner have rules of their own, which see more of the clause. */
const shapesFor = (holder: Holder): readonly Shape[] =>
  isThing(holder)
    ? holder.noun.shapes.filter(shape => shape === 'name' || shape === 'person')
    : holder.noun.shapes

/** What a clause states of an attribute. */
export function attributesOf(clause: string, who: string | undefined): Found[] {
  for (const pattern of STATED) {
    const groups = pattern.exec(clause)?.groups
    if (groups === undefined) continue
    const found = stated(groups, who)
    if (found.length > 0) return found
  }
  return [...retimed(clause, who), ...renewed(clause, who), ...filled(clause, who), ...measured(clause, who)]
}

function stated(groups: Groups, who: string | undefined): Found[] {
  const { of, det, noun = '', link = '', value = '', old } = groups
  const holder = holderOf(groups, who)
  if (holder === undefined) return betweenNames(of, det, noun, link, value)
  if (/^:| =$/.test(link.trim()) && isThing(holder)) return []
  return valued(holder, value, old)
}

/** "The mascot of Heron is Otto": between two names any noun will do, and with them a verb that places it. */
function betweenNames(
  of: string | undefined,
  det: string | undefined,
  noun: string,
  link: string,
  value: string,
): Found[] {
  const isPlain = /^\p{L}\p{Ll}+(?: \p{Ll}+)?$/u.test(noun) && !VAGUE.test(noun)
  if (of === undefined || of === 'me' || of === 'us' || NO_NAMES.has(of.split(' ')[0] ?? '') || !isPlain)
    return []
  if (
    !/^ (?:sits|lives|runs|run|goes|go|is|are|is stored|is kept|is hosted|is handled|are handled)\b/.test(
      link,
    )
  )
    return []
  if (/^ (?:is|are)$/.test(link) && !/^[Tt]he|[Oo]ur$/.test(det ?? '')) return []
  const name = valueIn(value, ['name'])
  return name === undefined
    ? []
    : [states(predicateOf(noun.replace(/^all the /, '')), name, { subject: of, single: true })]
}
const VAGUE =
  /\b(?:rest|best|worst|problem|point|idea|friend|friends|people|part|most|some|one|many|end|beginning|side|only|kind|sort|favou?rite|reason|thing|things|name|son|daughter|photo|picture|story|book|song|film)\b/i

/** The value, and the one before it if the clause names it. */
export function valued(holder: Holder, text: string, old?: string): Found[] {
  const shapes = shapesFor(holder)
  const value = valueIn(text, shapes)
  const before = old === undefined ? undefined : valueIn(old, shapes)
  if (value === undefined) return []
  const { subject, noun } = holder
  // Rent is monthly unless said otherwise, so that both ways to say it are the same.
  const object = noun.predicate === 'rent' ? value.replace(/ (?:a|per) month$/, '') : value
  const more = { subject, single: true, after: text.slice(text.indexOf(value) + value.length) }
  return [
    ...(before === undefined ? [] : [ends(noun.predicate, before, undefined, { subject, held: true })]),
    states(noun.predicate, object, more),
  ]
}

const GOT =
  "(?:(?:(?:I|[Ww]e|[Yy]ou)(?: have|'ve| have got|'ve got| got| finally got| bought| ordered| picked up| found| have had| had)|[Gg]ot|[Hh]ave|[Pp]icked up|[Bb]ought|[Mm]eet|[Ww]elcome|[Ss]ay hello to|[Tt]his is) )?"
const WHEN =
  '(?: (?:today|yesterday|now|finally|at last|again|since [\\p{L}\\p{N} ]{2,20}?|(?:this|last) (?:week|month|morning|weekend)))?'
const NEW = new RegExp(
  `^(?:[Nn]ew [a-z-]+, )?${GOT}(?:(?<det>[Mm]y|[Oo]ur|[Tt]he|[Aa]n?) )?[Nn]ew ${NOUN}${OF}${WHEN}(?:(?:: |, (?:it's |it is |that's )?|,? (?:called|named) )(?:a |an |the )?)(?<value>\\S.*)$`,
  'u',
)

const NEW_TIME = new RegExp(
  `^(?:[Tt]he )?[Nn]ew (?:time|date|day|slot) (?:for|of) (?:(?<det>[Mm]y|[Oo]ur|[Tt]he) )?(?:(?<owner>${PROPER})(?:'s)? )?${NOUN}${OF}(?:: |, | is )(?<value>\\S.*)$`,
  'u',
)

/** "New time for the Heron stand-up: 9:30". */
function retimed(clause: string, who: string | undefined): Found[] {
  const groups = NEW_TIME.exec(clause)?.groups
  const holder = groups === undefined ? undefined : holderOf(groups, who)
  return holder === undefined || isThing(holder) ? [] : valued(holder, groups?.['value'] ?? '')
}

/** "I have a new phone, a Nokia", "new address for me: …", "we have a new lead on Heron: Sam". */
function renewed(clause: string, who: string | undefined): Found[] {
  const groups = NEW.exec(clause)?.groups
  if (groups === undefined) return []
  const isNamed = groups['of'] !== undefined && !/^(?:me|us)$/.test(groups['of'])
  const { of, noun = '' } = groups
  const language = noun === 'language' && !isNamed ? valueIn(groups['value'] ?? '', ['language']) : undefined
  // People take up languages; those of projects have other names.
  if (language !== undefined)
    return who === undefined ? [] : [states('is learning', language, { subject: who })]
  const found = attributeNoun(noun, !isNamed)
  if (found === undefined) return []
  if (isNamed && of !== undefined) return valued({ subject: of, noun: found }, groups['value'] ?? '')
  if (found.personal)
    return who === undefined ? [] : valued({ subject: who, noun: found }, groups['value'] ?? '')
  return valued({ subject: noun, noun: { ...found, predicate: 'is' } }, groups['value'] ?? '')
}

const AS = new RegExp(
  `^(?<value>(?:(?:Dr|Mr|Mrs|Ms|Prof)\\.? )?${PROPER}|[\\p{L}\\p{N} .]{3,30}?)(?: is|'s| are| became| becomes| has become| will be| takes over as| has been appointed| was appointed| is taking over as| joins as| joined as| starts as| acts as) ${ADVERBS}(?:as )?(?:(?<det>my|our|the|a) )?(?:new |current )?${NOUN}${OF}(?=$|[.,;:!]| (?:now|today|tomorrow|since|from|for|after|this|last|next|on|and|but|so|starting|until|yesterday|again|as|at|these|too|until|instead|because|with|who|which)\\b)(?<after>.*)$`,
  'u',
)

/** "Sam is our new lead", "Dr. Okafor is my doctor now", "Ingrid takes over as product owner of Heron". */
function filled(clause: string, who: string | undefined): Found[] {
  const groups = AS.exec(clause)?.groups
  if (groups === undefined || groups['det'] === 'a') return []
  const holder = holderFilled(groups, who)
  const value = groups['value'] ?? ''
  if (holder === undefined || !holder.noun.shapes.some(shape => shape === 'person' || shape === 'name'))
    return []
  const name = valueIn(value, holder.noun.shapes.includes('person') ? ['person'] : ['name'])
  if (name !== value) return []
  return [
    states(holder.noun.predicate, name, {
      subject: holder.subject,
      single: true,
      after: groups['after'] ?? '',
    }),
  ]
}

/** Nouns grow here until the holder is known: "product" is none, "product owner of Heron" is. */
function holderFilled(groups: Groups, who: string | undefined): Holder | undefined {
  const { of, det } = groups
  if (of === undefined && det === undefined) return undefined
  return holderOf(groups, who)
}

const NEEDS = new RegExp(
  `^(?:(?<of>${PROPER})|(?<my>[Mm]y|[Oo]ur) (?<own>[a-z-]+)) (?:now )?(?:has|have|gets|needs|requires|fails under|fails below|allows|demands|comes with|must have|costs|was upgraded, I have) (?:now )?(?:(?:a|an|the) (?<noun>[a-z-]+(?: [a-z-]+){0,2}) of )?(?<value>[€$£]?\\d.*)$`,
  'u',
)
const GIVEN = new RegExp(
  `^[\\p{L} ]{1,30}? (?:gave|granted|gives|allows|approved) (?<of>${PROPER}) (?:a|an) (?<noun>[a-z-]+(?: [a-z-]+){0,2}) of (?<value>[€$£]?\\d.*)$`,
  'u',
)
const TO_SPEND = new RegExp(
  `^(?:I|[Ww]e) have (?<value>[€$£]?\\d.*?) (?:to spend (?:on|for)|left for|set aside for) (?<of>${PROPER})`,
  'u',
)
const PAYS =
  /^(?:I|we|We) (?:now |currently )?pay (?<value>[€$£]?\d.*?) (?:(?:a|per|each|every) (?:month|week) )?(?:in |of |for )?(?:(?:my|our|the|this) )?(?<noun>rent|flat|apartment|mortgage|room|house|place)\b/

/** Amounts: "Heron has a budget of 5,000 euros", "my line has 100 Mbit", "I pay 700 euros rent". */
function measured(clause: string, who: string | undefined): Found[] {
  const pays = PAYS.exec(clause)?.groups
  if (pays !== undefined && who !== undefined) {
    const amount = valueIn(pays['value'] ?? '', ['amount'])
    const predicate = pays['noun'] === 'mortgage' ? 'mortgage' : 'rent'
    return amount === undefined ? [] : [states(predicate, amount, { subject: who, single: true })]
  }
  const spend = TO_SPEND.exec(clause)?.groups
  if (spend?.['of'] !== undefined) {
    const budget = valueIn(spend['value'] ?? '', ['amount'])
    return budget === undefined ? [] : [states('budget', budget, { subject: spend['of'], single: true })]
  }
  const groups = (NEEDS.exec(clause) ?? GIVEN.exec(clause))?.groups
  const amount = amountIn(groups?.['value'] ?? '')
  if (groups === undefined || amount === undefined) return []
  const { of, my, own, value = '' } = groups
  const after = value.slice(value.indexOf(amount) + amount.length)
  const noun =
    groups['noun'] ?? /^ (?:of )?(?<noun>[\p{Ll}-]+(?: [\p{Ll}-]+)?)/u.exec(after)?.groups?.['noun']
  if (my !== undefined)
    return who === undefined ||
      !/^(?:line|connection|internet|plan|contract|flat|apartment|house|phone|car)$/.test(own ?? '')
      ? []
      : [states(own ?? '', amount, { subject: who, single: true })]
  const found = [noun, noun?.split(' ')[0]].flatMap(one =>
    one === undefined ? [] : (attributeNoun(one, false) ?? []),
  )[0]
  return of === undefined || found === undefined || !found.shapes.includes('amount') || NO_NAMES.has(of)
    ? []
    : [states(found.predicate, amount, { subject: of, single: true })]
}
