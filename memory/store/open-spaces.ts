/**
 * The namespaces of a directory: opened when one is asked for, kept while they are in use, closed when the memory of
 * all indexes is more than it may be. After a failed write the store is opened anew, and all of them with it.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { writeOps } from './changing.ts'
import { openSpace } from './opening.ts'
import { dropExpired, expiredGenerations } from './requests.ts'
import { sealInBackground, sealNow } from './segments.ts'
import type { Shared, Space } from './space.ts'
import { hasManyUses, writeUses } from './uses.ts'

export interface OpenSpaces {
  /** Does `work` with the namespace open. Rejects with `journal-closed` after `close`. */
  use<T>(name: string, work: (space: Space) => Promise<T> | T): Promise<T>
  /** Opens the store anew when a write failed. Rejects with `store-failed`. */
  recover(): Promise<void>
  /** Waits for what is under way, writes what would have to be analysed again, and closes. */
  close(): Promise<void>
}

/** Namespaces in memory, and those of them that are being written away. */
interface Kept {
  readonly spaces: Map<string, Space>
  readonly closing: Map<string, Promise<void>>
}

export function openSpaces(shared: Shared, { memoryBytes }: { readonly memoryBytes: number }): OpenSpaces {
  const kept: Kept = { spaces: new Map(), closing: new Map() }
  const { spaces, closing } = kept
  const opening = new Map<string, Promise<Space>>()
  const calls = callsUnderWay()
  let isClosed = false

  const opened = async (name: string): Promise<Space> => {
    await closing.get(name)
    if (shared.hasFailed) await reopen(shared, kept)
    const known = spaces.get(name)
    if (known && !known.isStale) return known
    if (known) await abandoned(known)
    spaces.delete(name)
    const space = await openSpace(shared, name)
    spaces.set(name, space)
    evict(kept, memoryBytes, name)
    return space
  }
  const usable = (name: string): Space | undefined => {
    const space = spaces.get(name)
    return space && !space.isStale && !shared.hasFailed && !closing.has(name) ? space : undefined
  }
  const ensureOpen = async (name: string): Promise<void> => {
    const under = opening.get(name) ?? opened(name).finally(() => opening.delete(name))
    opening.set(name, under)
    await under
  }
  const within = async <T>(space: Space, work: (space: Space) => Promise<T> | T): Promise<T> => {
    space.busy++
    space.usedAt = ++shared.uses
    try {
      return await work(space)
    } finally {
      space.busy--
      if (!isClosed) tidy(space)
      if (!isClosed && shared.uses % EVICT_EVERY === 0) evict(kept, memoryBytes, space.name)
    }
  }
  return {
    async use(name, work) {
      if (isClosed) throw closedStore(shared)
      return await calls.during(async () => {
        // Between its opening and this call it can have been left again.
        for (;;) {
          const space = usable(name)
          if (space) return await within(space, work)
          await ensureOpen(name)
        }
      })
    },
    async recover() {
      if (shared.hasFailed) await reopen(shared, kept)
    },
    async close() {
      isClosed = true
      await calls.none()
      await Promise.all(closing.values())
      try {
        for (const space of spaces.values()) await (space.isStale ? abandoned(space) : leave(space))
        // Else LevelDB makes a table of its log at the next opening, while somebody waits for it.
        if (!shared.hasFailed && shared.store.writes > 0) await shared.store.flush()
      } finally {
        spaces.clear()
        await shared.store.close()
      }
    },
  }
}

interface Calls {
  during<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when none is under way. */
  none(): Promise<void>
}

function callsUnderWay(): Calls {
  let calls = 0
  let allDone: (() => void) | undefined
  return {
    async during(work) {
      calls++
      try {
        return await work()
      } finally {
        if (--calls === 0) allDone?.()
      }
    },
    none: () =>
      new Promise<void>(resolve => {
        allDone = resolve
        if (calls === 0) resolve()
      }),
  }
}

/** Opens the store anew after a write that failed. What is in memory of it may be ahead of the disk. */
async function reopen(shared: Shared, { spaces }: Kept): Promise<void> {
  for (const space of spaces.values()) space.isStale = true
  await shared.store.reopen?.()
  shared.hasFailed = false
}

/** Writes away those that were not used for longest, until the others take no more than `memoryBytes`. */
function evict({ spaces, closing }: Kept, memoryBytes: number, used: string): void {
  const byAge = [...spaces.values()].sort((a, b) => a.usedAt - b.usedAt)
  let bytes = byAge.reduce((sum, space) => sum + bytesOf(space), 0)
  for (const space of byAge) {
    if (bytes <= memoryBytes) return
    const { name } = space
    if (name === used || space.busy > 0 || space.isStale || closing.has(name)) continue
    bytes -= bytesOf(space)
    const left = async (): Promise<void> => {
      try {
        await leave(space)
      } catch {
        space.isStale = true // The next call is told, when it opens the namespace and the store fails again.
      }
      if (spaces.get(name) === space) spaces.delete(name)
      closing.delete(name)
    }
    closing.set(name, left())
  }
}

const bytesOf = ({ index, vectors }: Space): number => index.bytes + (vectors?.stats().bytes ?? 0)

/** Calls between two looks at how much memory the indexes take. */
const EVICT_EVERY = 1_024

/** What has to be written from time to time, in the background. A failure is told to the next call. */
function tidy(space: Space): void {
  if (space.isStale || space.number < 0) return
  sealInBackground(space)
  const ignored = (): undefined => undefined
  if (hasManyUses(space)) writeUses(space).catch(ignored)
  if (space.dropping || expiredGenerations(space).length === 0) return
  space.dropping = true
  dropExpired(space, ops => writeOps(space, ops))
    .catch(ignored)
    .finally(() => {
      space.dropping = false
    })
}

/** Writes what only stands in memory, so that the next opening is fast. */
async function leave(space: Space): Promise<void> {
  await space.vectors?.close()
  await space.turn
  await space.sealing
  await writeUses(space)
  await sealNow(space, { all: true })
}

/** Waits until nothing of a namespace that is of no use any more is under way. */
async function abandoned(space: Space): Promise<void> {
  while (space.writes > 0) await new Promise(resolve => setImmediate(resolve))
  await space.vectors?.close()
}

const closedStore = ({ store }: Shared): RuntimeError =>
  new RuntimeError('journal-closed', `the memory in "${store.dir}" is closed`, { fix: 'open it again' })
