/**
 * What requests with a key were answered, so that the same one asked again stores nothing. Kept for 24 hours or
 * 100,000 keys, whichever ends first, in generations that are dropped as a whole. Called by
 * `writing.ts`, `forgetting.ts` and `transfer.ts`.
 */
import type { Op } from '../level.ts'
import type { Generation } from './counters.ts'
import type { Draft } from './drafts.ts'
import { checkedText, isId } from './input.ts'
import { generationRange, requestKey } from './keys.ts'
import { sealed, unsealed } from './records.ts'
import type { Space } from './space.ts'

const GENERATION_MS = 12 * 3_600_000
const GENERATION_KEYS = 50_000
const KEPT_MS = 24 * 3_600_000
const KEPT_KEYS = 100_000

export const checkedKey = (key: unknown): string => checkedText(key, 'key', 1_024)

/** The ids that were given for `key`, or undefined. */
export function answered(space: Space, key: string): readonly string[] | undefined {
  if (space.number < 0) return undefined
  for (const { number } of space.counters.generations) {
    const bytes = space.shared.store.getSync(requestKey(space.number, number, key))
    const ids = bytes && decodeIds(bytes)
    if (ids) return ids
  }
  return undefined
}

function decodeIds(bytes: Uint8Array): readonly string[] | undefined {
  const text = unsealed(bytes)
  const ids = text && new TextDecoder().decode(text).split(' ')
  return ids?.every(isId) ? ids : undefined
}

/** What a request that changes many memories has done so far, in several writes. */
export interface Progress<Counts> {
  readonly counts: Counts
  readonly isDone: boolean
}

/** What was kept for `key` of a `forget` or an `import`. */
export function progressOf<Counts>(space: Space, key: string): Progress<Counts> | undefined {
  if (space.number < 0) return undefined
  for (const { number } of space.counters.generations.toReversed()) {
    const bytes = space.shared.store.getSync(requestKey(space.number, number, countsKey(key)))
    const text = bytes && unsealed(bytes)
    if (text) return JSON.parse(new TextDecoder().decode(text)) as Progress<Counts>
  }
  return undefined
}

/** Keeps it, in the same write as what was done last. */
export const keepProgress = <Counts>(draft: Draft, key: string, progress: Progress<Counts>): void =>
  keep(draft, countsKey(key), JSON.stringify(progress))

/** No answer of a `remember` stands there. */
const countsKey = (key: string): string => `counts\0${key}`

/** Keeps what a request is answered with, in the same write as what it stores. */
export const keepAnswer = (draft: Draft, key: string, ids: readonly string[]): void =>
  keep(draft, key, ids.join(' '))

function keep(draft: Draft, key: string, answer: string): void {
  const { space } = draft
  const { counters, shared } = space
  const generation = currentGeneration(counters.generations, shared.clock())
  generation.count++
  const value = sealed(new TextEncoder().encode(answer))
  draft.others.push(() => ({ type: 'put', key: requestKey(space.number, generation.number, key), value }))
}

function currentGeneration(generations: Generation[], now: number): Generation {
  const last = generations.at(-1)
  // A clock that was set back must not keep a generation for ever.
  const isFit = last && last.count < GENERATION_KEYS && Math.abs(now - last.startedAt) < GENERATION_MS
  if (isFit) return last
  const next = { number: (last?.number ?? 0) + 1, startedAt: now, count: 0 }
  generations.push(next)
  return next
}

/** Generations all of whose keys are too old, or followed by enough younger ones. */
export function expiredGenerations({ counters, shared }: Space): readonly Generation[] {
  const now = shared.clock()
  return counters.generations.filter((_, at) => {
    const younger = counters.generations.slice(at + 1)
    const endedAt = younger[0]?.startedAt
    const keys = younger.reduce((sum, { count }) => sum + count, 0)
    return endedAt !== undefined && (now - endedAt >= KEPT_MS || keys >= KEPT_KEYS)
  })
}

/** Deletes expired generations, a page at a time. Called in the background. */
export async function dropExpired(space: Space, write: (ops: readonly Op[]) => Promise<void>): Promise<void> {
  for (const expired of expiredGenerations(space)) {
    let ops: Op[] = []
    for await (const [key] of space.shared.store.range(generationRange(space.number, expired.number))) {
      ops.push({ type: 'del', key })
      if (ops.length < 1_000) continue
      await write(ops)
      ops = []
    }
    await write(ops)
    const at = space.counters.generations.indexOf(expired)
    if (at >= 0) space.counters.generations.splice(at, 1)
  }
}
