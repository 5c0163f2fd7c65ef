/**
 * The English words that time expressions are made of, and the cutting of a text into them. Read by
 * `time-rules.ts`. Every word gets one meaning here; whether it is meant that way is decided there.
 */

export type Unit = 'minute' | 'hour' | 'day' | 'week' | 'weekend' | 'month' | 'year' | 'decade'

/** How many: "a few" is from two to five. */
export interface Amount {
  readonly low: number
  readonly high: number
}

export type Meaning =
  | { readonly is: 'day'; readonly offset: number }
  | { readonly is: 'unit'; readonly unit: Unit; readonly times: number; readonly plural: boolean }
  | { readonly is: 'month'; readonly month: number; readonly short: boolean }
  | { readonly is: 'weekday'; readonly weekday: number; readonly short: boolean }
  | { readonly is: 'season'; readonly month: number }
  | { readonly is: 'part'; readonly from: number; readonly until: number }
  | { readonly is: 'amount'; readonly amount: Amount }
  | { readonly is: 'which'; readonly which: 'last' | 'this' | 'next' }
  | { readonly is: 'relation'; readonly relation: 'in' | 'since' | 'after' | 'before' }
  | { readonly is: 'stretch'; readonly part: 'early' | 'middle' | 'late' }
  | { readonly is: 'number'; readonly value: number; readonly ordinal: boolean; readonly digits: number }
  | { readonly is: 'date'; readonly year: number; readonly month: number; readonly date: number }
  | { readonly is: 'decade'; readonly year: number }

export interface Token {
  readonly word: string
  readonly start: number
  readonly end: number
  readonly capital: boolean
  /** Only white space, a comma or a hyphen stand between it and the word before. */
  readonly joined: boolean
  /** Nothing but white space stands between it and the word before. */
  readonly spaced: boolean
  readonly meaning?: Meaning
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
)
const WEEKDAYS = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ')
const NUMBERS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'.split(
    ' ',
  )

const unit = (name: Unit) =>
  [
    [name, { is: 'unit', unit: name, times: 1, plural: false }],
    [`${name}s`, { is: 'unit', unit: name, times: 1, plural: true }],
  ] as const
const amount = (low: number, high = low) => ({ is: 'amount', amount: { low, high } }) as const
const relation = (of: 'in' | 'since' | 'after' | 'before') => ({ is: 'relation', relation: of }) as const
const part = (from: number, until: number) => ({ is: 'part', from, until }) as const

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['today', { is: 'day', offset: 0 }],
  ['yesterday', { is: 'day', offset: -1 }],
  ['tomorrow', { is: 'day', offset: 1 }],
  ...unit('minute'),
  ...unit('hour'),
  ...unit('day'),
  ...unit('week'),
  ...unit('weekend'),
  ...unit('month'),
  ...unit('year'),
  ...unit('decade'),
  ['fortnight', { is: 'unit', unit: 'week', times: 2, plural: false }],
  ...MONTHS.map((name, month) => [name, { is: 'month', month, short: false }] as const),
  ...MONTHS.filter(name => name !== 'may').map(
    name => [name.slice(0, 3), { is: 'month', month: MONTHS.indexOf(name), short: true }] as const,
  ),
  ['sept', { is: 'month', month: 8, short: true }],
  ...WEEKDAYS.map((name, weekday) => [name, { is: 'weekday', weekday, short: false }] as const),
  ...['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map(
    (name, weekday) => [name, { is: 'weekday', weekday, short: true }] as const,
  ),
  ['tues', { is: 'weekday', weekday: 1, short: true }],
  ['thurs', { is: 'weekday', weekday: 3, short: true }],
  ['spring', { is: 'season', month: 2 }],
  ['summer', { is: 'season', month: 5 }],
  ['autumn', { is: 'season', month: 8 }],
  ['fall', { is: 'season', month: 8 }],
  ['winter', { is: 'season', month: 11 }],
  ['morning', part(5, 12)],
  ['afternoon', part(12, 18)],
  ['evening', part(17, 24)],
  ['night', part(18, 30)],
  ['last', { is: 'which', which: 'last' }],
  ['past', { is: 'which', which: 'last' }],
  ['previous', { is: 'which', which: 'last' }],
  ['this', { is: 'which', which: 'this' }],
  ['current', { is: 'which', which: 'this' }],
  ['next', { is: 'which', which: 'next' }],
  ['coming', { is: 'which', which: 'next' }],
  ['upcoming', { is: 'which', which: 'next' }],
  ['a', amount(1)],
  ['an', amount(1)],
  ['couple', amount(2, 3)],
  ['few', amount(2, 5)],
  ['several', amount(3, 8)],
  ['in', relation('in')],
  ['on', relation('in')],
  ['at', relation('in')],
  ['during', relation('in')],
  ['over', relation('in')],
  ['within', relation('in')],
  ['around', relation('in')],
  ['since', relation('since')],
  ['from', relation('in')],
  ['after', relation('after')],
  ['before', relation('before')],
  ['until', relation('before')],
  ['till', relation('before')],
  ['by', relation('before')],
  ['early', { is: 'stretch', part: 'early' }],
  ['beginning', { is: 'stretch', part: 'early' }],
  ['start', { is: 'stretch', part: 'early' }],
  ['mid', { is: 'stretch', part: 'middle' }],
  ['middle', { is: 'stretch', part: 'middle' }],
  ['late', { is: 'stretch', part: 'late' }],
  ['end', { is: 'stretch', part: 'late' }],
  ...NUMBERS.map((name, value) => [name, { is: 'number', value, ordinal: false, digits: 0 }] as const),
])

/** Linear: every alternative begins with another class of character, no part of it can match in two ways, none looks ahead. */
const WORD = /[A-Za-z]+(?:['’][A-Za-z]+)?|\d+(?:[-/.]\d+)*[A-Za-z]*/g
/** A gap longer than this joins nothing. */
const LONGEST_GAP = 4

/** The words and numbers of `text` in order. */
export function timeTokens(text: string): Token[] {
  const out: Token[] = []
  let before = 0
  for (const match of text.matchAll(WORD)) {
    const written = match[0]
    const start = match.index
    const word = written.toLowerCase()
    const gap = start - before <= LONGEST_GAP ? text.slice(before, start) : '.....'
    const first = written.charCodeAt(0)
    const meaning = first < 58 ? numeric(word) : MEANINGS.get(word)
    out.push({
      word,
      start,
      end: start + written.length,
      capital: first >= 65 && first <= 90,
      joined: /^[\s,-]*$/.test(gap),
      spaced: /^\s+$/.test(gap),
      ...(meaning !== undefined && { meaning }),
    })
    before = start + written.length
  }
  return out
}

/** `3`, `3rd`, `2019`, `1990s`, `2024-03-03`, `31/12/2024`, `3.4.2024`. */
function numeric(word: string): Meaning | undefined {
  const plain = /^(\d{1,6})(st|nd|rd|th|s)?$/.exec(word)
  if (plain !== null) {
    const value = Number(plain[1])
    const digits = plain[1]?.length ?? 0
    if (plain[2] === 's') return digits === 4 && value % 10 === 0 ? { is: 'decade', year: value } : undefined
    return { is: 'number', value, ordinal: plain[2] !== undefined, digits }
  }
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})t?$/.exec(word)
  if (iso !== null) return date(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const local = /^(\d{1,2})([./])(\d{1,2})\2(\d{4})$/.exec(word)
  if (local === null) return undefined
  const [one, two, year] = [Number(local[1]), Number(local[3]), Number(local[4])]
  if (local[2] === '.' || one > 12 || one === two) return date(year, two, one)
  // 3/4/2024 is March in one country and April in another: left alone.
  return two > 12 ? date(year, one, two) : undefined
}

const date = (year: number, month: number, of: number): Meaning => ({
  is: 'date',
  year,
  month: month - 1,
  date: of,
})
