/**
 * Ends a run that nobody runs: its actors get the last commit that a stopped actor has, so that nothing brings them
 * back, and its history stays. Called by `agenticraft runs cancel`, which notes the run's own end.
 */
import type { Address } from '../../actors/address.ts'
import type { Commit, Journal } from '../../actors/journal.ts'

/** Ends every actor of a run that has not ended, and returns them. `at` is the time, ms since the epoch. */
export async function endRun(journal: Journal, run: string, at: number): Promise<readonly Address[]> {
  const live: Address[] = []
  for await (const { actor, rest } of journal.actors(run)) if (rest !== 'ended') live.push(actor)
  for (const actor of live) {
    let seq = 1
    for await (const { commit } of journal.history(actor)) seq = commit.seq + 1
    const end: Commit = { actor, seq, at, taken: { kind: 'ended', reason: 'asked' }, acts: [] }
    await journal.append(end, noSnapshot, { run, rest: 'ended', sync: true })
  }
  return live
}

/** Nobody goes on from there, so the state is of no use. */
const noSnapshot = () => undefined
