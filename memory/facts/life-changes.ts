/**
 * Rules for how people tell that something in their life is new: moves, jobs, partners, diets, plans, things they got
 * or gave up. Called by `statements.ts`. The plain forms ("I live in", "I work at") stand with places and work.
 */
import { DIETS, INSTRUMENTS, kindOf } from './kinds.ts'
import { JOBS, SOFTWARE } from './known-words.ts'
import { nameOfRelation } from './names.ts'
import { cutObject, properName } from './objects.ts'
import { ends, type Found, isAhead, type Rule, rule, type Said, since, sinceFor, states } from './rules.ts'
import { valueIn } from './values.ts'

const when = (said: Said) => ({ ...since(said), ...sinceFor(said) })
const place = (text: string | undefined): string | undefined => {
  const name = properName(text ?? '')
  return name === undefined || SOFTWARE.has(name) || kindOf(name) !== undefined ? undefined : name
}
const isPerson = ({ subject }: Said): boolean => subject.is !== 'thing'

const MOVING =
  /\b(?:mov(?:ed|ing|e)|boxes|unpack(?:ed|ing)?|keys|relocat\w+|settled|new (?:flat|place|home|house|apartment))\b/i

const settled = rule(
  /^(?:(?:have |has )?(?:settled(?: down| in)?(?: for good)?|ended up|made (?:my|our|his|her|their) home|put down roots) in|(?:am|is|are) (?:back |home )?(?:living|settled|based)(?: out of| down)?(?: in)?|(?:have|has|rent|rents|share|shares|found|has found|have found) an? (?:new |little |small |tiny |nice |big |lovely |shared )*(?:flat|apartment|place|studio|room|house) in|(?:am|is|are) (?:finally |back )?in|calls?|live (?:alone|together|with [\p{L} ]{2,20}?) in) (?<place>.+)$/u,
  ({ place: text }, said) => {
    const name = place((text ?? '').replace(/ home\b.*$/, ''))
    const isIn = /^(?:am|is|are) (?:finally |back )?in /.test(said.rest)
    const isCalled = /^calls? /.test(said.rest) && !/ home\b/.test(said.rest)
    if (name === undefined || isAhead(said) || !isPerson(said) || isCalled) return []
    return isIn && !MOVING.test(said.sentence) ? [] : [states('lives in', name, when(said))]
  },
)

const livesAt = rule(
  /^(?:lives?|(?:am|is|are) living|moved|have moved|has moved|relocated) (?:at|to) (?<where>\d{1,5}[a-zA-Z]? .+)$/,
  ({ where }, said) => {
    const address = valueIn(where ?? '', ['address'])
    return address === undefined || isAhead(said)
      ? []
      : [states('address', address, { ...when(said), single: true })]
  },
)

const livesAtNoMore = rule(
  /^(?:no longer lives?|(?:do|does) not live) at (?<where>\d{1,5} .+)$/,
  ({ where }, said) => {
    const address = valueIn(where ?? '', ['address'])
    return address === undefined ? [] : [ends('address', address, said.at)]
  },
)

/** A company by its name, not a tool and not a thing with an article. */
const company = (text: string | undefined): string | undefined => {
  const name = valueIn(text ?? '', ['name'])
  return name === undefined || SOFTWARE.has(name) || !(text ?? '').startsWith(name) ? undefined : name
}

const joins = rule(
  /^(?:have |has )?(?:just |recently )?(?:(?:started|began)(?: (?:out|work|working|full-time|part-time|fresh|over))? (?:at|with)|joined|signed (?:with|for)|(?:was|were|got|been|have been|has been) (?:hired|recruited|taken on|employed) (?:by|at)|(?:am|is|are) (?:employed|now employed) (?:by|at|with)|(?:took|got|accepted|landed|found) an? (?:new )?(?:job|position|role|post|offer) (?:at|with|from)|works? out of|changed jobs to|switched(?: jobs)? over to) (?<at>.+)$/,
  ({ at }, said) => {
    const name = company(at)
    return name === undefined || isAhead(said) || !isPerson(said)
      ? []
      : [states('works at', name, when(said)), ...roleBehind(at)]
  },
)

function roleBehind(text: string | undefined): Found[] {
  const role = / as (?:an? |the |their |our )?(?<role>\p{L}.+)$/u.exec(text ?? '')?.groups?.['role']
  const name = role === undefined ? undefined : roleName(role)
  return name === undefined ? [] : [states('works as', name)]
}

const HEADS =
  /^(?:(?:head|director|vice president|VP|chief|chair) of (?:\p{L}+(?: and)?(?: |$)){1,3}|C[ETFOIM]O|(?:team|shift|section|project|group|branch|store|department|tech|engineering) (?:lead|leader|manager|head)|partner|foreman|headteacher|headmistress|headmaster)/u

/** "Senior engineer", "head of marketing", "bus driver". */
function roleName(text: string): string | undefined {
  const cut = cutObject(text.replace(/ (?:at|for|in|on|with|from|over) .*$/, ''))
  const words = cut.split(' ')
  if (HEADS.test(cut) && words.length <= 5) return cut
  const last = words.at(-1)?.toLowerCase() ?? ''
  return words.length <= 4 && JOBS.has(last) && words.every(word => /^[\p{L}-]+$/u.test(word))
    ? cut
    : undefined
}

const promoted = rule(
  /^(?:(?:have |has )?(?:just )?(?:got|been|was|were|have been|has been) (?:just )?(?:promoted|made|appointed|named)(?: from (?:an? )?(?<old>.{1,30}?))?(?: to)?|(?:have |has )?retrained (?:as|to be|to become)|(?:have |has )?(?:gone|went) from (?:an? )?(?<old2>.{1,30}?) to|(?:have |has )?became|(?:have |has )?become|(?:have |has )?(?:passed (?:my|his|her|their) exams? and )?(?:is|am) now|took over as|(?:am|is)(?= (?:the )?(?:new )?(?:head|director|VP|chief|CEO|CTO|CFO|COO|lead|senior|principal|deputy|assistant)\b)|(?:started|began|starting) (?:out )?as|(?:have |has )?(?:just |recently )?(?:started|got|landed|took|found|accepted) an? (?:new )?(?:job|position|role|post) as|works? (?:there )?as|(?:has|have) (?:passed (?:my|his|her|their) exams and )(?:is|am)) (?:an? |the |their |our )?(?:new )?(?<role>\p{L}.+)$/u,
  ({ old, old2, role }, said) => {
    const name = roleName(role ?? '')
    if (name === undefined || isAhead(said) || !isPerson(said)) return []
    const before = roleName(old ?? old2 ?? '')
    const where = / (?:at|with) (?<at>\p{Lu}.+)$/u.exec(role ?? '')?.groups?.['at']
    const at = company(where)
    return [
      ...(before === undefined ? [] : [ends('works as', before, said.at, { held: true })]),
      states('works as', name, when(said)),
      ...(at === undefined ? [] : [states('works at', at, when(said))]),
    ]
  },
)

const jobsFromTo = rule(
  /^(?:have |has )?(?:just |recently )?(?:(?:switched|changed) (?:jobs|employers|companies)(?: again)?,?|left|moved jobs|quit) ?(?:from )?(?<old>\p{Lu}.*?) (?:for|to|to join|to work (?:at|for)|and joined|and (?:started|am now|is now|work now|now work) (?:at|with|for)) (?<to>\p{Lu}.*)$/u,
  ({ old, to }, said) => {
    const name = company(to)
    const before = company(old)
    const isJob = /\b(?:jobs?|employers?|companies|join|joined|work|started)\b/i.test(said.sentence)
    if (name === undefined || before === undefined || isAhead(said) || !isPerson(said) || !isJob) return []
    return [ends('works at', before, said.at, { held: true }), states('works at', name, when(said))]
  },
)

const quitJob = rule(
  /^(?:have |has )?(?:just |recently )?(?:quit|left|resigned from|handed in (?:my|his|her|their) notice at|finished at|stopped at|retired from) (?<at>\p{Lu}.+)$/u,
  ({ at }, said) => {
    const name = company((at ?? '').replace(/ (?:for good|after .*)$/, ''))
    const isOther =
      /^left/.test(said.rest) &&
      (MOVING.test(said.sentence) || / (?:at \d|early|late|behind|off|on)\b/.test(said.rest))
    return name === undefined || isOther || !isPerson(said)
      ? []
      : [ends('works at', name, since(said).validFrom ?? said.at)]
  },
)

const together = rule(
  /^(?:(?<engaged>(?:am|is|are|got|have got|has got|became)? ?engaged to)|(?<dating>(?:am|is|are) (?:now )?(?:dating|seeing|going out with|in a relationship with|together with)|started (?:dating|seeing))|(?<married>(?:have |has )?married|got married to|tied the knot with|(?:am|is|are) married to)) (?<whom>\p{Lu}.+)$/u,
  ({ engaged, dating, whom }, said) => {
    const name = valueIn(whom ?? '', ['person'])
    if (name === undefined || /^(?:Dr|Prof)\b/.test(name) || isAhead(said) || !isPerson(said)) return []
    if (engaged !== undefined) return [states('engaged to', name, { ...when(said), single: true })]
    if (dating !== undefined) return [states('in a relationship with', name, { ...when(said), single: true })]
    return /^(?:am|is|are) married/.test(said.rest)
      ? []
      : [states('married to', name, when(said)), ends('engaged to', name, said.at)]
  },
)

const apart = rule(
  /^(?:have |has )?(?:just |recently )?(?:broke up|broken up|split up|split|parted ways|separated|got divorced|divorced|called it quits|called off (?:my|our|the) engagement)(?: (?:with|from|to))?(?: (?<whom>\p{Lu}.+))?$/u,
  ({ whom }, said) => {
    const name = whom === undefined ? undefined : valueIn(whom, ['person'])
    const isOne =
      name !== undefined || /^(?:have |has )?(?:just |recently )?(?:got divorced|called off)/.test(said.rest)
    const at = since(said).validFrom ?? said.at
    return isOne && isPerson(said)
      ? ['married to', 'engaged to', 'in a relationship with'].map(one => ends(one, name, at))
      : []
  },
)

const DIET = new RegExp(
  `^(?:(?:am|is|are|went|go|have gone|has gone|turned|have turned|became|have become|has become|have been|has been|(?:am|is) going|switched to|eats?|(?:have|has) been eating|(?:am|is) eating|stick to|follows?|(?:am|is) on|started|went back to being|(?:am|is) doing|cooks? only|cook) (?:strictly |fully |completely |mostly |mainly |only |entirely |an? |the |eating )*)(?<diet>${DIETS})(?: (?:food|diet|meals|dishes))?(?=$|[\\s.,;:!])(?<after>.*)$`,
  'iu',
)
const WHOLE =
  /^(?:$|\s*[.,;:!)]| (?:and|but|so|now|since|for|again|as|these|by|on|this|in|at|because|with|from|instead|not)\b)/

const diet: Rule = said => {
  const groups = DIET.exec(said.rest)?.groups
  if (groups?.['diet'] === undefined || !isPerson(said) || isAhead(said)) return []
  return WHOLE.test(groups['after'] ?? '')
    ? [states('diet', groups['diet'], { ...when(said), single: true })]
    : []
}

const dietNoMore = rule(
  new RegExp(
    `^(?:(?:am|is|are) (?:no longer|not)|stopped being|quit being|gave up (?:on )?(?:being )?) (?:an? )?(?<diet>${DIETS})(?: any ?more)?(?=$|[.,;!])`,
    'iu',
  ),
  ({ diet: word }, said) => (word === undefined ? [] : [ends('diet', word, said.at)]),
)

const INSTRUMENT = new RegExp(
  `^(?<verb>(?:am|is|are) (?:learning|studying|practising|practicing|playing|taking up)|(?:have |has )?(?:took|taken) up|(?:have |has )?started(?: (?:with|on|learning|playing|to play|to learn))?|plays?|(?:have|has) been (?:learning|playing|practising|practicing)|took lessons (?:in|on)|(?:am|is) taking|takes?|picked up|switched to|learns?) (?:the |my |an? |up the )?(?<what>${INSTRUMENTS})(?: (?:lessons|classes))?(?=$|[\\s.,;!])`,
  'u',
)

const instrument = rule(INSTRUMENT, ({ verb = '', what = '' }, said) => {
  if (isAhead(said) || !isPerson(said)) return []
  const isPlayed = /^(?:plays?|(?:am|is|are) playing|(?:have|has) been playing)$/.test(verb)
  return [states(isPlayed ? 'plays' : 'is learning', what, when(said))]
})

const language = rule(
  /^(?:(?:have |has )?(?:started|begun|began|taken up|took up|signed up for|enrolled in)(?: (?:to learn|learning|studying|with|on))?|(?:am|is|are) (?:now )?(?:learning|studying|taking|practising|practicing)|stud(?:y|ies)|learns?|(?:am|is) taking (?:lessons|classes|a course) in|(?:have|has) been (?:learning|studying)) (?:an? )?(?<what>\p{Lu}.*)$/u,
  ({ what }, said) => {
    const name = valueIn(what ?? '', ['language'])
    const after = (what ?? '').slice(name?.length)
    const isCourse =
      /^(?: (?:course|class|classes|lessons))?(?:$|\s*[.,;:!]| (?:and|now|with|for|since|on|in|at|as|to|every|instead|too|these|again|because|so|again)\b)/.test(
        after,
      )
    return name === undefined || !isCourse || isAhead(said) ? [] : [states('is learning', name, when(said))]
  },
)

const patient = rule(
  /^(?:(?:see|sees|go to|goes to|went to|(?:am|is) seeing|(?:have|has) been going to|switched to|changed to)|(?:am|is|have been|has been) a patient of) (?<whom>(?:Dr|Prof)\.? \p{Lu}.*)$/u,
  ({ whom }, said) => {
    const name = valueIn(whom ?? '', ['person'])
    const kind = /\b(?:dentist|vet|therapist|optician|physio)\b/.exec(said.sentence)?.[0] ?? 'doctor'
    return name === undefined || isAhead(said) || !isPerson(said)
      ? []
      : [states(kind, name, { ...when(said), single: true })]
  },
)

/** "First week at Acme", "my job is at Acme", "visited my sister in Basel": read from the whole clause. */
export function impliedBy(clause: string, who: string | undefined): Found[] {
  if (who === undefined) return []
  const at =
    /^(?:(?:(?:[Mm]y|[Tt]he) )?[Ff]irst (?:day|week|month|shift) (?:at|with)|[Mm]y (?:new )?job is (?:at|with)|(?:[Aa] )?[Nn]ew (?:job|role|position) (?:at|with)) (?<at>\p{Lu}.*?)(?: (?:is|was|went|has|today|tomorrow|next|and|done)\b.*)?$/u.exec(
      clause,
    )?.groups?.['at']
  const name = company(at)
  if (name !== undefined) return [states('works at', name, { subject: who })]
  const groups =
    /\b(?:[Cc]all(?:ed|ing)?|[Pp]hon(?:ed|ing)|[Rr]ang|[Vv]isit(?:ed|ing)?|[Ww]rote to|[Tt]exted|[Ss]tay(?:ed|ing) with) my (?:(?:little|big|younger|older) )?(?<noun>sister|brother|mother|mum|mom|father|dad|aunt|uncle|cousin|son|daughter|grandmother|grandfather|grandma|grandpa|niece|nephew|friend)(?: (?<name>\p{Lu}\p{Ll}+))? (?:over )?in (?<place>\p{Lu}.*)$/u.exec(
      clause,
    )?.groups
  const where = place(groups?.['place'])
  const noun = groups?.['noun'] ?? ''
  if (where === undefined) return []
  const relation = nameOfRelation(who, noun)
  return [
    states('lives in', where, {
      subject: groups?.['name'] ?? relation,
      single: groups?.['name'] !== undefined,
    }),
  ]
}

export const LIFE_CHANGES: readonly Rule[] = [
  settled,
  livesAt,
  livesAtNoMore,
  joins,
  promoted,
  jobsFromTo,
  quitJob,
  together,
  apart,
  diet,
  dietNoMore,
  instrument,
  language,
  patient,
]
