/**
 * What is said with a verb of change or of use: "we moved the stand-up to 9:30", "replaced my laptop with a ThinkPad",
 * "Noemi took over Heron as product owner from Wen", "Heron ships on 3 May". Called by `statements.ts` with whole
 * clauses. It needs no knowledge of what was held before: `replacements.ts` has it.
 */
import { attributeNoun, predicateOf } from './attribute-nouns.ts'
import { ADVERBS, FROM, holderOf, PHRASES, PROPER, valued } from './attributes.ts'
import { kindOf } from './kinds.ts'
import { NO_NAMES, SOFTWARE } from './known-words.ts'
import { ends, type Found, states } from './rules.ts'
import { valueIn } from './values.ts'

type Reader = (
  groups: Readonly<Record<string, string | undefined>>,
  who: string | undefined,
) => readonly Found[]

const ACTOR =
  "(?:(?:I|[Ww]e|[Tt]hey|[Yy]ou|(?!(?:Some|Every|No|Any)(?:one|body)\\b|(?:He|She|It|Who)\\b)\\p{Lu}\\S*|(?:[Tt]he|[Oo]ur|[Mm]y|[Yy]our) [a-z-]+)(?:'ve| have| has)? (?:just |now |finally |also |already |had to |recently )*)?"
const SHIFTED =
  '[Cc]hanged?|[Mm]oved?|[Ss]witched|[Uu]pdated?|[Rr]aised|[Ll]owered|[Ii]ncreased|[Rr]educed|[Cc]ut|[Pp]ushed|[Ee]xtended|[Pp]ostponed|[Rr]escheduled|[Ss]et|[Ss]hifted|[Bb]umped|[Rr]eplaced|[Ss]wapped|[Ee]xchanged|[Tt]raded(?: in)?|[Uu]pgraded|[Mm]igrated|[Cc]onverted|[Ff]ixed|[Dd]elayed|[Tt]ransferred|[Rr]elicensed|[Pp]orted'
const TO = '(?: over| back| up| out| in)?(?: to| by| with| for| until| against| on to| onto| at)'

const shifts: readonly RegExp[] = PHRASES.map(
  phrase =>
    new RegExp(
      `^${ACTOR}(?:${SHIFTED}) ${phrase}${FROM}${TO} ${ADVERBS}(?:(?:a|an|the|my|our) )?(?<value>\\S.*)$`,
      'u',
    ),
)

/** "Moved the deadline of Heron from 3 May to 9 June", "please change my address to …", "swapped my car for a Kia". */
const shifted: Reader = (groups, who) => {
  // Who says "they replaced the router" means the own one.
  const holder =
    holderOf(groups, who) ?? holderOf({ ...groups, ...(groups['det'] === 'the' && { det: 'my' }) }, who)
  return holder === undefined ? [] : valued(holder, groups['value'] ?? '', groups['old'])
}

const openShift = new RegExp(
  `^${ACTOR}(?:[Mm]oved|[Mm]igrated|[Ss]witched|[Cc]hanged|[Pp]orted|[Tt]ransferred) (?:(?:the|all the|our) (?<noun>[a-z-]+(?: [a-z-]+)?) of )?(?<of>${PROPER})(?: over)?${FROM} to (?<value>\\p{Lu}.*)$`,
  'u',
)

/** "We migrated Heron from SQLite to Postgres", "moved the builds of Heron from Jenkins to Drone". */
const movedProject: Reader = ({ of = '', noun, old, value = '' }) => {
  const name = valueIn(value, ['name'])
  if (name === undefined || NO_NAMES.has(of)) return []
  const predicate = noun === undefined ? (kindOf(name) ?? 'uses') : predicateOf(noun)
  const before = old === undefined ? undefined : valueIn(old, ['name'])
  return [
    ...(before === undefined ? [] : [ends(predicate, before, undefined, { subject: of, held: true })]),
    states(predicate, name, { subject: of, single: predicate !== 'uses', after: value.slice(name.length) }),
  ]
}

const turned = new RegExp(
  `^(?<of>${PROPER}) (?:has |was |is )?(?:changed|moved|switched|migrated|went|converted|relicensed|ported)(?: over)?${FROM} to (?<value>\\p{Lu}.*)$`,
  'u',
)

/** "Heron changed from MPL 2.0 to MIT": only what is known to be of a kind, since people move too. */
const turnedInto: Reader = ({ of = '', old, value = '' }) => {
  const name = valueIn(value, ['name'])
  const before = old === undefined ? undefined : valueIn(old, ['name'])
  const kind = [name, before].flatMap(one =>
    one === undefined ? [] : (kindOf(one) ?? licence(one) ?? []),
  )[0]
  if (name === undefined || kind === undefined || NO_NAMES.has(of)) return []
  return [
    ...(before === undefined ? [] : [ends(kind, before, undefined, { subject: of, held: true })]),
    states(kind, name, { subject: of, single: true, after: value.slice(name.length) }),
  ]
}

const ROLE = '(?<noun>[a-z-]+(?: [a-z-]+){0,2}?|C[ETFO]O)'
const tookOver = new RegExp(
  `^(?<value>${PROPER}) (?:(?:has |have )?(?:taken over|took over|takes over|is taking over|inherited|inherits)|follows|succeeds|replaces|replaced|has replaced)(?: (?<of>${PROPER}))?(?: (?:as|on)(?: the| our)? ${ROLE})?(?: (?:of|for|on|in) (?:the )?(?<of2>${PROPER}))?(?: from (?<old>${PROPER}))?(?=$|[.,;:!]| (?:now|today|tomorrow|since|from|for|after|this|last|next|on|and|but|so|starting|until|yesterday|again|as|at|these|too|until|instead|because|with|who|which)\\b)(?<after>.*)$`,
  'u',
)

/** "Noemi took over Heron as product owner from Wen", "Pekka replaces Marek as tester of Heron". */
const handedOver: Reader = ({ value = '', of, of2, noun, old, after = '' }) => {
  const role = noun === undefined ? undefined : attributeNoun(noun, false)
  if (role === undefined || !role.shapes.includes('person')) return []
  const project = of2 ?? of
  const before = old ?? (of2 === undefined ? undefined : of)
  if (project === undefined || NO_NAMES.has(value)) return []
  return [
    ...(before === undefined
      ? []
      : [ends(role.predicate, before, undefined, { subject: project, held: true })]),
    states(role.predicate, value, { subject: project, single: true, after }),
  ]
}

const WORK: ReadonlyMap<string, string> = new Map([
  ['tests', 'tester'],
  ['leads', 'lead'],
  ['owns', 'owner'],
  ['manages', 'manager'],
  ['maintains', 'maintainer'],
  ['coordinates', 'coordinator'],
  ['sponsors', 'sponsor'],
  ['designs', 'designer'],
  ['reviews', 'reviewer'],
])
const inCharge = new RegExp(
  `^(?:[Ww]elcome |[Mm]eet )?(?<value>(?![Ww]elcome|Meet)${PROPER})(?:, who)? (?:now )?(?<verb>${[...WORK.keys()].join('|')}) (?<of>${PROPER})(?: on the (?<side>[a-z-]+) side)?(?=$|[\\s.,;!])(?<after>.*)$`,
  'u',
)

/** "Marek tests Heron", "Ingrid owns Heron on the product side". */
const works: Reader = ({ value = '', verb = '', of = '', side, after = '' }) =>
  NO_NAMES.has(value) || NO_NAMES.has(of)
    ? []
    : [
        states(`${side === undefined ? '' : `${side} `}${WORK.get(verb)}`, value, {
          subject: of,
          single: true,
          after,
        }),
      ]

const dated = new RegExp(
  `^(?:[Tt]he )?(?<of>${PROPER}|release|launch) (?:now |will )?(?<verb>ships?|launch(?:es)?|goes live|go live|goes out|go out|is released|is due|is scheduled|is planned|rolls out|is delivered|is coming out|comes out)(?: now)? (?:for |on |at )?(?<value>\\S.*)$`,
  'u',
)

/** "Heron ships on 3 May", "the release goes out on Friday". */
const ships: Reader = ({ of = '', verb = '', value = '' }) => {
  const time = valueIn(value, ['time'])
  const isThing = /^\p{Ll}/u.test(of)
  if (time === undefined || NO_NAMES.has(of)) return []
  const predicate = /due/.test(verb) ? 'deadline' : 'release date'
  return [states(isThing ? 'is on' : predicate, time, { subject: of, single: true })]
}

const USES =
  '(?:uses?|runs? (?:on|at|with)|builds? (?:on|with)|is built (?:on|with|by)|is (?:now )?(?:on|hosted (?:at|on|by|with)|deployed (?:to|on|at)|(?:published|licensed|released|available|relicensed) under|under(?: the)?)|lives on|depends on|stores (?:everything|its data|all its data|all data) in|keeps (?:everything|its data) in|takes (?:cards|payments|money) (?:with|through|via|by way of|by)|sits on|relies on|is written in|pays with)'
const usedBy = new RegExp(
  `^(?:[Tt]he )?(?<of>${PROPER}) ${ADVERBS}(?<verb>${USES}) ${ADVERBS}(?<value>\\S.*)$`,
  'u',
)
const PURPOSE =
  /^ (?:as (?:its |our |the |a )?(?:main |new )?|for (?:its |our |the )?)(?<noun>[\p{L}-]+(?: [\p{L}-]+)?)/u

/** "Heron runs on Postgres", "Heron is hosted at Hetzner", "Heron uses Postgres as its database". */
const uses: Reader = ({ of = '', verb = '', value = '' }) => {
  const name = valueIn(value.replace(/^the /, ''), ['name'])
  if (name === undefined || NO_NAMES.has(of.split(' ')[0] ?? '') || /^(?:I|We)$/.test(of)) return []
  const after = value.slice(value.indexOf(name) + name.length)
  const predicate = purposeOf(after) ?? byVerb(verb, name)
  return predicate === undefined
    ? []
    : [states(predicate, name, { subject: of, single: predicate !== 'uses', after })]
}

function purposeOf(after: string): string | undefined {
  const noun = PURPOSE.exec(after)?.groups?.['noun']
  return [noun, noun?.split(' ')[0]].flatMap(one =>
    one === undefined ? [] : (attributeNoun(one, false)?.predicate ?? []),
  )[0]
}

function byVerb(verb: string, name: string): string | undefined {
  if (/hosted|deployed|runs? at/.test(verb)) return 'hosting'
  if (/under/.test(verb)) return 'licence'
  if (/cards|payments|money/.test(verb)) return 'payment provider'
  if (/stores|keeps/.test(verb)) return 'database'
  if (/builds? on/.test(verb)) return 'CI'
  if (/is (?:now )?on$|lives on|runs? on/.test(verb))
    return kindOf(name) ?? (SOFTWARE.has(name) ? 'uses' : undefined)
  if (/depends|relies|uses?$|written|built|builds? with|runs? with|sits/.test(verb)) return undefined
  return undefined
}

const weUse = new RegExp(
  `^(?:[Ww]e|[Oo]ur team|[Tt]he team) ${ADVERBS}(?:use|uses|run|runs|host|hosts|build|builds|deploy|deploys|publish|publishes|test|do|went with|chose|settled on|picked|adopted|agreed on) (?:(?<of>${PROPER}) (?:on|at|with|under|to|in|by) (?:the )?(?<tool>\\p{Lu}.*)|(?:the )?(?<value>\\p{Lu}.*?) for (?:the (?<noun>[a-z-]+(?: [a-z-]+)?) of )?(?<of2>${PROPER})(?=$|[\\s.,;!])(?<after>.*))$`,
  'u',
)

/** "We run Heron on Hetzner", "we publish Heron under MIT", "we settled on Postgres for Heron". */
const ourUse: Reader = ({ of, tool, value, noun, of2, after }) => {
  const name = valueIn(tool ?? value ?? '', ['name'])
  const project = of ?? of2
  if (name === undefined || project === undefined || NO_NAMES.has(project)) return []
  const predicate = noun === undefined ? (kindOf(name) ?? licence(name) ?? 'uses') : predicateOf(noun)
  return [
    states(predicate, name, {
      subject: project,
      single: predicate !== 'uses',
      after: after ?? (tool ?? '').slice(name.length),
    }),
  ]
}
const licence = (name: string): string | undefined =>
  /^(?:MIT|Apache|GPL|LGPL|AGPL|BSD|MPL|EUPL|ISC|Unlicense|GPLv\d)\b/.test(name) ? 'licence' : undefined

const held = new RegExp(
  `^(?:I|[Ww]e) (?:now )?(?:do|have|hold|run) (?:the |our |my )?(?:(?<of>${PROPER}) )?(?<noun>[a-z-]+(?: [a-z-]+)?)(?: (?:of|for) (?<of2>${PROPER}))? (?:at|on) (?<value>\\S.*)$`,
  'u',
)
const ACTIVITY =
  /^(?:yoga|pilates|choir|band practice|football|soccer|tennis|swimming|judo|karate|ballet|dance|zumba|spinning|climbing|therapy|physio|pottery|guitar|piano|violin|chess|basketball|volleyball|badminton|rehearsal|training|class|gym|crossfit|boxing|bootcamp|book club|game night)(?: (?:class|classes|lessons?|practice|training|sessions?))?$/

/** "We hold the Heron stand-up at 9:15", "I do yoga on Tuesdays". */
const atTime: Reader = ({ of, of2, noun = '', value = '' }, who) => {
  const time = valueIn(value, ['time'])
  const project = of ?? of2
  if (time === undefined) return []
  if (project !== undefined) {
    const found = attributeNoun(noun, false)
    return found === undefined || !found.shapes.includes('time')
      ? []
      : [states(found.predicate, time, { subject: project, single: true })]
  }
  return who === undefined || !ACTIVITY.test(noun) || !RECURRING.test(time)
    ? []
    : [states(activityOf(noun), time, { subject: who, single: true })]
}
const RECURRING = /s\b|^every\b|^\d|mornings?|evenings?/i
const activityOf = (noun: string): string =>
  noun.replace(/ (?:class|classes|lessons?|sessions?)$/, '').toLowerCase()

const activity =
  /^(?:(?<det>[Mm]y|[Oo]ur|[Tt]he) )?(?<noun>[\p{L}-]+(?: [a-z-]+)?) (?:is|happens|takes place|starts|was moved to|moved to|has moved to|is now) (?:now )?(?:on )?(?<value>\S.*)$/u

/** "Yoga is on Tuesdays", "yoga happens on Mondays". */
const recurs: Reader = ({ noun = '', value = '' }, who) => {
  const time = valueIn(value, ['time'])
  return who === undefined ||
    time === undefined ||
    !RECURRING.test(time) ||
    !ACTIVITY.test(noun.toLowerCase())
    ? []
    : [states(activityOf(noun), time, { subject: who, single: true })]
}

const READERS: readonly (readonly [RegExp, Reader])[] = [
  ...shifts.map(pattern => [pattern, shifted] as const),
  [openShift, movedProject],
  [turned, turnedInto],
  [tookOver, handedOver],
  [inCharge, works],
  [dated, ships],
  [usedBy, uses],
  [weUse, ourUse],
  [held, atTime],
  [activity, recurs],
]

/** What a clause says has changed or is used, of people and projects that it names. */
export function changesOf(clause: string, who: string | undefined): readonly Found[] {
  for (const [pattern, read] of READERS) {
    const groups = pattern.exec(clause)?.groups
    const found = groups === undefined ? [] : read(groups, who)
    if (found.length > 0) return found
  }
  return []
}
