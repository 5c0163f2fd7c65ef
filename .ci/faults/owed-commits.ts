/**
 * What a journal owes after a crash of the machine, from what it acknowledged, and whether it is there. Pure;
 * used by `power-cuts.ts`.
 */
import type { Address } from '../../actors/address.ts'
import { CHAIN_START, type ChainEnd } from './promised-commits.ts'

/** One commit that the journal acknowledged. */
export interface Acknowledged {
  readonly n: number
  readonly actor: Address
  readonly seq: number
  readonly sync: boolean
}

/** The line `power-cut-writer.ts` prints for it, without its first word. */
export function readAcknowledged(line: string): Acknowledged {
  const [, n = '', actor = '', seq = '', sync = ''] = line.split(' ')
  return { n: Number(n), actor: actor as Address, seq: Number(seq), sync: sync === 'sync' }
}

type Ends = ReadonlyMap<Address, Pick<ChainEnd, 'seq' | 'n'>>

export interface Settled {
  /** Commits that were owed and are not there. */
  readonly lost: readonly string[]
  /** Commits that are there although an earlier one is not: the journal is not of one moment. */
  readonly holes: readonly string[]
  /** Acknowledged, not synced, and gone, as the contract allows. */
  readonly unsyncedLost: number
}

/**
 * Compares what is found with what was there `before` the writer began and what it acknowledged since. Owed is
 * every commit acknowledged as synced, and all that was appended before it.
 */
export function settle(before: Ends, acknowledged: readonly Acknowledged[], found: Ends): Settled {
  const end = (actor: Address) => found.get(actor) ?? CHAIN_START
  const lost: string[] = []
  for (const [actor, { seq, n }] of before) {
    if (end(actor).seq < seq || end(actor).n < n)
      lost.push(`${actor}: ${seq} was there, ${end(actor).seq} is`)
  }
  const lastSynced = Math.max(0, ...acknowledged.filter(({ sync }) => sync).map(({ n }) => n))
  const lastFound = Math.max(0, ...[...found.values()].map(({ n }) => n))
  const holes: string[] = []
  let unsyncedLost = 0
  for (const { n, actor, seq } of acknowledged) {
    if (end(actor).n >= n) continue
    if (n <= lastSynced)
      lost.push(`${actor}: ${seq} (append ${n}) is owed since append ${lastSynced} was synced`)
    else unsyncedLost++
    if (n < lastFound) holes.push(`${actor}: ${seq} (append ${n}) is gone, append ${lastFound} is there`)
  }
  return { lost, holes, unsyncedLost }
}
