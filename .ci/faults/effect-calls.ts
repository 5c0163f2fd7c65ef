/** Effects as calls to the effect ledger, one per class. Used by `kill-subject.ts`. */
import { type EffectContext, type EffectSpec, effect } from '../../actors/effect.ts'
import type { LedgerCall, LedgerClass, SeenEffect } from './ledger-entries.ts'

export interface CallInput {
  readonly job: number
  readonly slowMs: number
}

export interface LedgerPlace {
  readonly url: string
  readonly run: string
}

/** Ms on the clock that all processes of a machine share, and that goes on while one is stopped. */
export const machineNow = (): number => Number(process.hrtime.bigint() / 1_000_000n)

/** An effect that happens in the ledger, and what its class needs to handle a crash. */
export function ledgerEffect({ url, run }: LedgerPlace, kind: LedgerClass) {
  const post = async (path: string, body: object, signal?: AbortSignal): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      body: JSON.stringify({ run, ...body }),
      ...(signal && { signal }),
    })
    if (!response.ok) throw new Error(`the ledger answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as Record<string, unknown>
  }
  const seen = (key: string, completion: unknown): SeenEffect => ({
    key,
    class: kind,
    completion: Number(completion),
  })
  const spec: EffectSpec<CallInput, SeenEffect> = {
    class: kind,
    async run({ job, slowMs }, { key, attempt, signal }: EffectContext) {
      const call: Omit<LedgerCall, 'run'> = { job, class: kind, key, attempt, slowMs, begun: machineNow() }
      return seen(key, (await post('/call', call, signal))['completion'])
    },
    ...(kind === 'verifiable' && {
      async check(key: string) {
        const { done, completion } = await post('/check', { key })
        return { done: done === true, ...(done === true && { output: seen(key, completion) }) }
      },
    }),
    ...(kind === 'compensable' && {
      async undo(key: string) {
        await post('/undo', { key })
      },
    }),
  }
  return effect(spec)
}
