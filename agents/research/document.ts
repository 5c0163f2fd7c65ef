/**
 * What research works on. Offsets are UTF-16 units into `Document.text`; for Markdown and plain text that
 * text is the file itself, so `text.slice(start, end) === quote` holds for whoever opens the file.
 */
import { z } from 'zod'

export interface Document {
  /** The path as found from the working directory, or the URL. */
  readonly source: string
  readonly title: string
  readonly text: string
  readonly format: 'markdown' | 'text' | 'html' | 'json' | 'pdf'
}

/** A stretch of a document: a paragraph, a list item with its marker, a table, a block of code. */
export interface Passage {
  readonly source: string
  readonly start: number
  readonly end: number
  readonly text: string
  /** The headings above it, outermost first. */
  readonly headings: readonly string[]
  /** True for code and data: it is found and quoted, but holds no sentences. */
  readonly code?: true
}

export interface RankedPassage extends Passage {
  /** Higher is better; comparable only within one search. */
  readonly score: number
}

export const citation = z.object({
  source: z.string(),
  quote: z.string().min(1),
  start: z.number().int().nonnegative(),
  end: z.number().int().positive(),
})
export type Citation = z.infer<typeof citation>

/** `checked`: its quote was found in its source; `unsupported`: marked by the fact checker. */
/** Where a finding is known from, when it was not found in this run. */
export const remembered = z.object({
  run: z.string(),
  topic: z.string(),
  /** Milliseconds since the epoch when it was learned. */
  at: z.number(),
})

export const finding = z.object({
  id: z.string(),
  statement: z.string().min(1),
  subtask: z.string(),
  theme: z.string().optional(),
  citations: z.array(citation),
  relevance: z.number(),
  verdict: z.enum(['unchecked', 'checked', 'unsupported']),
  memory: remembered.optional(),
})
export type Finding = z.infer<typeof finding>

export const subtask = z.object({
  id: z.string(),
  question: z.string().min(1),
  /** The corpus' own words that this sub-task is about. */
  terms: z.array(z.string()),
  focus: z.string().optional(),
})
export type Subtask = z.infer<typeof subtask>
