/**
 * Supervisors and what they supervise, as trees: who is below whom, how a tree is stopped, and how a supervisor's
 * decision is carried out in it. Used by `node.ts`; it decides nothing.
 */
import type { Address } from '../actors/address.ts'
import type { Decision } from '../actors/cell-host.ts'
import type { Clock } from '../actors/clock.ts'
import { fromWireError, type RuntimeError, type WireError } from '../actors/errors.ts'
import type { EventSink } from '../actors/events.ts'
import type { Directive, Journal } from '../actors/journal.ts'
import type { Registry } from '../actors/registry.ts'
import { nobody } from './node-refusals.ts'
import { endAsleep } from './passivation.ts'

/** Where the trees stand. */
export interface Grounds {
  readonly registry: Registry
  readonly events: EventSink
  readonly clock: Clock
  readonly journal: Journal
  forget(actor: Address): void
  report(error: unknown): void
}

/** Carries out a supervisor's decision about one of its children, or its own escalation. */
export function carryOut(node: Grounds, supervisor: Address, decision: Decision): void {
  const { child, directive, reason, error } = decision
  const affected = treeOf(node.registry, child)
  if (node.events.on) {
    const at = node.clock.now()
    node.events.emit({
      type: 'supervisor.decided',
      at,
      actor: supervisor,
      child,
      reason,
      directive,
      affected,
    })
  }
  if (directive === 'escalate')
    node.registry.get(supervisor)?.fail(error ? fromWireError(error) : nobody(child))
  else if (directive === 'stop') stopTree(node, child, 'crashed', error && fromWireError(error))
  else for (const actor of affected) apply(node, actor, directive, error)
}

/** What is temporary is never restarted, also not together with others. */
function apply(node: Grounds, actor: Address, directive: Directive, error: WireError | undefined): void {
  const cell = node.registry.get(actor)
  if (directive === 'restart' && cell?.spec.restart === 'temporary') stopTree(node, actor, 'crashed')
  else cell?.apply(directive, error)
}

/** An actor and all below it, parents before children. */
const treeOf = (registry: Registry, root: Address): readonly Address[] => [
  root,
  ...registry.children(root).flatMap(child => treeOf(registry, child)),
]

/** Stops an actor after everything it supervises, last started first. */
export function stopTree(
  node: Grounds,
  root: Address,
  reason: 'asked' | 'crashed',
  error?: RuntimeError,
): void {
  for (const child of [...node.registry.children(root)].reverse()) stopTree(node, child, reason, error)
  const cell = node.registry.get(root)
  if (cell) cell.stop(reason, error)
  else if (node.registry.isAsleep(root)) {
    node.forget(root)
    endAsleep(node, root, reason).catch(thrown => node.report(thrown))
  }
}
