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
  /** Names of those that are open. */
  open(): readonly string[]
  /** Waits for what is under way, writes what would have to be analysed again, and closes. */
  close(): Promise<void>
}

export function openSpaces(shared: Shared, { memoryBytes }: { readonly memoryBytes: number }): OpenSpaces {
  const spaces = new Map<string, Space>()
  const opening = new Map<string, Promise<Space>>()
  const closing = new Map<string, Promise<void>>()
  let isClosed = false
  let calls = 0
  let allDone: (() => void) | undefined

  const opened = async (name: string): Promise<Space> => {
    await closing.get(name)
    if (shared.hasFailed) await reopen()
    const known = spaces.get(name)
    if (known && !known.isStale) return known
    if (known) await settled(known)
    spaces.delete(name)
    const space = await openSpace(shared, name)
    spaces.set(name, space)
    evict(name)
    return space
  }
  const reopen = async (): Promise<void> => {
    for (const space of spaces.values()) space.isStale = true
    await shared.store.reopen?.()
    shared.hasFailed = false
  }
  const getSpace = (name: string): Promise<Space> => {
    const under = opening.get(name) ?? opened(name).finally(() => opening.delete(name))
    opening.set(name, under)
    return under
  }
  const evict = (kept: string): void => {
    const byAge = [...spaces.values()].sort((a, b) => a.usedAt - b.usedAt)
    let bytes = byAge.reduce((sum, { index }) => sum + index.bytes, 0)
    for (const space of byAge) {
      if (bytes <= memoryBytes) return
      if (space.name === kept || space.busy > 0 || space.isStale || closing.has(space.name)) continue
      bytes -= space.index.bytes
      const done = leave(space)
        .then(() => void (spaces.get(space.name) === space && spaces.delete(space.name)))
        .finally(() => closing.delete(space.name))
      closing.set(space.name, done)
    }
  }
  const begun = (space: Space): void => {
    space.busy++
    space.usedAt = ++shared.uses
  }
  const ended = (space: Space): void => {
    space.busy--
    if (--calls === 0) allDone?.()
    if (isClosed) return
    tidy(space)
    if (space.busy === 0 && shared.uses % EVICT_EVERY === 0) evict(space.name)
  }
  return {
    async use(name, work) {
      if (isClosed) throw closedStore(shared)
      calls++
      let space = spaces.get(name)
      try {
        if (!space || space.isStale || shared.hasFailed || closing.has(name)) space = await getSpace(name)
      } catch (error) {
        if (--calls === 0) allDone?.()
        throw error
      }
      begun(space)
      try {
        return await work(space)
      } finally {
        ended(space)
      }
    },
    open: () => [...spaces.keys()],
    async close() {
      isClosed = true
      if (calls > 0) {
        await new Promise<void>(resolve => {
          allDone = resolve
        })
      }
      await Promise.all(closing.values())
      try {
        for (const space of spaces.values()) if (!space.isStale) await leave(space)
      } finally {
        spaces.clear()
        await shared.store.close()
      }
    },
  }
}

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
  await space.turn
  await space.sealing
  await writeUses(space)
  await sealNow(space, { all: true })
}

async function settled(space: Space): Promise<void> {
  while (space.writes > 0) await new Promise(resolve => setImmediate(resolve))
}

const closedStore = ({ store }: Shared): RuntimeError =>
  new RuntimeError('journal-closed', `the memory in "${store.dir}" is closed`, { fix: 'open it again' })
