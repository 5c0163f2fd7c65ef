/**
 * What the nodes of a simulation promised: a journal that tells a witness, which survives every crash, of each
 * commit that was acknowledged. After a crash the witness is confronted with what the disk still has.
 */
import type { Address } from '../../../actors/address.ts'
import type { Commit, Journal, Recorded } from '../../../actors/journal.ts'

/** One life of an actor, as far as its journal acknowledged it. */
export interface Witnessed {
  readonly actor: Address
  readonly life: string
  readonly commits: Commit[]
  /** Forgotten or ended: no commit may follow. */
  over: boolean
}

export type Crash = 'process' | 'machine'

export interface Recorder {
  /** Every life of every actor, in the order of their beginning. */
  readonly lives: readonly Witnessed[]
  /** By intent: when its result was acknowledged first. */
  readonly results: ReadonlyMap<string, number>
  /** Ids of dead letters. */
  readonly dead: Set<string>
  /** Promises that were broken. */
  readonly broken: readonly string[]
  /** A journal that does what `journal` does. */
  watch(journal: Journal): Journal
  /** A crash happened. */
  crashed(what: Crash): void
  /** After crashes: compares what was acknowledged with what is there. After a power cut, only what was synced must be. */
  confront(journal: Journal): Promise<void>
}

interface Memory {
  readonly order: () => number
  readonly lives: Witnessed[]
  readonly current: Map<Address, Witnessed>
  readonly results: Map<string, number>
  /** The intents of `results`, but for those that a crash took, as it may with answers to asks. */
  readonly settled: Set<string>
  readonly broken: string[]
  /** Refused, and perhaps stored all the same: an actor goes on behind it only if it was. */
  readonly doubtful: Map<string, Commit>
  /** To be forgotten: whether that came about is not known before it is acknowledged. */
  readonly removing: Set<Address>
  /** Acknowledged since the last sync, in order. */
  readonly unsynced: Set<Commit>
  crash: Crash | undefined
}

/** `order` counts everything that is witnessed. */
export function recorder(order: () => number): Recorder {
  const memory: Memory = {
    order,
    lives: [],
    current: new Map(),
    results: new Map(),
    settled: new Set(),
    broken: [],
    doubtful: new Map(),
    removing: new Set(),
    unsynced: new Set(),
    crash: undefined,
  }
  const { lives, results, broken } = memory
  return {
    lives,
    results,
    dead: new Set(),
    broken,
    watch: journal => watch(memory, journal),
    crashed(what) {
      // One that comes before the journal was compared takes nothing back of what the one before it took.
      if (memory.crash !== 'machine') memory.crash = what
    },
    confront: journal => confront(memory, journal),
  }
}

const watch = (memory: Memory, journal: Journal): Journal => ({
  ...journal,
  append(commit, state, options) {
    const { unsynced, doubtful } = memory
    const before = options?.sync ? [...unsynced] : undefined
    // Until its journal says that it is stored, nobody knows.
    doubtful.set(place(commit.actor, commit.seq), commit)
    const stored = journal.append(commit, state, options)
    const noted = (): void => {
      doubtful.delete(place(commit.actor, commit.seq))
      acknowledge(memory, commit)
      if (!before) return
      for (const each of [...before, commit]) unsynced.delete(each)
    }
    if (!stored) return noted()
    return stored.then(noted)
  },
  async remove(actor) {
    memory.removing.add(actor)
    await journal.remove(actor)
    forget(memory, actor)
  },
})

const place = (actor: Address, seq: number): string => `${actor}.${seq}`

function acknowledge(memory: Memory, commit: Commit): void {
  const { broken, unsynced } = memory
  const { actor, seq, taken } = commit
  takeOnRefused(memory, commit)
  const life = taken.kind === 'init' ? begin(memory, actor, taken.life) : memory.current.get(actor)
  if (!life) {
    broken.push(`commit ${seq} of ${actor} belongs to no life`)
    return
  }
  const last = life.commits.at(-1)
  if (last && last.seq + 1 !== seq)
    broken.push(`commit ${seq} of ${actor} was acknowledged after commit ${last.seq}`)
  if (life.over) broken.push(`commit ${seq} of ${actor} was acknowledged after its end`)
  life.commits.push(commit)
  unsynced.add(commit)
  if (taken.kind === 'ended') life.over = true
  if (taken.kind === 'result' || taken.kind === 'failure') settle(memory, taken.intent)
}

/** Commits that were refused and are there all the same, since a later one of their actor was acknowledged. */
function takeOnRefused(memory: Memory, { actor, seq }: Commit): void {
  const last = memory.current.get(actor)?.commits.at(-1)?.seq ?? 0
  for (let at = last + 1; at < seq; at++) {
    const refused = memory.doubtful.get(place(actor, at))
    if (!refused) return
    memory.doubtful.delete(place(actor, at))
    acknowledge(memory, refused)
  }
}

function settle({ settled, results, broken, order }: Memory, intent: string): void {
  if (settled.has(intent)) broken.push(`"${intent}" has two results`)
  settled.add(intent)
  if (!results.has(intent)) results.set(intent, order())
}

function begin({ lives, current }: Memory, actor: Address, life: string): Witnessed {
  const begun: Witnessed = { actor, life, commits: [], over: false }
  lives.push(begun)
  current.set(actor, begun)
  return begun
}

function forget({ current, removing }: Memory, actor: Address): void {
  const life = current.get(actor)
  if (life) life.over = true
  current.delete(actor)
  removing.delete(actor)
}

async function confront(memory: Memory, journal: Journal): Promise<void> {
  if (!memory.crash) return
  const actors = new Set(memory.current.keys())
  for await (const { actor } of journal.actors()) actors.add(actor)
  for (const actor of actors) compare(memory, actor, await journal.read(actor))
  memory.doubtful.clear()
  memory.removing.clear()
  memory.unsynced.clear()
  memory.crash = undefined
}

function compare(memory: Memory, actor: Address, found: Recorded | undefined): void {
  const { current, removing } = memory
  if (!found && removing.has(actor)) forget(memory, actor)
  const last = found?.commits.at(-1)?.seq ?? found?.snapshot?.seq ?? 0
  // Of one that is not known yet, nothing was acknowledged before a snapshot covered its beginning.
  const unseen = found?.snapshot?.state.outstanding?.life
  const life = current.get(actor) ?? (unseen === undefined ? undefined : begin(memory, actor, unseen))
  lose(memory, life?.commits.splice(life.commits.findLastIndex(({ seq }) => seq <= last) + 1) ?? [])
  // Written, but nobody was told in time.
  const known = life?.commits.at(-1)?.seq ?? 0
  // Some of them a snapshot stands for.
  for (let at = known + 1; known > 0 && at <= (found?.snapshot?.seq ?? 0); at++) {
    const covered = memory.doubtful.get(place(actor, at))
    if (covered) acknowledge(memory, covered)
  }
  for (const commit of found?.commits ?? []) if (commit.seq > known) acknowledge(memory, commit)
  if (last === 0) current.delete(actor)
}

function lose({ crash, unsynced, settled, broken }: Memory, lost: readonly Commit[]): void {
  for (const commit of lost) {
    if (crash === 'process' || !unsynced.has(commit))
      broken.push(`commit ${commit.seq} of ${commit.actor} was lost by a crash of the ${crash}`)
    if ('intent' in commit.taken) settled.delete(commit.taken.intent)
  }
}
