/**
 * Effects: everything that leaves an actor (a model call, a tool call, a computation that may take time).
 * A machine invokes an effect by name; the runtime commits the intent, runs it, and commits the result
 * before anyone can see it. The class says what may happen to an effect that was in flight in a crash.
 */
import { fromPromise, type PromiseActorLogic } from 'xstate'
import type { Address } from './address.ts'
import type { Usage } from './events.ts'
import type { Plain } from './plain.ts'
import { checkedPositive } from './policies/checked.ts'

/**
 * pure: run it again · idempotent: run it again with the same key · verifiable: ask `check(key)` first ·
 * compensable: run its `undo`, then decide · manual: park it and ask a human.
 */
export type EffectClass = 'pure' | 'idempotent' | 'verifiable' | 'compensable' | 'manual'

export interface EffectContext {
  /** Whose effect it is. */
  readonly actor: Address
  /** Aborts on cancellation, timeout, stop. The reason is a `RuntimeError`. */
  readonly signal: AbortSignal
  /** The same for every attempt: hand it to the other side as the idempotency key. */
  readonly key: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Absolute ms after which the result is of no use to anyone. */
  readonly deadline?: number
  /** What the supervisor told this attempt to do differently, for example `{ model: 'openai:…' }`. */
  readonly remedy?: Readonly<Record<string, Plain>>
  /** The run this attempt works for, when there is one. */
  readonly run?: string
  /** Reports that work goes on (a token arrived, a page was read): postpones the no-progress timeout. */
  progress(note?: unknown): void
  /** Reports what this attempt spent; it is settled against the budget even when the attempt fails. */
  spent(usage: Usage): void
}

export interface EffectSpec<Input, Output> {
  readonly class: EffectClass
  /** The longest one attempt may take, ms. The supervisor's own limit applies as well. */
  readonly timeoutMs?: number
  /** What to reserve from the budget before an attempt starts, made with `remedy`; the default reserves nothing. */
  reserve?(input: Input, remedy?: EffectContext['remedy']): Partial<Usage>
  run(input: Input, context: EffectContext): Promise<Output> | Output
  /** `verifiable`: did the effect with this key happen, and with which result? */
  check?(key: string, input: Input): Promise<{ readonly done: boolean; readonly output?: Output }>
  /** `compensable`: undoes what the effect with this key may have done. */
  undo?(key: string, input: Input): Promise<void>
}

/** Actor logic that a machine names in `setup({ actors })`; only the runtime's interpreter can run it. */
export type EffectLogic<Input, Output> = PromiseActorLogic<Output, Input> & {
  readonly effect: EffectSpec<Input, Output>
}

/**
 * Declares an effect for `setup({ actors: { search: effect({ class: 'pure', run }) } })`.
 * Throws `definition-invalid` for a time limit that is none.
 */
export function effect<Input, Output>(spec: EffectSpec<Input, Output>): EffectLogic<Input, Output> {
  if (spec.timeoutMs !== undefined) checkedPositive('timeoutMs of an effect', spec.timeoutMs)
  const logic = fromPromise<Output, Input>(() => {
    throw new Error('an effect is run by the runtime, not by createActor')
  })
  return Object.assign(logic, { effect: spec })
}

export const isEffectLogic = (logic: unknown): logic is EffectLogic<unknown, unknown> =>
  typeof logic === 'object' && logic !== null && 'effect' in logic
