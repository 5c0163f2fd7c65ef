/**
 * Weighs a process whose actors sleep, then wakes some of them, one at a time. Shared by the subjects of
 * `passivation`. Needs `--expose-gc`.
 */
import { median, quantile } from './median.ts'
import type { Measured } from './scenario.ts'
import { SLEEPERS, WOKEN } from './work.ts'

/** Coprime with the number of sleepers: steps of this size touch each of them once, and no two that are close. */
const STRIDE = 38_197

/** `read` resolves to the number that this sleeper was started with. */
export async function woken(read: (n: number) => Promise<number>): Promise<Measured> {
  const memory = await residentMegabytes()
  const waits: number[] = []
  let answered = 0
  for (let i = 0; i < WOKEN; i++) {
    const n = (i * STRIDE) % SLEEPERS
    const began = performance.now()
    const answer = await read(n)
    waits.push(performance.now() - began)
    if (answer === n) answered++
  }
  return {
    values: {
      memory,
      'first answer, median': median(waits),
      'first answer, 99th percentile': quantile(waits, 0.99),
    },
    asked: WOKEN,
    answered,
  }
}

/** Of the whole process, after the garbage has gone and the allocator has had a second to give memory back. */
async function residentMegabytes(): Promise<number> {
  if (!globalThis.gc) throw new Error('run with --expose-gc')
  for (let i = 0; i < 4; i++) globalThis.gc()
  await new Promise(resolve => setTimeout(resolve, 1_000))
  return process.memoryUsage.rss() / 1e6
}
