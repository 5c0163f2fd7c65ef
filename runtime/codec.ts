/**
 * Plain data to bytes and back, for everything that crosses a wire or a disk. The one place that knows
 * msgpackr: without records, shared structures and extensions, and in its own build, which neither compiles
 * code nor shares state with an application's msgpackr. What arrives is hostile until `decode` returned it.
 * There is no second format to fall back to. It does not know envelopes: see `actors/envelope.ts`.
 */
import { Packr, RESET_BUFFER_MODE, Unpackr } from 'msgpackr/index-no-eval'
import { RuntimeError } from '../actors/errors.ts'
import { MAX_DEPTH, type Plain, toPlain } from '../actors/plain.ts'
import { type MarkedString, scanMessagePack, tooMany } from './msgpack-scan.ts'

export interface Codec {
  /** Throws `not-plain-data`, or `codec-too-large` for what the other side would refuse to decode. */
  encode(value: Plain): Uint8Array
  /**
   * As `encode`, for what is known to be plain already: it is neither checked nor copied first, which is most of
   * the cost of a small value. What turns out not to be plain goes through `encode`.
   */
  pack(value: Plain): Uint8Array
  /**
   * As `pack`, without a copy: the bytes are the codec's own until it is used next. For those who copy them at once, as
   * a transport does; a small allocation per message costs more than packing it.
   */
  lend(value: Plain): Uint8Array
  /** Throws `codec-malformed` or `codec-too-large`. The value shares no memory with `bytes`. */
  decode(bytes: Uint8Array): Plain
}

export interface CodecOptions {
  /** The largest message, encoded. Default 256 KiB. */
  readonly maxBytes?: number
  /**
   * The most keys and values in a message, as `msgpack-scan.ts` counts them: bounds the memory that a small
   * message can turn into, at 64 bytes each. Default 100,000.
   */
  readonly maxNodes?: number
}

/** Members that are undefined are not there, as `toPlain` has it. The option is missing in msgpackr's types. */
const SKIPPING = { skipValues: [undefined] }

type Limits = Readonly<Required<CodecOptions>>

/**
 * A codec for MessagePack without extensions. `-0` decodes as `0`, and lone surrogates become U+FFFD, as
 * `toPlain` does it. The codec's errors never quote the message, and have no cause: msgpackr's own do quote.
 * Throws `definition-invalid` for limits that are not above zero.
 */
export function createCodec({ maxBytes = 256 * 1024, maxNodes = 100_000 }: CodecOptions = {}): Codec {
  const packr = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false, ...SKIPPING })
  const unpackr = new Unpackr({
    useRecords: false,
    mapsAsObjects: true,
    int64AsType: 'number',
    copyBuffers: true,
  })
  if (!(maxBytes > 0 && maxNodes > 0)) throw limitless(maxBytes, maxNodes)
  const limits = { maxBytes, maxNodes }
  const marksLost = losesMarks(packr, unpackr)

  /** Bytes of a buffer that msgpackr uses again. */
  const lent = (value: Plain): Uint8Array => {
    const view = packr.encode(value, RESET_BUFFER_MODE)
    if (view.length > maxBytes) throw tooLarge(maxBytes, view.length)
    scanMessagePack(view, maxNodes)
    return view
  }
  const packed = (value: Plain): Uint8Array => new Uint8Array(lent(value))
  const encode = (value: Plain): Uint8Array => {
    measure(value, { bytes: maxBytes, nodes: maxNodes }, limits, 0)
    return packed(toPlain(value))
  }

  return {
    encode,
    pack(value) {
      try {
        return packed(value)
      } catch {
        return encode(value)
      }
    },
    lend(value) {
      try {
        return lent(value)
      } catch {
        return encode(value)
      }
    },
    decode(bytes) {
      if (!(bytes instanceof Uint8Array)) throw malformed()
      if (bytes.length > maxBytes) throw tooLarge(maxBytes, bytes.length)
      // A view of its own: msgpackr leaves a property on what it is given, and copies of a Buffer are Buffers.
      const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      const marked = scanMessagePack(view, maxNodes)
      return unpack(unpackr, marksLost && marked.length > 0 ? doubleMarks(view, marked) : view)
    },
  }
}

function unpack(unpackr: Unpackr, bytes: Uint8Array): Plain {
  try {
    return unpackr.unpack(bytes)
  } catch {
    throw malformed() // Without the cause: msgpackr quotes the payload.
  }
}

/**
 * Stops at the first value too many: an object that holds another twice, 60 levels deep, would otherwise be
 * copied 2^60 times before anyone sees the size. What is not plain data is left for `toPlain` to name.
 */
function measure(
  value: unknown,
  room: { bytes: number; nodes: number },
  limits: Limits,
  depth: number,
): void {
  if (typeof value === 'string' || value instanceof Uint8Array) room.bytes -= value.length
  if (room.bytes < 0) throw tooLarge(limits.maxBytes)
  if (--room.nodes < 0) throw tooMany(limits.maxNodes)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || depth >= MAX_DEPTH) return
  if (Array.isArray(value)) {
    // An array with holes has a length that costs nothing to claim, and would be sent as so many nulls.
    if (value.length > room.nodes) throw tooMany(limits.maxNodes)
    for (const item of value) measure(item, room, limits, depth + 1)
    return
  }
  for (const key of Object.keys(value)) {
    room.nodes--
    room.bytes -= key.length
    measure((value as Record<string, unknown>)[key], room, limits, depth + 1)
  }
}

/** Does this msgpackr lose the byte order mark of a long string? 2.1.3 does; asked, not assumed. */
function losesMarks(packr: Packr, unpackr: Unpackr): boolean {
  const text = `\uFEFF${'x'.repeat(100)}`
  return unpackr.unpack(packr.pack(text)) !== text
}

/** The same message with a second mark on each of `marked`, for a decoder that removes one. */
function doubleMarks(bytes: Uint8Array, marked: readonly MarkedString[]): Uint8Array {
  const parts: Uint8Array[] = []
  let copied = 0
  for (const { header, start, end } of marked) {
    const head = new Uint8Array([0xdb, 0, 0, 0, 0, 0xef, 0xbb, 0xbf])
    new DataView(head.buffer).setUint32(1, end - start + 3)
    parts.push(bytes.subarray(copied, header), head)
    copied = start
  }
  return new Uint8Array(Buffer.concat([...parts, bytes.subarray(copied)]))
}

const tooLarge = (maxBytes: number, bytes?: number): RuntimeError =>
  new RuntimeError('codec-too-large', `a message is larger than ${maxBytes} bytes`, {
    fix: 'send a reference to where the data is kept instead of the data',
    details: { maxBytes, ...(bytes !== undefined && { bytes }) },
  })

const malformed = (): RuntimeError =>
  new RuntimeError('codec-malformed', 'received bytes are not a message of plain data')

const limitless = (maxBytes: number, maxNodes: number): RuntimeError =>
  new RuntimeError(
    'definition-invalid',
    `codec limits ${maxBytes} bytes, ${maxNodes} values are not above zero`,
    {
      fix: 'leave them out to get the defaults',
    },
  )
