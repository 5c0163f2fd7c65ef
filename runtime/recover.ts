/**
 * Brings back, at the start of a node, every actor that has unfinished work and whose behaviour is known here:
 * supervisors first. All take their states from their records before any goes on, so that what they owe each
 * other is known. Called by `create-runtime.ts`.
 */
import type { Address } from '../actors/address.ts'
import { parseAddress } from '../actors/address.ts'
import type { Behaviour } from '../actors/behaviour.ts'
import type { Cell } from '../actors/cell.ts'
import { toRuntimeError } from '../actors/errors.ts'
import { SUPERVISOR } from '../actors/supervisor.ts'
import type { Node } from './node.ts'
import type { Recovery } from './runtime.ts'
import { recordedSpec } from './sleepers.ts'

const NOTHING: Recovery = { revived: 0, waiting: [], broken: [] }

export async function recoverAll(
  node: Node,
  behaviourOf: (type: string) => Behaviour | undefined,
): Promise<Recovery> {
  if (!node.journal.durable) return NOTHING
  const supervisors = await admitAll(node, actor => isSupervisor(actor), behaviourOf)
  const others = await admitAll(node, actor => !isSupervisor(actor), behaviourOf)
  const cells = [...supervisors, ...others]
  await node.goOn(cells)
  return { revived: cells.length, waiting: await unclaimed(node), broken: brokenOf(node) }
}

/** What is on disk with unfinished work and nobody has started. */
export async function unclaimed(node: Node): Promise<readonly Address[]> {
  if (!node.journal.durable) return []
  const found: Address[] = []
  for await (const { actor, rest } of node.journal.actors())
    if (!rest && !node.registry.get(actor)) found.push(actor)
  return found
}

export const brokenOf = (node: Node): Recovery['broken'] =>
  [...node.sleepers.broken()].map(([actor, error]) => ({ actor, error }))

const isSupervisor = (actor: Address): boolean => parseAddress(actor).type === SUPERVISOR

async function admitAll(
  node: Node,
  wanted: (actor: Address) => boolean,
  behaviourOf: (type: string) => Behaviour | undefined,
): Promise<readonly Cell[]> {
  const cells: Cell[] = []
  const isLive = (actor: Address): boolean => node.registry.get(actor) !== undefined
  const records = node.journal.readAll(
    ({ actor, rest }) =>
      !rest && wanted(actor) && !isLive(actor) && behaviourOf(parseAddress(actor).type) !== undefined,
  )
  for await (const [actor, recorded] of records) {
    const behaviour = behaviourOf(parseAddress(actor).type)
    if (!behaviour || isLive(actor)) continue
    try {
      const cell = node.admit(recordedSpec(actor, behaviour, recorded, isLive, node.root))
      try {
        cell.load(recorded)
        cells.push(cell)
      } catch (thrown) {
        node.forget(actor)
        throw thrown
      }
    } catch (thrown) {
      node.sleepers.fail(actor, toRuntimeError(thrown, 'actor-crashed'))
    }
  }
  return cells
}
