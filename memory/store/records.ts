/**
 * A memory as it stands on disk: its fields, its place in session and index, and a checksum. What comes back from the
 * disk is checked before it is used. Called by all of `store/`; knows no keys.
 */
import { crc32 } from 'node:zlib'
import { RuntimeError } from '../../actors/errors.ts'
import { type Plain, sameData } from '../../actors/plain.ts'
import type { Encoder } from '../encoder.ts'
import type { MemoryKind, MemoryRecord, Statement, Trust } from '../memory.ts'

/** A time at which a fact was said again or ended, and the places of the sentences that said so. */
export interface Said {
  readonly at: number
  readonly sources: readonly number[]
}

export interface StoredRecord {
  /** Number under which it stands, and its number in the index, which changes with its text. */
  readonly place: number
  readonly doc: number
  readonly id: string
  readonly kind: MemoryKind
  readonly text: string
  readonly at: number
  readonly importance: number
  readonly trust: Trust
  readonly storedAt: number
  readonly updatedAt?: number
  readonly who?: string
  /** Number of the speaker; 0: nobody. */
  readonly speaker: number
  readonly session?: string
  /** First memory of the session, or itself. */
  readonly first: number
  /** The one before it in the session, by its number in the index. */
  readonly prev?: number
  readonly source?: string
  readonly meta?: Readonly<Record<string, unknown>>
  readonly fact?: Statement
  readonly validFrom?: number
  /** Until when, as it was stated; `validUntil`: with all that is known. */
  readonly saidUntil?: number
  readonly validUntil?: number
  readonly endedBy?: string
  /** Negations that ended it, and when it was said again: the sources of those are among `sources`. */
  readonly endings?: readonly Said[]
  readonly confirmations?: readonly Said[]
  readonly from?: readonly string[]
  /** Places of `from`. */
  readonly sources?: readonly number[]
  readonly by?: string
}

/** Four bytes of CRC-32, then the encoded record. */
export function encodeRecord(encoder: Encoder, record: StoredRecord): Uint8Array {
  const plain = record as unknown as Plain
  return sealed(encoder.pack?.(plain) ?? encoder.encode(plain))
}

/** `bytes` with their checksum before them. */
export function sealed(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + 4)
  all.set(bytes, 4)
  new DataView(all.buffer).setUint32(0, crc32(bytes))
  return all
}

/** What `sealed` was given, or undefined when it is not that any more. */
export function unsealed(all: Uint8Array): Uint8Array | undefined {
  if (all.length < 4) return undefined
  const bytes = all.subarray(4)
  const sum = new DataView(all.buffer, all.byteOffset, 4).getUint32(0)
  return crc32(bytes) === sum ? bytes : undefined
}

/** Throws `store-corrupt` that names namespace and place. */
export function decodeRecord(
  encoder: Encoder,
  bytes: Uint8Array,
  at: { readonly namespace: string; readonly place: number },
): StoredRecord {
  const value = decoded(encoder, bytes)
  if (isRecord(value) && value.place === at.place) return value
  throw new RuntimeError(
    'store-corrupt',
    `memory number ${at.place} of namespace "${at.namespace}" is damaged`,
    {
      why: 'its bytes are not those that were written',
      fix: 'keep a copy of the directory for examination, and forget the memory or import it again from an export',
      details: { namespace: at.namespace, doc: at.place },
    },
  )
}

function decoded(encoder: Encoder, all: Uint8Array): unknown {
  const bytes = unsealed(all)
  try {
    return bytes && encoder.decode(bytes)
  } catch {
    return undefined // Its caller says what is damaged.
  }
}

const KINDS: readonly unknown[] = ['episode', 'fact', 'insight'] satisfies MemoryKind[]
const TRUSTS: readonly unknown[] = ['untrusted', 'agent', 'trusted'] satisfies Trust[]

function isRecord(value: unknown): value is StoredRecord {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Readonly<Record<keyof StoredRecord, unknown>>
  const numbers = [record.place, record.doc, record.at, record.importance, record.storedAt]
  return (
    [...numbers, record.speaker, record.first].every(Number.isFinite) &&
    typeof record.id === 'string' &&
    typeof record.text === 'string' &&
    KINDS.includes(record.kind) &&
    TRUSTS.includes(record.trust)
  )
}

/** What callers see of it, its members always in the same order. */
export function publicRecord(record: StoredRecord): MemoryRecord {
  const { id, kind, text, who, at, session, importance, trust, source, meta, fact } = record
  const { validFrom, validUntil, endedBy, from, by, storedAt, updatedAt } = record
  return {
    id,
    kind,
    text,
    ...(who !== undefined && { who }),
    at,
    ...(session !== undefined && { session }),
    importance,
    trust,
    ...(source !== undefined && { source }),
    ...(meta !== undefined && { meta }),
    ...(fact !== undefined && { fact }),
    ...(validFrom !== undefined && { validFrom }),
    ...(validUntil !== undefined && { validUntil }),
    ...(endedBy !== undefined && { endedBy }),
    ...(from !== undefined && { from }),
    ...(by !== undefined && { by }),
    storedAt,
    ...(updatedAt !== undefined && { updatedAt }),
  }
}

/** Whether a fact holds at `time`; what is no fact always does. */
export const holdsAt = (
  { kind, validFrom, validUntil }: Pick<StoredRecord, 'kind' | 'validFrom' | 'validUntil'>,
  time: number,
): boolean =>
  kind !== 'fact' || ((validFrom ?? -Infinity) <= time && time < (validUntil ?? Number.POSITIVE_INFINITY))

const LEVELS: Readonly<Record<Trust, number>> = { untrusted: 0, agent: 1, trusted: 2 }
export const trustLevel = (trust: Trust): number => LEVELS[trust]
export const leastTrust = (trusts: readonly Trust[], most: Trust): Trust =>
  trusts.reduce((least, one) => (LEVELS[one] < LEVELS[least] ? one : least), most)

export const sameRecord = (a: StoredRecord, b: StoredRecord): boolean => sameData(a, b)
