/**
 * Lets others run in the middle of long work. Handed through the extractive consolidator, which would otherwise hold the
 * event loop for as long as five hundred episodes take.
 */

/** To be awaited often: it gives way only when the last time is long enough ago. */
export type Pause = () => Promise<void> | undefined

/** Gives way once `ms` of work have passed since it last did. */
export function pauseEvery(ms: number): Pause {
  let last = performance.now()
  return () => {
    if (performance.now() - last < ms) return undefined
    return new Promise(resolve =>
      setImmediate(() => {
        last = performance.now()
        resolve()
      }),
    )
  }
}
