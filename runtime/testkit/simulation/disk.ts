/**
 * A disk with LevelDB on it, in memory: a `LevelStore` over a page cache. A dead process loses nothing that was
 * written; a power cut keeps what was synced and a prefix of what came after. Writes of one turn share one, as on
 * the real store. It outlives the nodes that open it, knows bytes and keys, and fails as `faults` say.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import { groupCommit } from '../../../memory/group-commit.ts'
import type { LevelStore, Op } from '../../../memory/level.ts'
import { byBytes } from './byte-order.ts'
import type { Faults } from './faults.ts'
import type { Incarnation } from './host.ts'
import type { Prng } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

export interface Disk {
  /** Opens the store for one life of a node. Throws `store-locked` while another life has it. */
  open(life: Incarnation): Promise<LevelStore>
  /** The machine loses its power. The life that has the store must be dead. */
  powerCut(): void
  /** Damages one value as `disk.flip` or `disk.cut` would. Returns how to undo it, or undefined when nothing is stored. */
  damage(kind: 'flip' | 'cut'): (() => void) | undefined
  /** The store of this life failed, and it cannot open it again: it has to be started anew. */
  failed(life: Incarnation): boolean
  /** Writes made so far, by any life. */
  readonly writes: number
  readonly keys: readonly string[]
}

export interface DiskOptions {
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly faults: Faults
  readonly dir?: string
  /** Whether a store that failed can be opened again by the life that has it. Default true. */
  readonly reopens?: boolean
}

/** What a write replaced, so that it can be lost. */
interface Unsynced {
  readonly before: readonly (readonly [key: string, value: Uint8Array | undefined])[]
}

interface State {
  readonly dir: string
  readonly values: Map<string, Uint8Array>
  unsynced: Unsynced[]
  /** Found by the next opening: acknowledged writes that a power cut took. */
  lost: number
  writes: number
  owner: Incarnation | undefined
  failure: RuntimeError | undefined
}

export function simulatedDisk(options: DiskOptions): Disk {
  const { random, faults, dir = '/simulated', reopens = true } = options
  const state: State = {
    dir,
    values: new Map(),
    unsynced: [],
    lost: 0,
    writes: 0,
    owner: undefined,
    failure: undefined,
  }
  return {
    async open(life) {
      if (state.owner?.alive) throw locked(dir)
      state.owner = life
      state.failure = undefined
      await io(options, life, 'disk.open')
      // LevelDB's own recovery has put what it found into synced tables.
      state.unsynced = []
      const lostTail = state.lost
      state.lost = 0
      return storeOf(options, state, life, lostTail)
    },
    powerCut() {
      let kept = random.below(state.unsynced.length + 1)
      // Of a write that was cut, LevelDB finds that its record is torn, and drops it.
      if (kept > 0 && faults.hit('disk.torn')) kept--
      const lost = state.unsynced.splice(kept)
      for (const { before } of lost.reverse()) for (const entry of before) restore(state.values, entry)
      state.lost += lost.length
    },
    damage(kind) {
      const keys = [...state.values.keys()]
      const key = keys[random.below(keys.length)]
      const value = key === undefined ? undefined : state.values.get(key)
      if (key === undefined || !value || value.length === 0) return undefined
      state.values.set(
        key,
        kind === 'flip' ? flipped(value, random) : value.slice(0, random.below(value.length)),
      )
      return () => void state.values.set(key, value)
    },
    failed: life => !reopens && state.owner === life && state.failure !== undefined,
    get writes() {
      return state.writes
    },
    get keys() {
      return [...state.values.keys()].sort(byBytes)
    },
  }
}

/** A group is closed within the reactions of one pick: the scheduler looks for what is under way after them. */
async function shortTurn(): Promise<void> {
  for (let reaction = 0; reaction < 16; reaction++) await undefined
}

function storeOf(options: DiskOptions, state: State, life: Incarnation, lostTail: number): LevelStore {
  const { faults, random, reopens = true } = options
  const startedAt = state.writes
  let closing: Promise<void> | undefined
  let stopped: RuntimeError | undefined

  const stop = (error: unknown): RuntimeError => {
    stopped ??= error as RuntimeError
    state.failure ??= stopped
    commits.refuse(stopped)
    return stopped
  }
  const write = async (ops: readonly Op[], sync: boolean): Promise<void> => {
    if (ops.length === 0) return
    await io(options, life, 'disk.write')
    if (faults.hit('disk.full')) throw refused(state.dir, 'No space left on device')
    apply(state, ops)
    const failing = sync && faults.hit('disk.sync-failed')
    // Synced before or after the process may die: it learns of it only at the end.
    const early = sync && !failing && random.chance(0.5)
    if (early) state.unsynced = []
    await io(options, life, sync ? 'disk.sync' : 'disk.written')
    if (failing) throw refused(state.dir, 'Input/output error')
    if (sync) state.unsynced = []
  }
  const commits = groupCommit(write, stop, shortTurn)
  const check = (): void => {
    if (stopped || closing) throw stopped ?? closed(state.dir)
  }
  const read = async (): Promise<void> => {
    check()
    await io(options, life, 'disk.read')
  }

  return {
    dir: state.dir,
    lostTail,
    get writes() {
      return state.writes - startedAt
    },
    async batch(ops, { sync = false } = {}) {
      check()
      // The caller may change its bytes as soon as this returns; a store has them by then.
      await commits.add(ops.map(copied), sync)
    },
    async get(key) {
      await read()
      return state.values.get(key)?.slice()
    },
    async *range({ from = '\u0001', to } = {}) {
      check()
      const entries = entriesOf(state.values, from, to)
      for (const [index, [key, value]] of entries.entries()) {
        if (index % PAGE === 0) await read()
        yield [key, value.slice()] as const
      }
    },
    ...(reopens && {
      async reopen() {
        if (closing) throw closed(state.dir)
        await commits.idle()
        await io(options, life, 'disk.reopen')
        state.unsynced = []
        state.failure = undefined
        stopped = undefined
      },
    }),
    close() {
      closing ??= (async () => {
        await commits.idle()
        stopped ??= closed(state.dir)
        await io(options, life, 'disk.close')
        if (state.owner === life) state.owner = undefined
      })()
      return closing
    },
  }
}

/** Entries that one read fetches. */
const PAGE = 256

/** One completion: never for a process that died meanwhile. */
const io = ({ scheduler, random, faults }: DiskOptions, life: Incarnation, what: string): Promise<void> =>
  new Promise(resolve => {
    const ms = faults.hit('disk.slow') ? random.between(1, 2_000) : random.below(2)
    scheduler.at(scheduler.now + ms, life, what, resolve)
  })

function apply(state: State, ops: readonly Op[]): void {
  const before: [string, Uint8Array | undefined][] = []
  for (const op of ops) {
    before.push([op.key, state.values.get(op.key)])
    if (op.type === 'put') state.values.set(op.key, op.value)
    else state.values.delete(op.key)
  }
  // A key that is written twice gets the older value back last.
  state.unsynced.push({ before: before.reverse() })
  state.writes++
}

function restore(values: Map<string, Uint8Array>, [key, value]: Unsynced['before'][number]): void {
  if (value) values.set(key, value)
  else values.delete(key)
}

const copied = (op: Op): Op => (op.type === 'put' ? { ...op, value: new Uint8Array(op.value) } : op)

const entriesOf = (values: Map<string, Uint8Array>, from: string, to: string | undefined) =>
  [...values]
    .filter(([key]) => byBytes(key, from) >= 0 && (to === undefined || byBytes(key, to) < 0))
    .sort(([a], [b]) => byBytes(a, b))

function flipped(value: Uint8Array, random: Prng): Uint8Array {
  const changed = value.slice()
  const at = random.below(value.length)
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
  return changed
}

const locked = (dir: string): RuntimeError =>
  new RuntimeError('store-locked', `the store in "${dir}" is open already`, {
    fix: 'close it first',
    details: { dir },
  })

const closed = (dir: string): RuntimeError =>
  new RuntimeError('journal-closed', `the store in "${dir}" is closed`, { fix: 'open it again' })

const refused = (dir: string, why: string): RuntimeError =>
  new RuntimeError('store-failed', `the store in "${dir}" failed and is not used any more`, {
    why,
    fix: 'free space or repair the disk, then open it again: what was acknowledged is there',
    details: { dir },
  })
