/**
 * The memory of a node: one per runtime and directory, opened on first use, closed when the runtime has stopped.
 * Used by the memory actor; whoever embeds the runtime may use it directly.
 */
import { resolve } from 'node:path'
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Memory } from '../../memory/memory.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { memoryDirectory } from '../../runtime/data-directory.ts'

export interface NodeMemory {
  /** Absolute path. */
  readonly dir: string
  /** The memory, opened on first use; a failure is not remembered. Throws what `openMemory` throws. */
  open(): Promise<Memory>
}

const GIVEN = 'memory'

/**
 * Has all of a runtime remember in `memory`, unless they name a directory: in a cluster, whose runtimes have no
 * directory of their own. Whoever opened it closes it.
 */
export function useMemory(runtime: Runtime, memory: Memory): void {
  runtime.shared(GIVEN, () => ({ memory }))
}

const usedIn = (runtime: Runtime): Memory | undefined =>
  runtime.shared<{ readonly memory?: Memory }>(GIVEN, () => ({})).memory

/**
 * The memory in `dir`, by default `memory` in the runtime's data directory. A memory that is given is used instead,
 * and closed by whoever opened it. Throws `definition-invalid` where there is no directory.
 */
export function nodeMemory(runtime: Runtime, dir?: string, given?: Memory): NodeMemory {
  const used = given ?? (dir === undefined ? usedIn(runtime) : undefined)
  if (used) return { dir: used.dir, open: async () => used }
  const place = dir ?? (runtime.dataDir === undefined ? undefined : memoryDirectory(runtime.dataDir))
  if (place === undefined) throw noDirectory()
  const path = resolve(place)
  return runtime.shared(`memory:${path}`, () => opening(path, runtime.host.clock))
}

function opening(dir: string, clock: Clock): NodeMemory & AsyncDisposable {
  let opened: Promise<Memory> | undefined
  let ended = false
  return {
    dir,
    async open() {
      if (ended)
        throw new RuntimeError('runtime-stopped', `the runtime of the memory in "${dir}" has stopped`)
      opened ??= openIn(dir, clock).catch(error => {
        opened = undefined
        throw error
      })
      return opened
    },
    async [Symbol.asyncDispose]() {
      ended = true
      const memory = await opened?.catch(() => undefined)
      await memory?.close()
    },
  }
}

/** LevelDB is loaded by whoever needs it. */
async function openIn(dir: string, clock: Clock): Promise<Memory> {
  const { openMemory } = await import('../../runtime/open-memory.ts')
  return openMemory({ dir, clock })
}

const noDirectory = (): RuntimeError =>
  new RuntimeError('definition-invalid', 'a memory needs a directory to be kept in', {
    why: 'the runtime has none of its own',
    fix: 'use createRuntime({ dataDir }), or memory: { dir }',
  })
