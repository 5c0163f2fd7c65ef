/**
 * The part of XState v5 that a durable actor may use, and the named actions by which it speaks. Machines are
 * driven by the interpreter, never by `createActor`: an action here is data that is committed and then acted
 * on, so a function with side effects of its own has no place in a machine and is refused at definition.
 */
import { fromPromise, type PromiseActorLogic } from 'xstate'
import type { Address } from './address.ts'
import type { BudgetLease } from './budget-lease.ts'
import type { WireError } from './errors.ts'
import type { Reason } from './events.ts'
import type { Directive } from './journal.ts'

export {
  type AnyStateMachine,
  and,
  assign,
  cancel,
  emit,
  enqueueActions,
  not,
  or,
  raise,
  setup,
  spawnChild,
  stateIn,
  stopChild,
} from 'xstate'

/** What a machine sees of a message: the body, who sent it, and when it was committed. */
export interface MessageEvent<Body = unknown, Type extends string = string> {
  readonly type: Type
  readonly body: Body
  readonly from?: Address
  readonly id: string
  /** Commit time, ms since the epoch: a machine's only clock. */
  readonly at: number
}

/**
 * Named actions: spread into `setup({ actions: { ...outputs } })` and use as
 * `{ type: 'tell', params: ({ context }) => ({ to, type, body }) }`.
 */
export const outputs = {
  /** Sends a message and does not wait. */
  tell: (_: unknown, __: { to: Address; type: string; body: unknown }): void => {},
  /** Answers the ask this work is done for. */
  reply: (_: unknown, __: { body: unknown }): void => {},
  /** Answers the ask this work is done for with an error. */
  fail: (_: unknown, __: { error: WireError }): void => {},
  /** From here on, works for the ask whose message had this id: its deadline, budget and answer. */
  behalf: (_: unknown, __: { of: string }): void => {},
  /** Starts an actor of a type that this node knows, under the same supervisor. Refused: `spawn.failed`. */
  spawn: (_: unknown, __: { type: string; id: string; input?: unknown }): void => {},
  /** Publishes on `event.<type>.<id>.<kind>`. */
  publish: (_: unknown, __: { kind: string; body: unknown }): void => {},
  /** A supervisor's word to a child: lets it resume, restart, stop. */
  direct: (
    _: unknown,
    __: { child: Address; directive: Directive; reason: Reason; error?: WireError },
  ): void => {},
  /** A supervisor's word about one effect of a child; control lane. */
  control: (_: unknown, __: { to: Address; type: string; body: unknown }): void => {},
  /** An observation for the event union, for example `step.started`. */
  signal: (_: unknown, __: { name: string; body: unknown }): void => {},
}

/** What `signal` may name: the events of the union that only a machine knows about. */
export const SIGNALS: ReadonlySet<string> = new Set([
  'run.started',
  'run.finished',
  'step.started',
  'step.finished',
  'breaker.changed',
  'budget.exhausted',
])

export type OutputName = keyof typeof outputs
export const isOutputName = (name: string): name is OutputName => Object.hasOwn(outputs, name)

export interface AskInput {
  readonly to: Address
  readonly type: string
  readonly body: unknown
  /** Milliseconds to wait; the asker's own deadline applies as well. */
  readonly timeoutMs?: number
  /** What the other side may spend at most. */
  readonly budget?: BudgetLease
  /** The part of what is left of the asker's budget that is lent out, 0 to 1. Default 1. */
  readonly share?: number
}

/** Asking another actor, as an invoked child: `invoke: { src: 'ask', input, onDone, onError }`. */
export const ask: PromiseActorLogic<unknown, AskInput> & { readonly ask: true } = Object.assign(
  fromPromise<unknown, AskInput>(() => {
    throw new Error('an ask is sent by the runtime, not by createActor')
  }),
  { ask: true as const },
)

export const isAskLogic = (logic: unknown): boolean =>
  typeof logic === 'object' && logic !== null && 'ask' in logic
