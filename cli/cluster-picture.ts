/**
 * What `agenticraft ps` shows, as data: nodes with those that have just gone, who serves which partition, actors, runs
 * and mailboxes. Pure over what a client knows; `commands/ps.ts` gathers, `cluster-rows.ts` renders.
 */
import type { BriefRun } from '../agents/cluster/run-client.ts'
import type { ClusterActor } from '../runtime/cluster/client/cluster-client.ts'
import type { NodeState } from '../runtime/cluster/membership/heartbeat.ts'
import type { Member } from '../runtime/cluster/membership/roster.ts'

export interface NodeRow {
  readonly node: string
  /** Stays the same while the node is shown: its letter and colour. */
  readonly index: number
  /** `silent`: not heard of for longer than usual. `gone`: for so long that others take over. `left`: it said goodbye. */
  readonly state: Exclude<NodeState, 'left'> | 'silent' | 'gone' | 'left' | 'newer'
  /** For how long it has been silent, gone or left, ms. */
  readonly sinceMs?: number
  readonly version: string
  /** What it serves pools of, if it takes no partitions. */
  readonly pools?: readonly string[]
  readonly partitions: readonly number[]
  readonly taking: readonly number[]
  /** Of one that is gone: what it served, which others take over. */
  readonly lost?: readonly number[]
  /** How long after its last word all of that was served again, ms. */
  readonly restoredMs?: number
  readonly actors: number
  readonly runs: number
  readonly lagMs: number
  readonly upMs: number
}

export interface PlacedActor extends ClusterActor {
  readonly node: string | null
}

export interface Mailbox {
  readonly address: string
  readonly waiting: number
}

export interface Picture {
  readonly namespace: string
  readonly connected: boolean
  readonly nodes: readonly NodeRow[]
  /** Who serves each partition. */
  readonly owners: readonly (string | null)[]
  readonly actors?: readonly PlacedActor[]
  /** Newest first. */
  readonly runs?: readonly BriefRun[]
  readonly mailboxes?: readonly Mailbox[]
  /** Why they could not be looked at. */
  readonly mailboxTrouble?: string
  /** Partitions that did not answer: their actors and runs are not in the lists. */
  readonly silent?: readonly number[]
}

/** A node as it was last heard of, and since when it has not been there. */
interface Seen {
  readonly member: Member
  readonly index: number
  readonly goneAt?: number
  readonly left?: true
  /** When others served all that it had served. */
  readonly restoredAt?: number
}

/** By name; those that went stay for a while. */
export type Sightings = ReadonlyMap<string, Seen>

/** For how long a node that has gone is still shown, ms. */
const REMEMBERED_MS = 30_000
/** More than two heartbeats. */
const SILENT_MS = 2_500
/** After so long without a word a node is taken for dead; one that vanishes earlier said goodbye. */
export const TTL_MS = 6_000

/** The sightings after another look at the members, at `now` by the clock of their `heardAt`. */
export function sighted(before: Sightings, members: readonly Member[], now: number): Sightings {
  const after = new Map<string, Seen>()
  for (const [name, seen] of before) {
    if (seen.goneAt === undefined) {
      const silent = now - seen.member.heardAt >= TTL_MS - SILENT_MS
      after.set(name, {
        ...seen,
        goneAt: silent ? seen.member.heardAt : now,
        ...(!silent && { left: true }),
      })
    } else if (now - seen.goneAt < REMEMBERED_MS) after.set(name, seen)
  }
  for (const member of members) {
    const index = after.get(member.node)?.index ?? freeIndex(after)
    after.set(member.node, { member, index })
  }
  const served = new Set(members.flatMap(({ partitions }) => [...partitions.keys()]))
  for (const [name, seen] of after)
    if (seen.goneAt !== undefined && seen.restoredAt === undefined && isServed(seen.member, served))
      after.set(name, { ...seen, restoredAt: now })
  return new Map([...after].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const isServed = ({ partitions }: Member, served: ReadonlySet<number>): boolean =>
  [...partitions.keys()].every(partition => served.has(partition))

function freeIndex(sightings: Sightings): number {
  const taken = new Set([...sightings.values()].map(({ index }) => index))
  let free = 0
  while (taken.has(free)) free++
  return free
}

export const nodeRows = (sightings: Sightings, now: number): readonly NodeRow[] =>
  [...sightings.values()].map(seen => nodeRow(seen, now))

function nodeRow({ member, index, goneAt, left, restoredAt }: Seen, now: number): NodeRow {
  const { node, version, newer, serves, types, partitions, taking, load, upMs, heardAt } = member
  const isGone = goneAt !== undefined
  const served = [...partitions.keys()].sort((a, b) => a - b)
  const silentMs = now - (goneAt ?? heardAt)
  const state = left ? 'left' : isGone ? 'gone' : silentMs >= SILENT_MS ? 'silent' : standing(member)
  return {
    node,
    index,
    state,
    ...((isGone || state === 'silent') && { sinceMs: Math.round(silentMs) }),
    version: newer === undefined ? version : `protocol ${newer}`,
    ...(!serves && newer === undefined && { pools: types }),
    partitions: isGone ? [] : served,
    taking: isGone ? [] : taking,
    ...(state === 'gone' && { lost: served }),
    ...(state === 'gone' &&
      restoredAt !== undefined && { restoredMs: Math.round(restoredAt - (goneAt ?? 0)) }),
    actors: load.actors,
    runs: load.runs,
    lagMs: load.lagMs,
    upMs: Math.round(upMs + (isGone ? 0 : now - heardAt)),
  }
}

const standing = ({ state, newer }: Member): NodeRow['state'] => (newer === undefined ? state : 'newer')

/** What of a picture is worth telling again: without the figures that change all the time. */
export const standingOf = ({ nodes, ...rest }: Picture): unknown => ({
  ...rest,
  nodes: nodes.map(({ lagMs: _, upMs: __, sinceMs: ___, ...row }) => row),
})

/** Mailboxes by the address of their actor, the fullest first. Subjects are `ac.<ns>.mbx.<partition>.<type>.<id>`. */
export const mailboxRows = (mailboxes: ReadonlyMap<string, number>): readonly Mailbox[] =>
  [...mailboxes]
    .filter(([, waiting]) => waiting > 0)
    .map(([subject, waiting]) => ({ address: subject.split('.').slice(4).join('/'), waiting }))
    .sort((a, b) => b.waiting - a.waiting || (a.address < b.address ? -1 : 1))
