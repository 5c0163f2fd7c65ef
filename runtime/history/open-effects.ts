/**
 * The effects of a run whose outcome is not on record: under way when it stopped, or parked for a person. Read from
 * the steps alone, so that they can be shown without bringing an actor back. Used by the command line.
 */
import type { Address } from '../../actors/address.ts'
import type { Plain } from '../../actors/plain.ts'
import type { RunStep } from '../runs.ts'

export interface OpenEffect {
  readonly effect: string
  readonly actor: Address
  /** The name it is invoked by: a tool's, or `model`. */
  readonly name: string
  readonly input: Plain
  readonly attempt: number
  /** A person has to decide: what is not known. */
  readonly parked?: string
  readonly startedAt: number
}

/** In the order they were started. Asks of other actors are not among them. */
export function openEffects(steps: readonly RunStep[]): readonly OpenEffect[] {
  const open = new Map<string, OpenEffect & { readonly child: string }>()
  const lives = new Map<Address, string>()
  const close = (actor: Address, child?: string): void => {
    for (const [id, one] of open)
      if (one.actor === actor && (child === undefined || one.child === child)) open.delete(id)
  }
  for (const { commit } of steps) {
    const { actor, seq, at, taken, acts } = commit
    if (taken.kind === 'init') lives.set(actor, taken.life)
    if (taken.kind === 'restart' || taken.kind === 'ended') close(actor)
    if (taken.kind === 'result' || taken.kind === 'failure') open.delete(taken.intent)
    if (taken.kind === 'retry' || taken.kind === 'parked') {
      const { parked: _, ...known } = open.get(taken.intent) ?? {}
      const { attempt, intent } = taken
      const why = taken.kind === 'parked' ? { parked: taken.why } : {}
      if ('effect' in known)
        open.set(intent, { ...(known as OpenEffect & { child: string }), attempt, ...why })
    }
    acts.forEach((act, k) => {
      if (act.act === 'stop') close(actor, act.child)
      if (act.act !== 'start' || act.src === 'ask') return
      const effect = `${actor}.${lives.get(actor) ?? ''}.${seq}.${k}`
      const { src: name, input, child } = act
      open.set(effect, { effect, actor, name, input, child, attempt: 1, startedAt: at })
    })
  }
  return [...open.values()].map(({ child: _, ...one }) => one)
}
