/**
 * Two processes of one name: who gives way. Pure; `membership.ts` asks when it hears of another life of its own node.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Heartbeat, NodeState } from './heartbeat.ts'

export interface Self {
  readonly state: NodeState
  readonly life: string
  readonly upMs: number
}

/** The other life, and since when (own clock) it is known. */
export interface Rival {
  readonly life: string
  readonly since: number
}

/**
 * What to do about a heartbeat of another life: `refuse` to join, `leave` as the other one has the name now, `answer` so
 * that the other one knows of this, or nothing.
 *
 * A newcomer gives way to one that is past joining, and of two newcomers the one of the greater life. Two past joining
 * could not hear each other before: the one that was there first stood still or was cut off, and its work has gone to
 * the other, so it gives way, once it has heard the other for `sureMs` and not only what was under way for long.
 */
export function rivalry(
  self: Self,
  beat: Heartbeat,
  known: Rival | undefined,
  now: number,
  sureMs: number,
): 'refuse' | 'leave' | 'answer' | 'nothing' {
  if (beat.state === 'left') return 'nothing'
  const isKnown = known?.life === beat.life
  if (self.state === 'joining') {
    if (beat.state !== 'joining' || beat.life < self.life) return 'refuse'
  } else if (beat.state !== 'joining' && isKnown && isYounger(beat, self) && now - known.since >= sureMs) {
    return 'leave'
  }
  return isKnown ? 'nothing' : 'answer'
}

const isYounger = (beat: Heartbeat, { upMs, life }: Self): boolean =>
  beat.upMs < upMs || (beat.upMs === upMs && beat.life < life)

export const nameTaken = (node: string): RuntimeError =>
  new RuntimeError('address-taken', `a node named "${node}" is a member already`, {
    why: 'two processes of one name would be taken for one, and each would undo what the other does',
    fix: 'give every process a name of its own, or stop the other one first; after a crash, try again in a few seconds',
    details: { node },
  })
