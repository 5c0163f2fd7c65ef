/**
 * Times an asynchronous operation inside one process: warms up, then takes several samples and keeps the
 * median. Each answer is checked by the operation itself, and those that do not come are counted.
 */
import { median } from './median.ts'

/** Does `size` operations in this lane, one after the other; resolves to how many answers were right. */
export type Operation = (n: number, lane: number) => Promise<number>

export interface TimingOptions {
  /** Operations in one call. Default 1. */
  readonly size?: number
  /** Lanes that each have one call under way. Default 1. */
  readonly inFlight?: number
  readonly warmUpMs?: number
  readonly sampleMs?: number
  readonly samples?: number
  /** A batch that takes longer has lost its answers: they are counted as such. */
  readonly patienceMs?: number
}

export interface Timing {
  /** Microseconds per operation, median of the samples. */
  readonly us: number
  readonly asked: number
  readonly answered: number
}

export async function timed(operation: Operation, options: TimingOptions = {}): Promise<Timing> {
  const {
    size = 1,
    inFlight = 1,
    warmUpMs = 1_500,
    sampleMs = 400,
    samples = 5,
    patienceMs = 30_000,
  } = options
  const next = counter()
  let asked = 0
  let answered = 0
  const batch = async (calls: number): Promise<number> => {
    const began = performance.now()
    const right = await patiently(calls, inFlight, patienceMs, lane => operation(next(), lane))
    asked += calls * size
    answered += right
    return performance.now() - began
  }

  let calls = inFlight
  let tookMs = await batch(calls)
  const callsIn = (ms: number): number =>
    Math.max(inFlight, Math.round((calls * ms) / Math.max(tookMs, 0.01)))
  for (const end = performance.now() + warmUpMs; performance.now() < end && answered === asked; ) {
    calls = callsIn(Math.min(50, sampleMs))
    tookMs = await batch(calls)
  }
  const perSample = callsIn(sampleMs)
  const found: number[] = []
  // A subject that loses answers is timed once, to have its figure beside its loss, and no longer.
  do found.push((await batch(perSample)) * (1_000 / (perSample * size)))
  while (found.length < samples && answered === asked)
  return { us: median(found), asked, answered }
}

function counter(): () => number {
  let n = 0
  return () => ++n
}

/** Makes `calls` calls over the lanes; resolves to the right answers, also when some never come. */
async function patiently(
  calls: number,
  inFlight: number,
  patienceMs: number,
  call: (lane: number) => Promise<number>,
): Promise<number> {
  let started = 0
  let right = 0
  const lane = async (_: unknown, index: number): Promise<void> => {
    while (started < calls) {
      started++
      // Not `right += await …`, which would read `right` before the other lanes add to it.
      const answered = await call(index)
      right += answered
    }
  }
  const lanes = Promise.all(Array.from({ length: inFlight }, lane))
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>(resolve => {
    timer = setTimeout(resolve, patienceMs)
  })
  try {
    await Promise.race([lanes, tooLong])
  } finally {
    clearTimeout(timer)
  }
  return right
}

/** One `Measured` of several timings, by metric. */
export function measured(timings: Readonly<Record<string, Timing>>): {
  values: Record<string, number>
  asked: number
  answered: number
} {
  const all = Object.entries(timings)
  return {
    values: Object.fromEntries(all.map(([metric, { us }]) => [metric, us])),
    asked: all.reduce((sum, [, { asked }]) => sum + asked, 0),
    answered: all.reduce((sum, [, { answered }]) => sum + answered, 0),
  }
}
