/** Messages that come again: how often one is tried that crashes its actor, and the same ask made twice. */
import type { Envelope } from './envelope.ts'

/** A message that crashes its actor this often is a dead letter. */
const MAX_DELIVERIES = 3

/** The message to try again, unless it had its chances. */
export function redelivery(envelope: Envelope | undefined): Envelope | undefined {
  const attempt = envelope?.attempt ?? 1
  return envelope && attempt < MAX_DELIVERIES ? { ...envelope, attempt: attempt + 1 } : undefined
}

export const isSame =
  ({ id }: Envelope) =>
  (other: Envelope): boolean =>
    other.id === id

/** The same ask made again: whoever asked last is told, and it may take as long as anybody waits for it. */
export function joined(before: Envelope, { deadline: until, ...again }: Envelope): Envelope {
  const deadline = longest(before.deadline, until)
  return deadline === undefined ? again : { ...again, deadline }
}

/** The later of two deadlines; none is the latest. */
export const longest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : Math.max(a, b)
