/**
 * What a node says of itself, and the check of one that came from outside. Greetings and goodbyes are heartbeats too:
 * one that wants answers, and one in state `left`. `membership.ts` sends and hears them. Unknown fields are left
 * out, so that a newer version may add some; of another major version nothing but its number is read.
 */
import { isToken } from '../../../actors/address.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { PARTITIONS } from '../placement.ts'

export const HEARTBEAT_VERSION = 1

/** What a node is busy with. Shown to people; nothing is decided by it. */
export interface Load {
  readonly actors: number
  readonly runs: number
  /** By how much its event loop is late. */
  readonly lagMs: number
  /** Messages that wait in the mailboxes of its partitions. */
  readonly mailboxes?: number
}

/** What a node can do, and how busy it is. */
export interface SelfState {
  /** Whether it takes partitions. One restricted to some types serves pools only. */
  readonly serves: boolean
  readonly types: readonly string[]
  readonly models: readonly string[]
  readonly tools: readonly string[]
  readonly load: Load
}

/** What a node has to do with partitions. */
export interface Holdings {
  /** Those it owns, with their epochs. */
  readonly partitions: ReadonlyMap<number, number>
  /** Those it is taking over at the moment. */
  readonly taking: readonly number[]
  /** Those it failed to serve, and leaves to others for a while. */
  readonly unable: readonly number[]
}

export type NodeState = 'joining' | 'active' | 'draining' | 'left'

export interface Heartbeat extends SelfState, Holdings {
  readonly node: string
  /** Random; tells this process from another of the same name. */
  readonly life: string
  /** Grows with every heartbeat of a life. */
  readonly seq: number
  /** Of the software. */
  readonly version: string
  readonly state: NodeState
  /** Wall clock of the node, ms since the epoch. For people: clocks of machines are never compared. */
  readonly startedAt: number
  /** For how long it has been there, by its own clock. */
  readonly upMs: number
}

const STATES: readonly unknown[] = ['joining', 'active', 'draining', 'left']
const MAX_NAMES = 256
const MAX_NAME = 128

type Fields = Readonly<Record<string, unknown>>

/**
 * A heartbeat as it is sent. A name that receivers would leave out is left out, and a figure that they would refuse is
 * 0: nobody is taken for dead because of a wrong measurement.
 */
export const writeHeartbeat = (beat: Heartbeat): Plain => ({
  ...beat,
  v: HEARTBEAT_VERSION,
  partitions: Object.fromEntries(beat.partitions),
  types: names(beat.types),
  models: names(beat.models),
  tools: names(beat.tools),
  load: writeLoad(beat.load),
})

const writeLoad = ({ actors, runs, lagMs, mailboxes }: Load): Plain => ({
  actors: whole(actors),
  runs: whole(runs),
  lagMs: whole(lagMs),
  ...(mailboxes !== undefined && { mailboxes: whole(mailboxes) }),
})

const whole = (figure: number): number =>
  figure > 0 && figure <= Number.MAX_SAFE_INTEGER ? Math.round(figure) : 0

/** The major version of what claims to be a heartbeat. Throws `codec-malformed`. */
export function heartbeatVersion(value: unknown): number {
  const v = fieldsOf(value, 'the message')['v']
  if (Number.isSafeInteger(v) && (v as number) >= 1) return v as number
  throw refuse('v')
}

/** The heartbeat in a decoded message of this version. Throws `codec-malformed` naming the field. */
export function readHeartbeat(value: unknown): Heartbeat {
  const fields = fieldsOf(value, 'the message')
  const { node, life, version, state, serves } = fields
  if (!isToken(node)) throw refuse('node')
  if (!isToken(life)) throw refuse('life')
  if (!isName(version)) throw refuse('version')
  if (!STATES.includes(state)) throw refuse('state')
  if (typeof serves !== 'boolean') throw refuse('serves')
  return {
    node,
    life,
    seq: count(fields, 'seq'),
    version,
    state: state as NodeState,
    serves,
    partitions: readEpochs(fields['partitions']),
    taking: readPartitions(fields, 'taking'),
    unable: readPartitions(fields, 'unable'),
    types: readNames(fields, 'types'),
    models: readNames(fields, 'models'),
    tools: readNames(fields, 'tools'),
    load: readLoad(fields['load']),
    startedAt: amount(fields, 'startedAt'),
    upMs: amount(fields, 'upMs'),
  }
}

function readEpochs(value: unknown): ReadonlyMap<number, number> {
  const fields = fieldsOf(value, 'partitions')
  const epochs = new Map<number, number>()
  for (const [key, epoch] of Object.entries(fields)) {
    if (!isPartition(Number(key)) || String(Number(key)) !== key || !isEpoch(epoch))
      throw refuse('partitions')
    epochs.set(Number(key), epoch)
  }
  return epochs
}

function readPartitions(fields: Fields, field: string): readonly number[] {
  const value = fields[field]
  if (Array.isArray(value) && value.length <= PARTITIONS && value.every(isPartition)) return value
  throw refuse(field)
}

function readNames(fields: Fields, field: string): readonly string[] {
  const value = fields[field]
  if (Array.isArray(value)) return names(value)
  throw refuse(field)
}

/** A node of too many abilities, or of one with an endless name, still is a node: the rest of them is left out. */
const names = (value: readonly unknown[]): readonly string[] =>
  [...new Set(value.filter(isName))].sort().slice(0, MAX_NAMES)

function readLoad(value: unknown): Load {
  const fields = fieldsOf(value, 'load')
  const { mailboxes } = fields
  return {
    actors: count(fields, 'actors'),
    runs: count(fields, 'runs'),
    lagMs: amount(fields, 'lagMs'),
    ...(mailboxes !== undefined && { mailboxes: count(fields, 'mailboxes') }),
  }
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw refuse(what)
}

function count(fields: Fields, field: string): number {
  const value = fields[field]
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw refuse(field)
}

function amount(fields: Fields, field: string): number {
  const value = fields[field]
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value
  throw refuse(field)
}

const isPartition = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < PARTITIONS

const isEpoch = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1

/** No control characters: names are printed by `ps`. */
const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME && !/\p{Cc}/u.test(value)

const refuse = (field: string): RuntimeError =>
  new RuntimeError('codec-malformed', `${field} of a heartbeat is missing or not what it should be`, {
    details: { field },
  })
