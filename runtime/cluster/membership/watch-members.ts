/** Who is there, for somebody who only looks: hears the heartbeats and takes part in nothing. Used by clients. */
import type { Cancel, Clock } from '../../../actors/clock.ts'
import { everyNode } from '../../../actors/subject.ts'
import type { Codec } from '../../codec.ts'
import type { Transport } from '../../transport/transport.ts'
import { HEARTBEAT_VERSION, heartbeatVersion, readHeartbeat } from './heartbeat.ts'
import { emptyRoster, expire, hear, hearNewer, type Member } from './roster.ts'

export interface WatchOptions {
  readonly transport: Transport
  readonly codec: Codec
  /** Must not jump. */
  readonly clock: Clock
  readonly namespace: string
  readonly heartbeatMs?: number
  readonly ttlMs?: number
}

export interface MemberWatch {
  /** By name. Complete after one period of the heartbeats. */
  members(): readonly Member[]
  /** Resolves when everybody who is there has been heard. */
  readonly heard: Promise<void>
  /** Calls whenever somebody comes, goes or changes. */
  onChange(listener: () => void): void
  stop(): void
}

export function watchMembers(options: WatchOptions): MemberWatch {
  const { transport, codec, clock, namespace, heartbeatMs = 1_000, ttlMs = 6_000 } = options
  const roster = emptyRoster()
  const listeners = new Set<() => void>()
  let cancel: Cancel
  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const heartbeats = transport.subscribe(everyNode(namespace, 'hb'), ({ data, subject }) => {
    const body = codec.decode(data)
    const version = heartbeatVersion(body)
    const isNews =
      version > HEARTBEAT_VERSION
        ? hearNewer(roster, subject.split('.').at(-2) ?? '', version, clock.now())
        : hear(roster, readHeartbeat(body), clock.now(), 2 * heartbeatMs)
    if (isNews) changed()
  })
  const sweep = (): void => {
    if (expire(roster, clock.now(), ttlMs)) changed()
    cancel = clock.at(clock.now() + heartbeatMs / 2, sweep)
  }
  cancel = clock.at(clock.now() + heartbeatMs / 2, sweep)
  const heard = new Promise<void>(resolve => void clock.at(clock.now() + heartbeatMs * 1.2, resolve))
  return {
    members: () => [...roster.rows.values()].sort((a, b) => (a.node < b.node ? -1 : 1)),
    heard,
    onChange: listener => void listeners.add(listener),
    stop() {
      heartbeats.unsubscribe()
      cancel()
    },
  }
}
