/** What the scenarios share: asks under fixed keys, and what an ask came to as plain data. */
import type { Address } from '../../../../actors/address.ts'
import type { BudgetLease } from '../../../../actors/budget-lease.ts'
import { toRuntimeError } from '../../../../actors/errors.ts'
import type { Runtime } from '../../../runtime.ts'

export interface Asked {
  readonly key: string
  /** The answer, or the kind of the error it ended with. */
  readonly answer?: unknown
  readonly error?: string
}

/** Asks under a key, so that the program may ask again after a crash. Failures of the work are results, too. */
export async function askKeyed(
  runtime: Runtime,
  to: Address,
  type: string,
  body: unknown,
  options: { readonly key: string; readonly timeoutMs?: number; readonly budget?: BudgetLease },
): Promise<Asked> {
  const { key } = options
  try {
    return { key, answer: await runtime.ask(to, type, body, options) }
  } catch (thrown) {
    const { kind } = toRuntimeError(thrown, 'internal')
    if (kind === 'internal' || kind === 'runtime-stopped') throw thrown
    return { key, error: kind }
  }
}
