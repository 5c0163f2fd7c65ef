/** Who talks in the eight dialogues of the set, and about what. Names stand for nothing else in any template. */
import { DAILY, HOTLINE, PROJECT } from './chatter.ts'
import { CUSTOMER } from './customer.ts'
import { CUSTOMER_ADVICE } from './customer-advice.ts'
import type { Domain } from './dialogue.ts'
import { LIFE } from './life.ts'
import { LIFE_ADVICE } from './life-advice.ts'
import { RELATIVES } from './relatives.ts'
import { WORK } from './work.ts'
import { WORK_ADVICE } from './work-advice.ts'

export interface Cast {
  readonly domain: Domain
  /** How many attributes change, and how many things the assistant says that are asked for. */
  readonly chains: number
  readonly advice: number
  readonly speaker: string
  /** Names of the relatives, by the attribute that is about them. */
  readonly relatives: Readonly<Record<string, string>>
  readonly project: string
  readonly sibling: string
  readonly friends: readonly string[]
}

const LIFE_DOMAIN: Domain = { attributes: [...LIFE, ...RELATIVES], advice: LIFE_ADVICE, chatter: DAILY }
const WORK_DOMAIN: Domain = {
  attributes: WORK,
  advice: WORK_ADVICE,
  chatter: [...PROJECT, ...DAILY.slice(0, 12)],
}
const CUSTOMER_DOMAIN: Domain = {
  attributes: CUSTOMER,
  advice: CUSTOMER_ADVICE,
  chatter: [...HOTLINE, ...DAILY.slice(12, 20)],
}

const life = (speaker: string, sister: string, brother: string, friends: readonly string[]): Cast => ({
  domain: LIFE_DOMAIN,
  chains: 8,
  advice: 7,
  speaker,
  relatives: { sister, brother },
  project: '',
  sibling: '',
  friends,
})

const work = (speaker: string, project: string, sibling: string, friends: readonly string[]): Cast => ({
  domain: WORK_DOMAIN,
  chains: 8,
  advice: 7,
  speaker,
  relatives: {},
  project,
  sibling,
  friends,
})

const customer = (speaker: string, friends: readonly string[]): Cast => ({
  domain: CUSTOMER_DOMAIN,
  chains: 6,
  advice: 6,
  speaker,
  relatives: {},
  project: '',
  sibling: '',
  friends,
})

export const CASTS: readonly Cast[] = [
  life('Ana', 'Marta', 'Davi', ['Jonas', 'Priya', 'Colm']),
  life('Felix', 'Greta', 'Anton', ['Yusuf', 'Saskia', 'Bea']),
  life('Zeynep', 'Elif', 'Kerem', ['Hugo', 'Nadia', 'Milo']),
  work('Lena', 'Heron', 'Magpie', ['Viktor', 'Salma', 'Joao']),
  work('Emeka', 'Basalt', 'Granite', ['Linnea', 'Paolo', 'Ruth']),
  work('Sofia', 'Compass', 'Sextant', ['Deniz', 'Harriet', 'Kofi']),
  customer('Ludmila', ['Stefan', 'Ewa', 'Gregor']),
  customer('Owen', ['Megan', 'Rhys', 'Carys']),
]
