/**
 * The readers of statements one by one. A pattern is compiled when it is first used, and all of them together take long
 * enough to hold up the event loop: consolidation runs these, with pauses, before it reads its first episode.
 */
import { attributesOf } from './attributes.ts'
import { changesOf } from './changes.ts'
import { clausesOf } from './clauses.ts'
import { impliedBy } from './life-changes.ts'
import { favourites, mentioned } from './mentions.ts'
import { callOf } from './possessions.ts'
import { RULES } from './statements.ts'
import { subjectOf } from './subjects.ts'
import { valueIn } from './values.ts'

const WHO = 'Ana'
const TEXT = 'My thing of Heron is so'

const WHOLE: readonly ((text: string, who: string) => unknown)[] = [
  clausesOf,
  attributesOf,
  changesOf,
  impliedBy,
  callOf,
  mentioned,
  favourites,
  subjectOf,
  text => valueIn(text, ['name', 'person', 'amount']),
  text => valueIn(text, ['time', 'address', 'email', 'language', 'words']),
]

/** Each reads an empty sentence, twice: only what is used again is compiled for good. */
export const FIRST_READINGS: readonly (() => void)[] = [
  ...WHOLE.map(read => () => void [read(TEXT, WHO), read(TEXT, WHO)]),
  ...RULES.map(rule => () => {
    const said = {
      subject: { name: WHO, is: 'self', unique: true },
      whole: TEXT,
      rest: TEXT,
      times: [],
      at: 0,
      sentence: TEXT,
    } as const
    rule(said)
    rule(said)
  }),
]
