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
import { definitionHash } from './definition.ts'
import { type EffectSpec, isEffectLogic } from './effect.ts'
import { RuntimeError } from './errors.ts'
import type { Act, StoredState } from './journal.ts'
import { checkMachine } from './machine-check.ts'
import { Mailbox, type MailboxOptions } from './mailbox.ts'
import { assertPlain, type Plain } from './plain.ts'
import { type Executable, toAct, unsupported } from './step-acts.ts'

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
  /** The author's own version of the definition, kept with each actor's record. */
  readonly version?: string
  /**
   * Turns a state that an earlier definition stored into one of this definition. Called when an actor comes back
   * that was stopped under another version, or another structure of its machine, than this one.
   */
  migrate?(stored: StoredState, from: { readonly definition: string; readonly version?: string }): StoredState
}

export interface Behaviour extends BehaviourDefinition {
  /** The effect a machine names, or undefined for an ask. */
  effect(src: string): EffectSpec<unknown, unknown> | undefined
  /** The first step of a new actor at time `now` (ms since the epoch). */
  initial(input: Plain | undefined, now: number): Step
  /** The step that `event` causes. Throws what the machine throws, `machine-unsupported`, `not-plain-data`. */
  next(snapshot: Snapshot, event: { readonly type: string }, now: number): Step
  /** Hash of the machine's structure. */
  definition(): string
  store(snapshot: Snapshot): StoredState
  revive(state: StoredState): Snapshot
}

/** More microsteps than any real step takes: a machine that goes round in `always` must not stop the process. */
const MAX_MICROSTEPS = 10_000

/** A machine whose current states carry this tag takes no new user message until it leaves them. */
export const BUSY = 'busy'

/** A checked behaviour. Throws `machine-unsupported`, `address-invalid`, `definition-invalid`. */
export function defineBehaviour(definition: BehaviourDefinition): Behaviour {
  token(definition.type, 'actor type')
  checkMachine(definition.machine)
  new Mailbox(definition.mailbox)
  const machine = bounded(definition.machine)
  const step = stepper()
  let hash: string | undefined
  return {
    ...definition,
    machine,
    effect(src) {
      const logic = machine.implementations.actors[src]
      return isEffectLogic(logic) ? logic.effect : undefined
    },
    initial: (input, now) =>
      step(scope => machine.getInitialSnapshot(scope as never, input as never), undefined, undefined, now),
    next: (snapshot, event, now) =>
      step(
        scope => machine.transition(snapshot as never, event as never, scope as never),
        snapshot,
        event,
        now,
      ),
    definition() {
      hash ??= definitionHash(definition.machine)
      return hash
    },
    store: snapshot => store(snapshot),
    revive: state => revive(machine, state),
  }
}

/** The same machine, with an end to every step. */
function bounded(machine: AnyStateMachine): AnyStateMachine {
  if (Number.isFinite(machine.options.maxIterations)) return machine
  const own = machine.provide({})
  own.options = { ...own.options, maxIterations: MAX_MICROSTEPS }
  return own
}

function stepper() {
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
    before: Snapshot | undefined,
    event: { readonly type: string } | undefined,
    now: number,
  ): Step => {
    executed.length = 0
    const snapshot = run(scope) as Snapshot
    if (snapshot.status === 'error') throw snapshot.error
    const acts: Act[] = []
    for (const action of executed) {
      const act = toAct(action, now)
      if (act) acts.push(act)
    }
    tidyChildren(snapshot, event, acts)
    assertPlain(snapshot.context, before?.context, 'context')
    return { snapshot, acts }
  }
}

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
    const child = children[id] as { src?: unknown; getSnapshot?: unknown }
    // What `spawn` makes inside an assign is alive already, and says so to nobody.
    if (child.getSnapshot && !started) throw unsupported(`"${id}" is spawned within an assign`)
    kept[id] = stub(id, child.src)
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
  const history = Object.entries(snapshot.historyValue as Record<string, readonly { path: string[] }[]>)
  return {
    value: snapshot.value as Plain,
    context: snapshot.context as Plain,
    status: snapshot.status,
    ...(history.length > 0 && {
      historyValue: Object.fromEntries(history.map(([id, nodes]) => [id, nodes.map(node => [...node.path])])),
    }),
    children: Object.fromEntries(Object.entries(children).map(([id, child]) => [id, String(child.src)])),
  }
}

function revive(machine: AnyStateMachine, state: StoredState): Snapshot {
  const history = Object.entries((state.historyValue ?? {}) as Record<string, readonly Path[]>)
  const snapshot = machine.resolveState({
    value: state.value as never,
    context: state.context as never,
    status: state.status,
    historyValue: Object.fromEntries(
      history.map(([id, paths]) => [id, paths.map(path => nodeAt(machine, path))]),
    ),
  } as never) as Snapshot
  const children = Object.fromEntries(Object.entries(state.children).map(([id, src]) => [id, stub(id, src)]))
  ;(snapshot as { children: unknown }).children = children
  return snapshot
}

type Path = readonly string[]

/** By path, since XState cannot find a state again whose id has a dot in it. */
function nodeAt(machine: AnyStateMachine, path: Path): AnyStateMachine['root'] {
  let node: AnyStateMachine['root'] | undefined = machine.root
  for (const key of path) node = node?.states[key] as AnyStateMachine['root'] | undefined
  if (node) return node
  throw new RuntimeError('definition-invalid', `machine "${machine.id}" has no state "${path.join('.')}"`, {
    why: 'the stored state was written by another version of the machine',
  })
}

/** A state value as text: `working.thinking`, parallel regions joined by `+`. */
export function stateText(value: unknown): string {
  if (typeof value === 'string') return value
  return Object.entries(value as Record<string, unknown>)
    .map(([region, inner]) => {
      const text = stateText(inner)
      return text === '' ? region : `${region}.${text}`
    })
    .join('+')
}
