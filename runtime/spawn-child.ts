/** Starts an actor that another one wanted started. Used by `node.ts`; what goes wrong is told to whoever wanted it. */
import { type Address, parseAddress } from '../actors/address.ts'
import type { CellSpec } from '../actors/cell-host.ts'
import type { Envelope } from '../actors/envelope.ts'
import { toWireError } from '../actors/errors.ts'
import type { Journal } from '../actors/journal.ts'
import type { StoredSpawn } from '../actors/outstanding.ts'
import type { Plain } from '../actors/plain.ts'
import type { Registry } from '../actors/registry.ts'
import type { KnownTypes } from './known-types.ts'
import { over, unknownType } from './node-refusals.ts'
import type { Sleepers } from './sleepers.ts'

/** Where it is started. */
export interface Birthplace {
  readonly address: Address
  readonly registry: Registry
  readonly journal: Journal
  readonly sleepers: Sleepers
  readonly types: KnownTypes
  start(spec: CellSpec): Promise<unknown>
  send(envelope: Envelope): void
}

/** `again`: after a crash of the process, which may have come after the child was there. */
export function spawnChild(
  node: Birthplace,
  { address: parent, supervisor, policy, run }: CellSpec,
  { type, id, child, input }: StoredSpawn,
  again?: true,
): void {
  const behaviour = node.types.get(type)
  const settled = (): void => node.registry.get(parent)?.acting.spawned(child)
  const failed = (thrown: unknown): void => {
    const body = { type, id: parseAddress(child).id, error: toWireError(thrown) } as unknown as Plain
    node.send({ v: 1, id: `${id}.failed`, type: 'spawn.failed', to: parent, from: node.address, body })
    settled()
  }
  const known = node.journal.durable ? node.journal.known(child) : undefined
  const isThere = node.registry.get(child) !== undefined
  if (again && (isThere || known?.rest === 'ended')) settled()
  else if (!behaviour) failed(unknownType(type, node.types.names()))
  else if (known?.rest === 'ended') failed(over(child))
  else if (known && !isThere) node.sleepers.wake(child).then(settled, failed)
  else {
    const spec: CellSpec = {
      address: child,
      behaviour,
      restart: 'transient',
      policy,
      ...(input !== undefined && { input }),
      ...(supervisor && { supervisor }),
      ...(run !== undefined && { run }),
    }
    node.start(spec).then(settled, failed)
  }
}
