/**
 * The vector of a question, or none: recall never waits long for an embedder and never fails because of it. Called
 * by recall, one per memory. Remembers the last questions and leaves an embedder alone for a while that has just
 * failed, so that recall stays fast while a provider is down.
 */
import type { Clock } from '../../actors/clock.ts'
import { type RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import type { Embed } from '../memory.ts'
import { toUnit } from './vector-bytes.ts'
import { withinLimit } from './within-limit.ts'

export interface QueryVectorOptions {
  /** Of `toEmbed`. */
  readonly embed: Embed
  readonly clock: Clock
  /** How long recall waits. Default 2,000. */
  readonly limitMs?: number
  /** How long an embedder is not asked after a failure. Default 10,000. */
  readonly restMs?: number
  /** Default 256. */
  readonly kept?: number
}

export interface QueryVectors {
  /** Of length 1; undefined when the embedder fails, is too slow, or failed a moment ago. */
  of(question: string): Promise<Float32Array | undefined>
  stats(): {
    readonly failures: number
    /** Absent when the embedder has answered since. */
    readonly lastError?: { readonly code: string; readonly message: string }
  }
}

export function createQueryVectors({
  embed,
  clock,
  limitMs = 2_000,
  restMs = 10_000,
  kept = 256,
}: QueryVectorOptions): QueryVectors {
  const known = new Map<string, Float32Array>()
  let failures = 0
  let lastError: RuntimeError | undefined
  let restUntil = Number.NEGATIVE_INFINITY

  const keep = (question: string, vector: Float32Array): Float32Array => {
    known.delete(question)
    known.set(question, vector)
    for (const oldest of known.keys()) {
      if (known.size <= kept) break
      known.delete(oldest)
    }
    return vector
  }

  return {
    async of(question) {
      const before = known.get(question)
      if (before) return keep(question, before)
      if (clock.now() < restUntil) return undefined
      try {
        const [vector] = await withinLimit(signal => embed([question], { signal }), { clock, limitMs })
        lastError = undefined
        return vector && keep(question, toUnit(vector))
      } catch (thrown) {
        failures++
        lastError = toRuntimeError(thrown, 'model-failed')
        restUntil = clock.now() + restMs
        return undefined
      }
    },
    stats: () => ({
      failures,
      ...(lastError && { lastError: { code: lastError.code, message: lastError.message } }),
    }),
  }
}
