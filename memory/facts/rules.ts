/**
 * What a rule for statements is given and what it finds. Types, and the small steps that all rules share. The rules
 * stand beside it, by what they are about: places and work, a person, tastes, things of a project.
 */
import { type TimeExpression, timeExpressions } from '../time/time-expressions.ts'
import type { Subject } from './subjects.ts'

/** The words after the subject, and what time they name. */
export interface Said {
  readonly subject: Subject
  /** With its times. */
  readonly whole: string
  /** Without them. */
  readonly rest: string
  readonly times: readonly TimeExpression[]
  /** Absolute ms when it was said. */
  readonly at: number
  /** The whole sentence. */
  readonly sentence: string
}

export type Found =
  | {
      readonly is: 'statement'
      readonly predicate: string
      readonly object: string
      /** Of whom, if not of the subject of the clause. */
      readonly subject?: string
      /** Overrides the table of predicates. */
      readonly single?: boolean
      readonly validFrom?: number
      readonly validUntil?: number
      /** What the clause says behind the object: its times count. */
      readonly after?: string
    }
  | {
      readonly is: 'ending'
      readonly predicate: string
      readonly object?: string
      readonly at?: number
      readonly subject?: string
      /** It is said that the object was so until then: "from Porto to Lisbon". */
      readonly held?: boolean
    }

export type Rule = (said: Said) => readonly Found[]

export const states = (
  predicate: string,
  object: string,
  more: {
    readonly validFrom?: number
    readonly validUntil?: number
    readonly single?: boolean
    readonly subject?: string
    readonly after?: string
  } = {},
): Found => ({
  is: 'statement',
  predicate,
  object,
  ...more,
})

export const ends = (
  predicate: string,
  object?: string,
  at?: number,
  more: { readonly subject?: string; readonly held?: boolean } = {},
): Found => ({
  is: 'ending',
  predicate,
  ...(object !== undefined && { object }),
  ...(at !== undefined && { at }),
  ...more,
})

/** A rule that reads `rest` by one pattern; its named groups are handed on. */
export const rule =
  (
    pattern: RegExp,
    read: (groups: Readonly<Record<string, string | undefined>>, said: Said) => readonly Found[],
  ): Rule =>
  said => {
    const match = pattern.exec(said.rest)
    return match === null ? [] : read(match.groups ?? {}, said)
  }

/** Since when: the first time that is named, if it is not ahead. Until when: "until June", if that is ahead. */
export function since({ times, at }: Pick<Said, 'times' | 'at'>): {
  readonly validFrom?: number
  readonly validUntil?: number
} {
  const time = times.find(({ relation }) => relation === 'in' || relation === 'since')
  const end = times.find(({ text, from }) => /^(?:until|till) /i.test(text) && from > at)
  return {
    ...(time !== undefined && time.from <= at && { validFrom: time.from }),
    ...(end !== undefined && { validUntil: end.from }),
  }
}

const FOR =
  /\bfor (?:about |around |over |almost |nearly |more than |the past |the last )?((?:a |an )?[a-z0-9]+(?: of)? (?:day|week|month|year|decade)s?)\b/i

/** "For three years": since three years ago. */
export function sinceFor({ whole, at }: Said): { readonly validFrom?: number } {
  const length = FOR.exec(whole)?.[1]
  const [time] = length === undefined ? [] : timeExpressions(`${length} ago`, at)
  return time === undefined ? {} : { validFrom: time.from }
}

/** A time ahead makes it a plan. */
export const isAhead = ({ times, at }: Said): boolean =>
  times.some(({ from, relation }) => from > at && relation !== 'before')
