/**
 * How agents reach models: a name or an object becomes a `Model` once, and every call is let through by that
 * model's actor (breaker, rate limit) and reported to it. One per runtime. It never retries: a call that may
 * not be made now fails with `circuit-open`, or waits its turn within the caller's own time limits.
 */
import type { LanguageModelV3 } from '@ai-sdk/provider'
import type { Address } from '../../actors/address.ts'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import { fingerprint } from '../../actors/loop-detection.ts'
import { checkBreaker } from '../../actors/policies/breaker.ts'
import { checkRate } from '../../actors/policies/rate-limit.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { abortError } from './abort.ts'
import type { Model, ModelCallOptions, ModelRequest, ModelResponse, Prices } from './model.ts'
import {
  type AdmitAnswer,
  DEFAULT_BREAKER,
  freePass,
  isWorthReporting,
  type ModelLimits,
  type ModelState,
  modelBehaviour,
  type Outcome,
} from './model-actor.ts'
import { type ResolveOptions, resolveModel } from './providers.ts'

/** `provider:model`, an AI SDK v6 language model, or a `Model`. */
export type ModelSpec = string | LanguageModelV3 | Model

export interface ModelAccessOptions extends Omit<ResolveOptions, 'prices'> {
  readonly runtime: Runtime
  readonly limits?: Partial<ModelLimits>
  /** Limits that are shared with other nodes, by the id of a model or its provider alone. */
  readonly fleet?: FleetGate
}

/** A rate that many nodes share. */
export interface FleetGate {
  /** Resolves when one call may be made. */
  admit(key: string, options: { readonly signal: AbortSignal; readonly onWait?: () => void }): Promise<void>
  /** The provider wants to be left alone for so long. */
  paused(key: string, forMs: number): void
}

export interface ModelAccess {
  /**
   * Makes a model callable under its id, which it returns. Without `price` (USD per million tokens) what it
   * costs is unknown, never guessed; the first price given for a model counts. Throws what `resolveModel` throws.
   */
  use(spec: ModelSpec, price?: Prices): Promise<string>
  /** USD that a call of that many tokens costs, or null when the model's price is not known. */
  estimate(id: string, inputTokens: number, outputTokens: number): number | null
  /** One call. `signal` and the caller's deadline bound the waiting too. */
  generate(id: string, request: ModelRequest, options: ModelCallOptions): Promise<ModelResponse>
}

/** How long everybody waits after a 429 that does not say, ms. */
const DEFAULT_PAUSE_MS = 1_000

/** Who waits its turn says so this often, or a long Retry-After would be taken for a hang. */
const SIGN_OF_LIFE_MS = 5_000

/** Failures that say something about the provider's health. */
const UNHEALTHY: ReadonlySet<string> = new Set(['model-failed', 'attempt-timeout', 'stalled'])

/** Throws `definition-invalid` for limits that are none. */
export function createModelAccess({ runtime, limits, fleet, ...resolve }: ModelAccessOptions): ModelAccess {
  checkBreaker(limits?.breaker ?? DEFAULT_BREAKER)
  if (limits?.rate) checkRate(limits.rate)
  const behaviour = modelBehaviour()
  const models = new Map<string, Promise<{ readonly model: Model; readonly actor: Address }>>()
  const priceOf = new Map<string, Prices>()

  const open = async (
    spec: ModelSpec,
    price: Prices | undefined,
  ): Promise<{ model: Model; actor: Address }> => {
    const model = await resolveModel(spec, { ...resolve, ...(price && { prices: price }) })
    const known = price ?? model.prices
    if (known) priceOf.set(model.id, known)
    const input = { id: model.id, limits: { breaker: DEFAULT_BREAKER, ...limits } }
    const actor = await runtime.spawn(behaviour, { id: actorId(model.id), input, restart: 'permanent' })
    return { model, actor }
  }

  const use = async (spec: ModelSpec, price?: Prices): Promise<string> => {
    const id = modelIdOf(spec)
    const opened = models.get(id) ?? open(spec, price)
    models.set(id, opened)
    try {
      await opened
    } catch (error) {
      // Somebody else may be trying again already.
      if (models.get(id) === opened) models.delete(id)
      throw error
    }
    return id
  }

  const stateOf = (actor: Address): ModelState => runtime.snapshot(actor)?.context as ModelState

  const admitted = async (id: string, actor: Address, options: ModelCallOptions): Promise<number> => {
    const pass = freePass(stateOf(actor), runtime.host.clock.now())
    if (pass !== undefined) return pass
    for (;;) {
      const answer = (await runtime.ask(actor, 'model.admit', null, {
        signal: options.signal,
      })) as AdmitAnswer
      if (answer.allowed) return answer.ticket
      if (answer.because === 'circuit-open') throw open_(id, answer.waitMs)
      await pauseFor(runtime, Math.min(answer.waitMs, SIGN_OF_LIFE_MS), options)
    }
  }

  const report = (actor: Address, outcome: Outcome): void => {
    if (isWorthReporting(stateOf(actor), outcome)) runtime.tell(actor, 'model.report', outcome)
  }

  return {
    use,
    estimate(id, inputTokens, outputTokens) {
      const price = priceOf.get(id)
      if (!price) return null
      return (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6
    },
    async generate(id, request, options) {
      const { model, actor } = await (models.get(id) ?? Promise.reject(unknown(id)))
      await throughGate(fleet, id, options)
      const ticket = await admitted(id, actor, options)
      try {
        const response = await model.generate(request, options)
        report(actor, { ok: true, ticket })
        return response
      } catch (thrown) {
        const { signal } = options
        const error = signal.aborted ? abortError(id, signal) : toRuntimeError(thrown, 'model-failed')
        if (error.kind === 'rate-limited') {
          const pausedForMs = error.retryAfterMs ?? DEFAULT_PAUSE_MS
          report(actor, { ok: false, ticket, pausedForMs })
          for (const key of fleetKeys(id)) fleet?.paused(key, pausedForMs)
        } else if (UNHEALTHY.has(error.kind)) report(actor, { ok: false, ticket })
        throw error
      }
    },
  }
}

async function throughGate(
  fleet: FleetGate | undefined,
  id: string,
  options: ModelCallOptions,
): Promise<void> {
  if (!fleet) return
  // Waiting is no hang.
  const onWait = (): void => options.onDelta?.('')
  for (const key of fleetKeys(id)) await fleet.admit(key, { signal: options.signal, onWait })
}

/** A limit may be of a provider's key or of one of its models. */
const fleetKeys = (id: string): readonly string[] => [id.split(':')[0] ?? id, id]

/** The id under which a model is known: `provider:model`. */
export const modelIdOf = (spec: ModelSpec): string => {
  if (typeof spec === 'string') return spec
  return 'id' in spec ? spec.id : `${spec.provider}:${spec.modelId}`
}

/** An address token for any model id: readable, and distinct where the readable part is cut or changed. */
const actorId = (id: string): string =>
  `${id.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 48)}-${fingerprint(id)}`.slice(0, 64)

/** Waits its turn and shows progress, so that waiting is not taken for a hang. */
function pauseFor(runtime: Runtime, ms: number, { signal, onDelta }: ModelCallOptions): Promise<void> {
  const { clock } = runtime.host
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      cancel()
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => finish(() => reject(toRuntimeError(signal.reason, 'cancelled')))
    const cancel = clock.at(clock.now() + ms, () => finish(resolve))
    signal.addEventListener('abort', onAbort, { once: true })
    onDelta?.('')
    if (signal.aborted) onAbort()
  })
}

const open_ = (id: string, retryAfterMs: number): RuntimeError =>
  new RuntimeError('circuit-open', `${id} failed too often and is left alone for ${retryAfterMs} ms`, {
    why: 'calling a provider that is down costs time and helps nobody',
    fix: 'wait, or configure a fallback model',
    retryAfterMs,
  })

const unknown = (id: string): RuntimeError =>
  new RuntimeError('model-unknown', `no model "${id}" was made available to this runtime`)
