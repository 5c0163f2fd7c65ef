/**
 * Rules for what somebody has, uses, drives and pays for, and how that changes: devices, cars, plans, habits, ways to be
 * reached. Called by `statements.ts`.
 */
import { attributeNoun } from './attribute-nouns.ts'
import { kindOf } from './kinds.ts'
import { cutObject, listed, wordCount } from './objects.ts'
import { ends, type Found, isAhead, type Rule, rule, type Said, since, sinceFor, states } from './rules.ts'
import { valueIn } from './values.ts'

const when = (said: Said) => ({ ...since(said), ...sinceFor(said) })
/** Of one's own one has one at a time: who says "my car is a Kia" had the Fiat before. */
const OWN_KINDS = new Set(['car', 'phone model', 'laptop', 'tablet'])

const product = (text: string | undefined): { readonly name: string; readonly kind: string } | undefined => {
  const name = valueIn((text ?? '').replace(/^(?:myself |ourselves )/, ''), ['name'])
  const kind = name === undefined ? undefined : kindOf(name)
  return name === undefined || kind === undefined || !OWN_KINDS.has(kind) ? undefined : { name, kind }
}

const drives = rule(
  /^drives? (?:an? |the |my |our )?(?:new |old |used |red |blue |black |white |little )*(?<what>\p{Lu}.*)$/u,
  ({ what }, said) => {
    const name = valueIn(what ?? '', ['name'])
    return name === undefined || isAhead(said) ? [] : [states('car', name, { ...when(said), single: true })]
  },
)

const owns = rule(
  /^(?:(?:have |has )?(?:bought|got|ordered|picked up|switched to|upgraded to|gone back to|went with|went for|settled on|treated myself to|splurged on|leased|financed)|have|has|own|owns|uses?|(?:am|is|are) using|(?:am|is|are) on|carry|carries) (?:myself |ourselves )?(?:an? |the |my |our )(?:new |brand-new |used |second-hand |refurbished |company |work )*(?<what>[\p{Lu}ie].*)$/u,
  ({ what }, said) => {
    const found = product(what)
    return found === undefined ||
      isAhead(said) ||
      said.subject.is === 'thing' ||
      /\bsecond (?:car|phone|laptop)\b/.test(said.rest)
      ? []
      : [states(found.kind, found.name, { ...when(said), single: true })]
  },
)

const trades = rule(
  /^(?:have |has )?(?:just |finally )?(?:traded|swapped|exchanged|replaced|sold|upgraded|switched|changed|went|moved|gave up|ditched|gave away)(?: in)? (?:from )?(?:my |our |the |an? |his |her )?(?:old |trusty |beloved )*(?<old>.{2,40}?)(?: in)? (?:for|with|by|to|and (?:bought|got|ordered|picked up|replaced it with|switched to)) (?:myself )?(?:an? |the |my )?(?:new |used |second-hand |shiny |electric )*(?<to>[\p{Lu}ie].*)$/u,
  ({ old, to }, said) => {
    const found = product(to)
    if (found === undefined || isAhead(said) || said.subject.is === 'thing') return []
    const before = product(/^\p{Lu}|^i\p{Lu}/u.test(old ?? '') ? old : undefined)
    return [
      ...(before?.kind === found.kind ? [ends(found.kind, before.name, said.at, { held: true })] : []),
      states(found.kind, found.name, { ...when(said), single: true }),
    ]
  },
)

const PLAN = '(?:plan|tariff|subscription|package|tier|membership|account|contract|option|bundle)'
const SWITCHED = `(?:have |has )?(?:upgraded|downgraded|switched|changed|moved|gone)(?: over| up| down| back)?(?: from (?:the |your |our |my )?(?<old>\\p{Lu}[\\p{L}\\p{N}+]*)(?: ${PLAN})?)? to`
const plan = rule(
  new RegExp(
    `^(?:(?:am|is|are|went|have gone|have been) on|(?:have|has|have had|has had|took|have taken|chose|picked|booked|pays? for|(?:am|are) paying for|signed up for|subscribed to)|${SWITCHED}) (?:the |your |a |an )?(?<plan>\\p{Lu}[\\p{L}\\p{N}+]*(?: \\p{Lu}[\\p{L}\\p{N}+]*)?)(?<word> ${PLAN})?(?=$|[\\s.,;!])(?<after>.*)$`,
    'u',
  ),
  ({ plan: name = '', word, old, after = '' }, said) => {
    const kind = kindOf(name)
    const isPlan =
      word !== undefined ||
      (kind === 'plan' &&
        /\b(?:upgraded|downgraded|plan|tariff|subscription|tier|took)\b/.test(said.sentence))
    if (!isPlan || isAhead(said) || said.subject.is === 'thing' || /^(?:I|The|A)$/.test(name)) return []
    if (word !== undefined && /account|contract|option|bundle/.test(word) && kind !== 'plan') return []
    if (word !== undefined && /subscription|membership/.test(word) && kind !== 'plan')
      return [states('subscribes to', name, when(said))]
    if (!/^(?:$|\s*[.,;:!)]| \p{Ll})/u.test(after)) return []
    return [
      ...(old === undefined ? [] : [ends('plan', old, said.at, { held: true })]),
      states('plan', name, { ...when(said), single: true }),
    ]
  },
)

const planOver = rule(
  new RegExp(
    `^(?:have |has )?(?:just |finally )?(?:cancelled|canceled|ended|dropped|quit|left|terminated) (?:my|our|the) (?<plan>\\p{Lu}[\\p{L}\\p{N}+]*(?: \\p{Lu}[\\p{L}\\p{N}+]*)?)(?: ${PLAN})(?=$|[\\s.,;!])`,
    'u',
  ),
  ({ plan: name = '' }, said) => {
    const at = since(said).validFrom ?? said.at
    return [ends('plan', name, at), ends('subscribes to', name, at)]
  },
)

const subscribes = rule(
  /^(?:have |has )?(?:just )?(?:subscribes?|subscribed|(?:am|is|are) subscribed) to (?<what>\p{Lu}.*)$/u,
  ({ what }, said) => {
    const name = valueIn(what ?? '', ['name'])
    return name === undefined || kindOf(name) === 'plan' || isAhead(said)
      ? []
      : [states('subscribes to', name, when(said))]
  },
)

const pays = rule(
  /^pays? (?:now )?(?:you )?(?:by|via|with|through) (?:my |an? )?(?<how>direct debit|credit card|debit card|bank transfer|invoice|gift card|standing order|wire transfer|cash|cheque|check|PayPal|Apple Pay|Google Pay|Klarna|SEPA)(?=$|[\s.,;!])/u,
  ({ how }, said) =>
    how === undefined || said.subject.is === 'thing'
      ? []
      : [states('payment method', how, { ...when(said), single: true })],
)

const GIVEN_UP =
  /^(?:have |has )?(?:just |finally |completely )?(?<verb>gave up(?: on)?|given up(?: on)?|quit|cut out|went off|gone off|swore off|stopped (?<act>eating|drinking|smoking|buying)) (?:all )?(?<what>\p{Ll}.*)$/u
const CONSUMED =
  /^(?:coffee|caffeine|tea|sugar|alcohol|meat|red meat|fish|dairy|milk|cheese|gluten|bread|wheat|carbs|chocolate|sweets|candy|soda|soft drinks|fizzy drinks|wine|beer|drinking|smoking|cigarettes|vaping|social media|fast food|junk food|energy drinks|pork|eggs|salt|gambling|cola|coke|sweeteners|snacks|crisps)$/

/** "I gave up coffee", "stopped eating meat". */
const givesUp = rule(GIVEN_UP, ({ act, what }, said) => {
  const objects = listed(cutObject(what ?? '')).filter(one => CONSUMED.test(one))
  if (said.subject.is === 'thing') return []
  const predicate = act === 'eating' ? 'does not eat' : act === 'drinking' ? 'does not drink' : 'gave up'
  return objects.flatMap(one => [
    states(predicate, one, when(said)),
    ...['likes', 'prefers'].map(old => ends(old, one, since(said).validFrom ?? said.at)),
  ])
})

const POINTS = /\b(?:it|this|that|these|those|you|your|not|be|something|anything|here|there|one|them)\b/i

/** "I'd rather have tea than coffee". Without a verb of consuming it is a choice of the moment or a joke. */
const rather = rule(
  /^(?:'d|would) (?:much )?rather (?:have|drink|eat|take|use) (?<what>.+?)(?: (?:than|instead of|over|rather than) .*)?$/u,
  ({ what }, said) => {
    const object = cutObject(what ?? '')
    return object !== '' && wordCount(object) <= 4 && !POINTS.test(object) && said.subject.is !== 'thing'
      ? [states('prefers', object, when(said))]
      : []
  },
)

/** "I'm a tea drinker now", "I'm more of a cat person". */
const kindOfPerson = rule(
  /^(?:am|is) (?:more of )?an? (?:(?<person>dog|cat|morning|night|tea|coffee|beach|mountain|city|country|book|wine|beer|winter|summer) person|(?<lover>\p{Ll}+) (?:drinker|lover|eater))(?:[ .,!].*)?$/u,
  ({ person, lover }, said) => {
    const object = person ?? lover ?? ''
    return said.subject.is === 'thing' || /^(?:big|huge|great|heavy|good|bad|true|real|former)$/.test(object)
      ? []
      : [states(person === undefined ? 'likes' : 'prefers', object, when(said))]
  },
)

const prefersNow = rule(
  /^(?:(?:have |has )?(?:switched|changed|gone over|moved over|converted)(?: over)?(?: from (?<old>\p{Ll}[\p{L} -]{1,25}?))? to|(?:have |has )?(?:traded|swapped) (?<old2>\p{Ll}[\p{L} -]{1,25}?) for) (?:drinking |eating |using )?(?<what>\p{Ll}.*)$/u,
  ({ old, old2, what }, said) => {
    const object = cutObject(what ?? '')
    return FOODS.test(object) && said.subject.is !== 'thing'
      ? [
          ...(old === undefined && old2 === undefined
            ? []
            : ['likes', 'prefers'].map(one => ends(one, old ?? old2, said.at))),
          states('prefers', object, when(said)),
        ]
      : []
  },
)
const FOODS =
  /^(?:green |black |herbal |oat |almond |soy |oat-|plant |decaf |still |sparkling |brown |sourdough )?(?:tea|coffee|milk|decaf|water|juice|wine|beer|bread|rice|honey|espresso|matcha|kombucha|butter|cheese|yoghurt|yogurt|cocoa)$/

const best = rule(
  /^(?:can be reached|(?:am|is|are) best reached|prefers? calls|prefers? to be called|(?:am|is) (?:free|available|reachable)|(?:am|is) best available) (?:by phone )?(?:on |in |at )?(?<time>.+)$/,
  (_groups, { whole }) => {
    const time = valueIn(
      /(?:called|reached|calls|free|available|reachable)(?: by phone)? (?:on |in |at )?(?<time>.+)$/.exec(
        whole,
      )?.groups?.['time'] ?? '',
      ['time'],
    )
    return time !== undefined && /s\b|mornings?|evenings?|afternoons?/i.test(time)
      ? [states('best time to call', time, { single: true })]
      : []
  },
)

const SPEED =
  /^(?:have|has|(?:am|are) on|get|gets|booked|ordered) (?:now )?(?<value>\d[\d.,]* ?(?:Mbit|Mbps|Gbit|Gbps|MBit)(?:\/s)?)(?=$|[\s.,;!])/

const speed = rule(SPEED, ({ value }, said) =>
  value === undefined || /\b(?:office|work|school|university|library)\b/.test(said.rest)
    ? []
    : [states('line', value, { ...when(said), single: true })],
)

/** "Replaced my router with a Corvus One" is read elsewhere; "my router died, I have a Corvus One" names a noun before. */
const haveAs = rule(
  /^(?:have|has|use|uses|bought|got) (?:an? |the )(?<what>\p{Lu}.*?) (?<noun>router|modem|phone|laptop|tablet|car|camera|printer|watch|bike|keyboard|monitor|console)(?=$|[\s.,;!])/u,
  ({ what, noun }, said) => {
    const name = valueIn(what ?? '', ['name'])
    const found = attributeNoun(noun ?? '', true)
    return name === undefined || name !== what || found === undefined || said.subject.is === 'thing'
      ? []
      : [states(found.predicate, name, { ...when(said), single: true })]
  },
)

export const POSSESSIONS: readonly Rule[] = [
  drives,
  owns,
  trades,
  plan,
  planOver,
  subscribes,
  pays,
  givesUp,
  rather,
  kindOfPerson,
  prefersNow,
  best,
  speed,
  haveAs,
]

/** Ways to be reached, said without "my": read from the whole clause. */
export function callOf(clause: string, who: string | undefined): Found[] {
  if (who === undefined) return []
  const phone =
    /^(?:(?:you can |please |just )?(?:reach|call|ring|text|phone|contact) me (?:at|on|under)|(?:my )?new (?:phone |mobile |cell )?number(?: is|:)|I can be reached (?:at|on|under)) (?<value>\+?\(?\d[\d ().-]{5,20}\d)/i.exec(
      clause,
    )?.groups?.['value']
  if (phone !== undefined) return [states('phone', phone, { subject: who })]
  const email =
    /^(?:(?:please )?(?:write|mail|e-mail|email|send (?:it|them|mail|mails|everything|invoices))(?: me)?(?: to| at)?|you (?:can )?reach me (?:at|on|under)|I can be reached (?:at|under)) (?<value>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5})/i.exec(
      clause,
    )?.groups?.['value']
  if (email !== undefined) return [states('email', email, { subject: who })]
  const time =
    /^(?:(?:please )?(?:call|ring|phone)(?: me)? (?:on|in the|during) |(?:for )?calls: |(?:the )?best (?:time )?to (?:call|reach|ring) me(?: by phone)?(?: is|:) )(?:now )?(?<value>.+)$/i.exec(
      clause,
    )?.groups?.['value']
  const value = time === undefined ? undefined : valueIn(time, ['time'])
  if (value !== undefined && /s\b|mornings?|evenings?|afternoons?/i.test(value))
    return [states('best time to call', value, { subject: who, single: true })]
  const sent = /^(?:please )?send [\p{L} ]{2,30} to (?<value>\d.*)$/iu.exec(clause)?.groups?.['value']
  const address = sent === undefined ? undefined : valueIn(sent, ['address'])
  if (address !== undefined) return [states('address', address, { subject: who })]
  return charged(clause, who)
}

function charged(clause: string, who: string): Found[] {
  const how =
    /^(?:please )?(?:charge me|bill me|take (?:the money|it|payment)|(?:the|my) payments? (?:has gone|have gone|goes?|is made|comes?)|you get (?:your|the) money) (?:now )?(?:by|via|with|through) (?:my )?(?<how>\p{L}+(?: (?:debit|card|transfer|order|pay))?)/iu.exec(
      clause,
    )?.groups?.['how']
  return how === undefined || /^(?:mail|post|mistake|accident|error|phone)$/i.test(how)
    ? []
    : [states('payment method', how, { subject: who, single: true })]
}
