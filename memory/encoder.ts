/** How plain data becomes bytes and back: handed in by whoever opens a journal, which never imports a codec. */
import type { Address } from '../actors/address.ts'
import type { Commit, StoredState } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'

/** `decode` may throw for bytes it did not make. Its limits are those of a commit, a state and a record. */
export interface Encoder {
  encode(value: Plain): Uint8Array
  /** As `encode`, for what is known to be plain data already, as the parts of a commit are. */
  pack?(value: Plain): Uint8Array
  decode(bytes: Uint8Array): Plain
}

export const encodeCommit = (encoder: Encoder, commit: Commit): Uint8Array =>
  encoder.pack?.(commit as unknown as Plain) ?? encoder.encode(commit as unknown as Plain)

export const encodeState = (encoder: Encoder, state: StoredState): Uint8Array =>
  encoder.encode(state as unknown as Plain)

/** Undefined for bytes that are no commit, or another one: they were written by another encoder. */
export function decodeCommit(
  encoder: Encoder,
  bytes: Uint8Array,
  actor: Address,
  seq: number,
): Commit | undefined {
  const value = decodeObject(encoder, bytes)
  return value && value['actor'] === actor && value['seq'] === seq ? (value as unknown as Commit) : undefined
}

export const decodeState = (encoder: Encoder, bytes: Uint8Array): StoredState | undefined =>
  decodeObject(encoder, bytes) as StoredState | undefined

/** Undefined when the encoder refuses; wrapped, because any plain value may be a record. */
export function decodeRecord(encoder: Encoder, bytes: Uint8Array): { readonly value: Plain } | undefined {
  try {
    return { value: encoder.decode(bytes) }
  } catch {
    return undefined // Bytes whose hash is right and that cannot be decoded: their reader reports them.
  }
}

function decodeObject(encoder: Encoder, bytes: Uint8Array): Readonly<Record<string, Plain>> | undefined {
  const value = decodeRecord(encoder, bytes)?.value
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, Plain>>) : undefined
}
