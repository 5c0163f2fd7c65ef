/**
 * Merges batches that are asked for while one is being written into the next write, so that many share one fsync.
 * Called by `level.ts`, which does the writing and decides what a failure means.
 */

interface Sized {
  readonly key: string
  readonly value?: Uint8Array
}

interface Waiting<T> {
  readonly ops: readonly T[]
  readonly sync: boolean
  resolve(): void
  reject(error: unknown): void
}

export interface GroupCommit<T> {
  /** Settles with the write that holds `ops`; `sync` of one holds for all of its group. */
  add(ops: readonly T[], sync: boolean): Promise<void>
  /** Refuses all that are not being written yet. */
  refuse(error: unknown): void
  /** Resolves once nothing is waiting. */
  idle(): Promise<void>
}

/** Bytes merged into one write: enough to share an fsync, too few to make the first caller wait. */
const MAX_MERGED = 1024 * 1024

/**
 * When every promise reaction of this turn is done: Node runs its next ticks only then. What follows from a commit
 * that is stored, through however many actors, so joins the same write.
 */
const endOfTurn = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))

/**
 * Calls `write` with one group at a time, which is closed when `turn` resolves. When it rejects, `stop` says with
 * what its group and all others do.
 */
export function groupCommit<T extends Sized>(
  write: (ops: readonly T[], sync: boolean) => Promise<void>,
  stop: (error: unknown) => unknown,
  turn: () => Promise<void> = endOfTurn,
): GroupCommit<T> {
  const waiting: Waiting<T>[] = []
  let writer: Promise<void> | undefined

  const writeAll = async (): Promise<void> => {
    for (;;) {
      // Callers of the same turn share a write, also those who only go on because of the last one.
      await turn()
      if (waiting.length === 0) break
      const group = takeGroup(waiting)
      try {
        await write(
          merged(group),
          group.some(({ sync }) => sync),
        )
        for (const { resolve } of group) resolve()
      } catch (error) {
        const failure = stop(error)
        for (const { reject } of group) reject(failure)
      }
    }
    writer = undefined
  }

  return {
    add: (ops, sync) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ ops, sync, resolve, reject })
        writer ??= writeAll()
      }),
    refuse(error) {
      for (const { reject } of waiting.splice(0)) reject(error)
    },
    idle: async () => writer,
  }
}

function takeGroup<T extends Sized>(waiting: Waiting<T>[]): Waiting<T>[] {
  let bytes = 0
  let taken = 0
  for (const { ops } of waiting) {
    for (const { key, value } of ops) bytes += key.length + (value?.length ?? 0)
    if (taken > 0 && bytes > MAX_MERGED) break
    taken++
  }
  return waiting.splice(0, taken)
}

/**
 * What a write consists of. Batches that end with the same key as the last one, which is how each says what should
 * be stored after it, leave that to the last one: it would write over theirs.
 */
function merged<T extends Sized>(group: readonly Waiting<T>[]): readonly T[] {
  const last = group.findLast(({ ops }) => ops.length > 0)?.ops
  const all: T[] = []
  for (const { ops } of group) {
    const isSaidAgain = ops !== last && ops.length > 0 && ops.at(-1)?.key === last?.at(-1)?.key
    for (let at = 0; at < ops.length - (isSaidAgain ? 1 : 0); at++) all.push(ops[at] as T)
  }
  return all
}
