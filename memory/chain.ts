/**
 * Follows one actor's records in the order of their keys and says what is wrong with them: snapshot first, then
 * commits, each by what its header says. Called by the check of a whole journal and by whoever reads an actor.
 * It decodes nothing.
 */
import type { Address } from '../actors/address.ts'
import type { Rest } from '../actors/journal.ts'
import { type Hash, NO_HASH, type Opened } from './chained-record.ts'
import type { Head } from './heads.ts'

export type ChainDamage = 'hole' | 'chain' | 'leftover'

export interface Chain {
  readonly actor: Address
  /** What the next commit must be; undefined where any may come first. */
  next: number | undefined
  /** What it must follow; undefined where that is not known. */
  follows: Hash | undefined
  /** What the last record said. */
  seq: number
  hash: Hash
  order: number
  rest: Rest | undefined
  ofRun: boolean
  from: number
  /** What the snapshot said. */
  covered: number
  coveredHash: Hash
  snapshot: Hash
}

/** A chain of which all is read, its snapshot first. */
export const chainOf = (actor: Address): Chain => ({
  actor,
  next: 1,
  follows: NO_HASH,
  seq: 0,
  hash: NO_HASH,
  order: 0,
  rest: undefined,
  ofRun: false,
  from: 1,
  covered: 0,
  coveredHash: NO_HASH,
  snapshot: NO_HASH,
})

/** A chain of which only commits are read, from `first` on, or from whichever is left. */
export const commitChainOf = (actor: Address, first: number | undefined): Chain => ({
  ...chainOf(actor),
  next: first,
  follows: first === 1 ? NO_HASH : undefined,
})

export function followSnapshot(chain: Chain, { own, number, seq, previous, rest, ofRun }: Opened): void {
  chain.seq = seq
  chain.hash = previous
  chain.rest = rest
  chain.ofRun = ofRun
  chain.from = number
  chain.covered = seq
  chain.coveredHash = previous
  chain.snapshot = own
  chain.next = number
  chain.follows = number === 1 ? NO_HASH : number === seq + 1 ? previous : undefined
}

/** From here on only commits after the snapshot are read. */
export function skipCovered(chain: Chain): void {
  chain.next = chain.covered + 1
  chain.follows = chain.coveredHash
}

/** Adds the commit that its key calls `seq`, or says why it may not stand there. */
export function followCommit(chain: Chain, seq: number, record: Opened): ChainDamage | undefined {
  const { own, number: order, previous, rest, ofRun } = record
  const { next, follows } = chain
  if (next !== undefined && seq !== next) return seq < next ? 'leftover' : 'hole'
  if (follows !== undefined && previous !== follows) return 'chain'
  if (order <= chain.order || (seq === chain.covered && own !== chain.coveredHash)) return 'chain'
  if (next === undefined) chain.from = seq
  chain.next = seq + 1
  chain.follows = own
  chain.order = order
  if (seq <= chain.covered) return undefined
  chain.seq = seq
  chain.hash = own
  chain.rest = rest
  chain.ofRun = ofRun
  return undefined
}

/** Whether commits are missing between what was read and the snapshot that covers them. */
export const endsEarly = ({ next, covered }: Chain): boolean => next !== undefined && next <= covered

export const headOf = (chain: Chain, run: string | undefined): Head => ({
  seq: chain.seq,
  hash: chain.hash,
  from: chain.from,
  covered: chain.covered,
  snapshot: chain.snapshot,
  rest: chain.rest,
  run,
})
