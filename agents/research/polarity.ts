/**
 * What a statement affirms or denies: its negations, the words that have an opposite, its numbers with their
 * units, the things it names. Called when two statements are compared. It judges one statement at a time
 * by its words; it does not understand.
 */
import { codeSpans } from './readable.ts'
import { stem, terms } from './tokens.ts'

export interface Quantity {
  readonly value: number
  /** Base unit ("ms", "bytes", "%"), the stem of the counted word, or empty. */
  readonly unit: string
  /** As written: "2 seconds". */
  readonly text: string
}

export interface Claim {
  /** Telling stems without negations, opposites and numbers: what it is about. */
  readonly subject: ReadonlySet<string>
  /** Without "never", which is one of the opposites. */
  readonly negations: number
  /** Which side of which pair of opposites it takes: pair index to 0 or 1. */
  readonly sides: ReadonlyMap<number, 0 | 1>
  readonly quantities: readonly Quantity[]
  /** Identifiers in code ticks and names in mixed or upper case. */
  readonly names: ReadonlySet<string>
  /** True when it holds under a condition only. */
  readonly conditional: boolean
}

/** Words that cannot both hold of the same thing. */
export const OPPOSITES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ['enabled', 'enable', 'enables'],
    ['disabled', 'disable', 'disables'],
  ],
  [['always'], ['never']],
  [['before'], ['after']],
  [['true'], ['false']],
  [
    ['allowed', 'allows', 'allow', 'permitted'],
    ['forbidden', 'prohibited', 'disallowed', 'forbids', 'prevents'],
  ],
  [['required', 'mandatory', 'requires'], ['optional']],
  [
    ['synchronous', 'synchronously'],
    ['asynchronous', 'asynchronously'],
  ],
  [['supported', 'supports', 'support'], ['unsupported']],
  [['possible'], ['impossible']],
  [['safe'], ['unsafe']],
  [
    ['increases', 'increase', 'increased'],
    ['decreases', 'decrease', 'decreased', 'reduces', 'reduced'],
  ],
  [
    ['minimum', 'least'],
    ['maximum', 'most'],
  ],
  [['faster'], ['slower']],
  [['mutable'], ['immutable']],
  [['open', 'opened'], ['closed']],
  [
    ['included', 'includes'],
    ['excluded', 'excludes'],
  ],
  [['public'], ['private']],
  [
    ['success', 'succeeds'],
    ['failure', 'fails'],
  ],
  [['stable'], ['unstable', 'experimental']],
  [['recommended'], ['discouraged']],
  [['valid'], ['invalid']],
  [['ordered'], ['unordered']],
  [['inside'], ['outside']],
  [
    ['accepts', 'accepted'],
    ['rejects', 'rejected', 'refuses', 'refused'],
  ],
]

const ALWAYS_OR_NEVER = OPPOSITES.findIndex(([left]) => left.includes('always'))

/** True when `claim` is denied, as compared with `other`: "never" is the opposite of "always", else a negation. */
export function isDenied(claim: Claim, other: Claim): boolean {
  const never = claim.sides.get(ALWAYS_OR_NEVER) === 1 && other.sides.get(ALWAYS_OR_NEVER) !== 0
  return (claim.negations + (never ? 1 : 0)) % 2 === 1
}

const SIDES: ReadonlyMap<string, readonly [number, 0 | 1]> = new Map(
  OPPOSITES.flatMap((pair, index) =>
    ([0, 1] as const).flatMap(side => pair[side].map(word => [word, [index, side]] as const)),
  ),
)
const NEGATION =
  /\b(?:not(?! only\b)|no(?! longer than\b)|cannot|without|neither|nor|none|nothing|\p{L}+n['’]t)\b/giu
const CONDITION =
  /\b(?:if|when|whenever|unless|until|while|in case|depending|once|except|otherwise|provided that)\b/i
const NUMBER = /(?<![\p{L}\p{N}._-])(\d{1,15}(?:[,_]\d{3})*(?:\.\d{1,10})?)(?![\p{N}]|\.\d)\s*(%|\p{L}+)?/gu
const TO_BASE: Readonly<Record<string, readonly [string, number]>> = {
  ...units('ms', { 1: 'ms msec millis millisecond milliseconds', 1000: 's sec secs second seconds' }),
  ...units('ms', { 60000: 'm min mins minute minutes', 3600000: 'h hour hours', 86400000: 'day days' }),
  ...units('bytes', { 1: 'b byte bytes', 1024: 'kb kib kilobytes', 1048576: 'mb mib megabytes' }),
  ...units('bytes', { 1073741824: 'gb gib gigabytes' }),
  ...units('%', { 1: '% percent' }),
}
const UNIT_NEEDS_WORDS =
  /^(?:is|are|and|or|by|in|to|of|for|the|a|an|at|on|as|if|when|which|that|but|with|from|will|means)$/i

function units(
  base: string,
  byFactor: Readonly<Record<number, string>>,
): Record<string, readonly [string, number]> {
  return Object.fromEntries(
    Object.entries(byFactor).flatMap(([factor, words]) =>
      words.split(' ').map(word => [word, [base, Number(factor)] as const]),
    ),
  )
}

export function claimOf(statement: string): Claim {
  const words = statement.toLowerCase().match(/[\p{L}\p{N}'’-]+/gu) ?? []
  const sides = new Map<number, 0 | 1>()
  for (const word of words) {
    const side = SIDES.get(word)
    if (side !== undefined) sides.set(...side)
  }
  const quantities = quantitiesOf(statement)
  const numbers = new Set(quantities.flatMap(({ text }) => terms(text)))
  const subject = new Set(
    terms(statement).filter(one => !numbers.has(one) && !OPPOSED.has(one) && !/^\d/.test(one)),
  )
  return {
    subject,
    negations: statement.match(NEGATION)?.length ?? 0,
    sides,
    quantities,
    names: namesIn(statement),
    conditional: CONDITION.test(statement),
  }
}

/** Stems that say for or against, not what about. */
const OPPOSED: ReadonlySet<string> = new Set([
  ...[...SIDES.keys()].map(stem),
  ...terms("not no never cannot without none nor neither nothing don't doesn't won't isn't aren't can't"),
])

/** Every number with its unit; versions, dates and parts of identifiers are no quantities. */
export function quantitiesOf(statement: string): Quantity[] {
  return [...statement.matchAll(NUMBER)].map(([text, digits, word = '']) => {
    const value = Number((digits ?? '').replace(/[,_]/g, ''))
    const [unit, factor] = TO_BASE[word.toLowerCase()] ?? [
      UNIT_NEEDS_WORDS.test(word) ? '' : stem(word.toLowerCase()),
      1,
    ]
    const bare = unit === '' ? (digits ?? '') : text.trim()
    return { value: value * factor, unit, text: bare }
  })
}

/** Identifiers and proper names as written; ordinary words at the start of a sentence are neither. */
export function namesIn(statement: string): Set<string> {
  const names = new Set<string>()
  const LITERAL = /^(?:true|false|null|undefined|-?\d+|['"].*)$/
  codeSpans(statement).forEach((part, index) => {
    if (index % 2 === 1) {
      const code = part.slice(1, -1).replace(/\(.*$/s, '').trim()
      if (code !== '' && !LITERAL.test(code)) names.add(code)
      return
    }
    for (const [word] of part.matchAll(
      /(?<![\p{L}\p{N}'’])[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*)*/gu,
    )) {
      if (/\p{Ll}\p{Lu}|\p{Lu}{2,}|_|\w\.\w/u.test(word)) names.add(word)
    }
    for (const [, word] of part.matchAll(/(?<=[\p{Ll}\p{N},;)] )(\p{Lu}[\p{Ll}]{2,})/gu))
      if (word !== undefined) names.add(word)
  })
  return names
}
