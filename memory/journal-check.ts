/**
 * Reads all of a store and says what is wrong with it. Called by the journal on disk when it is opened or opened
 * again, without decoding a single body, and by `verify`, which decodes them all. It repairs nothing.
 */
import type { Address } from '../actors/address.ts'
import { type Chain, chainOf, endsEarly, followCommit, followSnapshot, headOf } from './chain.ts'
import { type Opened, openRecord } from './chained-record.ts'
import type { Damage, Problem } from './damage.ts'
import { decodeCommit, decodeRecord, decodeState, type Encoder } from './encoder.ts'
import { type Heads, moveActor, moveRecord, noHeads, readOrder, sameBytes, stampOf } from './heads.ts'
import { type NamedKey, readActorKey, readKey } from './journal-keys.ts'
import type { LevelStore } from './level.ts'

export interface JournalReport {
  readonly actors: number
  readonly commits: number
  readonly snapshots: number
  readonly records: number
  /** Empty when everything is whole. Per actor the first one found: what comes after it proves nothing. */
  readonly problems: readonly Problem[]
}

/** What one pass over a store gathers. */
interface Pass {
  readonly encoder: Encoder | undefined
  readonly heads: Heads
  readonly problems: Problem[]
  readonly counts: { actors: number; commits: number; snapshots: number; records: number }
  /** The actor whose records are being read, until `prefix` ends. */
  chain: Chain | undefined
  prefix: string
  broken: boolean
  stamp: Uint8Array | undefined
  /** The run that was named last, so that its actors share one string. */
  run: string
}

/** Stands for a run that is not known yet: the keys of runs come after those of actors. */
const SOME_RUN = ''

/** Follows every chain of a store; with `encoder`, decodes every body too. `heads` is of use when nothing is wrong. */
export async function checkJournal(
  store: LevelStore,
  encoder?: Encoder,
): Promise<{ readonly report: JournalReport; readonly heads: Heads }> {
  const pass: Pass = {
    encoder,
    heads: noHeads(),
    problems: [],
    counts: { actors: 0, commits: 0, snapshots: 0, records: 0 },
    chain: undefined,
    prefix: '\0',
    broken: false,
    stamp: undefined,
    run: SOME_RUN,
  }
  // One iteration for everything: all of it is of the same moment, also while others append.
  for await (const [key, value] of store.range()) take(pass, key, value)
  settle(pass)
  if (pass.problems.length === 0) checkWhole(pass)
  return { report: { ...pass.counts, problems: pass.problems }, heads: pass.heads }
}

function take(pass: Pass, key: string, value: Uint8Array): void {
  const { chain, prefix } = pass
  const named =
    chain && key.startsWith(prefix) ? readActorKey(chain.actor, key.slice(prefix.length)) : readKey(key)
  if (!named) pass.problems.push({ what: 'key' })
  else if (named.kind === 'heads') pass.stamp = value
  else if (named.kind === 'snapshot' || named.kind === 'commit') takeOfActor(pass, named, key, value)
  else takeOther(pass, named, key, value)
}

function takeOfActor(
  pass: Pass,
  named: Extract<NamedKey, { actor: Address }> & { kind: 'snapshot' | 'commit' },
  key: string,
  value: Uint8Array,
): void {
  if (named.actor !== pass.chain?.actor) {
    settle(pass)
    // A copy: a part of the key would keep all of the key alive for as long as the actor is known.
    pass.chain = chainOf(Buffer.from(named.actor, 'latin1').toString('latin1') as Address)
    pass.prefix = `a!${named.actor}!`
    pass.broken = false
  }
  if (pass.broken) return
  const { actor } = pass.chain ?? named
  const seq = named.kind === 'commit' ? named.seq : undefined
  const opened = openRecord(key, value)
  const what = 'damage' in opened ? opened.damage : follow(pass, seq, opened)
  if (what) blame(pass, { what, actor, ...(seq !== undefined && { seq }) })
}

function follow(
  { chain, encoder, counts }: Pass,
  seq: number | undefined,
  record: Opened,
): Damage | undefined {
  if (!chain) return 'key'
  if (seq === undefined) {
    counts.snapshots++
    followSnapshot(chain, record)
    return encoder && !decodeState(encoder, record.body) ? 'unreadable' : undefined
  }
  counts.commits++
  const unreadable = encoder && !decodeCommit(encoder, record.body, chain.actor, seq)
  return followCommit(chain, seq, record) ?? (unreadable ? 'unreadable' : undefined)
}

function blame(pass: Pass, problem: Problem): void {
  pass.problems.push(problem)
  pass.broken = true
}

/** All records of an actor were read. */
function settle(pass: Pass): void {
  const { chain, heads } = pass
  if (!chain) return
  pass.chain = undefined
  pass.counts.actors++
  if (!pass.broken && endsEarly(chain)) blame(pass, { what: 'hole', actor: chain.actor, seq: chain.covered })
  if (pass.broken) return
  heads.order = Math.max(heads.order, chain.order)
  moveActor(heads, chain.actor, headOf(chain, chain.ofRun ? SOME_RUN : undefined))
}

function takeOther(
  pass: Pass,
  named: Extract<NamedKey, { kind: 'run' | 'record' }>,
  key: string,
  value: Uint8Array,
): void {
  settle(pass)
  const { heads, encoder, counts, problems } = pass
  const problem: Omit<Problem, 'what'> =
    named.kind === 'run' ? { actor: named.actor } : { record: [named.of, named.id] }
  const opened = openRecord(key, value)
  if ('damage' in opened) {
    problems.push({ what: opened.damage, ...problem })
  } else if (named.kind === 'record') {
    counts.records++
    moveRecord(heads, key, opened.own)
    if (encoder && !decodeRecord(encoder, opened.body)) problems.push({ what: 'unreadable', ...problem })
  } else {
    const head = heads.actors.get(named.actor)
    if (pass.run !== named.run) pass.run = named.run
    // Of a broken actor there is no head, and it was reported.
    if (head?.run === SOME_RUN) heads.actors.set(named.actor, { ...head, run: pass.run })
    else if (problems.length === 0) problems.push({ what: 'run', ...problem })
  }
}

/** Whether what was found is all there should be. */
function checkWhole({ heads, stamp, problems }: Pass): void {
  const order = stamp ? readOrder(stamp) : 0
  const known = order !== undefined && order >= heads.order
  if (known) heads.order = order
  // A store that was never written to has no stamp, and neither actors nor records.
  const empty = heads.actors.size === 0 && heads.records.size === 0
  if (!known || (stamp ? !sameBytes(stamp, stampOf(heads)) : !empty)) problems.push({ what: 'heads' })
  for (const [actor, { run }] of heads.actors) if (run === SOME_RUN) problems.push({ what: 'run', actor })
}
