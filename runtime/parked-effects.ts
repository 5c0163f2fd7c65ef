/** Effects of unknown outcome: which there are on this node, and what a person decides about one. */
import type { Address } from '../actors/address.ts'
import type { Cell } from '../actors/cell.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { EffectDecision } from '../actors/protocol.ts'
import type { Node } from './node.ts'
import type { ParkedEffect } from './runtime.ts'

export const parkedEffects = (node: Node): readonly ParkedEffect[] =>
  [...node.registry.all()].flatMap(parkedOf)

/** How many effects of a run have begun and have no outcome, those that wait for a person not counted. */
export const effectsUnderWay = (node: Node, run: string): number =>
  [...node.registry.all()]
    .flatMap(({ acting }) => acting.intents.open(false))
    .filter(({ cause }) => cause?.run === run).length

/** How many attempts are being made at the moment. */
export const attemptsUnderWay = (node: Node): number =>
  [...node.registry.all()]
    .flatMap(({ acting }) => acting.intents.open(false))
    .filter(({ phase }) => phase === 'running').length

const parkedOf = ({ address: actor, acting }: Cell): readonly ParkedEffect[] =>
  acting.intents.open(true).map(({ id, src, input, attempt, why = '', cause }) => ({
    effect: id,
    actor,
    name: src,
    input,
    attempt,
    why,
    ...(cause?.run !== undefined && { run: cause.run }),
  }))

/** Tells the actor of an effect what a person decided. Throws `effect-unknown`. */
export async function decideEffect(node: Node, effect: string, decision: EffectDecision): Promise<void> {
  const actor = effect.split('.').slice(0, -3).join('.') as Address
  if (!node.registry.get(actor) && node.journal.known(actor)) await node.sleepers.wake(actor)
  if (node.registry.get(actor)?.acting.intents.decide(effect, decision)) return
  throw new RuntimeError('effect-unknown', `no effect "${effect}" waits for a person`, {
    why: 'it was decided already, or its actor is not in memory',
    fix: 'list them with parkedEffects()',
  })
}
