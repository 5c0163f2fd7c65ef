/** What a commit, and coming back, look like to observers. Used by `cell.ts`, and only while somebody listens. */
import { type Snapshot, stateText } from './behaviour.ts'
import type { Cause } from './cause.ts'
import type { CellHost, CellSpec } from './cell-host.ts'
import type { Commit } from './journal.ts'

/** Once the commit is stored. */
export function noteCommit(
  { address: actor, supervisor }: CellSpec,
  host: CellHost,
  { at, seq, taken }: Commit,
  next: Snapshot,
  cause: Cause | undefined,
): void {
  const { events, clock } = host
  host.whenStored(() => {
    if (taken.kind === 'init')
      events.emit({ type: 'actor.started', at, actor, ...(supervisor && { supervisor }) })
    events.emit({
      type: 'actor.committed',
      at,
      actor,
      seq,
      message: taken.kind === 'message' ? taken.type : taken.kind,
      state: stateText(next.value),
      durationMs: clock.now() - at,
      ...(cause?.run !== undefined && { run: cause.run }),
    })
  })
}

export function noteRecovery(
  { address: actor, supervisor }: CellSpec,
  { events, clock }: CellHost,
  commits: number,
): void {
  const by = supervisor && { supervisor }
  events.emit({ type: 'actor.recovered', at: clock.now(), actor, commits, ...by })
}
