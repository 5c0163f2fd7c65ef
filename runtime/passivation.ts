/**
 * Takes actors out of memory: those that have been idle for long, until the next message; those of a node that
 * ends or of a run that waits for a person, as they are. Their journals go on without them.
 */
import type { Address } from '../actors/address.ts'

import type { Cell } from '../actors/cell.ts'
import type { Cancel, Clock } from '../actors/clock.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { EventSink } from '../actors/events.ts'
import type { Journal } from '../actors/journal.ts'
import type { Registry } from '../actors/registry.ts'
import type { KnownTypes } from './known-types.ts'
import type { Sleepers } from './sleepers.ts'

/** Where actors live. */
export interface Residence {
  readonly registry: Registry
  readonly sleepers: Sleepers
  readonly journal: Journal
  readonly clock: Clock
  readonly events: EventSink
  readonly types: KnownTypes
  /** The actor is not in memory any more. */
  forget(actor: Address): void
  report(error: unknown): void
}

/** Takes actors out of memory as they are; nothing but `spawn` brings them back. */
export async function detachAll(node: Residence, cells: readonly Cell[], error: RuntimeError): Promise<void> {
  const kept = cells.map(cell => ({ cell, last: cell.detach(error) }))
  for (const cell of cells) {
    node.forget(cell.address)
    node.sleepers.hold(cell.address)
  }
  const stored = kept.map(async ({ cell: { address, spec }, last }) => {
    const { run } = spec
    if (last) await node.journal.snapshot(address, last.seq, last.state, run === undefined ? {} : { run })
  })
  for (const result of await Promise.allSettled(stored))
    if (result.status === 'rejected') node.report(result.reason)
}

/** Takes the actors of a run out of memory as they are: nothing but `spawn` brings them back. */
export const suspendRun = (node: Residence, run: string): Promise<void> =>
  detachAll(
    node,
    [...node.registry.all()].filter(cell => cell.spec.run === run),
    new RuntimeError('cancelled', 'the run is suspended'),
  )

/** Takes one idle actor out of memory until the next message for it. */
async function passivate(node: Residence, cell: Cell): Promise<void> {
  const { address: actor, spec } = cell
  const last = cell.detach(new RuntimeError('cancelled', 'the actor goes to sleep'))
  node.registry.sleep(actor)
  if (node.events.on) node.events.emit({ type: 'actor.passivated', at: node.clock.now(), actor })
  const { run } = spec
  const rest = { rest: 'asleep', ...(run !== undefined && { run }) } as const
  if (last) await node.journal.snapshot(actor, last.seq, last.state, rest)
}

/**
 * Looks for idle actors from time to time. Only actors of types that the node knows sleep, since nothing else
 * could bring them back, and only those that supervise nobody.
 */
export function passivateIdle(node: Residence, afterMs: number): Cancel {
  let cancel: Cancel
  const sweep = (): void => {
    const now = node.clock.now()
    for (const cell of [...node.registry.all()]) {
      const { spec, idleSince = Number.POSITIVE_INFINITY } = cell
      const { behaviour, address } = spec
      const mayRest = now - idleSince >= afterMs && node.types.has(behaviour)
      if (mayRest && !supervises(node, address)) passivate(node, cell).catch(error => node.report(error))
    }
    cancel = node.clock.at(now + afterMs / 2, sweep)
  }
  cancel = node.clock.at(node.clock.now() + afterMs, sweep)
  return () => cancel()
}

const supervises = (node: Residence, actor: Address): boolean => node.registry.children(actor).length > 0

/** Ends an actor that is not in memory: of a run its history stays, of others nothing. */
export async function endAsleep(
  { journal, clock }: Pick<Residence, 'journal' | 'clock'>,
  actor: Address,
  reason: 'asked' | 'crashed',
): Promise<void> {
  const run = journal.known(actor)?.run
  const recorded = run === undefined ? undefined : await journal.read(actor)
  if (!recorded || run === undefined) return journal.remove(actor)
  const { snapshot, commits } = recorded
  const seq = (commits.at(-1)?.seq ?? snapshot?.seq ?? 0) + 1
  const ended = { kind: 'ended', reason } as const
  const commit = { actor, seq, at: clock.now(), taken: ended, acts: [] }
  // No state is at hand, and none is needed: nothing comes after this.
  await journal.append(commit, () => undefined, { run, rest: 'ended' })
}
