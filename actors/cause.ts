/** On whose behalf something happens: what an envelope leaves behind in everything that follows from it. */
import type { Address } from './address.ts'
import type { BudgetLease } from './budget-lease.ts'

/** It is inherited by every message, effect and timer that follows from the message. */
export interface Cause {
  /** Id of the message that started this work. */
  readonly id: string
  readonly from?: Address
  /** Who waits for the answer, and under which correlation. */
  readonly replyTo?: Address
  readonly correlation?: string
  /** Absolute ms after which nobody wants the answer. */
  readonly deadline?: number
  /** The asks that wait on this one, outermost first. */
  readonly chain?: readonly Address[]
  /** W3C traceparent. */
  readonly trace?: string
  readonly budget?: BudgetLease
  readonly run?: string
  /** The partition the message came from, when that is another one: the answer goes there. */
  readonly home?: number
}
