/**
 * Rules for what somebody is, has, is called and can be reached by. Called by `statements.ts`.
 */

import { kindOf } from './kinds.ts'
import { CONDITIONS, LANGUAGES, NATIONALITIES, OWNED, STATES } from './known-words.ts'
import { nameOfRelation } from './names.ts'
import { cutList, cutObject, listed, properName, wordCount } from './objects.ts'
import { ends, type Found, isAhead, type Rule, rule, type Said, since, sinceFor, states } from './rules.ts'

const NAME =
  /^["“]?(?<name>\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*\.?(?= \p{Lu})| \p{Lu}[\p{L}'’-]*){0,3})["”]?(?=$|[\s.,;:!)])/u

const calledName = (text: string | undefined): string | undefined => NAME.exec(text ?? '')?.groups?.['name']

const isCalled = rule(
  /^(?:(?:am|is|are) (?:called|named)|goes by|go by) (?<name>.+)$/,
  ({ name }, { subject }) => {
    const found = calledName(name)
    return found === undefined ? [] : [states('is called', found, { single: subject.unique })]
  },
)

/** "My name is Ana", "my wife's name is Eva", read from the whole clause. */
export function nameOf(clause: string, who: string | undefined): Found[] {
  const match = /^my (?:(?<relation>\p{L}+)'s |(?:full |real )?)name(?: is|'s) (?<name>.+)$/iu.exec(clause)
  const name = calledName(match?.groups?.['name'])
  if (match === null || name === undefined || who === undefined) return []
  const relation = match.groups?.['relation']
  const subject = relation === undefined ? who : nameOfRelation(who, relation.toLowerCase())
  return [states('is called', name, { subject })]
}

const married = rule(
  /^(?:(?:am|is|are|have been|has been) (?:happily )?married|got married|married) to (?<whom>.+)$/,
  ({ whom }, said) => {
    const name = calledName(whom)
    return name === undefined ? [] : [states('married to', name, { ...since(said), ...sinceFor(said) })]
  },
)

const allergic = rule(
  /^(?:(?:am|is|are) (?:very |severely |highly |extremely |deathly |slightly |mildly )?allergic to|(?:have|has) an allergy to) (?<what>.+)$/,
  ({ what }) => {
    const object = cutList(what ?? '')
    return wordCount(object) === 0 ||
      wordCount(object) > 12 ||
      /\b(?:it|that|this|them|you|most|everything|anything|something)\b/.test(object)
      ? []
      : listed(object.replace(/^both /, '')).flatMap(one =>
          wordCount(one) > 6 ? [] : [states('allergic to', one)],
        )
  },
)

const allergy = rule(
  /^(?:have|has) an? (?:severe |bad |mild |serious )?(?<what>[\p{L}-]+(?: [\p{L}-]+)?) allergy\b/u,
  ({ what }) =>
    what === undefined || /^(?:food|bad|weird|new|strange)$/.test(what) ? [] : [states('allergic to', what)],
)

const notAllergic = rule(/^(?:am|is|are) (?:no longer|not) allergic to (?<what>.+)$/, ({ what }, { at }) => {
  const object = cutObject(what ?? '')
  return object === '' ? [] : [ends('allergic to', object, at)]
})

const MANY = '(?:another|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|\\d{1,2}|twin)'
const OWNING = new RegExp(
  `^(?:have|has|have got|has got|owns?|got|adopted|have adopted|has adopted|bought|have bought|has bought|(?:have |has )?(?:just )?got|(?:have |has )?(?:just )?adopted|(?:am|is|are) the proud owners? of) (?<what>(?<many>${MANY}) (?<words>[\\p{L}-]+(?: [\\p{L}-]+){0,4}))`,
  'iu',
)

/** "Two dogs", "a red car": as many words as belong to the thing. */
const has: Rule = said => {
  const match = OWNING.exec(said.rest)
  const words = (match?.groups?.['words'] ?? '').split(' ')
  const many = match?.groups?.['many'] ?? ''
  const last = words.findIndex(
    (word, index) => OWNED.has(word.toLowerCase()) && !OWNED.has((words[index + 1] ?? '').toLowerCase()),
  )
  if (match === null || last < 0 || last > 2) return []
  const before = words.slice(0, last)
  if (
    before.some(
      word =>
        /^(?:of|for|with|to|from|and|or|the|that|in|at|on|new|great|good|lovely|friend|friends|photo|picture)$/i.test(
          word,
        ) && word !== 'new',
    )
  )
    return []
  if (
    /^(?:friend|show|walker|walkers|shelter|food|walk|lover|person|sitter|park|toy|toys|bed|house|event|party|accident|crash|ride|rides|trip|tour|rental|wash|dealership|shop|trouble|problem|issue|bag|seat|plan|project|idea|class|lesson|lessons|recital|concert|warming|hunting|loan|payment|that|who)$/i.test(
      words[last + 1] ?? '',
    )
  )
    return []
  const object = `${many} ${words.slice(0, last + 1).join(' ')}`
  const noun = words[last]?.toLowerCase() ?? ''
  return [states('has', object, since(said)), ...calledThat(said, noun, many)]
}

/** "A dog named Max": the dog is called Max. */
function calledThat({ subject, rest }: Said, noun: string, many: string): Found[] {
  const name = /\b(?:named|called) (?<name>.+)$/.exec(rest)?.groups?.['name']
  const found = calledName(name)
  if (found === undefined || !/^(?:another|an?|one|1)$/i.test(many) || !rest.includes(`${noun} `)) return []
  return [states('is called', found, { subject: nameOfRelation(subject.name, noun), single: false })]
}

const hasCondition = rule(
  /^(?:have|has|suffers? from|(?:was|were) diagnosed with) (?:type [12] |severe |mild |chronic )?(?<what>[\p{L}-]+)(?=$|[\s.,;!])/u,
  ({ what }, said) =>
    CONDITIONS.has((what ?? '').toLowerCase()) ? [states('has', what ?? '', since(said))] : [],
)

const hasNoMore = rule(
  /^(?:sold|have sold|has sold|gave away|have given away|no longer (?:have|has|owns?)|(?:do|does) not (?:have|own)|got rid of|lost) (?:my|our|his|her|their|the|an?) (?<what>(?:[\p{L}-]+ ){0,2}?[\p{L}-]+)(?=$|[\s.,;!])/u,
  ({ what }, said) => {
    const words = cutObject(what ?? '').split(' ')
    const isGone = !/^(?:do|does) not/.test(said.rest) || /any ?more/.test(said.rest)
    return isGone && OWNED.has((words.at(-1) ?? '').toLowerCase())
      ? [ends('has', words.join(' '), since(said).validFrom ?? said.at)]
      : []
  },
)

/** The date as it stands in the whole text, which `rest` no longer has. */
const bornOn: Rule = ({ whole, times, subject }) => {
  const match = /^was born (?<when>(?:on|in) .+)$/.exec(whole)
  if (match === null || subject.is === 'thing') return []
  const when = times.find(time => whole.indexOf(time.text) <= 'was born on '.length)
  if (when !== undefined) return [states('born on', when.text.replace(/^(?:on|in|around|back in) /i, ''))]
  const place = properName((match.groups?.['when'] ?? '').replace(/^(?:on|in) /, ''))
  return place === undefined ? [] : [states('born in', place)]
}

const bornAndRaised = rule(/^(?:was|were) born (?:and raised )?in (?<place>.+)$/, ({ place }, said) => {
  const name = properName(place ?? '')
  return name === undefined || /^was born in/.test(said.rest) ? [] : [states('born in', name)]
})

const age: Rule = ({ whole, subject, at }) => {
  if (subject.is === 'thing') return []
  const match =
    /^(?:(?:just )?turned|(?:am|is) (?:already |only )?(?:turning )?)(?: )?(?<age>\d{1,3})(?: years?[ -]old)?(?=$|[.!,;)]| (?:and|now|but|today|yesterday|last|this|on)\b)(?<rest>.*)$/.exec(
      whole,
    )
  const years = Number(match?.groups?.['age'])
  if (match === null || !(years >= 1 && years <= 115) || /^am turning/.test(whole)) return []
  return [states('age', match.groups?.['age'] ?? '', { validFrom: at })]
}

const isState = rule(
  /^(?:am|is|are|became|have become|went|have gone|have been) (?:an? )?(?<what>\p{L}[\p{L}-]*)(?=$|[\s.,;!])(?<after>.*)$/u,
  ({ what, after }, said) => {
    const word = what ?? ''
    const isKnown = STATES.has(word) || STATES.has(word.toLowerCase()) || NATIONALITIES.has(word)
    // "I am Italian food's greatest friend", "I am blind to it".
    const isWhole = /^(?:$|\s*[.,;!]| (?:and|but|so|now|since|for|myself|by)\b)/.test(after ?? '')
    return isKnown && isWhole && said.subject.is !== 'thing'
      ? [states('is', word, { ...since(said), single: false })]
      : []
  },
)

const isNoMore = rule(
  /^(?:am|is|are) (?:no longer|not) (?:an? )?(?<what>\p{L}[\p{L}-]*)(?: any ?more)?(?=$|[.,;!])/u,
  ({ what }, { at }) =>
    STATES.has(what ?? '') || STATES.has((what ?? '').toLowerCase()) ? [ends('is', what, at)] : [],
)

const speaks = rule(
  /^(?:speaks?|(?:am|is|are) fluent in) (?:fluent |native |good |some )?(?<what>.+)$/,
  ({ what }) => {
    const named = (what ?? '').match(/\p{Lu}\p{Ll}+/gu) ?? []
    return [...new Set(named)].filter(name => LANGUAGES.has(name)).map(name => states('speaks', name))
  },
)

const doesNotEat = rule(
  /^(?:(?:do|does) not|never) (?<verb>eat|drink|smoke)s?\b ?(?<what>.*)$/,
  ({ verb, what }, said) => {
    const object = cutList(what ?? '')
    if (
      said.subject.is === 'thing' ||
      /\b(?:any ?more|yet|much|enough|well|it|that|this|them|out|here|there|until|breakfast|lunch|dinner)\b/.test(
        what ?? '',
      )
    )
      return []
    if (verb === 'smoke') return []
    return object === '' || (wordCount(object) > 2 && !object.includes(','))
      ? []
      : listed(object).map(one => states(`does not ${verb}`, one))
  },
)

const PLAYED =
  /^plays? (?:the )?(?<what>guitar|piano|violin|cello|drums|flute|clarinet|trumpet|saxophone|ukulele|bass|harp|banjo|tennis|football|soccer|basketball|volleyball|chess|badminton|golf|hockey|rugby|cricket|baseball|squash)(?=$|[\s.,;!])/
const plays = rule(PLAYED, ({ what }) => (what === undefined ? [] : [states('plays', what)]))

/** "My dream is to open a studio", read from the whole clause. */
export function goalOf(clause: string, who: string | undefined): Found[] {
  const match =
    /^(?:my|our) (?:main |big |biggest |ultimate |next |long-term )?(?:goal|dream|ambition) (?:is|has always been) (?:still )?(?<goal>to .+)$/i.exec(
      clause,
    )
  const goal = cutObject(match?.groups?.['goal'] ?? '')
  const words = wordCount(goal)
  return who === undefined || words < 3 || words > 12 || VAGUE.test(goal)
    ? []
    : [states('goal', goal, { subject: who })]
}

const VAGUE =
  /\b(?:it|this|that|these|those|them|you|your|him|her|us|there|one|something|everything|things?|both)\b/i

const grewUp = rule(/^(?:grew up|was raised|were raised) in (?<place>.+)$/, ({ place }) => {
  const name = properName(place ?? '')
  return name === undefined ? [] : [states('grew up in', name)]
})

const GROUP =
  /(?:group|club|gym|team|choir|band|orchestra|program|programme|class|course|council|league|community|association|church|network|committee|workshop|bootcamp|academy|brigade|forum|society|union|squad|troupe|circle)$/i
const joined = rule(
  /^(?:have |has )?(?:just )?(?:joined|signed up for|enrolled in|became a member of) (?<what>(?:an?|the) .+)$/,
  ({ what }, said) => {
    const object = cutObject(what ?? '').replace(
      / (?:to|for|called|named|with|at|about|near|in|last|next|this) .*$/,
      '',
    )
    return GROUP.test(object) && !isAhead(said) && wordCount(object) <= 7 && !VAGUE.test(object)
      ? [states('joined', object, since(said))]
      : []
  },
)

const ACTIVITY = /^(?:the )?[\p{L}-]+(?: [\p{L}-]+){0,3}$/u
const pursues = rule(
  /^(?<verb>collects?|teach(?:es)?|coach(?:es)?|volunteers? (?:at|for)|(?:am|is|are) (?:volunteering (?:at|for)|learning|teaching)|(?:have|has) been (?:volunteering (?:at|for)|learning|teaching|playing|collecting)) (?<what>.+)$/,
  ({ verb, what }, said) => {
    const object = cutObject(
      (what ?? '').replace(
        / for (?:about |almost |over |nearly )?(?:an? )?\w+ (?:days?|weeks?|months?|years?)\b.*$/,
        '',
      ),
    )
    const from = { ...since(said), ...sinceFor(said) }
    if (
      !ACTIVITY.test(object) ||
      VAGUE.test(object) ||
      // Instruments and languages have rules of their own.
      kindOf(object) === 'instrument' ||
      LANGUAGES.has(object) ||
      /^(?:how|to|about|a lot|a ton|a bunch|plenty|much|for|since|here|now|well|really|together|in|on|at|so|more|new|from|with|around|my|our|some|lots|myself|himself|herself)\b/.test(
        object,
      )
    )
      return []
    const stem = /collect|teach|coach|volunteer|learn|play/.exec(verb ?? '')?.[0]
    const predicate = stem === undefined ? undefined : PURSUITS.get(stem)
    return predicate === undefined ? [] : [states(predicate, object, from)]
  },
)
const PURSUITS: ReadonlyMap<string, string> = new Map([
  ['collect', 'collects'],
  ['teach', 'teaches'],
  ['coach', 'coaches'],
  ['volunteer', 'volunteers at'],
  ['learn', 'is learning'],
  ['play', 'plays'],
])

export const PERSON: readonly Rule[] = [
  grewUp,
  joined,
  pursues,
  isCalled,
  married,
  allergic,
  allergy,
  notAllergic,
  has,
  hasCondition,
  hasNoMore,
  bornOn,
  bornAndRaised,
  age,
  isState,
  isNoMore,
  speaks,
  doesNotEat,
  plays,
]
