/** `agenticraft/actors`: what an actor is. For those who write their own machines; needs no node to be tested. */

export { type Address, address, addressId, addressType, isToken, parseAddress } from './address.ts'
export {
  type Behaviour,
  type BehaviourDefinition,
  BUSY,
  defineBehaviour,
  type Snapshot,
  type Step,
} from './behaviour.ts'
export type { BudgetLease } from './budget-lease.ts'
export type { Cancel, Clock, Host } from './clock.ts'
export { type EffectClass, type EffectContext, type EffectSpec, effect } from './effect.ts'
export {
  ERRORS,
  type ErrorCode,
  type ErrorKind,
  fromWireError,
  RuntimeError,
  toWireError,
  type WireError,
} from './errors.ts'
export {
  addUsage,
  type EventSink,
  NO_USAGE,
  type Reason,
  type RunStatus,
  type RuntimeEvent,
  type Usage,
} from './events.ts'
export type { Act, Commit, Journal, Recorded, StoredState, Taken } from './journal.ts'
export { type AskInput, ask, type MessageEvent, outputs } from './machine.ts'
export type { MailboxOptions } from './mailbox.ts'
export { toMermaid } from './mermaid.ts'
export { type Plain, toPlain } from './plain.ts'
export type { Backoff } from './policies/backoff.ts'
export type { RetryPolicy } from './policies/retry.ts'
export { CANCELLED } from './protocol.ts'
export type { EffectPolicy, Intensity, Remedy, RestartType, Strategy } from './strategy.ts'
