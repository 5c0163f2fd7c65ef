/**
 * Makes the set of `memory-update` from the templates of this folder and a seed: dialogues of forty sessions over
 * ten months in which things are said, changed and suggested among talk that answers nothing, and the questions about
 * them. The same seed gives the same set, byte by byte (a test holds its hash). Called by the subjects of the
 * scenario. Does not measure.
 */
import { CASTS, type Cast } from './cast.ts'
import { type Chain, chainsOf, type Given, type Told } from './chains.ts'
import type { Dialogue, Question, Turn } from './dialogue.ts'
import { questionsOf } from './questions.ts'
import { type Dice, dice } from './random.ts'
import { fill, SESSIONS, sessionStart } from './slots.ts'

export const SEED = 20_261_101

/** When the questions are asked, absolute ms: some days after the last session. */
export const ASKED = Date.UTC(2026, 10, 1, 12)

/** Lines that stand together in a session; a question refers to them by `told`. */
interface Block {
  readonly lines: readonly { readonly who: string; readonly text: string; readonly told?: Told }[]
}

export const ASSISTANT = 'assistant'

/** Eight dialogues. */
export const generate = (seed: number = SEED): readonly Dialogue[] =>
  CASTS.map((cast, n) => dialogueOf(cast, dice(seed + n)))

function dialogueOf(cast: Cast, chance: Dice): Dialogue {
  const { domain, speaker } = cast
  const order = chance.shuffled(domain.attributes)
  const used = new Set<string>()
  const chains = chainsOf(order.slice(0, cast.chains), cast, chance, used)
  const unknown = order.slice(cast.chains)
  const advice = chance.shuffled(domain.advice)
  const given = advice
    .slice(0, cast.advice)
    .map(one => ({ advice: one, told: told(chance.pick(one.values)) }))
  const sessions: Block[][] = Array.from({ length: SESSIONS }, () => [])
  for (const chain of chains) addChain(sessions, chain, cast, chance)
  for (const attribute of [...chains.map(chain => chain.attribute), ...unknown]) {
    const near = chance.shuffled(attribute.near).slice(0, 2)
    const strangers = chance.shuffled(attribute.values.filter(value => !used.has(value)))
    near.forEach((text, at) => {
      const d = strangers[at]
      if (d)
        put(
          sessions,
          chance.between(0, SESSIONS - 1),
          exchange(speaker, fill(text, { d }), chance.pick(NODS)),
        )
    })
  }
  for (const one of given) addAdvice(sessions, one, cast, chance)
  addChatter(sessions, cast, chance)
  const turns = laidOut(sessions, chance)
  return {
    name: (cast.project || speaker).toLowerCase(),
    turns,
    questions: questionsOf({
      cast,
      chance,
      turns,
      chains,
      given,
      unknown,
      unsaid: advice.slice(cast.advice),
    }),
  }
}

const told = (value: string): Told => ({ value, turns: [] })

const put = (sessions: Block[][], session: number, block: Block): void => void sessions[session]?.push(block)

const exchange = (speaker: string, text: string, answer: string): Block => ({
  lines: [
    { who: speaker, text },
    { who: ASSISTANT, text: answer },
  ],
})

/** What an assistant says to what it need not answer. */
const NODS = [
  'I see.',
  'Ha, that sounds familiar.',
  'Noted.',
  'People do say that.',
  'Oh well.',
  'Is there something I can do?',
]
const BEFORE = ['One more thing.', 'I meant to tell you.', 'Quick update.', 'Before I forget.', 'So.']
const AFTER = [
  'Anyway, on to other things.',
  'That is all for today.',
  'Just so you know.',
  'Long story.',
  'More on that later.',
]

/** People seldom say one thing alone. */
function dressed(text: string, chance: Dice): string {
  const roll = chance.next()
  if (roll < 0.25) return `${chance.pick(BEFORE)} ${text}`
  return roll < 0.5 ? `${text} ${chance.pick(AFTER)}` : text
}

function addChain(
  sessions: Block[][],
  { attribute, name, links }: Chain,
  { speaker }: Cast,
  chance: Dice,
): void {
  const changes = chance.shuffled(attribute.change)
  links.forEach(({ told, session }, at) => {
    const template = at === 0 ? chance.pick(attribute.first) : (changes[at - 1] ?? chance.pick(changes))
    const slots = { v: told.value, o: links[at - 1]?.told.value ?? '', n: name }
    const echo = chance.pick(attribute.echo)
    put(sessions, session, {
      lines: [
        { who: speaker, text: dressed(fill(template, slots), chance), told },
        { who: ASSISTANT, text: fill(echo, slots), ...(echo.includes('{v}') && { told }) },
      ],
    })
  })
}

function addAdvice(sessions: Block[][], { advice, told }: Given, { speaker }: Cast, chance: Dice): void {
  const session = chance.between(2, SESSIONS - 8)
  put(sessions, session, {
    lines: [
      { who: speaker, text: chance.pick(advice.ask) },
      { who: ASSISTANT, text: fill(chance.pick(advice.give), { v: told.value }), told },
      { who: speaker, text: chance.pick(THANKS) },
    ],
  })
  for (const text of advice.later) {
    put(sessions, chance.between(session + 1, SESSIONS - 1), exchange(speaker, text, chance.pick(NODS)))
  }
}

const THANKS = [
  'Thank you!',
  'Good, I will try that.',
  'That helps.',
  'I will write that down.',
  'Perfect, thanks.',
]

function addChatter(sessions: Block[][], { domain, speaker, friends, sibling }: Cast, chance: Dice): void {
  let deck: string[][] = []
  for (const session of sessions) {
    for (let count = chance.between(1, 3); count > 0; count--) {
      if (deck.length === 0) deck = chance.shuffled(domain.chatter).map(lines => [...lines])
      const slots = {
        friend: chance.pick(friends),
        place: chance.pick(PLACES),
        food: chance.pick(FOOD),
        day: chance.pick(DAYS),
        number: String(chance.between(3, 38)),
        sibling,
      }
      const lines = (deck.pop() ?? []).map((text, at) => ({
        who: at % 2 === 0 ? speaker : ASSISTANT,
        text: fill(text, slots),
      }))
      session.push({ lines })
    }
  }
}

const PLACES = ['Bruges', 'Lucca', 'Freiburg', 'Sintra', 'Visby', 'Ravenna', 'Girona', 'Stirling']
const FOOD = [
  'lentil soup',
  'pancakes',
  'mushroom risotto',
  'apple crumble',
  'dumplings',
  'shakshuka',
  'plum cake',
]
const DAYS = ['Monday', 'Tuesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** Blocks in a new order, lines in theirs; each line a minute or so after the one before it. */
function laidOut(sessions: readonly Block[][], chance: Dice): readonly Turn[] {
  const turns: Turn[] = []
  sessions.forEach((blocks, session) => {
    let at = sessionStart(session) + chance.between(0, 8 * 60) * 60_000
    for (const { lines } of chance.shuffled(blocks)) {
      for (const { who, text, told } of lines) {
        told?.turns.push(turns.length)
        turns.push({ who, text, at, session: `session-${session + 1}` })
        at += chance.between(20, 110) * 1_000
      }
    }
  })
  return turns
}

/** All questions of a set, for its size. */
export const questionsIn = (dialogues: readonly Dialogue[]): readonly Question[] =>
  dialogues.flatMap(({ questions }) => questions)
