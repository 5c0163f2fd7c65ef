/**
 * A behaviour: an actor type and the machine that is its behaviour, driven as pure data.
 * `initial` and `next` do no I/O: they return the next snapshot and, as data, what it decided.
 *
 * One actor scope per behaviour is reused for every step. XState's own `transition()` makes a fresh inert
 * actor per call, which costs more than the transition itself.
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import { type AnyMachineSnapshot, type AnyStateMachine, createActor, createMachine } from 'xstate'
import { token } from './address.ts'
import { type EffectSpec, isEffectLogic } from './effect.ts'
import { RuntimeError } from './errors.ts'
import type { Act, StoredState } from './journal.ts'
import { isOutputName } from './machine.ts'
import { checkMachine } from './machine-check.ts'
import type { MailboxOptions } from './mailbox.ts'
import { assertPlain, type Plain, toPlain } from './plain.ts'

export type Snapshot = AnyMachineSnapshot

export interface Step {
  readonly snapshot: Snapshot
  readonly acts: readonly Act[]
}

export interface BehaviourDefinition {
  /** The first part of its actors' addresses. */
  readonly type: string
  readonly machine: AnyStateMachine
  readonly mailbox?: MailboxOptions
}

export interface Behaviour extends BehaviourDefinition {
  /** The effect a machine names, or undefined for an ask. */
  effect(src: string): EffectSpec<unknown, unknown> | undefined
  /** The first step of a new actor at time `now` (ms since the epoch). */
  initial(input: Plain | undefined, now: number): Step
  /** The step that `event` causes. Throws what the machine throws, `machine-unsupported`, `not-plain-data`. */
  next(snapshot: Snapshot, event: { readonly type: string }, now: number): Step
  store(snapshot: Snapshot): StoredState
  revive(state: StoredState): Snapshot
}

/** A machine whose current states carry this tag takes no new user message until it leaves them. */
export const BUSY = 'busy'

/** A checked behaviour. Throws `machine-unsupported`, `address-invalid`, `definition-invalid`. */
export function defineBehaviour(definition: BehaviourDefinition): Behaviour {
  const { machine } = definition
  token(definition.type, 'actor type')
  checkMachine(machine)
  const step = stepper()
  return {
    ...definition,
    effect(src) {
      const logic = machine.implementations.actors[src]
      return isEffectLogic(logic) ? logic.effect : undefined
    },
    initial: (input, now) =>
      step(scope => machine.getInitialSnapshot(scope as never, input as never), undefined, now),
    next: (snapshot, event, now) =>
      step(scope => machine.transition(snapshot as never, event as never, scope as never), event, now),
    store: snapshot => store(snapshot),
    revive: state => revive(machine, state),
  }
}

interface Executable {
  readonly type: string
  readonly params: unknown
}

function stepper() {
  const verified = new WeakSet<object>()
  const executed: Executable[] = []
  const self = createActor(createMachine({}))
  const scope = {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    defer: () => {},
    logger: () => {},
    stopChild: () => {},
    emit: () => {},
    actionExecutor: (action: Executable) => executed.push(action),
  }
  return (
    run: (scope: unknown) => unknown,
    event: { readonly type: string } | undefined,
    now: number,
  ): Step => {
    executed.length = 0
    const snapshot = run(scope) as Snapshot
    const acts = executed.map(action => toAct(action, now))
    tidyChildren(snapshot, event, acts)
    if (snapshot.status === 'error') throw snapshot.error
    assertPlain(snapshot.context, 'context', verified)
    return { snapshot, acts }
  }
}

function toAct(action: Executable, now: number): Act {
  const params = action.params as Record<string, unknown>
  if (isOutputName(action.type)) return toOutput(action.type, params)
  switch (action.type) {
    case 'xstate.spawnChild': {
      const { id, src, input } = params
      if (typeof src !== 'string')
        throw unsupported('a child is spawned from logic that setup({ actors }) does not name')
      return { act: 'start', child: String(id), src, input: toPlain(input ?? null, `input of ${src}`) }
    }
    case 'xstate.stopChild':
      return { act: 'stop', child: String(params['id']) }
    case 'xstate.raise':
      return {
        act: 'timer',
        id: String(params['id'] ?? (params['event'] as { type: string }).type),
        due: now + Number(params['delay'] ?? 0),
        event: toPlain(params['event'], 'raised event') as { type: string },
      }
    case 'xstate.cancel':
      return { act: 'cancel', id: String(params['sendId']) }
    case 'xstate.emit': {
      const event = params['event'] as { type: string }
      return { act: 'publish', kind: event.type, body: toPlain(event, `event ${event.type}`) }
    }
    default:
      throw unsupported(`action "${action.type}" is not one the runtime knows`)
  }
}

function toOutput(name: string, params: Record<string, unknown>): Act {
  const plain = toPlain(params, name) as Record<string, Plain>
  if (name === 'control') return { act: 'tell', ...plain, control: true } as unknown as Act
  return { act: name, body: null, ...plain } as unknown as Act
}

const unsupported = (problem: string): RuntimeError =>
  new RuntimeError('machine-unsupported', problem, {
    fix: 'declare effects with effect(), speak with the named actions of `outputs`',
  })

/** Live children are kept as stubs: XState needs their ids, and its actor objects are 20 times the size. */
function tidyChildren(
  snapshot: Snapshot,
  event: { readonly type: string } | undefined,
  acts: readonly Act[],
): void {
  const children = snapshot.children as Record<string, unknown>
  if (Object.keys(children).length === 0) return
  const finished = event && finishedChild(event.type)
  const kept: Record<string, unknown> = {}
  for (const id in children) {
    const started = acts.some(act => act.act === 'start' && act.child === id)
    if (id === finished && !started) continue
    kept[id] = stub(id, (children[id] as { src?: unknown }).src)
  }
  ;(snapshot as { children: unknown }).children = kept
}

const stub = (id: string, src: unknown) => ({ id, src })

function finishedChild(type: string): string | undefined {
  if (type.startsWith('xstate.done.actor.')) return type.slice('xstate.done.actor.'.length)
  if (type.startsWith('xstate.error.actor.')) return type.slice('xstate.error.actor.'.length)
  return undefined
}

function store(snapshot: Snapshot): StoredState {
  const children = snapshot.children as Record<string, { src?: unknown }>
  const history = Object.entries(snapshot.historyValue as Record<string, readonly { id: string }[]>)
  return {
    value: snapshot.value as Plain,
    context: snapshot.context as Plain,
    status: snapshot.status,
    ...(history.length > 0 && {
      historyValue: Object.fromEntries(history.map(([id, nodes]) => [id, nodes.map(node => node.id)])),
    }),
    children: Object.fromEntries(Object.entries(children).map(([id, child]) => [id, String(child.src)])),
  }
}

function revive(machine: AnyStateMachine, state: StoredState): Snapshot {
  const history = Object.entries((state.historyValue ?? {}) as Record<string, readonly string[]>)
  const snapshot = machine.resolveState({
    value: state.value as never,
    context: state.context as never,
    status: state.status,
    historyValue: Object.fromEntries(
      history.map(([id, ids]) => [id, ids.map(node => machine.getStateNodeById(node))]),
    ),
  } as never) as Snapshot
  const children = Object.fromEntries(Object.entries(state.children).map(([id, src]) => [id, stub(id, src)]))
  ;(snapshot as { children: unknown }).children = children
  return snapshot
}
