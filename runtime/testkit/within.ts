/** A bound on waiting, for tests: uvu has no timeout of its own, and a promise that never settles must fail. */

/** Settles as `work` does, or rejects after `ms` milliseconds of real time naming `what` was awaited. */
export async function within<T>(
  ms: number,
  work: Promise<T> | (() => Promise<T> | T),
  what = 'the work',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not finish within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([typeof work === 'function' ? work() : work, limit])
  } finally {
    clearTimeout(timer)
  }
}
