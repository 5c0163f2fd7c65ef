/**
 * Talk for `memory-scale`, made from a seed: turns of about 140 characters by two of 2,000 people, in sessions of about
 * 25 turns that each have subjects of their own. Words follow a law like that of real talk (Zipf and Mandelbrot),
 * the frequent ones are English, the others are made of syllables. It means nothing: only sizes and speeds follow.
 */
import { type Dice, dice } from '../memory-update/random.ts'

export interface Turn {
  readonly who: string
  readonly text: string
  /** Absolute ms. */
  readonly at: number
  readonly session: string
}

/** When the first turn is said; the others follow by a minute, sessions by an hour. */
const BEGAN = Date.UTC(2024, 0, 1)
const MINUTE_MS = 60_000
const SEED = 20_241

const PEOPLE = 2_000
const WORDS = 60_000
/** How even the most frequent words are: the first of them is said in every tenth turn or so. */
const FLATTENING = 14
const SUBJECTS = 10

const LINKING =
  `and to a the it you i for of my so me that with is your have in was on how can we do what this be but up
about them are they out all our some any had going us get way at when from an there take if or as
by then would could who where he his her`.split(/\s+/)

const FREQUENT =
  `really great thanks awesome like love make keep time amazing last help cool sounds good support new
tough lot much fun together people work always difference family friends feel happy started week day life think want
share yesterday journey community kids glad excited proud hope special art music nature peace beautiful moment home
wonderful trying learning experience enjoy passion future dream project class book game dog city hike camp paint dance
cook bake run trip beach mountain park garden movie song concert team job career school study health yoga therapy
weekend month year ago recently`.split(/\s+/)

const SYLLABLES =
  `ba be bo bra ca co cri da de do dra fa fe flo ga gle go gra ha he ho ja jo ka ke kin la le li lo ma me mi
mo na ne ni no pa pe pi pla po ra re ri ro sa se si sta ste ta te ti to tra u va ve vi vo wa we wi za ze zo`.split(
    /\s+/,
  )
const ENDINGS = ['', '', '', 's', 'ing', 'ed', 'er', 'n', 'l', 't'] as const

/** Always the same for the same count, and the first of a larger count are those of a smaller. */
export function* turns(count: number): Generator<Turn> {
  const chance = dice(SEED)
  const vocabulary = words(chance)
  const people = Array.from({ length: PEOPLE }, () =>
    capital(syllables(chance, 2 + (chance.next() < 0.5 ? 1 : 0))),
  )
  for (let nth = 0, session = 0; nth < count; session++) {
    const pair = [chance.pick(people), chance.pick(people)] as const
    const subjects = Array.from(
      { length: SUBJECTS },
      () => vocabulary[Math.floor(chance.next() * WORDS * 0.2)] as string,
    )
    const length = chance.between(12, 38)
    for (let turn = 0; turn < length && nth < count; turn++, nth++) {
      yield {
        who: pair[turn % 2] as string,
        text: sentence(chance, vocabulary, subjects),
        at: BEGAN + session * 60 * MINUTE_MS + turn * MINUTE_MS,
        session: `s${session}`,
      }
    }
  }
}

/** What somebody might ask who wants that turn: its speaker, three to five of its words, and a word that asks. */
export function questionAbout({ who, text }: Turn, nth: number): string {
  const chance = dice(SEED + nth)
  const telling = text
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(word => word.length > 3 && !LINKING.includes(word))
  const chosen = chance.shuffled([...new Set(telling)]).slice(0, chance.between(3, 5))
  return `${chance.pick(['When did', 'What did', 'Where did', 'Why would'])} ${who} ${chosen.join(' the ')}?`
}

function words(chance: Dice): readonly string[] {
  const all = new Set(FREQUENT)
  for (let syllable = 2; all.size < WORDS; syllable = chance.between(2, 4))
    all.add(syllables(chance, syllable) + chance.pick(ENDINGS))
  return [...all]
}

const syllables = (chance: Dice, count: number): string =>
  Array.from({ length: count }, () => chance.pick(SYLLABLES)).join('')

function sentence(chance: Dice, vocabulary: readonly string[], subjects: readonly string[]): string {
  const length = Math.max(4, Math.round(23 * (0.35 + 1.3 * chance.next())))
  const said: string[] = []
  for (let word = 0; word < length; word++) {
    const kind = chance.next()
    if (kind < 0.48) said.push(chance.pick(LINKING))
    else said.push(kind < 0.62 ? chance.pick(subjects) : (vocabulary[rank(chance)] as string))
  }
  return `${capital(said.join(' '))}${chance.next() < 0.2 ? '?' : '.'}`
}

/** The probability of the word at rank r falls as 1 / (r + FLATTENING). */
const rank = (chance: Dice): number =>
  Math.floor(FLATTENING * ((WORDS + FLATTENING) / FLATTENING) ** chance.next()) - FLATTENING

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
