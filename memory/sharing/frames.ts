/**
 * Messages on a stream of bytes: each after its length in four bytes, big-endian. Called by both ends of a
 * connection. It knows no messages, and holds no more of one than has arrived, whatever length is claimed.
 */
import { RuntimeError } from '../../actors/errors.ts'

const HEADER = 4
const SMALLEST_STORE = 4_096
const EMPTY = Buffer.alloc(0)

/** `message` with its length before it. */
export function toFrame(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(HEADER + message.length)
  frame.writeUInt32BE(message.length)
  frame.set(message, HEADER)
  return frame
}

/** Takes the next chunk of the stream and yields the messages it completes: views, valid until the next one. */
export type FrameReader = (chunk: Uint8Array) => Iterable<Uint8Array>

/**
 * `limit` is asked for each message anew. The iteration throws `codec-too-large` for a longer one and
 * `codec-malformed` for an empty one: what follows on that stream means nothing.
 */
export function frameReader(limit: () => number): FrameReader {
  let store = EMPTY
  let held = 0

  const hold = (rest: Uint8Array): void => {
    if (held + rest.length > store.length) {
      // Doubled, so that a long message that drips in is not copied once for each drop.
      const larger = Buffer.allocUnsafe(Math.max(SMALLEST_STORE, 2 * store.length, held + rest.length))
      larger.set(store.subarray(0, held))
      store = larger
    }
    store.set(rest, held)
    held += rest.length
  }

  return function* (chunk) {
    const isBegun = held > 0
    if (isBegun) hold(chunk)
    const bytes = isBegun
      ? store.subarray(0, held)
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let start = 0
    while (bytes.length - start >= HEADER) {
      const end = start + HEADER + checkedLength(bytes.readUInt32BE(start), limit())
      if (bytes.length < end) break
      yield bytes.subarray(start + HEADER, end)
      start = end
    }
    held = 0
    if (start < bytes.length) hold(bytes.subarray(start))
    else store = EMPTY
  }
}

function checkedLength(length: number, limit: number): number {
  if (length > limit) {
    throw new RuntimeError(
      'codec-too-large',
      `a message of ${length} bytes is announced, ${limit} are allowed`,
      {
        details: { length, limit },
      },
    )
  }
  if (length === 0) throw new RuntimeError('codec-malformed', 'an empty message arrived')
  return length
}
