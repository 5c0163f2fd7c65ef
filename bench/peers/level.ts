/**
 * LevelDB alone, the disk's own price: one sync put for each step, of the size of a commit of ours; and one
 * value read among those of 100,000 actors. No actor, no message, nothing to recover.
 */
import { join } from 'node:path'
import { Level } from 'level'
import { durableSteps } from '../durable-steps.ts'
import type { Measured } from '../scenario.ts'
import { woken } from '../waking.ts'
import { SLEEPERS, STEP_BYTES, STEPS } from '../work.ts'

export type Store = Level<string, Uint8Array>

export async function openStore(folder: string): Promise<Store> {
  const store: Store = new Level(join(folder, 'level'), { keyEncoding: 'utf8', valueEncoding: 'view' })
  await store.open()
  return store
}

/** Bytes that no compression makes smaller, with `n` in front. */
export function valueFor(n: number): Uint8Array {
  const value = crypto.getRandomValues(new Uint8Array(STEP_BYTES))
  new DataView(value.buffer).setFloat64(0, n)
  return value
}

export const numberIn = (value: Uint8Array | undefined): number =>
  value ? new DataView(value.buffer, value.byteOffset).getFloat64(0) : Number.NaN

export async function syncPuts(scratch: string): Promise<Measured> {
  const store = await openStore(scratch)
  let runs = 0
  const found = await durableSteps(async n => {
    const run = ++runs
    let value = n
    for (let step = 0; step < STEPS; step++) {
      const key = `${run}/${step}`
      await store.put(key, valueFor(value + 1), { sync: true })
      value = numberIn(await store.get(key))
    }
    return value
  })
  await store.close()
  return found
}

export async function randomGets(scratch: string): Promise<Measured> {
  const store = await openStore(scratch)
  for (let n = 0; n < SLEEPERS; n += 1_000) {
    const puts = Array.from({ length: 1_000 }, (_, i) => n + i)
    await store.batch(puts.map(i => ({ type: 'put', key: String(i), value: valueFor(i) })))
  }
  const found = await woken(async n => numberIn(await store.get(String(n))))
  await store.close()
  return found
}
