/**
 * Why something happened in a run: from a message, an effect or a step back to where the run began, with what was
 * spent at each hop and by all that followed from it. Called by `agenticraft why`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Usage } from '../../actors/events.ts'
import type { Act } from '../../actors/journal.ts'
import type { RunStep } from '../runs.ts'
import { causesOf } from './causes.ts'
import { checkedStep } from './replay.ts'

export interface Hop {
  readonly step: RunStep
  /** What the step made that leads on: to the hop below, or to what was asked about. */
  readonly made?: { readonly id: string; readonly act?: Act }
  /** Spent by the effects whose outcome this step took in. */
  readonly spent: Usage
  /** The same, with everything that followed from this step. */
  readonly spentBelow: Usage
}

/**
 * The hops from the start of the run to `what`: the id of a message or effect, or the number of a step. Throws
 * `usage` when the run has no such thing.
 */
export function why(steps: readonly RunStep[], what: string | number): readonly Hop[] {
  const causes = causesOf(steps)
  const named = typeof what === 'number' ? steps[checkedStep(steps, what) - 1] : causes.stepOf(what)
  if (!named) throw unknownId(String(what))
  const hops: Hop[] = []
  let step: RunStep | undefined = named
  let id = typeof what === 'number' ? undefined : what
  while (step) {
    const act = id === undefined ? undefined : causes.made(id)?.act
    const made = id === undefined ? {} : { made: { id, ...(act && { act }) } }
    hops.push({ step, ...made, spent: causes.spentAt(step), spentBelow: causes.spentBelow(step) })
    const cause = causes.causeOf(step)
    id = cause?.by
    step = cause?.step
  }
  return hops.toReversed()
}

const unknownId = (id: string): RuntimeError =>
  new RuntimeError('usage', `nothing in the run made "${id.slice(0, 200)}"`, {
    why: 'ids look like <type>/<id>.<life>.<commit>.<act>, and name what one actor of a run made',
    fix: 'agenticraft replay RUN shows the ids and numbers of all steps',
  })
