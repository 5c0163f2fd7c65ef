/**
 * The questions about one dialogue: what is so now, what was so in a month or before a change, what the assistant
 * said, and what nobody said though it sounds near. Called by `generate.ts`.
 */
import type { Cast } from './cast.ts'
import { type Chain, type Given, type Link, nameOf } from './chains.ts'
import type { Advice, Attribute, Question, Turn } from './dialogue.ts'
import type { Dice } from './random.ts'
import { fill, sessionStart } from './slots.ts'

export interface Material {
  readonly cast: Cast
  readonly chance: Dice
  readonly turns: readonly Turn[]
  readonly chains: readonly Chain[]
  readonly given: readonly Given[]
  /** Attributes and advice of the domain that this dialogue does not have. */
  readonly unknown: readonly Attribute[]
  readonly unsaid: readonly Advice[]
}

/** Questions of each way to have no answer. */
const OTHER_ATTRIBUTE = 3
const OTHER_PERSON = 3
const NEVER_SAID = 2

export function questionsOf(material: Material): readonly Question[] {
  return [
    ...material.chains.flatMap(chain => aboutChain(chain, material)),
    ...material.given.map(one => aboutAdvice(one, material)),
    ...withoutAnswer(material),
  ]
}

function aboutChain(chain: Chain, material: Material): readonly Question[] {
  const month = aboutMonth(chain, material)
  const isBeforeAsked = material.chance.next() < 0.5 || !month
  return [
    aboutNow(chain, material),
    ...(month ? [month] : []),
    ...(isBeforeAsked ? [aboutBefore(chain, material)] : []),
  ]
}

const slotsOf = (chain: Chain, { cast }: Material): Record<string, string> => ({
  p: cast.speaker,
  n: chain.name,
})

/** What every question about a link has: who says it and who says otherwise. */
function linkQuestion({ attribute, name, links }: Chain, asked: Link, { turns }: Material, at?: number) {
  const others = links.filter(link => link !== asked)
  return {
    about: attribute.name,
    evidence: asked.told.turns,
    // "From A to B" is no wrong answer to who was asked for A.
    outdated: others
      .flatMap(({ told }) => told.turns)
      .filter(turn => !turns[turn]?.text.includes(asked.told.value)),
    fact: {
      ...(attribute.of !== 'project' && { subject: name }),
      object: asked.told.value,
      others: others.map(({ told }) => told.value),
      ...(at !== undefined && { at }),
    },
  }
}

function aboutNow(chain: Chain, material: Material): Question {
  const last = chain.links.at(-1) as Link
  const text = fill(material.chance.pick(chain.attribute.now), slotsOf(chain, material))
  return { kind: 'now', text, ...linkQuestion(chain, last, material) }
}

/** About an earlier value, when a whole month lies well within its time. */
function aboutMonth(chain: Chain, material: Material): Question | undefined {
  const { chance } = material
  const earlier = chain.links.slice(0, -1).flatMap((link, at) => {
    const next = chain.links[at + 1] as Link
    return monthsWithin(sessionStart(link.session), sessionStart(next.session)).map(month => ({
      link,
      month,
    }))
  })
  if (earlier.length === 0) return undefined
  const { link, month } = chance.pick(earlier)
  const slots = { ...slotsOf(chain, material), m: MONTHS[month] as string }
  const at = Date.UTC(2026, month, 15, 12)
  return {
    kind: 'month',
    text: fill(chance.pick(chain.attribute.month), slots),
    ...linkQuestion(chain, link, material, at),
  }
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
]
const DAY = 86_400_000

/** Months that begin after `from` and end more than a week before `to`: "last weekend" may be meant. */
const monthsWithin = (from: number, to: number): readonly number[] =>
  MONTHS.map((_, month) => month).filter(
    month => Date.UTC(2026, month, 1) > from + DAY && Date.UTC(2026, month + 1, 1) < to - 8 * DAY,
  )

function aboutBefore(chain: Chain, material: Material): Question {
  const { attribute, links } = chain
  const later = material.chance.between(1, links.length - 1)
  const [asked, next] = [links[later - 1] as Link, links[later] as Link]
  const slots = { ...slotsOf(chain, material), v: next.told.value }
  const at = (sessionStart(asked.session) + sessionStart(next.session)) / 2 + DAY
  const question = linkQuestion(chain, asked, material, at)
  const change = next.told.turns.filter(turn => material.turns[turn]?.text.includes(asked.told.value))
  return {
    kind: 'before',
    text: fill(material.chance.pick(attribute.before), slots),
    ...question,
    evidence: [...question.evidence, ...change],
  }
}

function aboutAdvice({ advice, told }: Given, { chance }: Material): Question {
  return {
    kind: 'assistant',
    about: advice.name,
    text: chance.pick(advice.question),
    evidence: told.turns,
    outdated: [],
  }
}

function withoutAnswer({ cast, chance, chains, unknown, unsaid }: Material): readonly Question[] {
  const none = (about: string, text: string): Question => ({
    kind: 'none',
    about,
    text,
    evidence: [],
    outdated: [],
  })
  const slots = (attribute: Attribute) => ({ p: cast.speaker, n: nameOf(attribute, cast) })
  // Of somebody who is talked about, and of whom this was never said.
  const stranger = (): string => cast.sibling || chance.pick(cast.friends)
  const own = chance.shuffled(chains.filter(({ attribute }) => attribute.of !== 'relative'))
  return [
    ...unknown
      .slice(0, OTHER_ATTRIBUTE)
      .map(one => none(`other attribute: ${one.name}`, fill(chance.pick(one.now), slots(one)))),
    ...own.slice(0, OTHER_PERSON).map(({ attribute }) => {
      const name = stranger()
      return none(`other person: ${attribute.name}`, fill(chance.pick(attribute.now), { p: name, n: name }))
    }),
    ...unsaid.slice(0, NEVER_SAID).map(one => none(`never said: ${one.name}`, chance.pick(one.question))),
  ]
}
