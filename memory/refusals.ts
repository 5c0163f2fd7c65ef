/** What a journal refuses, in memory or on disk: the same calls, with the same errors. */
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { AppendOptions, Commit, Rest } from '../actors/journal.ts'
import { checkedName } from './journal-keys.ts'

/** The part of what is known of an actor that decides; of an unknown one `seq` is 0. */
interface Last {
  readonly seq: number
  readonly rest: Rest | undefined
  readonly run: string | undefined
}

/** Throws `journal-conflict` unless `commit` may be the next one of its actor. */
export function checkAppend({ actor, seq }: Commit, last: Last, { run }: AppendOptions): void {
  if (last.rest === 'ended') throw conflict(`${actor} has ended`, 'its life is over', { actor, seq })
  if (seq !== last.seq + 1) {
    const why = 'two writers would share one actor, or a commit was lost or refused and is there all the same'
    throw conflict(`commit ${seq} of ${actor} does not follow commit ${last.seq}`, why, {
      actor,
      seq,
      last: last.seq,
    })
  }
  checkRun(actor, last, run)
}

/** Throws `journal-conflict` unless a state after commit `seq` is that of the actor now. */
export function checkSnapshot(actor: Address, seq: number, last: Last, { run, rest }: AppendOptions): void {
  if (seq !== last.seq || seq === 0) {
    const why = 'the state is older than what was committed, or of an actor without a record'
    throw conflict(`a snapshot of ${actor} after commit ${seq} comes at commit ${last.seq}`, why, {
      actor,
      seq,
      last: last.seq,
    })
  }
  if (last.rest === 'ended' && rest === 'asleep') {
    throw conflict(`${actor} has ended`, 'its life is over', { actor, seq })
  }
  checkRun(actor, last, run)
}

function checkRun(actor: Address, last: Last, run: string | undefined): void {
  if (run === undefined || run === last.run) return
  checkedName(run, 'run')
  if (last.run === undefined) return
  throw conflict(`${actor} belongs to run "${last.run}", not to "${run}"`, 'an actor has one history', {
    actor,
    run: last.run,
  })
}

const conflict = (message: string, why: string, details: Readonly<Record<string, unknown>>): RuntimeError =>
  new RuntimeError('journal-conflict', message, {
    why,
    fix: 'read the actor again and go on from there',
    details,
  })

export const closedJournal = (): RuntimeError =>
  new RuntimeError('journal-closed', 'the journal is closed', { fix: 'start a new runtime' })

/** `snapshotEvery` as given, or 32. Throws `usage`. */
export function checkedInterval(snapshotEvery = 32): number {
  if (Number.isSafeInteger(snapshotEvery) && snapshotEvery > 0) return snapshotEvery
  throw new RuntimeError('usage', `snapshotEvery ${snapshotEvery} is not a whole number above zero`, {
    fix: 'leave it out, or pass for example 32',
  })
}
