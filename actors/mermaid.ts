/** A machine as a Mermaid state diagram, for READMEs, docs and the terminal. Pure text; nothing is run. */
import type { AnyStateMachine } from 'xstate'

type StateNode = AnyStateMachine['root']

/** `stateDiagram-v2` source: states nested as in the machine, transitions labelled with their event and guard. */
export function toMermaid(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...inside(machine.root, 1)].join('\n')
}

function inside(node: StateNode, depth: number): string[] {
  const pad = '  '.repeat(depth)
  const children = Object.values(node.states) as StateNode[]
  const first = node.initial?.target[0]
  const lines = first ? [`${pad}[*] --> ${name(first as StateNode)}`] : []
  children.forEach((child, i) => {
    if (node.type === 'parallel' && i > 0) lines.push(`${pad}--`)
    lines.push(...state(child, depth))
  })
  return [...lines, ...children.flatMap(child => transitions(child).map(line => `${pad}${line}`))]
}

function state(node: StateNode, depth: number): string[] {
  const pad = '  '.repeat(depth)
  const label = `${pad}state "${node.key}" as ${name(node)}`
  const isNested = Object.keys(node.states).length > 0
  const body = isNested ? [`${label} {`, ...inside(node, depth + 1), `${pad}}`] : [label]
  return node.type === 'final' ? [...body, `${pad}${name(node)} --> [*]`] : body
}

function transitions(node: StateNode): string[] {
  const all = [...node.transitions.values(), node.always ?? []].flat()
  return all.flatMap(({ target, eventType, guard }) =>
    (target ?? []).map(to => {
      const label = [describe(String(eventType)), guardName(guard)].filter(Boolean).join(' ')
      return `${name(node)} --> ${name(to as StateNode)}${label ? `: ${label}` : ''}`
    }),
  )
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

/** Mermaid's ids are letters, digits and underscores; the path makes them unique. */
const name = (node: StateNode): string =>
  node.path.length === 0 ? 'root' : node.path.join('__').replaceAll(/[^A-Za-z0-9_]/g, '_')
