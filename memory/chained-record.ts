/**
 * One record of the journal on disk as bytes: what it is by itself, and what it follows. Called by the journal
 * on disk and its check. It reads and writes nothing, and never looks into a body.
 *
 * A record begins with the SHA-256, cut to 128 bits, of all else that is in it and of its key; a commit also
 * holds the hash of the commit before it. So one hash answers both questions: whether a record was changed or
 * stands under another key, and whether records are missing, replaced or mixed. It costs less than a microsecond.
 * Against accidents, not against forgers: whoever can write to the store can write hashes too.
 */
import { hash } from 'node:crypto'
import type { Rest } from '../actors/journal.ts'

/** 16 bytes as a string of as many Latin-1 characters: what 100,000 actors keep of it costs a third of a Buffer. */
export type Hash = string

export const HASH_BYTES = 16
/** What the first commit of an actor follows. */
export const NO_HASH: Hash = '\0'.repeat(HASH_BYTES)

/** What can be known of a record without decoding its body. */
export interface Header {
  readonly rest: Rest | undefined
  /** Its actor belongs to a run. */
  readonly ofRun: boolean
  /** Of a commit its place among all commits of the journal; of a snapshot the first commit that is kept. */
  readonly number: number
  /** Of a commit its own; of a snapshot the last commit it covers. */
  readonly seq: number
  /** Of a commit the hash of the one before; of a snapshot that of the last commit it covers. */
  readonly previous: Hash
}

/** For what is not part of an actor's chain. */
export const UNCHAINED: Header = { rest: undefined, ofRun: false, number: 0, seq: 0, previous: NO_HASH }

export interface Opened extends Header {
  /** The hash of this record. */
  readonly own: Hash
  readonly body: Uint8Array
}

const VERSION = 2
/** Bytes: version 1, own hash 16, flags 1, number 6, seq 6, previous hash 16. */
const FLAGS = 1 + HASH_BYTES
const NUMBER = FLAGS + 1
const SEQ = NUMBER + 6
const PREVIOUS = SEQ + 6
const HEADER = PREVIOUS + HASH_BYTES

const RESTS: readonly (Rest | undefined)[] = [undefined, 'asleep', 'ended']
const REST_BITS = 3
const OF_RUN = 4

/** The bytes to store under `key`. */
export function sealRecord(key: string, header: Header, body: Uint8Array): Uint8Array {
  const length = HEADER + body.length
  const bytes = Buffer.allocUnsafe(length + Buffer.byteLength(key))
  bytes[0] = VERSION
  bytes[FLAGS] = RESTS.indexOf(header.rest) | (header.ofRun ? OF_RUN : 0)
  bytes.writeUIntBE(header.number, NUMBER, 6)
  bytes.writeUIntBE(header.seq, SEQ, 6)
  bytes.write(header.previous, PREVIOUS, 'latin1')
  bytes.set(body, HEADER)
  bytes.write(key, length)
  bytes.write(hash('sha256', bytes.subarray(FLAGS), 'binary').slice(0, HASH_BYTES), 1, 'latin1')
  return bytes.subarray(0, length)
}

/** The hash that a sealed record begins with. */
export const hashOf = (sealed: Uint8Array): Hash =>
  Buffer.from(sealed.buffer, sealed.byteOffset, FLAGS).toString('latin1', 1)

/** What is in a record, or how it is damaged. */
export function openRecord(
  key: string,
  value: Uint8Array,
): Opened | { readonly damage: 'torn' | 'flipped' | 'version' } {
  if (value.length < HEADER) return { damage: 'torn' }
  if (value[0] !== VERSION) return { damage: 'version' }
  const bytes = Buffer.allocUnsafe(value.length + Buffer.byteLength(key))
  bytes.set(value)
  bytes.write(key, value.length)
  const own = bytes.toString('latin1', 1, FLAGS)
  if (hash('sha256', bytes.subarray(FLAGS), 'binary').slice(0, HASH_BYTES) !== own)
    return { damage: 'flipped' }
  const flags = bytes[FLAGS] ?? 0
  return {
    own,
    rest: RESTS[flags & REST_BITS],
    ofRun: (flags & OF_RUN) !== 0,
    number: bytes.readUIntBE(NUMBER, 6),
    seq: bytes.readUIntBE(SEQ, 6),
    previous: bytes.toString('latin1', PREVIOUS, HEADER),
    body: value.subarray(HEADER),
  }
}
