/** Forgetting a record whose bytes are damaged: all entries that point at its place are looked for. */
import type { Op } from '../level.ts'
import { countersOp, owedOp, writeOps } from './changing.ts'
import {
  type Family,
  familyRange,
  hex,
  markKey,
  recordKey,
  unhex,
  usesKey,
  vectorKey,
  waitingKey,
} from './keys.ts'
import { docAt, type Space } from './space.ts'

/** Whether there was one. Reads all ids, facts and derivations of the namespace: it is rare. */
export async function removeDamaged(space: Space, place: number): Promise<boolean> {
  const { number: ns, shared } = space
  if (!shared.store.getSync(recordKey(ns, place))) return false
  const doc = docAt(space, place)
  const found = [recordKey(ns, place), vectorKey(ns, doc), usesKey(ns, place), waitingKey(ns, place)]
  const wait = shared.store.getSync(waitingKey(ns, place)) !== undefined
  for (const family of ['i', 'f', 'd'] as const) found.push(...(await pointing(space, family, place)))
  space.counters.forgotten++
  if (wait) space.counters.waiting--
  const counted = space.index.alive(doc) ? space.index.kind(doc) : undefined
  if (counted) space.counters[`${counted}s`]--
  const ops: Op[] = found.map(key => ({ type: 'del', key }))
  ops.push({ type: 'put', key: markKey(ns, 'removed', doc), value: new Uint8Array(4).fill(255) })
  await writeOps(space, [...ops, owedOp(space, found), countersOp(space)])
  space.index.remove(doc)
  space.vectors?.forgotten(doc)
  return true
}

async function pointing(space: Space, family: Family, place: number): Promise<readonly string[]> {
  const keys: string[] = []
  const end = `!${hex(place)}`
  for await (const [key, value] of space.shared.store.range(familyRange(family, space.number))) {
    const isIt = family === 'i' ? unhex(Buffer.from(value).toString('hex')) === place : key.endsWith(end)
    const isSource = family === 'd' && key.slice(11, 19) === hex(place)
    if (isIt || isSource) keys.push(key)
  }
  return keys
}
