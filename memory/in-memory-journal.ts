/**
 * A journal that lives as long as the process: the D0 rung of the durability ladder. Same contract as the one
 * on disk, so embedding without a data directory takes the same path. Bounded: a snapshot replaces commits,
 * except of a run, whose history stays until its actors are removed.
 */
import type { Address } from '../actors/address.ts'
import type {
  AppendOptions,
  Commit,
  Journal,
  Known,
  Logged,
  Recorded,
  Records,
  Rest,
  StoredState,
} from '../actors/journal.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import { byBytes, checkedName } from './journal-keys.ts'
import { checkAppend, checkedInterval, checkSnapshot, closedJournal } from './refusals.ts'

export interface InMemoryJournalOptions {
  /** Commits after which a snapshot is taken. Default 32. */
  readonly snapshotEvery?: number
}

/** What is kept of an actor. */
interface Kept {
  seq: number
  rest: Rest | undefined
  run: string | undefined
  snapshot: { readonly seq: number; readonly state: StoredState } | undefined
  logged: Logged[]
}

const nothingKept = (): Kept => ({ seq: 0, rest: undefined, run: undefined, snapshot: undefined, logged: [] })

export function inMemoryJournal(options: InMemoryJournalOptions = {}): Journal {
  const snapshotEvery = checkedInterval(options.snapshotEvery)
  const actors = new Map<Address, Kept>()
  let order = 0
  let closed = false
  const refuseClosed = (): void => {
    if (closed) throw closedJournal()
  }

  return {
    durable: false,
    append(commit, state, options = {}) {
      refuseClosed()
      const kept = actors.get(commit.actor) ?? nothingKept()
      checkAppend(commit, kept, options)
      const isDue = kept.seq - (kept.snapshot?.seq ?? 0) >= snapshotEvery
      const before = isDue ? state() : undefined
      kept.run ??= options.run
      if (before) cover(kept, before)
      kept.seq = commit.seq
      kept.rest = options.rest
      kept.logged.push({ order: ++order, commit })
      actors.set(commit.actor, kept)
    },
    snapshot(actor, seq, state, options: AppendOptions = {}) {
      refuseClosed()
      const kept = actors.get(actor) ?? nothingKept()
      checkSnapshot(actor, seq, kept, options)
      kept.run ??= options.run
      kept.rest = options.rest ?? kept.rest
      cover(kept, state)
    },
    async read(actor) {
      refuseClosed()
      const kept = actors.get(actor)
      return kept && recordedOf(kept)
    },
    async *readAll(wanted) {
      refuseClosed()
      const chosen = [...actors].filter(([actor, kept]) => wanted(knownOf(actor, kept)))
      for (const [actor, kept] of chosen.sort(byAddress)) yield [actor, recordedOf(kept)]
    },
    async *history(actor) {
      refuseClosed()
      yield* [...(actors.get(actor)?.logged ?? [])]
    },
    known(actor) {
      const kept = actors.get(actor)
      return kept && knownOf(actor, kept)
    },
    async *actors(run) {
      refuseClosed()
      const chosen = [...actors].filter(([, kept]) => run === undefined || kept.run === run)
      for (const [actor, kept] of chosen.sort(byAddress)) yield knownOf(actor, kept)
    },
    async remove(actor) {
      refuseClosed()
      actors.delete(actor)
    },
    records: recordsInMemory(refuseClosed),
    async close() {
      closed = true
      actors.clear()
    },
  }
}

/** Takes `state` for that after the last commit. */
function cover(kept: Kept, state: StoredState): void {
  kept.snapshot = { seq: kept.seq, state }
  if (kept.run === undefined) kept.logged = []
}

function recordedOf({ snapshot, logged }: Kept): Recorded {
  const covered = snapshot?.seq ?? 0
  const commits: Commit[] = []
  for (const { commit } of logged) if (commit.seq > covered) commits.push(commit)
  return { commits, ...(snapshot && { snapshot }) }
}

const knownOf = (actor: Address, { rest, run }: Kept): Known => ({
  actor,
  ...(rest !== undefined && { rest }),
  ...(run !== undefined && { run }),
})

const byAddress = ([left]: readonly [Address, Kept], [right]: readonly [Address, Kept]): number =>
  left < right ? -1 : 1

/** Values are copied on their way in and out: nobody can change what is stored. */
function recordsInMemory(refuseClosed: () => void): Records {
  const kinds = new Map<string, Map<string, Plain>>()
  const ofKind = (kind: string): Map<string, Plain> => {
    const found = kinds.get(checkedName(kind, 'kind')) ?? new Map<string, Plain>()
    kinds.set(kind, found)
    return found
  }
  return {
    async put(kind, id, value) {
      refuseClosed()
      ofKind(kind).set(checkedName(id, 'id'), toPlain(value, 'record'))
    },
    async get(kind, id) {
      refuseClosed()
      const value = ofKind(kind).get(checkedName(id, 'id'))
      return value === undefined ? undefined : toPlain(value)
    },
    async *list(kind, after) {
      refuseClosed()
      const from = after === undefined ? undefined : checkedName(after, 'id')
      const found = [...ofKind(kind)]
        .filter(([id]) => from === undefined || byBytes(id, from) > 0)
        .sort(([left], [right]) => byBytes(left, right))
      for (const [id, value] of found) yield [id, toPlain(value)]
    },
    async remove(kind, id) {
      refuseClosed()
      ofKind(kind).delete(checkedName(id, 'id'))
    },
  }
}
