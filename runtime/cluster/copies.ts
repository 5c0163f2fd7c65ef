/**
 * This node's copies of partitions: opened when it takes one over, or before, while another node that is about to go
 * still serves it. Used by `partition-host.ts`; `ownership.ts` says which to get ready. What is in a copy is the
 * business of `log/`.
 */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toRuntimeError } from '../../actors/errors.ts'
import { type LevelStore, openLevel } from '../../memory/level.ts'

export interface CopiesOptions {
  /** Where they are kept. */
  readonly dir: string
  /** Opens one. Default: LevelDB in a directory of its own. */
  readonly openCopy?: (dir: string) => Promise<LevelStore>
  readonly report: (error: unknown) => void
}

export interface Copies {
  /** Opens one that will be needed. Throws as `open` does. */
  prepare(partition: number): Promise<void>
  /** Closes one that was prepared, and is not needed after all. */
  forgo(partition: number): Promise<void>
  /** Hands one over, open: it is the caller's to close. Throws `store-failed`, `store-locked`. */
  open(partition: number): Promise<LevelStore>
  /** Closes all that were prepared. */
  close(): Promise<void>
}

export function copiesOf(options: CopiesOptions): Copies {
  const prepared = new Map<number, Promise<LevelStore>>()
  const forgo = async (partition: number): Promise<void> => {
    const found = prepared.get(partition)
    prepared.delete(partition)
    const copy = await found?.catch(() => undefined)
    await copy?.close()
  }
  return {
    async prepare(partition) {
      if (prepared.has(partition)) return
      const opening = openCopyOf(options, partition)
      prepared.set(partition, opening)
      try {
        await opening
      } catch (error) {
        if (prepared.get(partition) === opening) prepared.delete(partition)
        throw error
      }
    },
    forgo,
    async open(partition) {
      const found = prepared.get(partition)
      prepared.delete(partition)
      return found ?? openCopyOf(options, partition)
    },
    async close() {
      await Promise.all([...prepared.keys()].map(forgo))
    },
  }
}

/** One that cannot be read is put aside: the log has all of it. */
async function openCopyOf({ dir, openCopy = openLevel, report }: CopiesOptions, partition: number) {
  const place = join(dir, String(partition))
  try {
    return await openCopy(place)
  } catch (thrown) {
    const error = toRuntimeError(thrown, 'internal')
    if (error.kind !== 'store-corrupt') throw error
    report(error)
    const aside = `${place}.damaged`
    // One that was put aside before is of no more use than this one.
    await rm(aside, { recursive: true, force: true })
    await rename(place, aside)
    return openCopy(place)
  }
}
