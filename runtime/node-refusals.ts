/** Why a node cannot do what is wanted of it. */
import { type Address, parseAddress } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'

export const over = (actor: Address): RuntimeError =>
  new RuntimeError('address-taken', `the actor at ${actor} has ended, and its history is kept`, {
    fix: 'use another id, or remove the run it belongs to',
    details: { address: actor },
  })

export const unknownType = (type: string, known: readonly string[]): RuntimeError =>
  new RuntimeError('actor-not-found', `this node knows no actors of type "${type}"`, {
    why: known.length === 0 ? 'no behaviour was registered' : `it knows ${known.join(', ')}`,
    fix: 'register the behaviour with createRuntime({ behaviours }) or runtime.register(behaviour)',
  })

export const nobody = (to: Address): RuntimeError =>
  new RuntimeError('actor-not-found', `nobody answers at ${to}`, {
    why: 'no actor was spawned there, or it has stopped',
    fix: `spawn a "${parseAddress(to).type}" with that id first`,
    details: { to },
  })
