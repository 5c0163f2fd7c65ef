/**
 * What the set of `memory-update` is made of. Types only: `generate.ts` makes dialogues from the templates of this
 * folder, `measures.ts` and the subjects of the scenario read them.
 */

/** `{p}` stands for the speaker, `{v}` for the value, `{o}` for the one before, `{d}` for one that is somebody else's. */
export interface Attribute {
  readonly name: string
  /** Whose it is: the person who speaks, a relative whose name is `{n}`, or the project of that name. */
  readonly of: 'speaker' | 'relative' | 'project'
  readonly values: readonly string[]
  /** The values only ever grow, as they stand. */
  readonly ordered?: true
  readonly first: readonly string[]
  readonly change: readonly string[]
  readonly echo: readonly string[]
  /** Said by the same person, and no answer. */
  readonly near: readonly string[]
  readonly now: readonly string[]
  /** `{m}`: a month. */
  readonly month: readonly string[]
  /** `{v}`: the value after the one asked for. */
  readonly before: readonly string[]
}

/** Something the assistant said. `{v}` is what the question asks for. */
export interface Advice {
  readonly name: string
  readonly values: readonly string[]
  readonly ask: readonly string[]
  readonly give: readonly string[]
  /** Later words of the user about the same thing, without the answer. */
  readonly later: readonly string[]
  readonly question: readonly string[]
}

/** Lines in turn, the user's first. Slots: `{friend}`, `{place}`, `{food}`, `{day}`, `{number}`, `{sibling}`: another project. */
export type Chatter = readonly string[]

export interface Domain {
  readonly attributes: readonly Attribute[]
  readonly advice: readonly Advice[]
  readonly chatter: readonly Chatter[]
}

export interface Turn {
  readonly who: string
  readonly text: string
  readonly at: number
  readonly session: string
}

/** `now`: the present value. `month`: that of a month. `before`: that before another. `none`: nothing answers it. */
export type QuestionKind = 'now' | 'month' | 'before' | 'assistant' | 'none'

export interface Question {
  readonly kind: QuestionKind
  /** Name of the attribute or the advice; for `none` with the way in which it misses. */
  readonly about: string
  readonly text: string
  /** Turns that answer it, by their place in the dialogue. */
  readonly evidence: readonly number[]
  /** Turns that state another value of the same attribute. */
  readonly outdated: readonly number[]
  /** What `facts()` should hold and what not, at a time (absolute ms; absent: now). */
  readonly fact?: {
    /** Absent: of a project, whose subject the speakers do not always name. */
    readonly subject?: string
    readonly object: string
    readonly others: readonly string[]
    readonly at?: number
  }
}

export interface Dialogue {
  readonly name: string
  readonly turns: readonly Turn[]
  readonly questions: readonly Question[]
}
