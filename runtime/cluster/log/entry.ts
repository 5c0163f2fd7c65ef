/**
 * What is written in the log of a partition, as bytes: changes of its stores, seals, and marks. An entry carries who
 * wrote it, so that the bytes of two writers differ: that is how a writer tells its own entry from another's.
 *
 * Layout: version, kind, flags, length of `by` (one byte each), `by`, then the content. Changes are a sequence of
 * type (1 put, 0 delete), key length (4 bytes, big endian), key, and for a put value length and value.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Op } from '../../../memory/level.ts'
import type { Place } from './place.ts'

/** The major version. What this one does not know of a flag, a writer, a seal or a mark it leaves out. */
export const ENTRY_VERSION = 1
const KINDS = ['ops', 'seal', 'mark'] as const
const MORE = 1
/** With room for the header below the largest message of a server with default settings. */
const MAX_CONTENT = 900 * 1024

/** Who wrote an entry. */
export interface Writer {
  readonly node: string
  /** Tells this process from an earlier one of the same name. */
  readonly life: string
  /** Which history it is: a partition that nobody knows anything of any more begins another one. */
  readonly origin: string
}

/** Ends an epoch. */
export interface Seal {
  /** The epoch that begins. */
  readonly epoch: number
  /** Its owner; absent when the partition is given up. */
  readonly node?: string
  /** Who should take it, when it is given up. */
  readonly to?: string
  /** Tells the epoch that begins from another one of the same number, sealed after the broker had lost this seal. */
  readonly id?: string
}

export interface Mark {
  readonly place: Place
  /** The id of the epoch of `place`, as its seal had it. */
  readonly begun?: string
}

export type Entry =
  /** `more`: the changes go on in the next entry, and are made only with the last of them. */
  | { readonly kind: 'ops'; readonly by: Writer; readonly content: Uint8Array; readonly more: boolean }
  | { readonly kind: 'seal'; readonly by: Writer; readonly seal: Seal }
  /** The log goes on behind `place`, of which there is a snapshot: the broker has lost the entries up to there. */
  | ({ readonly kind: 'mark'; readonly by: Writer } & Mark)

/** The entries for a group of changes: one, or several for what is larger than a message may be. */
export function opsEntries(by: Writer, ops: readonly Op[]): readonly Uint8Array[] {
  const content = encodeOps(ops)
  const entries: Uint8Array[] = []
  for (let at = 0; at === 0 || at < content.length; at += MAX_CONTENT) {
    const part = content.subarray(at, at + MAX_CONTENT)
    entries.push(entryOf('ops', by, at + MAX_CONTENT < content.length ? MORE : 0, part))
  }
  return entries
}

export const sealEntry = (by: Writer, seal: Seal): Uint8Array =>
  entryOf('seal', by, 0, Buffer.from(JSON.stringify(seal)))

export const markEntry = (by: Writer, mark: Place & Pick<Mark, 'begun'>): Uint8Array =>
  entryOf('mark', by, 0, Buffer.from(JSON.stringify(mark)))

function entryOf(kind: (typeof KINDS)[number], by: Writer, flags: number, content: Uint8Array): Uint8Array {
  const name = Buffer.from(`${by.node} ${by.life} ${by.origin}`)
  if (name.length > 255) throw new RuntimeError('internal', 'the name of a writer is longer than 255 bytes')
  return Buffer.concat([Buffer.from([ENTRY_VERSION, KINDS.indexOf(kind), flags, name.length]), name, content])
}

/** Whether an entry is of the version that `readEntry` reads. */
export const isReadable = ([version]: Uint8Array): boolean => version === ENTRY_VERSION

/** Throws `store-corrupt`. */
export function readEntry(data: Uint8Array): Entry {
  const [version, kind = -1, flags = 0, named = 0] = data
  const name = KINDS[kind]
  if (version !== ENTRY_VERSION || name === undefined || data.length < 4 + named) throw unreadable(version)
  const [node = '', life = '', origin = ''] = Buffer.from(data.subarray(4, 4 + named))
    .toString()
    .split(' ')
  const by: Writer = { node, life, origin }
  const content = data.subarray(4 + named)
  if (name === 'ops') return { kind: 'ops', by, content, more: (flags & MORE) !== 0 }
  if (name === 'seal') return { kind: 'seal', by, seal: readSeal(content) }
  const { epoch, n, begun } = readFields(content)
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(n)) throw unreadable(version)
  const place: Place = { epoch: epoch as number, n: n as number }
  return { kind: 'mark', by, place, ...(typeof begun === 'string' && { begun }) }
}

function readSeal(content: Uint8Array): Seal {
  const { epoch, node, to, id } = readFields(content)
  if (!Number.isSafeInteger(epoch)) throw unreadable(ENTRY_VERSION)
  return {
    epoch: epoch as number,
    ...(typeof node === 'string' && { node }),
    ...(typeof to === 'string' && { to }),
    ...(typeof id === 'string' && { id }),
  }
}

function readFields(content: Uint8Array): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(content).toString()))
  } catch (cause) {
    throw new RuntimeError('store-corrupt', "an entry of a partition's log cannot be read", { cause })
  }
}

/** A sequence of changes as bytes; two sequences may be joined by joining their bytes. */
export function encodeOps(ops: readonly Op[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const op of ops) {
    const key = Buffer.from(op.key)
    const head = Buffer.alloc(5)
    head[0] = op.type === 'put' ? 1 : 0
    head.writeUInt32BE(key.length, 1)
    parts.push(head, key)
    if (op.type === 'put') {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(op.value.length)
      parts.push(length, op.value)
    }
  }
  return Buffer.concat(parts)
}

/** The changes in `content`, and how many of its bytes are a change that is not complete. Throws `store-corrupt`. */
export function decodeOps(content: Uint8Array): { readonly ops: readonly Op[]; readonly rest: Uint8Array } {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length)
  const ops: Op[] = []
  let at = 0
  for (let end = endOfOp(bytes, at); end > 0; end = endOfOp(bytes, at)) {
    const keyEnd = at + 5 + bytes.readUInt32BE(at + 1)
    const key = bytes.toString('utf8', at + 5, keyEnd)
    if (bytes[at] === 0) ops.push({ type: 'del', key })
    else ops.push({ type: 'put', key, value: new Uint8Array(bytes.subarray(keyEnd + 4, end)) })
    at = end
  }
  return { ops, rest: content.subarray(at) }
}

/** Where the change that begins at `at` ends, or 0 when it is not complete. */
function endOfOp(bytes: Buffer, at: number): number {
  if (bytes.length < at + 5) return 0
  const type = bytes[at]
  if (type !== 0 && type !== 1) throw unreadable(type)
  const keyEnd = at + 5 + bytes.readUInt32BE(at + 1)
  if (type === 0) return keyEnd <= bytes.length ? keyEnd : 0
  if (bytes.length < keyEnd + 4) return 0
  const end = keyEnd + 4 + bytes.readUInt32BE(keyEnd)
  return end <= bytes.length ? end : 0
}

const unreadable = (version: number | undefined): RuntimeError =>
  new RuntimeError(
    'store-corrupt',
    `an entry of a partition's log cannot be read (it begins with ${version})`,
    {
      fix: 'run the version of agenticraft that wrote it, or a later one, on every node',
    },
  )
