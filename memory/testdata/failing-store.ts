/** A store in memory whose writes, reads and reopenings fail when a test says so. */
import { RuntimeError } from '../../actors/errors.ts'
import { groupCommit } from '../group-commit.ts'
import { byBytes } from '../journal-keys.ts'
import type { LevelStore, Op, Range } from '../level.ts'

/** A test sets what happens next; it happens once. */
export interface FailingStore {
  readonly store: LevelStore
  readonly values: Map<string, Uint8Array>
  reopenings: number
  /** The next write fails, and its data is lost or reaches the disk all the same. */
  nextWrite?: 'lost' | 'kept' | undefined
  nextRead?: 'fails' | undefined
  /** What the next reopening does besides. */
  nextReopening?: (() => void) | undefined
}

const failure = (what: string): RuntimeError => new RuntimeError('store-failed', `no ${what}`)

export function failingStore({ reopens = true }: { readonly reopens?: boolean } = {}): FailingStore {
  const values = new Map<string, Uint8Array>()
  let stopped: RuntimeError | undefined
  let closed = false
  let writes = 0

  const check = (): void => {
    if (closed) throw new RuntimeError('journal-closed', 'closed')
    if (stopped) throw stopped
  }
  const read = (): void => {
    check()
    if (!disk.nextRead) return
    disk.nextRead = undefined
    throw stop(failure('reading'))
  }
  const stop = (error: unknown): RuntimeError => {
    stopped ??= error as RuntimeError
    commits.refuse(stopped)
    return stopped
  }
  const write = async (ops: readonly Op[]): Promise<void> => {
    if (ops.length === 0) return
    await new Promise(resolve => setImmediate(resolve))
    const { nextWrite: fault } = disk
    disk.nextWrite = undefined
    if (fault !== 'lost') apply(values, ops)
    if (fault) throw failure('space')
    writes++
  }
  const commits = groupCommit<Op>(write, stop)

  const store: LevelStore = {
    dir: '/failing',
    lostTail: 0,
    get writes() {
      return writes
    },
    async batch(ops, { sync = false } = {}) {
      check()
      await commits.add(ops, sync)
    },
    async get(key) {
      read()
      return values.get(key)?.slice()
    },
    async *range(range) {
      for (const [key, value] of within(values, range)) {
        read()
        yield [key, value.slice()]
      }
    },
    ...(reopens && {
      async reopen() {
        disk.reopenings++
        await commits.idle()
        const { nextReopening: work } = disk
        disk.nextReopening = undefined
        work?.()
        stopped = undefined
      },
    }),
    async close() {
      closed = true
    },
  }
  const disk: FailingStore = { store, values, reopenings: 0 }
  return disk
}

function within(
  values: ReadonlyMap<string, Uint8Array>,
  { from = '', to }: Range = {},
): [string, Uint8Array][] {
  const inside = (key: string) => byBytes(key, from) >= 0 && (to === undefined || byBytes(key, to) < 0)
  return [...values].filter(([key]) => inside(key)).sort(([a], [b]) => byBytes(a, b))
}

function apply(values: Map<string, Uint8Array>, ops: readonly Op[]): void {
  for (const op of ops) {
    if (op.type === 'put') values.set(op.key, Uint8Array.from(op.value))
    else values.delete(op.key)
  }
}
