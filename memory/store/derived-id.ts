/** Ids of what is derived. Called by consolidation and by facts that are split. */
import { createHash } from 'node:crypto'

/** The same for the same: a proposal that is applied again finds what it made. */
export function derivedId(
  namespace: string,
  kind: string,
  from: readonly string[],
  content: unknown,
): string {
  const text = JSON.stringify([namespace, kind, [...from].sort(), content])
  // An id that begins with a hyphen would be an option on a command line.
  return createHash('sha256').update(text).digest('base64url').slice(0, 22).replace(/^-/, '_')
}
