/**
 * A turn of a conversation, and what it was found to state. Types only, shared by the reading of statements, the
 * corrections of them and consolidation.
 */
import type { Statement } from '../memory.ts'

export interface Turn {
  readonly text: string
  /** Who is "I". Without it nothing in the first person is extracted. */
  readonly who?: string
  /** Absolute ms when it was said. */
  readonly at: number
}

export interface FoundStatement extends Statement {
  readonly single: boolean
  /** The sentence that states it, as written. */
  readonly sentence: string
  /** Absolute ms since when it holds: a time the sentence names, else that of the turn. */
  readonly validFrom: number
  readonly validUntil?: number
  /** What the subject is to the speaker, when that was said with its name: "Ana's brother" of Tom. */
  readonly relation?: string
}

/** Something that no longer holds; without an object, whatever it was. */
export interface FoundEnding {
  readonly subject: string
  readonly predicate: string
  readonly object?: string
  readonly at: number
  /** The sentence says that it held until then: "from Porto to Lisbon". */
  readonly held?: boolean
  readonly sentence: string
}

export interface FoundStatements {
  readonly statements: readonly FoundStatement[]
  readonly endings: readonly FoundEnding[]
}
