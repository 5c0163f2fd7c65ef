/** What the killed program and its judge share: how the memory is opened, and what a request says. */
import { randomUUID } from 'node:crypto'
import type { Memory, NewMemory } from '../../memory/memory.ts'
import { openStore } from '../../memory/store/open-store.ts'
import { journalCodec } from '../../runtime/data-directory.ts'

export const openKilledMemory = (dir: string): Promise<Memory> =>
  openStore({ dir, encoder: journalCodec(), clock: Date.now, ids: randomUUID })

export interface Request {
  readonly space: string
  readonly key: string
  readonly memory: NewMemory
}

const PEOPLE = ['Ana', 'Bruno', 'Carla']
const SENTENCES = [
  'I live in Porto now',
  'I live in Lisbon',
  'I work at Acme',
  'I no longer work at Acme',
  'I like olives',
  'I do not like olives any more',
  'we decided to meet on Friday',
  'the weather was good on the way',
]

/** A request like no other: `key` stands in its text, and says which of the sentences it is with `choice` (0 to 255). */
export function requestOf(space: string, key: string, choice: number): Request {
  const who = PEOPLE[choice % PEOPLE.length] ?? ''
  const sentence = SENTENCES[choice % SENTENCES.length] ?? ''
  const memory: NewMemory = {
    text: `${sentence}. ${tagOf(key)}`,
    who,
    session: `session ${choice % 20}`,
    source: `source ${tagOf(key)}`,
    trust: choice % 2 === 0 ? 'trusted' : 'untrusted',
  }
  return { space, key, memory }
}

/** A word that only this key makes, and no compression shortens much: what a purge has to take away. */
export const tagOf = (key: string): string => `tag${Buffer.from(key).toString('hex')}q`
export const TAG = /tag[0-9a-f]+q/g
