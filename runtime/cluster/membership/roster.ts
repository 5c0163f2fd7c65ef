/**
 * The table of the members a node has heard of, and what a heartbeat changes in it. Time is a parameter, always of the
 * own clock: when something was heard, never when it was sent. `membership.ts` feeds it and says when it may judge.
 */
import { sameData } from '../../../actors/plain.ts'
import type { Heartbeat } from './heartbeat.ts'

export interface Member extends Heartbeat {
  /** When it was heard of last, by the clock of this process. */
  readonly heardAt: number
  /** Set when it speaks a version this one cannot read: it is there, and that is all that is known. */
  readonly newer?: number
  /** Lives of this name that this one came after: what they sent may still arrive. */
  readonly earlier?: readonly string[]
}

export interface Roster {
  /** By the name of the node. */
  readonly rows: Map<string, Member>
  /** Lives that said goodbye: what they sent before may still arrive after it. */
  readonly departed: Map<string, { readonly node: string; readonly at: number }>
}

/** Far more than will ever be there; whoever invents names does not fill the memory with them. */
const MAX_MEMBERS = 1_024
/** For how many TTLs a goodbye is remembered. */
const REMEMBERED = 10

export const emptyRoster = (): Roster => ({ rows: new Map(), departed: new Map() })

/**
 * Whether others would see a difference. Figures that change all the time are none. A life that was silent for `sureMs`
 * makes room for one that it came after.
 */
export function hear({ rows, departed }: Roster, beat: Heartbeat, now: number, sureMs: number): boolean {
  if (departed.has(beat.life)) return false
  const row = rows.get(beat.node)
  if (beat.state === 'left') {
    if (departed.size < MAX_MEMBERS) departed.set(beat.life, { node: beat.node, at: now })
    return row?.life === beat.life && rows.delete(beat.node)
  }
  if (row ? !succeeds(beat, row, now - sureMs) : rows.size >= MAX_MEMBERS) return false
  rows.set(beat.node, { ...beat, heardAt: now, earlier: earlierLives(row, beat) })
  return row === undefined || !sameStanding(beat, row)
}

/** A heartbeat that cannot be read, of a later version. */
export function hearNewer({ rows }: Roster, node: string, version: number, now: number): boolean {
  const row = rows.get(node)
  if (!row && rows.size >= MAX_MEMBERS) return false
  rows.set(node, { ...UNREADABLE, node, newer: version, heardAt: now })
  return row?.newer !== version
}

/** Removes whoever was silent for `ttlMs`; tells whether anybody was. */
export function expire({ rows, departed }: Roster, now: number, ttlMs: number): boolean {
  const before = rows.size
  for (const [node, { heardAt }] of rows) if (now - heardAt >= ttlMs) rows.delete(node)
  for (const [life, { at }] of departed) if (now - at >= REMEMBERED * ttlMs) departed.delete(life)
  return rows.size < before
}

/** Has the node said goodbye, and not come back since? */
export const hasLeft = ({ rows, departed }: Roster, node: string): boolean =>
  !rows.has(node) && [...departed.values()].some(one => one.node === node)

/** At most so many are known again. */
const MAX_EARLIER = 8

function earlierLives(row: Member | undefined, { life }: Heartbeat): readonly string[] {
  const { earlier = [] } = row ?? {}
  return row === undefined || row.life === life ? earlier : [...earlier, row.life].slice(-MAX_EARLIER)
}

/**
 * Is `beat` news of `row`? Within a life the later one is. Another life of the name takes the row once it is past
 * joining, until when it may still learn that the name is taken. One that was there before may only have been late: it
 * takes the row back when the later one is silent.
 */
function succeeds(beat: Heartbeat, row: Member, silentSince: number): boolean {
  if (beat.life === row.life) return beat.seq > row.seq
  if (row.earlier?.includes(beat.life) && row.heardAt > silentSince) return false
  return beat.state !== 'joining' || row.state === 'joining'
}

function sameStanding(a: Heartbeat, b: Heartbeat): boolean {
  const standing = (beat: Heartbeat & Partial<Member>) => {
    const { seq: _, load: __, upMs: ___, ...rest } = beat
    return { ...rest, partitions: [...beat.partitions], heardAt: undefined, earlier: undefined }
  }
  return sameData(standing(a), standing(b))
}

const UNREADABLE: Omit<Member, 'node' | 'newer' | 'heardAt'> = {
  life: '',
  seq: 0,
  version: '',
  state: 'active',
  serves: false,
  partitions: new Map(),
  taking: [],
  unable: [],
  types: [],
  models: [],
  tools: [],
  load: { actors: 0, runs: 0, lagMs: 0 },
  startedAt: 0,
  upMs: 0,
}
