/**
 * Reads actors from the store: one, all that are wanted in one pass, or the history of one. Called by the journal
 * on disk. What it gives is checked: every record by itself, each as the follower of the one before, and the last
 * one against what was acknowledged.
 */
import type { Address } from '../actors/address.ts'
import type { RuntimeError } from '../actors/errors.ts'
import type { Commit, Known, Logged, Recorded, StoredState } from '../actors/journal.ts'
import {
  type Chain,
  chainOf,
  commitChainOf,
  endsEarly,
  followCommit,
  followSnapshot,
  skipCovered,
} from './chain.ts'
import { type Opened, openRecord } from './chained-record.ts'
import { corruption, type Damage } from './damage.ts'
import { decodeCommit, decodeState } from './encoder.ts'
import { type Head, type Heads, knownOf } from './heads.ts'
import { ALL_ACTORS, actorRange, commitsFrom, readActorKey, readKey, snapshotKey } from './journal-keys.ts'
import type { JournalState } from './journal-state.ts'

/** An actor's record while it is read. */
interface Reading {
  readonly chain: Chain
  readonly commits: Commit[]
  snapshot: { readonly seq: number; readonly state: StoredState } | undefined
}

/** Throws `store-corrupt` when a record is damaged or missing. */
export async function readActor(state: JournalState, actor: Address): Promise<Recorded | undefined> {
  const expected = expectation(state.heads, actor)
  if (!expected) return undefined
  const reading = readingOf(actor)
  // Of a run's actor all commits are kept: those that its snapshot covers are passed over.
  const isKept = expected.head.run !== undefined
  if (isKept) {
    const key = snapshotKey(actor)
    const value = await state.get(key)
    if (value) {
      take(state, reading, key, value)
      skipCovered(reading.chain)
    }
  }
  const range = isKept ? commitsFrom(actor, reading.chain.covered + 1) : actorRange(actor)
  for await (const [key, value] of state.entries(range)) take(state, reading, key, value)
  return finish(state, reading, expected)
}

/** Below this share of all actors, ranges of their own are cheaper than a pass over everything. */
const FEW = 1 / 16

/** Every wanted actor with its record, in address order. Throws as `readActor`. */
export async function* readActors(
  state: JournalState,
  wanted: (known: Known) => boolean,
): AsyncIterable<readonly [Address, Recorded]> {
  const { heads } = state
  const expected = new Map<Address, Expectation>()
  for (const [actor, head] of heads.actors) {
    if (wanted(knownOf(actor, head))) expected.set(actor, { head, removals: heads.removals })
  }
  if (expected.size >= heads.actors.size * FEW) {
    yield* scan(state, expected)
    return
  }
  for (const actor of [...expected.keys()].sort()) {
    const recorded = await readActor(state, actor)
    if (recorded) yield [actor, recorded]
  }
}

async function* scan(
  state: JournalState,
  expected: Map<Address, Expectation>,
): AsyncIterable<readonly [Address, Recorded]> {
  let prefix = '\0'
  let reading: Reading | undefined
  const settle = (): (readonly [Address, Recorded])[] => {
    if (!reading) return []
    const { actor } = reading.chain
    const recorded = finish(state, reading, expected.get(actor))
    expected.delete(actor)
    reading = undefined
    return recorded ? [[actor, recorded]] : []
  }
  for await (const [key, value] of state.entries(ALL_ACTORS)) {
    if (!key.startsWith(prefix)) {
      yield* settle()
      const named = readKey(key)
      if (!named || !('actor' in named)) throw corruption(state.store.dir, [{ what: 'key' }])
      prefix = `a!${named.actor}!`
      if (expected.has(named.actor)) reading = readingOf(named.actor)
    }
    if (reading) take(state, reading, key, value)
  }
  yield* settle()
  // Of those that are left nothing was found.
  for (const [actor, one] of expected) finish(state, readingOf(actor), one)
}

/** Every commit that is kept of an actor, with its order. Throws as `readActor`. */
export async function* readHistory(state: JournalState, actor: Address): AsyncIterable<Logged> {
  const expected = expectation(state.heads, actor)
  if (!expected) return
  const { from, seq, run } = expected.head
  const chain = commitChainOf(actor, run === undefined ? undefined : from)
  for await (const [key, value] of state.entries(commitsFrom(actor, 1))) {
    const named = readActorKey(actor, key.slice(actor.length + 3))
    if (named?.kind !== 'commit') throw damaged(state, chain, 'key')
    const opened = open(state, chain, key, value, named.seq)
    const commit = followed(state, chain, named.seq, opened)
    yield { order: chain.order, commit }
  }
  // What a snapshot replaced meanwhile is no loss: only a run's actor keeps all.
  if (run !== undefined && chain.seq < seq && isSameLife(state, expected))
    throw damaged(state, chain, 'hole', seq)
}

/** What a record must at least come to, as of when it was asked for. */
interface Expectation {
  readonly head: Head
  readonly removals: number
}

function expectation({ actors, removals }: Heads, actor: Address): Expectation | undefined {
  const head = actors.get(actor)
  return head && { head, removals }
}

/** Nobody was removed meanwhile. */
const isSameLife = (state: JournalState, { removals }: Expectation): boolean =>
  removals === state.heads.removals

const readingOf = (actor: Address): Reading => ({ chain: chainOf(actor), commits: [], snapshot: undefined })

/** Adds the next record of an actor. */
function take(state: JournalState, reading: Reading, key: string, value: Uint8Array): void {
  const { chain } = reading
  const named = readActorKey(chain.actor, key.slice(chain.actor.length + 3))
  if (named?.kind === 'commit') {
    const opened = open(state, chain, key, value, named.seq)
    if (named.seq > chain.covered) reading.commits.push(followed(state, chain, named.seq, opened))
    else follow(state, chain, named.seq, opened)
  } else if (named?.kind === 'snapshot') {
    const opened = open(state, chain, key, value)
    followSnapshot(chain, opened)
    const stored = decodeState(state.encoder, opened.body)
    if (!stored) throw damaged(state, chain, 'unreadable')
    reading.snapshot = { seq: opened.seq, state: stored }
  } else throw damaged(state, chain, 'key')
}

function finish(
  state: JournalState,
  { chain, commits, snapshot }: Reading,
  expected: Expectation | undefined,
): Recorded | undefined {
  if (endsEarly(chain)) throw damaged(state, chain, 'hole', chain.covered)
  // A chain that is sound in itself must also be as long as what was acknowledged.
  if (expected && isSameLife(state, expected)) {
    const { seq, hash } = expected.head
    if (chain.seq < seq) throw damaged(state, chain, 'hole', seq)
    if (chain.seq === seq && chain.hash !== hash) throw damaged(state, chain, 'chain', seq)
  }
  return chain.seq === 0 ? undefined : { commits, ...(snapshot && { snapshot }) }
}

function open(state: JournalState, chain: Chain, key: string, value: Uint8Array, seq?: number): Opened {
  const opened = openRecord(key, value)
  if ('damage' in opened) throw damaged(state, chain, opened.damage, seq)
  return opened
}

function follow(state: JournalState, chain: Chain, seq: number, opened: Opened): void {
  const what = followCommit(chain, seq, opened)
  if (what) throw damaged(state, chain, what, seq)
}

function followed(state: JournalState, chain: Chain, seq: number, opened: Opened): Commit {
  follow(state, chain, seq, opened)
  const commit = decodeCommit(state.encoder, opened.body, chain.actor, seq)
  if (!commit) throw damaged(state, chain, 'unreadable', seq)
  return commit
}

const damaged = (state: JournalState, { actor }: Chain, what: Damage, seq?: number): RuntimeError =>
  corruption(state.store.dir, [{ what, actor, ...(seq !== undefined && { seq }) }])
