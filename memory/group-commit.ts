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

/** Calls `write` with one group at a time. When it rejects, `stop` says with what its group and all others do. */
export function groupCommit<T extends Sized>(
  write: (ops: readonly T[], sync: boolean) => Promise<void>,
  stop: (error: unknown) => unknown,
): GroupCommit<T> {
  const waiting: Waiting<T>[] = []
  let writer: Promise<void> | undefined

  const writeAll = async (): Promise<void> => {
    // Callers of the same turn share the first write, those who come during a write share the next one.
    await Promise.resolve()
    while (waiting.length > 0) {
      const group = takeGroup(waiting)
      try {
        await write(
          group.flatMap(({ ops }) => ops),
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
