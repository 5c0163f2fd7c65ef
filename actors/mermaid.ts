/** A machine as a Mermaid state diagram, for READMEs, docs and the terminal. Pure text; nothing is run. */
import type { AnyStateMachine } from 'xstate'

type StateNode = AnyStateMachine['root']

/** `stateDiagram-v2` source: states nested as in the machine, transitions labelled with their event and guard. */
export function toMermaid(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...inside(machine.root, 1, transitionsIn(machine.root))].join('\n')
}

interface Transition {
  /** Where it is drawn: Mermaid takes a state for a part of the box that first mentions it. */
  readonly within: StateNode
  readonly line: string
}

function inside(node: StateNode, depth: number, transitions: readonly Transition[]): string[] {
  const pad = '  '.repeat(depth)
  const children = Object.values(node.states) as StateNode[]
  const first = node.initial?.target[0]
  const lines = first ? [`${pad}[*] --> ${name(first as StateNode)}`] : []
  children.forEach((child, i) => {
    if (node.type === 'parallel' && i > 0) lines.push(`${pad}--`)
    lines.push(...state(child, depth, transitions))
  })
  const own = transitions.filter(({ within }) => within === node)
  return [...lines, ...own.map(({ line }) => `${pad}${line}`)]
}

function state(node: StateNode, depth: number, transitions: readonly Transition[]): string[] {
  const pad = '  '.repeat(depth)
  const label = `${pad}state "${labelOf(node.key)}" as ${name(node)}`
  const isNested = Object.keys(node.states).length > 0
  const body = isNested ? [`${label} {`, ...inside(node, depth + 1, transitions), `${pad}}`] : [label]
  return node.type === 'final' ? [...body, `${pad}${name(node)} --> [*]`] : body
}

function transitionsIn(node: StateNode): readonly Transition[] {
  const children = Object.values(node.states) as StateNode[]
  return children.flatMap(child => [...transitionsOf(child), ...transitionsIn(child)])
}

function transitionsOf(node: StateNode): readonly Transition[] {
  const all = [...node.transitions.values(), node.always ?? []].flat()
  return all.flatMap(({ target, eventType, guard }) =>
    (target ?? []).map((to): Transition => {
      const label = [describe(String(eventType)), guardName(guard)].filter(Boolean).join(' ')
      const line = `${name(node)} --> ${name(to as StateNode)}${label ? `: ${label}` : ''}`
      return { within: around(node, to as StateNode), line }
    }),
  )
}

/** The innermost state that has both inside. */
function around(from: StateNode, to: StateNode): StateNode {
  let node = from.parent as StateNode
  const holds = ({ path }: StateNode): boolean =>
    path.length < to.path.length && path.every((key, i) => to.path[i] === key)
  while (node.parent && !holds(node)) node = node.parent
  return node
}

/** XState's own events in words: `after 500 ms`, `done`, `error`. */
function describe(event: string): string {
  const [, delay] = /^xstate\.after\.([^.]+)\./.exec(event) ?? []
  if (delay !== undefined) return `after ${delay} ms`
  if (event.startsWith('xstate.done.')) return 'done'
  if (event.startsWith('xstate.error.')) return 'error'
  return event === 'undefined' ? '' : event
}

function guardName(guard: unknown): string {
  if (guard === undefined) return ''
  const named = typeof guard === 'string' ? guard : (guard as { type?: unknown }).type
  return typeof named === 'string' ? `[${named}]` : '[guarded]'
}

/**
 * Mermaid's ids are letters, digits and underscores. The path makes them unique; what else is in a key is
 * written by its number, so that `a-b` and `a_b` stay two states.
 */
const name = (node: StateNode): string => (node.path.length === 0 ? 'root' : node.path.map(idOf).join('__'))

const idOf = (key: string): string => key.replaceAll(/[^A-Za-z0-9]/g, found => `_${found.codePointAt(0)}_`)

/** A key may hold what would end the label. */
const labelOf = (key: string): string => key.replaceAll('"', '#quot;').replaceAll(/[\r\n]+/g, ' ')
