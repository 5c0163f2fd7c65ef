/**
 * What `memory-scale` asks of every subject: to keep many turns so that another process finds them, and to search
 * them. Implemented in `ours/` and `peers/`, driven by `engine-process.ts`.
 */
import type { Turn } from './turns.ts'

export interface Engine {
  /** Takes turns into the empty `folder`. */
  write(folder: string): Promise<Writing>
  /** Finds what was written there. */
  open(folder: string): Promise<Asking>
}

export interface Writing {
  add(turns: readonly Turn[]): Promise<void>
  /** One by itself, as in a conversation; absent where there is no such call, or nothing is kept by it. */
  readonly addOne?: (turn: Turn) => Promise<void>
  /** After it another process finds all of them. */
  close(): Promise<void>
}

export interface Asking {
  /** How many of the ten best there are, with their texts. */
  ask(question: string): Promise<number>
  close(): Promise<void>
}

/** How many of the best are asked for. */
export const LIMIT = 10
