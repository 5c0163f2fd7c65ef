/**
 * A call that ends: at its time limit, or when its caller is closed, it is told so by a signal and nobody waits for it
 * any longer. Used for calls of embedders, which may hang. Does not retry.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'

/** What `call` gives. Rejects with `attempt-timeout` after `limitMs`, with `cancelled` when `closed` aborts. */
export function withinLimit<Result>(
  call: (signal: AbortSignal) => Promise<Result>,
  {
    clock,
    limitMs,
    closed,
  }: { readonly clock: Clock; readonly limitMs: number; readonly closed?: AbortSignal },
): Promise<Result> {
  const abort = new AbortController()
  return new Promise<Result>((resolve, reject) => {
    const end = (error: RuntimeError): void => {
      done()
      reject(error)
      abort.abort(error)
    }
    const onClosed = (): void => end(new RuntimeError('cancelled', 'the memory was closed'))
    const cancel = clock.at(clock.now() + limitMs, () =>
      end(new RuntimeError('attempt-timeout', `the embedder did not answer within ${limitMs} ms`)),
    )
    const done = (): void => {
      cancel()
      closed?.removeEventListener('abort', onClosed)
    }
    closed?.addEventListener('abort', onClosed)
    if (closed?.aborted) onClosed()
    else Promise.resolve(abort.signal).then(call).finally(done).then(resolve, reject)
  })
}
