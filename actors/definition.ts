/**
 * What a machine's definition is, for the record: a hash over its states, transitions and the names they use. A
 * function counts by being there, not by its text, which differs between builds of the same source; what a
 * changed function does differently is found when a journal is replayed.
 */
import type { AnyStateMachine } from 'xstate'
import { fingerprint } from './loop-detection.ts'

/** The hash of a machine's configuration; the same for the same structure, whatever the order of its keys. */
export const definitionHash = (machine: AnyStateMachine): string => fingerprint(outline(machine.config, []))

/** Plain structure alone: what is an instance of something, or holds itself, counts by being there. */
function outline(value: unknown, within: readonly unknown[]): unknown {
  if (typeof value === 'function') return 'function'
  if (typeof value !== 'object' || value === null) return value ?? null
  if (within.includes(value)) return 'itself'
  const inner = [...within, value]
  if (Array.isArray(value)) return value.map(item => outline(item, inner))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return 'instance'
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([key, member]) => [key, outline(member, inner)]))
}
