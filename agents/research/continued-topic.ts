/**
 * What a request to go on is about: "Continue our analysis of reconnecting, focusing on draining" is about
 * reconnecting, with draining in the foreground. Called when a team with a memory begins.
 */
import { resolveContinuation } from '../memory/continuation.ts'

export interface ContinuedTopic {
  /** True for "continue …", "as we discussed", "go on with …". */
  readonly continues: boolean
  /** The topic without the words that refer back; empty when it names none ("Continue"). */
  readonly subject: string
  readonly focus: readonly string[]
  /** Absolute ms between which the earlier work lies, where the request says so ("from yesterday"). */
  readonly since?: number
  readonly until?: number
}

const FOCUS =
  /[,;:.]?\s*(?:\b(?:now|this time|but|and|with)\s+)*\b(?:focus(?:s?ing|s?ed)?\s+(?:more\s+)?on|with (?:a|the) focus on|especially|in particular|concentrat(?:ing|e) on|looking (?:more )?(?:closely )?(?:at|into))\s+(?<focus>[^.?!;]+)[.?!]*\s*$/i
const WORK =
  /^(?:(?:on|with|about|of|our|the|my|your|this|that|last|earlier|previous)\s+)*(?:(?:research|analysis|investigation|study|report|work|discussion|conversation|inquiry|review)\b\s*)?(?:(?:on|about|of|into|regarding|concerning)\s+)?/i
const MOST_FOCUS = 3

/** Absolute ms for `now`, against which "yesterday" is read. */
export function continuedTopic(request: string, now: number): ContinuedTopic {
  const { continues, query, since, until } = resolveContinuation(request, now)
  if (!continues) return { continues, subject: request, focus: [] }
  const focus = FOCUS.exec(query)?.groups?.['focus'] ?? ''
  const subject = query
    .replace(FOCUS, '')
    .trim()
    .replace(WORK, '')
    .replace(/[.?!,;:\s]+$/, '')
  return {
    continues,
    subject,
    focus: focus
      .split(/\s*,\s*(?:and\s+)?|\s+and\s+/i)
      .map(one => one.trim())
      .filter(one => one !== '')
      .slice(0, MOST_FOCUS),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}
