/**
 * Brings an actor's state back from its record: the last snapshot, then every commit after it taken again by its
 * behaviour. What the behaviour decides must be what was recorded, or the definition has changed. Pure but for the
 * ledger it fills: nothing is sent, started or armed. The same fold serves recovery, `replay` and `verify`.
 */
import type { Acting } from './acting.ts'
import type { Address } from './address.ts'
import { type Behaviour, type Snapshot, type Step, stateText } from './behaviour.ts'
import { RuntimeError, toRuntimeError } from './errors.ts'
import type { Commit, Recorded, StoredState, Taken } from './journal.ts'
import { type Plain, sameData } from './plain.ts'
import { CANCELLED } from './protocol.ts'
import type { Provenance } from './provenance.ts'

/** What is known of an actor from the start of its record. */
export interface Origin {
  readonly life: string
  readonly input?: Plain
  readonly provenance?: Provenance
}

export interface Restored {
  readonly snapshot: Snapshot
  readonly seq: number
  /** Time of the last commit, ms since the epoch. */
  readonly at: number
}

/** Where a record begins: with the actor's first commit, or with what its snapshot kept of it. */
export function originOf({ snapshot, commits }: Recorded): Origin | undefined {
  const [first] = commits
  if (first?.taken.kind === 'init') return first.taken
  const origin = snapshot?.state.outstanding
  return origin && first?.taken.kind === 'migrated'
    ? { ...origin, provenance: first.taken.provenance }
    : origin
}

/** Whether a record that ends with its snapshot was written under another definition than `behaviour`. */
export function isOfAnother(behaviour: Behaviour, recorded: Recorded): boolean {
  const { provenance } = originOf(recorded) ?? {}
  if (!provenance || !recorded.snapshot || recorded.commits.length > 0) return false
  return provenance.version !== behaviour.version || provenance.definition !== behaviour.definition()
}

/**
 * Fills `acting` from a record and returns the state after its last commit; `seen` is told of each commit taken
 * again. Throws `definition-changed` when a commit does not fit the behaviour, and what the machine throws.
 */
export function restore(
  behaviour: Behaviour,
  acting: Acting,
  { snapshot: kept, commits }: Recorded,
  seen?: (commit: Commit, snapshot: Snapshot) => void,
): Restored {
  const { ledger } = acting
  ledger.replaying = true
  try {
    let snapshot: Snapshot | undefined
    let seq = kept?.seq ?? 0
    let at = kept?.state.outstanding?.at ?? 0
    if (kept) {
      if (kept.state.outstanding) ledger.load(kept.state.outstanding, acting)
      // A state that was migrated is one of the definition before.
      if (commits[0]?.taken.kind !== 'migrated') snapshot = revived(behaviour, acting.address, kept.state)
    }
    for (const commit of commits) {
      snapshot = again(behaviour, acting, snapshot, commit)
      seq = commit.seq
      at = commit.at
      seen?.(commit, snapshot)
    }
    if (!snapshot) throw new RuntimeError('internal', `the record of ${acting.address} is empty`)
    return { snapshot, seq, at }
  } finally {
    ledger.replaying = false
  }
}

/** The snapshot a state was stored from. Throws `definition-changed` when the machine has no such state. */
function revived(behaviour: Behaviour, actor: Address, state: StoredState): Snapshot {
  try {
    return behaviour.revive(state)
  } catch (cause) {
    const value = stateText(state.value)
    throw new RuntimeError(
      'definition-changed',
      `${actor} is in state "${value}", which "${behaviour.type}" has not`,
      {
        why: toRuntimeError(cause).message,
        fix: FIX,
        cause,
        details: { actor, state: value },
      },
    )
  }
}

/** Takes one commit again. */
function again(behaviour: Behaviour, acting: Acting, before: Snapshot | undefined, commit: Commit): Snapshot {
  const { taken, at } = commit
  const cause = causeOf(acting, taken)
  // The cause of a cancellation is open already, with what was spent on it.
  if (taken.kind === 'message' && taken.type !== CANCELLED) acting.open(taken.cause)
  const step = stepOf(behaviour, acting, before, taken, at)
  compare(behaviour, commit, step)
  const snapshot = step?.snapshot ?? before
  if (!snapshot) throw changed(behaviour, commit, 'its record does not begin with its start')
  acting.book(commit)
  acting.perform(commit, cause)
  if (taken.kind === 'message') {
    if (taken.type === CANCELLED) acting.ledger.inbound?.cancel(taken.cause.correlation ?? '')
    else if (taken.cause.replyTo && snapshot === before && commit.acts.length === 0)
      acting.refuseUnhandled(commit, snapshot)
  }
  if (cause) acting.closeIdle(cause, commit.seq)
  return snapshot
}

function stepOf(
  behaviour: Behaviour,
  acting: Acting,
  before: Snapshot | undefined,
  taken: Taken,
  at: number,
): Step | undefined {
  if (taken.kind === 'init' || taken.kind === 'restart') return behaviour.initial(taken.input, at)
  if (taken.kind === 'migrated') return { snapshot: behaviour.revive(taken.state), acts: [] }
  const event = machineEvent(acting, taken, at)
  if (event === 'none' || event === 'stale' || !before) return undefined
  return behaviour.next(before, event, at)
}

/** What the machine sees of what a commit took in. */
export function machineEvent(
  acting: Acting,
  taken: Taken,
  at: number,
): { readonly type: string } | 'none' | 'stale' {
  if (taken.kind !== 'message') return acting.eventOf(taken)
  const { id, from } = taken.cause
  const { type, body } = taken
  // Two literals: spreading one into the other costs more than the rest of taking a message.
  const event = from === undefined ? { type, body, id, at } : { type, body, id, at, from }
  return event
}

/** On whose behalf a commit was made. */
function causeOf({ ledger }: Acting, taken: Taken) {
  if ('cause' in taken) return taken.cause
  return 'intent' in taken ? ledger.flight?.get(taken.intent)?.cause : undefined
}

function compare(behaviour: Behaviour, commit: Commit, step: Step | undefined): void {
  const acts = step?.acts ?? []
  const { acts: recorded } = commit
  const k = Array.from({ length: Math.max(acts.length, recorded.length) }, (_, i) => i).find(
    i => !sameData(acts[i], recorded[i]),
  )
  if (k === undefined) return
  const say = (act: (typeof acts)[number] | undefined): string => (act ? JSON.stringify(act) : 'nothing')
  throw changed(
    behaviour,
    commit,
    `act ${k} was ${say(recorded[k]).slice(0, 300)} and is ${say(acts[k]).slice(0, 300)} now`,
  )
}

const FIX =
  'run it with the version that wrote it, give the behaviour a `migrate`, or start anew under another id'

const changed = ({ type }: Behaviour, { actor, seq, taken }: Commit, why: string): RuntimeError =>
  new RuntimeError(
    'definition-changed',
    `commit ${seq} of ${actor} (${taken.kind}) does not fit the definition of "${type}" any more`,
    {
      why,
      fix: FIX,
      details: { actor, seq },
    },
  )

/**
 * The state of an actor under a changed definition: what `migrate` makes of its last snapshot. Throws
 * `definition-changed` when there is no `migrate`, or when commits after the snapshot would be lost.
 */
export function migrated(behaviour: Behaviour, recorded: Recorded, cause?: RuntimeError): StoredState {
  const { snapshot, commits } = recorded
  const provenance = originOf(recorded)?.provenance
  if (!behaviour.migrate || !provenance)
    throw cause ?? new RuntimeError('internal', `"${behaviour.type}" has no migration`)
  if (!snapshot || commits.length > 0) {
    throw new RuntimeError('definition-changed', cause?.message ?? 'the definition has changed', {
      why: `${commits.length} commits were made since the last snapshot, and only a snapshot can be migrated`,
      fix: 'start the version that wrote it and stop it with runtime.stop(): that takes a snapshot of every actor',
      ...(cause && { cause }),
    })
  }
  const { outstanding } = snapshot.state
  const { definition, version } = provenance
  const next = behaviour.migrate(snapshot.state, { definition, ...(version !== undefined && { version }) })
  return outstanding ? { ...next, outstanding } : next
}
