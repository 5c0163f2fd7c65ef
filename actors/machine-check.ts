/**
 * Refuses, when a behaviour is defined, whatever the interpreter could not make durable: nothing a machine
 * says is ever dropped in silence. What only shows while it runs (a name that `enqueueActions` makes up)
 * is refused by the interpreter with the same error.
 */
import type { AnyStateMachine } from 'xstate'
import { isEffectLogic } from './effect.ts'
import { RuntimeError } from './errors.ts'
import { isAskLogic, isOutputName, outputs } from './machine.ts'

const BUILT_IN: ReadonlySet<string> = new Set([
  'xstate.assign',
  'xstate.raise',
  'xstate.cancel',
  'xstate.enqueueActions',
  'xstate.emit',
  'xstate.spawnChild',
  'xstate.stopChild',
])

const FIXES: Readonly<Record<string, string>> = {
  'xstate.sendTo': 'use the named action "tell" with an address',
  'xstate.log': 'use the named action "signal"',
}

type StateNode = AnyStateMachine['root']

/** Throws `machine-unsupported` naming every problem found, all at once. */
export function checkMachine(machine: AnyStateMachine): void {
  const problems: string[] = []
  checkImplementations(machine, problems)
  visit(machine.root, node => checkNode(machine, node, problems))
  if (problems.length === 0) return
  throw new RuntimeError('machine-unsupported', `machine "${machine.id}": ${problems.join('; ')}`, {
    why: 'a machine is driven as pure data, so that each step can be committed before it is acted on',
    fix: 'declare effects with effect(), speak with the named actions of `outputs`, keep the rest in assign and guards',
    details: { problems },
  })
}

function visit(node: StateNode, see: (node: StateNode) => void): void {
  see(node)
  for (const child of Object.values(node.states)) visit(child as StateNode, see)
}

function checkImplementations(machine: AnyStateMachine, problems: string[]): void {
  const { actions, actors } = machine.implementations
  for (const [name, action] of Object.entries(actions)) {
    const problem = actionProblem(machine, action, name)
    if (problem) problems.push(problem)
  }
  for (const [name, logic] of Object.entries(actors)) {
    if (!isEffectLogic(logic) && !isAskLogic(logic)) {
      problems.push(`actor "${name}" is neither effect() nor ask`)
    }
  }
  for (const guard of Object.values(machine.implementations.guards)) {
    const problem = guardProblem(machine, guard)
    if (problem) problems.push(problem)
  }
}

function checkNode(machine: AnyStateMachine, node: StateNode, problems: string[]): void {
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  const lists = [node.entry, node.exit, node.initial?.actions ?? [], ...transitions.map(each => each.actions)]
  const found = [
    ...lists.flat().map(action => actionProblem(machine, action, undefined)),
    ...transitions.map(each => guardProblem(machine, each.guard)),
  ]
  for (const problem of found) {
    if (problem) problems.push(`${problem} in state "${node.path.join('.') || '(root)'}"`)
  }
  for (const invoked of node.invoke) checkInvoke(machine, node, invoked, problems)
}

function checkInvoke(
  machine: AnyStateMachine,
  node: StateNode,
  invoked: StateNode['invoke'][number],
  problems: string[],
): void {
  const where = `state "${node.path.join('.') || '(root)'}" invokes`
  if (typeof invoked.src !== 'string' || !Object.hasOwn(machine.implementations.actors, invoked.src)) {
    problems.push(`${where} something that setup({ actors }) does not name`)
  }
  if (invoked.systemId) problems.push(`${where} "${invoked.id}" with a systemId`)
  if ((invoked as { onSnapshot?: unknown }).onSnapshot)
    problems.push(`${where} "${invoked.id}" with onSnapshot`)
}

function actionProblem(
  machine: AnyStateMachine,
  action: unknown,
  name: string | undefined,
): string | undefined {
  if (typeof action === 'string') return namedProblem(machine, action)
  if (typeof action === 'function') {
    const type = (action as { type?: unknown }).type
    if (typeof type === 'string' && type.startsWith('xstate.')) {
      if (BUILT_IN.has(type)) return builtInProblem(machine, action as unknown as BuiltIn)
      const fix = FIXES[type]
      return `${type.slice('xstate.'.length)} is not supported${fix ? ` (${fix})` : ''}`
    }
    if (name !== undefined && isOutputName(name) && action === outputs[name]) return undefined
    return name === undefined ? 'an inline function stands as an action' : `action "${name}" is a function`
  }
  const type = (action as { type?: unknown }).type
  return typeof type === 'string' ? namedProblem(machine, type) : 'an action has no type'
}

/** What XState leaves on its own actions; an id, a delay or a name that is a function is known only at run time. */
interface BuiltIn {
  readonly type: string
  readonly src?: unknown
  readonly id?: unknown
  readonly systemId?: unknown
  readonly syncSnapshot?: unknown
  readonly delay?: unknown
}

function builtInProblem(machine: AnyStateMachine, action: BuiltIn): string | undefined {
  const { actors, delays } = machine.implementations
  if (typeof action.delay === 'string' && !Object.hasOwn(delays, action.delay))
    return `delay "${action.delay}" is not declared in setup({ delays })`
  if (action.type !== 'xstate.spawnChild') return undefined
  if (typeof action.src !== 'string' || !Object.hasOwn(actors, action.src))
    return 'a child is spawned from something that setup({ actors }) does not name'
  const where = `a child is spawned from "${action.src}"`
  if (action.id === undefined) return `${where} without an id`
  if (action.systemId !== undefined) return `${where} with a systemId`
  return action.syncSnapshot ? `${where} with syncSnapshot` : undefined
}

/** A guard by name, or one that combines others; a function can be anything and is left to itself. */
function guardProblem(machine: AnyStateMachine, guard: unknown): string | undefined {
  if (guard === undefined) return undefined
  const inner = (guard as { guards?: unknown }).guards
  if (Array.isArray(inner)) return inner.map(each => guardProblem(machine, each)).find(Boolean)
  const name = typeof guard === 'object' ? (guard as { type?: unknown } | null)?.type : guard
  if (typeof name === 'function' || Object.hasOwn(machine.implementations.guards, String(name)))
    return undefined
  return `guard "${String(name)}" is not declared in setup({ guards })`
}

function namedProblem(machine: AnyStateMachine, type: string): string | undefined {
  if (Object.hasOwn(machine.implementations.actions, type)) return undefined
  return `action "${type}" is not declared in setup({ actions })`
}
