/**
 * The supervisor: an actor that decides about the failures of others. Children that crash are restarted by
 * its strategy until its intensity is exceeded, then it escalates; effects that fail get another attempt by
 * their policy, while the retry budget lasts. It alone retries. What it decides is data: the node carries
 * it out. Its history (restarts, retry budgets) is part of its committed state;
 * only when it is itself restarted, within its own supervisor's intensity, does it begin anew.
 */
import type { Address } from './address.ts'
import { type Behaviour, defineBehaviour } from './behaviour.ts'
import { RuntimeError, toWireError, type WireError } from './errors.ts'
import type { Reason } from './events.ts'
import type { Directive } from './journal.ts'
import { enqueueActions, type MessageEvent, outputs, setup } from './machine.ts'
import type { Plain } from './plain.ts'
import { deposit, newRetryBudget, type RetryBudgetState, withdraw } from './policies/retry-budget.ts'
import {
  CHILD_FAILED,
  type ChildFailedBody,
  EFFECT_FAILED,
  EFFECT_GIVE_UP,
  EFFECT_PARK,
  EFFECT_RETRY,
  type EffectFailedBody,
  type EffectGiveUpBody,
  type EffectParkBody,
  type EffectRetryBody,
} from './protocol.ts'
import {
  type ChildDecision,
  DEFAULT_INTENSITY,
  decideChild,
  decideEffect,
  type Intensity,
  type Strategy,
} from './strategy.ts'

export const SUPERVISOR = 'supervisor'

export interface SupervisorInput {
  readonly self: Address
  readonly strategy?: Strategy
  readonly intensity?: Intensity
  /** Children in start order; a child it does not list is treated one-for-one. */
  readonly children?: readonly Address[]
  /** What happens when the intensity is exceeded: fail upwards, or (the root) give up on that child alone. */
  readonly onExceeded?: 'escalate' | 'stop-child'
}

interface SupervisorContext {
  readonly self: Address
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly children: readonly Address[]
  readonly onExceeded: 'escalate' | 'stop-child'
  readonly restarts: readonly { readonly child: Address; readonly at: number }[]
  /** Per effect name: what may still be retried. */
  readonly retryBudgets: { readonly [target: string]: RetryBudgetState }
}

type ChildFailed = MessageEvent<ChildFailedBody, typeof CHILD_FAILED>
type EffectFailed = MessageEvent<EffectFailedBody, typeof EFFECT_FAILED>

/** The behaviour of every supervisor; one per runtime is enough. */
export function supervisorBehaviour(): Behaviour {
  const machine = setup({
    types: {
      input: {} as SupervisorInput,
      context: {} as SupervisorContext,
      events: {} as ChildFailed | EffectFailed,
    },
    actions: outputs,
  }).createMachine({
    id: SUPERVISOR,
    context: ({ input }) => ({
      self: input.self,
      strategy: input.strategy ?? 'one-for-one',
      intensity: input.intensity ?? DEFAULT_INTENSITY,
      children: input.children ?? [],
      onExceeded: input.onExceeded ?? 'escalate',
      restarts: [],
      retryBudgets: {},
    }),
    initial: 'supervising',
    states: { supervising: {} },
    on: {
      [CHILD_FAILED]: {
        actions: enqueueActions(({ context, event, enqueue }) => {
          const { restarts, orders } = onChildFailed(context, event)
          enqueue.assign({ restarts })
          for (const params of orders) enqueue({ type: 'direct', params })
        }),
      },
      [EFFECT_FAILED]: {
        actions: enqueueActions(({ context, event, enqueue }) => {
          const { retryBudgets, answer } = onEffectFailed(context, event)
          enqueue.assign({ retryBudgets })
          enqueue({ type: 'control', params: answer })
        }),
      },
    },
  })
  return defineBehaviour({ type: SUPERVISOR, machine, mailbox: { capacity: 10_000 } })
}

interface Order {
  readonly child: Address
  readonly directive: Directive
  readonly reason: Reason
  readonly error?: WireError
}

function onChildFailed(context: SupervisorContext, { body, at }: ChildFailed) {
  const { child, restart, reason } = body
  const { strategy, intensity, children, onExceeded } = context
  // Who gives up on one child alone must not let another child's failures count against it.
  const counts = (entry: { child: Address }): boolean => onExceeded === 'escalate' || entry.child === child
  const history = context.restarts.filter(counts).map(entry => entry.at)
  const decision = decideChild(strategy, intensity, children, history, { child, restart, reason, now: at })
  const others = context.restarts.filter(entry => entry.at > at - intensity.periodMs)
  const restarts = decision.directive === 'stop' ? others : [...others, { child, at }]
  return { restarts, orders: ordersOf(context, body, decision) }
}

function ordersOf(
  context: SupervisorContext,
  body: ChildFailedBody,
  decision: ChildDecision,
): readonly Order[] {
  const { child, error, reason } = body
  switch (decision.directive) {
    case 'escalate': {
      const exceeded = toWireError(tooMany(context, body))
      return context.onExceeded === 'stop-child'
        ? [{ child, directive: 'stop', reason, error: exceeded }]
        : [{ child: context.self, directive: 'escalate', reason, error: exceeded }]
    }
    case 'stop':
      return [{ child, directive: 'stop', reason, error }]
    default:
      return decision.affected.map(affected => ({ child: affected, directive: decision.directive, reason }))
  }
}

function onEffectFailed(context: SupervisorContext, event: EffectFailed) {
  const { body, at, from } = event
  const saved = deposit(context.retryBudgets[body.name] ?? newRetryBudget(), body.successes)
  const decision = decideEffect(body.policy, { ...body, now: at })
  const { intent, attempt: after, reason } = body
  const to = from as Address
  if (!decision.retry && decision.park) {
    const park: EffectParkBody = { intent, after, why: decision.because }
    const retryBudgets = { ...context.retryBudgets, [body.name]: saved }
    return { retryBudgets, answer: { to, type: EFFECT_PARK, body: park as unknown as Plain } }
  }
  // What the end of a process costs is not the target's fault.
  const drawn =
    decision.retry && reason !== 'interrupted' ? withdraw(saved) : { state: saved, allowed: decision.retry }
  const retryBudgets = { ...context.retryBudgets, [body.name]: drawn.state }
  if (decision.retry && drawn.allowed) {
    const { delayMs, remedy, first } = decision
    const retry: EffectRetryBody = {
      intent,
      after,
      delayMs,
      reason,
      ...(remedy && { remedy }),
      ...(first && { first }),
    }
    return { retryBudgets, answer: { to, type: EFFECT_RETRY, body: retry as unknown as Plain } }
  }
  const because = decision.retry ? 'the retry budget of this target is used up' : decision.because
  const giveUp: EffectGiveUpBody = { intent, after, error: givenUp(body, because) }
  return { retryBudgets, answer: { to, type: EFFECT_GIVE_UP, body: giveUp as unknown as Plain } }
}

/** The error that reaches the machine: the last one, with the history of how it was given up. */
const givenUp = (body: EffectFailedBody, because: string): WireError => ({
  ...body.error,
  why: `${body.error.why ? `${body.error.why}; ` : ''}given up after ${body.attempt} attempt${body.attempt > 1 ? 's' : ''}: ${because}`,
  details: { ...body.error.details, attempts: body.attempt, reason: body.reason },
})

const tooMany = ({ intensity, self }: SupervisorContext, { child, error }: ChildFailedBody): RuntimeError =>
  new RuntimeError(
    'restart-intensity',
    `${child} failed more than ${intensity.restarts} times in ${intensity.periodMs} ms`,
    {
      why: `${self} does not restart a child that cannot stay up; its last error was ${error.code} ${error.message}`,
      fix: "look at the child's error; raise the intensity only if such failures are expected",
      details: { child, lastError: { code: error.code, message: error.message } },
    },
  )
