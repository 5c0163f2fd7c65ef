/**
 * What is remembered of a task: what was asked, by whom, and what was answered, each with how far it may be believed.
 * Pure; called by the rules of a task. Nothing an agent says is believed more than the least of what it worked with.
 */
import type { Plain } from '../../actors/plain.ts'
import type { NewMemory, Trust } from '../../memory/memory.ts'
import type { RecallInput } from './agent-memory.ts'
import { leastTrust, type Recollection } from './recollection.ts'
import { inWords, textFields } from './task-text.ts'

/** What a task brings besides its input, and what was recalled for it. Part of an agent's state. */
export interface TaskMemory {
  readonly session: string | null
  /** Who asked. */
  readonly who: string
  /** Absolute ms. */
  readonly at: number
  readonly memories: readonly Recollection[]
}

export const NO_MEMORY: TaskMemory = { session: null, who: '', at: 0, memories: [] }

export interface Exchange {
  readonly agent: string
  readonly skill: string
  readonly input: Plain
  readonly output: Plain
  readonly task: TaskMemory
  /** Of the input. */
  readonly trust: Trust
  /** It read what came from outside: a tool that says so, sources, documents. */
  readonly outside: boolean
}

const MOST_TEXT = 8_000
const MOST_ASKED = 4_000

/** What to look up for a task. */
export const recallInput = (input: Plain, { session }: TaskMemory): RecallInput => ({
  text: textFields(input, MOST_ASKED),
  session,
})

export function exchangeOf({
  agent,
  skill,
  input,
  output,
  task,
  trust,
  outside,
}: Exchange): readonly NewMemory[] {
  const used = task.memories.reduce((least, one) => leastTrust(least, one.trust), leastTrust('agent', trust))
  const meta = { agent, skill }
  return [
    { text: inWords(input, MOST_TEXT), who: task.who, at: task.at, trust, meta },
    { text: inWords(output, MOST_TEXT), who: agent, trust: outside ? 'untrusted' : used, meta },
  ]
}
