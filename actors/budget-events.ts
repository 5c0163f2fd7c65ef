/** Says where a budget ended: at the actor that could not go on, not at those who only hear of it. */
import type { Address } from './address.ts'
import type { CellHost } from './cell-host.ts'
import type { WireError } from './errors.ts'
import type { Cause } from './journal.ts'

interface Spender {
  readonly address: Address
  readonly host: CellHost
}

/** Emits `budget.exhausted` if that is what `error` is. */
export function noteExhausted({ address, host }: Spender, error: WireError, cause: Cause | undefined): void {
  const { events, clock } = host
  if (error.kind !== 'budget-exhausted' || !events.on) return
  const { what = 'budget', needed = 0, left = 0 } = (error.details ?? {}) as Partial<Exhausted>
  const run = cause?.run
  events.emit({
    type: 'budget.exhausted',
    at: clock.now(),
    actor: address,
    what,
    needed,
    left,
    ...(run && { run }),
  })
}

interface Exhausted {
  readonly what: string
  readonly needed: number
  readonly left: number
}
