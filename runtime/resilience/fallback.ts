/**
 * `fallback` for users' own functions and methods, synchronous ones too: another way, or a plain value, when a
 * call fails. It does not try the call again; put `retry` inside it for that.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { isAbortError } from '../../actors/policies/retry.ts'
import { bothWays, isThenable, type Method, said } from './wrap.ts'

export interface FallbackOptions {
  /** Which errors to fall back on; the others are thrown on. Default: all but a cancellation. */
  when?(error: unknown): boolean
}

/** What `Fallback` makes of a method that it does not fit: a type that says so and cannot be called. */
export interface FallbackMismatch<Wanted> {
  readonly 'the fallback must take the arguments and give the result of the method': Wanted
}

/** Is `Other` a function for the arguments and the result of `F`, or a value of its result? */
type Fits<F extends Method, Other> = Other extends (...args: never[]) => unknown
  ? OmitThisParameter<Other> extends (...args: Parameters<F>) => Awaited<ReturnType<F>> | ReturnType<F>
    ? F
    : FallbackMismatch<F>
  : Other extends Awaited<ReturnType<F>>
    ? F
    : FallbackMismatch<F>

export type FallbackPolicy<Other> = <F extends Method>(
  fn: F,
  context?: ClassMethodDecoratorContext,
) => Fits<F, Other>

/** Keeps the literal type of a primitive, so that `fallback('low')` fits a method that returns 'low' | 'high'. */
type Value = string | number | bigint | boolean | symbol | null | undefined | object

/**
 * When the call fails, calls `other` with the same `this` and arguments, or gives the value `other` (the same
 * one each time: use a function where callers may change it). When that fails too, throws `fallback-failed`,
 * caused by an AggregateError of both.
 */
export function fallback<Other extends Value>(
  other: Other,
  options: FallbackOptions = {},
): FallbackPolicy<Other> {
  const { when = isFailure } = options
  return bothWays('fallback', ({ name, invoke }) => (self, args) => {
    const instead = (error: unknown): unknown => {
      if (!when(error)) throw error
      if (typeof other !== 'function') return other
      const failed = (second: unknown): never => {
        throw bothFailed(name, error, second)
      }
      return attempt(() => Reflect.apply(other, self, args), failed)
    }
    return attempt(() => invoke(self, args), instead)
  }) as FallbackPolicy<Other>
}

/** The result of `work`, or what `failed` makes of its error, thrown or rejected: no sooner a promise than it is. */
function attempt(work: () => unknown, failed: (error: unknown) => unknown): unknown {
  let result: unknown
  try {
    result = work()
  } catch (error) {
    return failed(error)
  }
  return isThenable(result) ? result.then(undefined, failed) : result
}

/** A cancelled call did not fail: whoever cancelled it does not want it done in another way. */
const isFailure = (error: unknown): boolean =>
  !(isAbortError(error) || (error instanceof RuntimeError && error.kind === 'cancelled'))

function bothFailed(name: string, first: unknown, second: unknown): RuntimeError {
  return new RuntimeError(
    'fallback-failed',
    `"${name}" failed (${said(first)}) and so did its fallback (${said(second)})`,
    {
      why: 'fallback gave up after the call and its one replacement',
      fix: 'look at the cause, which holds both errors, the first one first',
      cause: new AggregateError([first, second], 'the call and its fallback'),
      details: { policy: 'fallback' },
    },
  )
}
