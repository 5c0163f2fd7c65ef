/**
 * What a report says about its memory: which findings were known, since when, and which are new. Called by both ways
 * of writing reports; it says nothing in a report without known findings.
 */
import type { Finding, Subtask } from './document.ts'
import { readable } from './readable.ts'
import { subjectOf } from './topic-parts.ts'

export const KNOWN_TITLE = 'What was known and what is new'

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** Ends a statement of an earlier run: " *(known since 2026-03-01)*". */
export const knownSince = ({ memory }: Finding): string =>
  memory ? ` *(known since ${day(memory.at)})*` : ''

/** The chapter's Markdown; empty when all of it is new. */
export function knownChapter(subtasks: readonly Subtask[], findings: readonly Finding[]): string {
  const known = findings.flatMap(({ memory }) => memory ?? [])
  if (known.length === 0) return ''
  const runs = new Map(known.map(one => [one.run, one]))
  const from = [...runs.values()].map(
    ({ run, topic, at }) => `“${safe(readable(topic))}” (run ${safe(run)}, ${day(at)})`,
  )
  const isOne = known.length === 1
  const total = `${known.length} ${isOne ? 'finding is' : 'findings are'} from memory, of ${from.join(', ')}.`
  const lines = subtasks.flatMap(({ id, question }) => {
    const own = findings.filter(({ subtask }) => subtask === id)
    const old = own.filter(({ memory }) => memory).length
    if (own.length === 0) return []
    return [`- ${safe(subjectOf(question) ?? question)}: ${old} known, ${own.length - old} new`]
  })
  return `${total} ${findings.length - known.length} new.\n\n${lines.join('\n')}`
}

/** On one line, without a tag that a viewer would obey: topics and runs are read back from a memory. */
const safe = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('![', '!\\[')
    .replaceAll(/<(?=[a-zA-Z/!])/g, '&lt;')
