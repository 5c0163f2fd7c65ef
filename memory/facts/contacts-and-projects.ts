/**
 * Rules for how somebody is reached and for the things of a project: dates, decisions, tools, limits. Called by
 * `statements.ts`.
 */
import { SOFTWARE } from './known-words.ts'
import { nameOfRelation } from './names.ts'
import { cutObject, properName, properNames, wordCount } from './objects.ts'
import { ends, type Found, isAhead, type Rule, rule, since, states } from './rules.ts'

const EMAIL = /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}/
const NUMBERS: readonly (readonly [of: RegExp, predicate: string, value: RegExp, single: boolean])[] = [
  [/^(?:new |work |home |personal )?e-?mail(?: address)?$/, 'email', EMAIL, true],
  [
    /^(?:new |work |home |mobile |cell )?(?:phone|telephone|mobile|cell)(?: number)?$|^(?:new )?number$/,
    'phone',
    /\+?\(?\d[\d ().-]{5,20}\d/,
    true,
  ],
  [/^order (?:number|id|no\.?)$|^order$/, 'order number', /#?[A-Z0-9][A-Z0-9-]{3,30}/i, false],
  [
    /^(?:account|customer|client|member|membership|policy|contract) (?:number|id|no\.?)$/,
    'account number',
    /#?[A-Z0-9][A-Z0-9-]{3,30}/i,
    false,
  ],
  [
    /^(?:ticket|case|reference|booking|invoice|tracking) (?:number|id|code|no\.?)$/,
    'reference number',
    /#?[A-Z0-9][A-Z0-9-]{3,30}/i,
    false,
  ],
  [/^(?:postal code|postcode|zip(?: code)?)$/, 'postcode', /[A-Z0-9][A-Z0-9 -]{3,9}/i, true],
]

/** "My email is …", "my order number is #A-1023", read from the whole clause. */
export function contactOf(clause: string, who: string | undefined): Found[] {
  const match =
    /^(?:my|the) (?<of>[\p{L}-]+(?: [\p{L}.-]+){0,2}?)(?: is(?: now)?|'s|:| =)\s+(?<value>\S.*)$/iu.exec(
      clause,
    )
  if (match === null || who === undefined) return []
  const of = match.groups?.['of']?.toLowerCase() ?? ''
  const text = match.groups?.['value'] ?? ''
  const entry = NUMBERS.find(([pattern]) => pattern.test(of))
  if (
    entry === undefined ||
    (/^the/i.test(clause) && !/order|ticket|case|reference|booking|invoice|tracking/.test(of))
  )
    return []
  const [, predicate, value, single] = entry
  const found = new RegExp(`^(?:${value.source})`, value.flags).exec(text)?.[0]
  return found === undefined || !/[\d@]/.test(found)
    ? []
    : [states(predicate, found.trim(), { subject: who, single })]
}

/** "You can reach me at ana@example.com". */
export function reachedAt(clause: string, who: string | undefined): Found[] {
  const match = new RegExp(
    `^(?:you can |please )?(?:reach|e-?mail|contact|write to) me (?:at|on|under) (${EMAIL.source})`,
    'i',
  ).exec(clause)
  return match?.[1] === undefined || who === undefined ? [] : [states('email', match[1], { subject: who })]
}

/** "My birthday is 3 March". */
export const birthday: Rule = ({ whole, times, subject }) => {
  const match = /^(?:(?<of>\p{L}+)'s )?birthday is (?:on )?(?<when>.+)$/iu.exec(whole)
  const when = times[0]
  const of = match?.groups?.['of']
  if (match === null || when === undefined || !/\d/.test(when.text)) return []
  return [
    states('birthday', when.text.replace(/^on /i, ''), {
      subject: of === undefined ? subject.name : nameOfRelation(subject.name, of.toLowerCase()),
    }),
  ]
}

const DATED =
  /^(?:deadline|due date|launch|launch date|release|release date|go-live|meeting|demo|review|kick-?off|workshop|interview|exam|wedding|flight|appointment|presentation|conference|delivery|sprint|call|move|move-in date|start date|end date|hearing|surgery|party|ceremony|closing)$/i

/** "Our deadline is 3 March", "the meeting is on Thursday", "the launch was moved to May 5". */
const isOn: Rule = ({ whole, times, subject, at }) => {
  const noun = /(?:^|'s? )(?<noun>[^']+)$/.exec(subject.name)?.groups?.['noun'] ?? ''
  const last = noun.split(' ').slice(-2).join(' ')
  const isDated = DATED.test(noun) || DATED.test(last) || DATED.test(noun.split(' ').at(-1) ?? '')
  if (subject.is !== 'thing' || !isDated) return []
  const match =
    /^(?:is|(?:has |have |is )?(?:been |now )?(?:moved|rescheduled|postponed|pushed|brought forward|scheduled|set)(?: back)?|was (?:moved|rescheduled|postponed|pushed back|pushed|brought forward|set)|got (?:moved|postponed|pushed)) (?:now |set |scheduled )?(?:from .{1,40}? (?=to ))?(?:for |to |on |until |till )?(?<when>.+)$/.exec(
      whole,
    )
  const start = match === null ? -1 : whole.length - (match.groups?.['when'] ?? '').length
  const when = times.find(
    time => whole.indexOf(time.text) + time.text.length > start && whole.indexOf(time.text) <= start,
  )
  if (match === null || when === undefined || when.until < at) return []
  if (/^(?:from|between) /i.test(when.text) && /^(?:is|are)\b/.test(whole)) return []
  return [
    states(
      'is on',
      when.text.replace(/^from .+ (?:to|until|till|through) /i, '').replace(/^(?:on|by|until|till|in) /i, ''),
    ),
  ]
}

const NUMBERED =
  /(?:^| )(?:port|budget|price|limit|quota|timeout|version|size|fee|rate|rent|salary|threshold|capacity|discount|target|cost|ceiling|cap|retention|maximum|minimum)$/i

/** "The port is 8080", "our budget is 5,000 euros". */
const isNumber = rule(/^is (?:now )?(?<value>[€$£]?\d.*|v\d.*)$/, ({ value }, { subject }) => {
  const text = value ?? ''
  const object = /^[€$£]?v?\d[\d.,]*\d*[€$£%]?(?:[kKmM]\b)?(?: [\p{L}%]+(?: (?:per|a|an) [\p{L}]+)?)?/u
    .exec(text)?.[0]
    ?.replace(/[.,]+$/, '')
  const name = subject.name.replace(/^.*'s? /, '')
  return subject.is !== 'thing' || !NUMBERED.test(name) || object === undefined || wordCount(object) > 4
    ? []
    : [states('is', object.replace(/ (?:and|but|so|for|as|with|in|on|at|to)$/, ''))]
})

/** "The API key rotates every 30 days", "the report runs daily". */
const happens = rule(
  /^(?<verb>rotates?|expires?|renews?|resets?|refreshes|repeats?|runs?|meets?|is (?:rotated|renewed|sent|run|updated|backed up|reset|paid|cleaned|billed|charged)) (?<how>(?:automatically )?(?:every (?:other |second )?(?:\d{1,5} |two |three |four |five |six |ten )?[\p{L}]+|daily|weekly|monthly|hourly|nightly|yearly|annually|quarterly))(?=$|[\s.,;!])/u,
  ({ verb, how }, { subject }) =>
    subject.is === 'thing' &&
    verb !== undefined &&
    how !== undefined &&
    /\b(?:minutes?|hours?|days?|nights?|weeks?|months?|quarters?|years?|morning|evening|weekdays?|\w+day|\w+ly)$/.test(
      how,
    )
      ? [states(verb, how, { single: true })]
      : [],
)

const decided = rule(
  /^(?:have |has )?(?:just |finally )?(?:decided|agreed|chose|chosen) (?<what>to \p{L}.*|on \p{L}.*|against \p{L}.*)$/u,
  ({ what }, said) => {
    const object = cutObject(what ?? '')
    const words = wordCount(object)
    if (words < 2 || words > 9 || /\b(?:it|this|that|them|these|those|you|your|him|her|there)\b/.test(object))
      return []
    const tool = /^to (?:use|adopt|go with) (?<tool>.+)$/.exec(object)?.groups?.['tool']
    const name = tool === undefined ? undefined : properName(tool)
    return [
      states('decided', object, since(said)),
      ...(name === undefined ? [] : [states('uses', name, since(said))]),
    ]
  },
)

const goingWith = rule(/^(?:am|are|is) going with (?<tool>.+)$/, ({ tool }, said) => {
  const name = properName(tool ?? '')
  return name !== undefined && SOFTWARE.has(name) ? [states('uses', name, since(said))] : []
})

const uses = rule(/^(?:uses?|(?:am|is|are) using|runs? on) (?<tool>.+)$/, ({ tool }, said) => {
  const names = properNames(tool ?? '').filter(name => said.subject.is !== 'self' || SOFTWARE.has(name))
  return isAhead(said) ? [] : names.map(name => states('uses', name, since(said)))
})

const switched = rule(
  /^(?:have |has )?(?:just |recently )?(?:switched|migrated)(?: over)?(?: from (?<from>.+?))? to (?<to>.+)$/,
  ({ from, to }, said) => {
    const name = properName(to ?? '')
    if (
      name === undefined ||
      isAhead(said) ||
      !(SOFTWARE.has(name) || SOFTWARE.has(from ?? '') || said.subject.is === 'thing')
    )
      return []
    const when = since(said)
    return [
      ...(from === undefined ? [] : [ends('uses', cutObject(from), when.validFrom ?? said.at)]),
      states('uses', name, when),
    ]
  },
)

/** "We replaced Jira with Linear". */
const replaced = rule(
  /^(?:have |has )?(?:just |recently )?(?:replaced|swapped|dropped|ditched|exchanged) (?<from>\p{Lu}\S*(?: \p{Lu}\S*)?) (?:with|by|for|in favou?r of) (?<to>\p{Lu}.*)$/u,
  ({ from, to }, said) => {
    const name = properName(to ?? '')
    if (name === undefined || isAhead(said) || !(SOFTWARE.has(name) || SOFTWARE.has(from ?? ''))) return []
    const when = since(said)
    return [ends('uses', from, when.validFrom ?? said.at, { held: true }), states('uses', name, when)]
  },
)

const usesNoMore = rule(
  /^(?:no longer uses?|(?:do|does) not use|(?:have |has )?(?:stopped using|dropped|got rid of|removed)) (?<tool>.+)$/,
  ({ tool }, said) => {
    const name = properName(tool ?? '')
    const isTool = name !== undefined && (said.subject.is !== 'self' || SOFTWARE.has(name))
    return isTool ? [ends('uses', name, since(said).validFrom ?? said.at)] : []
  },
)

export const CONTACTS_AND_PROJECTS: readonly Rule[] = [
  isOn,
  isNumber,
  happens,
  decided,
  goingWith,
  uses,
  switched,
  replaced,
  usesNoMore,
]
