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

/** All findings of a run, as its metadata count them: also those that a report leaves out. */
export function knownAndFresh(findings: readonly Finding[]): {
  readonly known: number
  readonly fresh: number
} {
  const known = findings.filter(({ memory }) => memory).length
  return { known, fresh: findings.length - known }
}

/** The chapter's Markdown; empty when all of it is new. `used`: how many of `findings` the report makes use of. */
export function knownChapter(
  subtasks: readonly Subtask[],
  findings: readonly Finding[],
  used: number,
): string {
  const { known: count, fresh } = knownAndFresh(findings)
  if (count === 0) return ''
  const known = findings.flatMap(({ memory }) => memory ?? [])
  const runs = new Map(known.map(one => [one.run, one]))
  const from = [...runs.values()].map(
    ({ run, topic, at }) => `“${safe(readable(topic))}” (run ${safe(run)}, ${day(at)})`,
  )
  const total = `${count} ${count === 1 ? 'finding is' : 'findings are'} from memory, of ${from.join(', ')}.`
  const left =
    used < findings.length
      ? ` This report uses ${used} of the ${findings.length}: the others repeat one of them or could not be verified.`
      : ''
  const lines = subtasks.flatMap(({ id, question }) => {
    const own = findings.filter(({ subtask }) => subtask === id)
    const { known: old, fresh: young } = knownAndFresh(own)
    if (own.length === 0) return []
    return [`- ${safe(subjectOf(question) ?? question)}: ${old} known, ${young} new`]
  })
  return `${total} ${fresh} new.${left}\n\n${lines.join('\n')}`
}

/** On one line, without a tag that a viewer would obey: topics and runs are read back from a memory. */
const safe = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('![', '!\\[')
    .replaceAll(/<(?=[a-zA-Z/!])/g, '&lt;')
