/**
 * Reads an actor's records, or all of them, and says what is wrong with them. Called by the journal on disk when
 * it is opened, when an actor is read, and for `verify`. It repairs nothing.
 */
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Commit, Recorded, StoredState } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'
import {
  ALL_ACTORS,
  actorRange,
  HASH_BYTES,
  type Hash,
  hashRecord,
  NO_HASH,
  openRecord,
  readKey,
  sameHash,
  xor,
} from './chained-record.ts'
import type { LevelStore } from './level.ts'

/** How plain data becomes bytes and back. `decode` may throw for bytes it did not make. */
export interface Encoder {
  encode(value: Plain): Uint8Array
  decode(bytes: Uint8Array): Plain
}

/** `hole`: commits are missing. `chain`: a record does not follow the one before. `heads`: whole tails are missing. */
export type Damage =
  | 'torn'
  | 'flipped'
  | 'version'
  | 'hole'
  | 'chain'
  | 'leftover'
  | 'unreadable'
  | 'heads'
  | 'key'

export interface Problem {
  readonly what: Damage
  readonly actor?: Address
  readonly seq?: number
}

export interface JournalReport {
  readonly actors: number
  readonly commits: number
  readonly snapshots: number
  /** Empty when everything is whole. Per actor the first one found: what comes after it proves nothing. */
  readonly problems: readonly Problem[]
}

/** The end of an actor's chain. */
export interface Head {
  readonly seq: number
  readonly hash: Hash
  /** Commits after the last snapshot. */
  readonly tail: number
}

/** Where the digest of all heads is kept. Sorts after all actors, so that a copy cut short lacks it. */
export const HEADS_KEY = 'm!heads'

type Entries = AsyncIterable<readonly [key: string, value: Uint8Array]>

interface Chain {
  readonly actor: Address
  head: Head
  snapshot: { readonly seq: number; readonly state: StoredState } | undefined
  readonly commits: Commit[]
  problem: Problem | undefined
}

const chainOf = (actor: Address): Chain => ({
  actor,
  head: { seq: 0, hash: NO_HASH, tail: 0 },
  snapshot: undefined,
  commits: [],
  problem: undefined,
})

/** An actor's record and the end of its chain; undefined when there is none. Throws `store-corrupt`. */
export async function readActor(
  store: LevelStore,
  encoder: Encoder,
  actor: Address,
): Promise<{ readonly recorded: Recorded; readonly head: Head } | undefined> {
  const chain = chainOf(actor)
  for await (const [key, value] of store.range(actorRange(actor))) follow(chain, key, value, encoder)
  if (chain.problem) throw corruption(store.dir, [chain.problem])
  if (chain.head.seq === 0) return undefined
  const { snapshot, commits, head } = chain
  return { recorded: { commits, ...(snapshot && { snapshot }) }, head }
}

/** Follows every chain of a store. `heads` holds the sound ones; `digest` is that of all heads. */
export async function checkJournal(store: LevelStore, encoder: Encoder) {
  const heads = new Map<Address, Head>()
  const problems: Problem[] = []
  let commits = 0
  let snapshots = 0
  let actors = 0
  let digest = NO_HASH
  const settle = (chain: Chain | undefined): void => {
    if (!chain) return
    actors++
    commits += chain.commits.length
    snapshots += chain.snapshot ? 1 : 0
    digest = xor(digest, chain.head.hash)
    if (chain.problem) problems.push(chain.problem)
    else heads.set(chain.actor, chain.head)
  }
  let chain: Chain | undefined
  let stored: Uint8Array = NO_HASH
  // One iteration for actors and digest: both are of the same moment, also while others append.
  for await (const [key, value] of store.range() as Entries) {
    if (key === HEADS_KEY) {
      stored = value
      continue
    }
    const named = key >= ALL_ACTORS.from && key < ALL_ACTORS.to ? readKey(key) : undefined
    if (!named) {
      problems.push({ what: 'key' })
      continue
    }
    if (named.actor !== chain?.actor) {
      settle(chain)
      chain = chainOf(named.actor)
    }
    follow(chain, key, value, encoder)
  }
  settle(chain)
  const whole = stored.length === HASH_BYTES && sameHash(stored, digest)
  if (!whole && problems.length === 0) problems.push({ what: 'heads' })
  const report: JournalReport = { actors, commits, snapshots, problems }
  return { report, heads, digest }
}

/** Adds the next record to a chain, or notes the first thing that is wrong with it. */
function follow(chain: Chain, key: string, value: Uint8Array, encoder: Encoder): void {
  if (chain.problem) return
  const named = readKey(key)
  const seq = named?.kind === 'commit' ? named.seq : undefined
  const body = judge(chain, seq, key, value, encoder)
  if (typeof body === 'string') {
    chain.problem = { what: body, actor: chain.actor, ...(seq !== undefined && { seq }) }
    return
  }
  const hash = hashRecord(key, value)
  if (seq === undefined) {
    chain.snapshot = { seq: body.seq, state: body['state'] as unknown as StoredState }
    chain.head = { seq: body.seq, hash, tail: 0 }
  } else {
    chain.commits.push(body as unknown as Commit)
    chain.head = { seq, hash, tail: chain.head.tail + 1 }
  }
}

type Body = Readonly<Record<string, Plain>> & { readonly seq: number }

/** What a record says, if it may stand at the end of this chain; `seq` is absent for a snapshot. */
function judge(
  chain: Chain,
  seq: number | undefined,
  key: string,
  value: Uint8Array,
  encoder: Encoder,
): Body | Damage {
  const { head } = chain
  const opened = openRecord(key, value)
  if ('damage' in opened) return opened.damage
  if (seq !== undefined && seq <= head.seq) return 'leftover'
  if (seq !== undefined && seq !== head.seq + 1) return 'hole'
  // What came before a snapshot is gone on purpose; any other first record is the first of all.
  if (seq !== undefined && !sameHash(opened.previous, head.hash)) return 'chain'
  const body = decoded(encoder, opened.body)
  if (!body || body['actor'] !== chain.actor || !Number.isSafeInteger(body['seq'])) return 'unreadable'
  if (seq !== undefined && body['seq'] !== seq) return 'unreadable'
  return body as Body
}

/** Bytes with a right checksum that the encoder refuses were written by another one. */
function decoded(encoder: Encoder, body: Uint8Array): Readonly<Record<string, Plain>> | undefined {
  try {
    const value = encoder.decode(body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, Plain>>) : undefined
  } catch {
    return undefined
  }
}

const MEANINGS: Readonly<Record<Damage, string>> = {
  torn: 'is cut off',
  flipped: 'was changed',
  version: 'is of a version this program does not know',
  hole: 'does not follow: commits before it are missing',
  chain: 'does not follow from the record before it',
  leftover: 'should have been replaced by a snapshot',
  unreadable: 'cannot be decoded',
  heads: 'the ends of some chains are missing',
  key: 'there is a key that no journal writes',
}

/** The first problem as an error; the others, up to 20, are in its details. */
export function corruption(dir: string, problems: readonly Problem[]): RuntimeError {
  const { what, actor, seq } = problems[0] ?? { what: 'heads' as const }
  const subject =
    actor === undefined ? '' : `${seq === undefined ? 'the snapshot' : `commit ${seq}`} of ${actor} `
  return new RuntimeError('store-corrupt', `"${dir}" is damaged: ${subject}${MEANINGS[what]}`, {
    why: 'what was read is not what was written',
    fix: 'keep a copy for examination and restore the last backup into a new directory',
    details: {
      dir,
      what,
      ...(actor !== undefined && { actor }),
      ...(seq !== undefined && { seq }),
      problems: problems.slice(0, 20),
    },
  })
}
