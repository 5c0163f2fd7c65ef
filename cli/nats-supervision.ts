/**
 * Keeps a `nats-server` running: starts it again when it dies, with growing pauses, and when it hangs. JetStream of
 * nats-server 2.9 hangs for good, without a word, once its disk was full; only a restart helps, and only when there is
 * space again. What starts it and looks after it is handed in.
 */
import type { NatsChild } from './nats-child.ts'

export type SupervisionEvent =
  | { readonly kind: 'serving'; readonly pid: number; readonly times: number }
  | { readonly kind: 'died'; readonly how: string; readonly againInMs: number }
  | { readonly kind: 'hung'; readonly forMs: number }
  | { readonly kind: 'disk-full'; readonly freeBytes: number }

export interface SupervisionOptions {
  /** Resolves when the server has been started and lets us in. Its rejection counts as a death. */
  readonly start: () => Promise<NatsChild>
  /** Resolves when JetStream answers. */
  readonly look: () => Promise<void>
  readonly freeBytes: () => Promise<number>
  readonly tell: (event: SupervisionEvent) => void
  readonly signal: AbortSignal
  readonly times?: Partial<SupervisionTimes>
}

export interface SupervisionTimes {
  /** Between two looks, ms. */
  readonly everyMs: number
  /** JetStream that has not answered for so long hangs, ms. */
  readonly hungMs: number
  /** The first pause before a restart, and the longest, ms. */
  readonly leastPauseMs: number
  readonly mostPauseMs: number
  /** After so long without a death the pauses begin anew, ms. */
  readonly steadyMs: number
  readonly stopMs: number
  /** With less than that on the disk a restart is in vain. */
  readonly spaceBytes: number
}

const TIMES: SupervisionTimes = {
  everyMs: 2_000,
  hungMs: 10_000,
  leastPauseMs: 200,
  mostPauseMs: 30_000,
  steadyMs: 60_000,
  stopMs: 10_000,
  spaceBytes: 16 * 1024 ** 2,
}

/** Resolves when the signal has come and the server is gone. Rejects when the very first start fails. */
export async function superviseNats(options: SupervisionOptions): Promise<void> {
  const { start, tell, signal } = options
  const times = { ...TIMES, ...options.times }
  for (let [starts, deaths] = [1, 0]; !signal.aborted; starts++) {
    const begun = performance.now()
    const how = await start().then(
      async child => {
        tell({ kind: 'serving', pid: child.pid ?? 0, times: starts })
        return serve(child, options, times)
      },
      error => {
        if (starts === 1) throw error
        return error instanceof Error ? error.message : String(error)
      },
    )
    if (how === 'stopped' || signal.aborted) return
    deaths = performance.now() - begun > times.steadyMs ? 1 : deaths + 1
    // Full jitter, so that servers on one machine do not fall over each other.
    const againInMs = Math.round(
      Math.min(times.mostPauseMs, times.leastPauseMs * 2 ** (deaths - 1)) * Math.random(),
    )
    if (how !== 'hung') tell({ kind: 'died', how, againInMs })
    await pause(againInMs, signal)
  }
}

/** Until it is stopped, dies or is ended because it hangs. */
async function serve(
  child: NatsChild,
  { look, freeBytes, tell, signal }: SupervisionOptions,
  { everyMs, hungMs, stopMs, spaceBytes }: SupervisionTimes,
): Promise<string> {
  let answered = performance.now()
  let isFull = false
  try {
    while (!signal.aborted) {
      await Promise.race([pause(everyMs, signal), child.ended])
      if (child.isOver) return await child.ended
      if (signal.aborted) break
      const answers = await Promise.race([look().then(yes, no), child.ended.then(no)])
      if (answers) {
        answered = performance.now()
        isFull = false
      }
      const forMs = performance.now() - answered
      if (forMs < hungMs || child.isOver) continue
      const free = await freeBytes()
      if (free >= spaceBytes) {
        tell({ kind: 'hung', forMs: Math.round(forMs) })
        return 'hung'
      }
      if (!isFull) tell({ kind: 'disk-full', freeBytes: free })
      isFull = true
    }
    return 'stopped'
  } finally {
    await child.stop(stopMs)
  }
}

const yes = (): boolean => true
const no = (): boolean => false

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}
