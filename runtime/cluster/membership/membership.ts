/**
 * Who is there: heartbeats on `node.<node>.hb`, and the list of those heard of. `ownership.ts` decides by it which
 * partitions to take; `ps` shows it. It owns nothing, and being wrong about who is alive costs time, never safety: two
 * owners are kept apart by the log of a partition.
 *
 * Silence is measured by the own clock only (`clock` must be a monotonic one), and only while this process listens: not
 * while it is cut off or its event loop stands still, nor for a full TTL after that.
 */
import type { Cancel, Clock } from '../../../actors/clock.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import { everyNode, nodeSubject } from '../../../actors/subject.ts'
import type { Codec } from '../../codec.ts'
import type { Message, Subscription, Transport } from '../../transport/transport.ts'
import {
  HEARTBEAT_VERSION,
  type Heartbeat,
  type Holdings,
  heartbeatVersion,
  type NodeState,
  readHeartbeat,
  type SelfState,
  writeHeartbeat,
} from './heartbeat.ts'
import { nameTaken, type Rival, rivalry } from './rival.ts'
import { emptyRoster, expire, hasLeft, hear, hearNewer, type Member, type Roster } from './roster.ts'

export interface JoinOptions {
  readonly transport: Transport
  readonly codec: Codec
  /** Only differences of its times are used, and it must not jump: a monotonic one. */
  readonly clock: Clock
  readonly namespace: string
  readonly node: string
  /** Random, of this process alone. */
  readonly life: string
  /** Of the software. */
  readonly version: string
  /** Wall clock, ms since the epoch; shown to people. */
  readonly startedAt: number
  /** Asked before every heartbeat. */
  readonly self: () => SelfState
  /** Whether the transport reaches the others at the moment. Default: always. */
  readonly isConnected?: () => boolean
  /** The event loop stood still for so long that others may have taken over. */
  readonly onStall?: (lateMs: number) => void
  /** Another process of this name is there and has the cluster's ear: this one has left. */
  readonly onReplaced?: (error: RuntimeError) => void
  /** What could not be sent or read, and what a listener threw. */
  readonly onError: (error: unknown) => void
  readonly heartbeatMs?: number
  /** A member that was silent for so long is gone. */
  readonly ttlMs?: number
  /** How long a newcomer listens before it counts. */
  readonly settleMs?: number
}

/**
 * What this process can tell of the others. `none`: cut off. `fresh`: it hears, but not for a full TTL yet, so silence
 * means nothing. `full`: who is not in the list is not there.
 */
export type Sight = 'none' | 'fresh' | 'full'

export interface Membership {
  readonly node: string
  readonly ttlMs: number
  readonly state: NodeState
  readonly sight: Sight
  /** By name, this node included. */
  members(): readonly Member[]
  /** True for a node that is not there: silent for a TTL, or it said goodbye. False while nobody can know. */
  gone(node: string): boolean
  /** Sends a heartbeat at once, with what has changed. After `draining` others give this node nothing more. */
  announce(changes?: Partial<Holdings> & { readonly state?: 'draining' }): void
  /** When another member comes, goes or changes, and when this one has been replaced. Returns how to stop it. */
  onChange(listener: () => void): () => void
  /** Says goodbye: others know at once. May be called again. */
  leave(): Promise<void>
}

type Settings = Required<Omit<JoinOptions, 'onReplaced'>> & Pick<JoinOptions, 'onReplaced'>

/** What this process knows and is. */
interface Seat {
  readonly options: Settings
  readonly roster: Roster
  readonly listeners: Set<() => void>
  readonly subscriptions: Subscription[]
  readonly joinedAt: number
  /** Whoever waits for the end of joining. */
  readonly settled: { resolve(): void; reject(error: unknown): void }
  state: NodeState
  abilities: SelfState
  holdings: Holdings
  seq: number
  sentAt: number
  /** Undefined while cut off. */
  connectedSince: number | undefined
  listeningSince: number
  tickedAt: number
  cancelTick: Cancel
  /** A heartbeat that waits for the gap since the last to pass. */
  cancelSend: Cancel | undefined
  rival: Rival | undefined
}

const DEFAULTS = {
  heartbeatMs: 1_000,
  ttlMs: 6_000,
  settleMs: 500,
  isConnected: () => true,
  onStall: () => {},
}
/** Several changes within this time make one heartbeat: 20 partitions handed over are not 20 heartbeats to everybody. */
const GAP_MS = 20

/**
 * Joins the members of a namespace. Resolves after `settleMs` of listening, when all who are there have answered the
 * greeting. Rejects with `address-taken` when a process of this name is there already, or with what the transport throws.
 */
export function joinMembers(given: JoinOptions): Promise<Membership> {
  return new Promise((resolve, reject) => {
    const settled = { resolve: () => resolve(membershipOf(seat)), reject }
    const seat = takeSeat({ ...DEFAULTS, ...given }, settled)
    try {
      const { transport, namespace, node } = seat.options
      const take = (message: Message): void => receive(seat, message)
      seat.subscriptions.push(
        transport.subscribe(everyNode(namespace, 'hb'), take),
        transport.subscribe(nodeSubject(namespace, node, 'hi'), take),
      )
      tick(seat, seat.joinedAt)
    } catch (error) {
      quit(seat)
      reject(error)
    }
  })
}

function takeSeat(options: Settings, settled: Seat['settled']): Seat {
  const now = options.clock.now()
  return {
    options,
    settled,
    roster: emptyRoster(),
    listeners: new Set(),
    subscriptions: [],
    joinedAt: now,
    state: 'joining',
    abilities: options.self(),
    holdings: { partitions: new Map(), taking: [], unable: [] },
    seq: 0,
    sentAt: now,
    connectedSince: undefined,
    listeningSince: now,
    tickedAt: now,
    cancelTick: () => {},
    cancelSend: undefined,
    rival: undefined,
  }
}

function membershipOf(seat: Seat): Membership {
  const { roster, options, listeners } = seat
  return {
    node: options.node,
    ttlMs: options.ttlMs,
    get state() {
      return seat.state
    },
    get sight() {
      return sightOf(seat)
    },
    members() {
      const own: Member[] =
        seat.state === 'left' ? [] : [{ ...ownHeartbeat(seat), heardAt: options.clock.now() }]
      return [...roster.rows.values(), ...own].sort((a, b) => (a.node < b.node ? -1 : 1))
    },
    gone: node =>
      node !== options.node && !roster.rows.has(node) && (sightOf(seat) === 'full' || hasLeft(roster, node)),
    announce({ state, ...holdings } = {}) {
      if (seat.state === 'left') return
      seat.holdings = { ...seat.holdings, ...holdings }
      if (state) seat.state = state
      announce(seat)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    leave: () => leave(seat),
  }
}

function sightOf({ connectedSince, listeningSince, tickedAt, options }: Seat): Sight {
  const now = options.clock.now()
  if (connectedSince === undefined) return 'none'
  // The tick may be late without having noticed yet: other timers run first after a stall.
  const stalled = now - tickedAt > options.ttlMs / 2
  return !stalled && now - listeningSince >= options.ttlMs ? 'full' : 'fresh'
}

/** Twice per settling time or heartbeat: looks at the connection and at who is silent, and sends what is due. */
function tick(seat: Seat, due: number): void {
  const { clock, ttlMs, heartbeatMs, settleMs, onStall } = seat.options
  const now = clock.now()
  seat.tickedAt = now
  if (now - due > ttlMs / 2) {
    listenAnew(seat, now)
    guard(seat, () => onStall(now - due))
  }
  watchConnection(seat, now)
  const settling = seat.state === 'joining' && seat.connectedSince !== undefined
  if (settling && now - (seat.connectedSince ?? now) >= settleMs) activate(seat)
  if (sightOf(seat) === 'full' && expire(seat.roster, now, ttlMs)) changed(seat)
  if (now - seat.sentAt >= heartbeatMs) announce(seat)
  if (seat.state === 'left') return
  const next = now + Math.max(1, Math.min(heartbeatMs, settleMs) / 2)
  seat.cancelTick = clock.at(next, () => tick(seat, next))
}

/** From now on for a full TTL silence proves nothing; who is joining also settles anew. */
function listenAnew(seat: Seat, now: number): void {
  seat.listeningSince = now
  if (seat.state === 'joining' && seat.connectedSince !== undefined) seat.connectedSince = now
}

function watchConnection(seat: Seat, now: number): void {
  if (!seat.options.isConnected()) {
    seat.connectedSince = undefined
    seat.listeningSince = now
  } else if (seat.connectedSince === undefined) {
    seat.connectedSince = now
    seat.listeningSince = now
    send(seat, nodeSubject(seat.options.namespace, seat.options.node, 'hi'))
  }
}

function activate(seat: Seat): void {
  seat.state = 'active'
  announce(seat)
  seat.settled.resolve()
}

function ownHeartbeat({ options, abilities, holdings, state, seq, joinedAt }: Seat): Heartbeat {
  const { node, life, version, startedAt, clock } = options
  return {
    ...abilities,
    ...holdings,
    node,
    life,
    seq,
    version,
    state,
    startedAt,
    upMs: clock.now() - joinedAt,
  }
}

/** Sends a heartbeat now, or when `GAP_MS` have passed since the last. */
function announce(seat: Seat): void {
  if (seat.cancelSend) return
  const { clock } = seat.options
  const due = seat.sentAt + GAP_MS
  if (clock.now() >= due) send(seat)
  else {
    seat.cancelSend = clock.at(due, () => {
      seat.cancelSend = undefined
      send(seat)
    })
  }
}

/** With `replyTo` it is a greeting. While cut off nothing is sent: it would arrive late, and a greeting follows. */
function send(seat: Seat, replyTo?: string): void {
  const { transport, clock, namespace, node } = seat.options
  seat.sentAt = clock.now()
  if (seat.connectedSince === undefined) return
  guard(seat, () =>
    transport.publish(
      nodeSubject(namespace, node, 'hb'),
      encoded(seat),
      replyTo === undefined ? {} : { replyTo },
    ),
  )
}

function encoded(seat: Seat): Uint8Array {
  const { codec, self } = seat.options
  guard(seat, () => {
    seat.abilities = self()
  })
  seat.seq++
  return codec.encode(writeHeartbeat(ownHeartbeat(seat)))
}

function receive(seat: Seat, { subject, data, reply }: Message): void {
  guard(seat, () => {
    const { codec, clock, node, heartbeatMs } = seat.options
    const value = codec.decode(data)
    const version = heartbeatVersion(value)
    // An answer to a greeting comes on the own subject, and says itself who it is from.
    const [lane, from = ''] = subject.split('.').reverse()
    if (version > HEARTBEAT_VERSION) {
      if (lane !== 'hb') return
      if (from === node) return meetNewerRival(seat, version)
      if (hearNewer(seat.roster, from, version, clock.now())) changed(seat)
      return
    }
    const beat = readHeartbeat(value)
    if (lane === 'hb' && beat.node !== from) throw forged(beat.node, from)
    if (beat.life === seat.options.life) return
    if (beat.node === node) meet(seat, beat)
    else if (hear(seat.roster, beat, clock.now(), 2 * heartbeatMs)) changed(seat)
    if (beat.state !== 'left') reply?.(encoded(seat))
  })
}

/** Another process of this name. */
function meet(seat: Seat, beat: Heartbeat): void {
  const { life, clock, heartbeatMs, onReplaced, node } = seat.options
  const now = clock.now()
  const self = { state: seat.state, life, upMs: now - seat.joinedAt }
  switch (rivalry(self, beat, seat.rival, now, 2 * heartbeatMs)) {
    case 'refuse':
      refuseSeat(seat)
      break
    case 'leave':
      void leave(seat)
      changed(seat)
      guard(seat, () => onReplaced?.(nameTaken(node)))
      break
    case 'answer':
      seat.rival = { life: beat.life, since: now }
      announce(seat)
  }
}

function meetNewerRival(seat: Seat, version: number): void {
  if (seat.state === 'joining') refuseSeat(seat)
  else if (seat.rival === undefined) {
    seat.rival = { life: '', since: seat.options.clock.now() }
    throw new RuntimeError('address-taken', `a node of version ${version} uses the name of this one`)
  }
}

function refuseSeat(seat: Seat): void {
  quit(seat)
  seat.settled.reject(nameTaken(seat.options.node))
}

async function leave(seat: Seat): Promise<void> {
  if (seat.state === 'left') return
  seat.state = 'left'
  send(seat)
  quit(seat)
  // Cut off, the goodbye is not heard, and a flush would wait for the connection: others find out after a TTL.
  if (seat.connectedSince !== undefined) await seat.options.transport.flush().catch(seat.options.onError)
}

function quit(seat: Seat): void {
  seat.state = 'left'
  seat.cancelTick()
  seat.cancelSend?.()
  for (const subscription of seat.subscriptions) subscription.unsubscribe()
}

function changed(seat: Seat): void {
  for (const listener of seat.listeners) guard(seat, listener)
}

/** Runs what others wrote or sent: what it throws is reported, and stops nothing. */
function guard(seat: Seat, act: () => void): void {
  try {
    act()
  } catch (error) {
    seat.options.onError(error)
  }
}

const forged = (node: string, subject: string): RuntimeError =>
  new RuntimeError('codec-malformed', `a heartbeat of "${node}" came on the subject of "${subject}"`)
