/** An ask of another actor before it is sent: whether it may be, who waits on it, and for how long. */
import { type Address, parseAddress } from './address.ts'
import { parseLease } from './budget-lease.ts'
import type { Cause } from './cause.ts'
import { checkMessageType, refuseReserved } from './envelope.ts'
import type { AskInput } from './machine.ts'
import type { Plain } from './plain.ts'

/** The asks that wait on one of this actor's, outermost first. */
export const chainOf = (cause: Cause | undefined, self: Address): readonly Address[] => [
  ...(cause?.chain ?? []),
  self,
]

/** Nobody waits for ever: an ask without a time limit of anyone's gets that of a task. */
export function waitMs(input: Plain, cause: Cause | undefined, taskMs: number): number | undefined {
  const given = (input as unknown as AskInput | null)?.timeoutMs
  if (typeof given === 'number') return given
  return cause?.deadline === undefined ? taskMs : undefined
}

/** Throws what is wrong with an ask before anything of it is sent. */
export function checkAsk(input: AskInput): AskInput {
  parseAddress(input?.to)
  refuseReserved(checkMessageType(input.type))
  if (input.budget !== undefined) parseLease(input.budget)
  return input
}
