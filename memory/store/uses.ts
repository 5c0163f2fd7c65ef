/**
 * How often a memory was recalled, and when it last was: what the growth policy keeps memories by. Counted in memory
 * and written now and then, because a lost count is no lost memory. Episodes are not counted: none is let go for it.
 */
import type { Op } from '../level.ts'
import { writeOps } from './changing.ts'
import { usesKey } from './keys.ts'
import { docAt, type Space } from './space.ts'

const WRITE_AFTER = 256

export function noteUse(space: Space, place: number, now: number): void {
  if (space.index.kind(docAt(space, place)) === 'episode') return
  const use = space.uses.get(place) ?? { count: 0, usedAt: 0, isNew: false }
  use.count = Math.min(use.count + 1, 0xffff_ffff)
  use.usedAt = Math.max(use.usedAt, now)
  if (!use.isNew) space.newUses++
  use.isNew = true
  space.uses.set(place, use)
}

export const hasManyUses = (space: Space): boolean => space.newUses >= WRITE_AFTER

/** Writes the counts that changed. */
export async function writeUses(space: Space): Promise<void> {
  if (space.number < 0 || space.newUses === 0) return
  const ops: Op[] = []
  for (const [place, use] of space.uses) {
    if (!use.isNew) continue
    use.isNew = false
    const value = new Uint8Array(12)
    const view = new DataView(value.buffer)
    view.setUint32(0, use.count)
    view.setFloat64(4, use.usedAt)
    ops.push({ type: 'put', key: usesKey(space.number, place), value })
  }
  space.newUses = 0
  await writeOps(space, ops)
}
