/**
 * Copies a store through an iterator, never by its files: reading LevelDB's lock file would drop the lock, and
 * files copied while they are written fit no moment. Called by the journal on disk.
 */
import { readdir } from 'node:fs/promises'
import { RuntimeError } from '../actors/errors.ts'
import { type LevelStore, type Op, openLevel } from './level.ts'

const BATCH_BYTES = 1024 * 1024

/** Throws `output-unwritable` unless `dir` is empty or not there. */
export async function requireEmpty(dir: string): Promise<void> {
  const names = await readdir(dir).catch(error => {
    if (error.code === 'ENOENT') return []
    throw new RuntimeError('output-unwritable', `"${dir}" cannot be written to`, { cause: error })
  })
  if (names.length === 0) return
  throw new RuntimeError('output-unwritable', `"${dir}" is not empty`, {
    why: 'a copy never replaces or mixes with what is there',
    fix: 'name a directory that does not exist yet',
  })
}

/** Writes all entries of `from`, as of now, into a new store in `toDir`, and closes it synced. */
export async function copyStore(from: LevelStore, toDir: string): Promise<void> {
  const to = await openLevel(toDir)
  try {
    let ops: Op[] = []
    let bytes = 0
    for await (const [key, value] of from.range()) {
      ops.push({ type: 'put', key, value })
      bytes += key.length + value.length
      if (bytes < BATCH_BYTES) continue
      await to.batch(ops)
      ops = []
      bytes = 0
    }
    if (ops.length > 0) await to.batch(ops, { sync: true })
  } finally {
    await to.close()
  }
}
