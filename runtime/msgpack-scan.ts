/**
 * Reads the structure of a MessagePack document without building it, and refuses what must not reach the
 * decoder: extensions, bombs, trailing bytes, keys that are not strings. The codec calls it on every packet.
 * It yields no values. Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import { RuntimeError } from '../actors/errors.ts'
import { MAX_DEPTH } from '../actors/plain.ts'

/** A string longer than `LONG` bytes that begins with a byte order mark: see `codec.ts`. */
export interface MarkedString {
  /** Offset of its header. */
  readonly header: number
  /** Offset of its first byte. */
  readonly start: number
  readonly end: number
}

/** From this length on, msgpackr reads a string with a `TextDecoder`. */
const LONG = 64

/** An empty Uint8Array takes some 200 bytes, where other small values take 64 at most. */
const BYTES_NODES = 4

/**
 * What a message may count beside its own length, so that a small one cannot become much memory by its keys:
 * half a megabyte at 64 bytes a node.
 */
const FREE_NODES = 8_000

interface Container {
  /** Values still to come; a map has two per entry, so an even number means that a key is next. */
  left: number
  readonly map: boolean
  /** Slots that V8 will have allocated for keys that look like array indices. */
  slots: number
}

interface Scan {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly maxNodes: number
  at: number
  nodes: number
  readonly open: Container[]
  readonly marked: MarkedString[]
}

/**
 * Checks that `bytes` is exactly one value of plain data, of at most `MAX_DEPTH` levels and `maxNodes` nodes
 * of some 64 bytes: a node for each key and value, more for those that take more. Throws `codec-malformed` or `codec-too-large`; neither quotes the bytes.
 */
export function scanMessagePack(bytes: Uint8Array, maxNodes: number): readonly MarkedString[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const most = Math.min(maxNodes, FREE_NODES + bytes.length)
  const scan: Scan = { bytes, view, maxNodes: most, at: 0, nodes: 0, open: [], marked: [] }
  spend(scan, 1)
  readValue(scan)
  for (let top = scan.open.at(-1); top !== undefined; top = scan.open.at(-1)) {
    if (top.left === 0) {
      scan.open.pop()
      continue
    }
    const isKey = top.map && top.left % 2 === 0
    top.left--
    if (isKey) readKey(scan, top)
    else readValue(scan)
  }
  if (scan.at !== bytes.length) throw malformed(scan, 'bytes after the end of the message')
  return scan.marked
}

function readValue(scan: Scan): void {
  const header = skip(scan, 1)
  const head = scan.bytes[header] ?? 0
  if (head < 0x80 || head >= 0xe0) return
  if (isString(head)) skipString(scan, head, header)
  else if (head < 0xa0) open(scan, head & 0x0f, head < 0x90)
  else readTyped(scan, head)
}

function readTyped(scan: Scan, head: number): void {
  switch (head) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      break
    case 0xc4: // bin 8, 16, 32
    case 0xc5:
    case 0xc6:
      // toPlain counts bytes as a level, and what was decoded must be fit to be sent on.
      requireDepth(scan)
      spend(scan, BYTES_NODES - 1)
      skip(scan, readLength(scan, 1 << (head - 0xc4)))
      break
    case 0xca: // float 32, 64
      requireNumber(scan, Number.isFinite(scan.view.getFloat32(skip(scan, 4))))
      break
    case 0xcb:
      requireNumber(scan, Number.isFinite(scan.view.getFloat64(skip(scan, 8))))
      break
    case 0xcc: // uint 8, 16, 32
    case 0xcd:
    case 0xce:
      skip(scan, 1 << (head - 0xcc))
      break
    case 0xcf: // uint 64
      requireNumber(scan, Number.isSafeInteger(Number(scan.view.getBigUint64(skip(scan, 8)))))
      break
    case 0xd0: // int 8, 16, 32
    case 0xd1:
    case 0xd2:
      skip(scan, 1 << (head - 0xd0))
      break
    case 0xd3: // int 64
      requireNumber(scan, Number.isSafeInteger(Number(scan.view.getBigInt64(skip(scan, 8)))))
      break
    case 0xdc: // array 16, 32
    case 0xdd:
      open(scan, readLength(scan, 2 << (head - 0xdc)), false)
      break
    case 0xde: // map 16, 32
    case 0xdf:
      open(scan, readLength(scan, 2 << (head - 0xde)), true)
      break
    default: // ext 8 to 32, fixext 1 to 16, and 0xc1, which the format never uses
      throw malformed(scan, head === 0xc1 ? 'a reserved byte' : 'an extension type')
  }
}

function readKey(scan: Scan, map: Container): void {
  const header = skip(scan, 1)
  const head = scan.bytes[header] ?? 0
  if (!isString(head)) throw malformed(scan, 'a map key that is not a string')
  const start = skipString(scan, head, header)
  const length = scan.at - start
  if (length === PROTO.length && PROTO.every((byte, i) => scan.bytes[start + i] === byte)) {
    throw malformed(scan, 'a key that is not allowed')
  }
  if (length <= 4) spendIndex(scan, map, start)
}

const PROTO: readonly number[] = Array.from('__proto__', letter => letter.charCodeAt(0))

const isString = (head: number): boolean => (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb)

/** Returns where the string's bytes begin; they end where the scan stands afterwards. */
function skipString(scan: Scan, head: number, header: number): number {
  const length = head < 0xc0 ? head & 0x1f : readLength(scan, 1 << (head - 0xd9))
  const start = skip(scan, length)
  const { bytes } = scan
  if (length > LONG && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) {
    scan.marked.push({ header, start, end: scan.at })
  }
  return start
}

function open(scan: Scan, entries: number, map: boolean): void {
  requireDepth(scan)
  const left = map ? entries * 2 : entries
  // Each value takes a byte at least: a header that promises more is a lie, refused before anything is allocated.
  if (left > scan.bytes.length - scan.at) throw malformed(scan, 'a length beyond the end of the message')
  spend(scan, left)
  scan.open.push({ left, map, slots: 0 })
}

/**
 * V8 keeps keys like "1000" in an array with room for every index below, up to 12 KB for a 6-byte entry
 * (measured: 30,000 such maps take 365 MB). So they are charged for the slots they cause, 64 bytes a node;
 * a gap of 1,024 slots or more makes V8 change to a dictionary, which is not charged.
 */
function spendIndex(scan: Scan, map: Container, start: number): void {
  let index = 0
  for (let at = start; at < scan.at; at++) {
    const digit = (scan.bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9 || (digit === 0 && at === start && scan.at - start > 1)) return
    index = index * 10 + digit
  }
  if (scan.at === start || index < map.slots || index - map.slots >= 1_024) return
  const slots = Math.floor(1.5 * (index + 1)) + 16
  spend(scan, (slots - map.slots) >> 3)
  map.slots = slots
}

function spend(scan: Scan, nodes: number): void {
  scan.nodes += nodes
  if (scan.nodes <= scan.maxNodes) return
  throw tooMany(scan.maxNodes)
}

function readLength(scan: Scan, size: number): number {
  const at = skip(scan, size)
  if (size === 1) return scan.view.getUint8(at)
  return size === 2 ? scan.view.getUint16(at) : scan.view.getUint32(at)
}

/** Moves past `length` bytes and returns where they begin. */
function skip(scan: Scan, length: number): number {
  const at = scan.at
  if (length > scan.bytes.length - at) throw malformed(scan, 'a length beyond the end of the message')
  scan.at = at + length
  return at
}

function requireDepth(scan: Scan): void {
  if (scan.open.length >= MAX_DEPTH) throw malformed(scan, 'nesting that is too deep')
}

function requireNumber(scan: Scan, sound: boolean): void {
  if (!sound) throw malformed(scan, 'a number that is not finite or not exact')
}

const malformed = (scan: Scan, found: string): RuntimeError =>
  new RuntimeError('codec-malformed', `a received message holds ${found}`, { details: { at: scan.at } })

/** Also what the codec throws when it is asked to send such a message. */
export const tooMany = (maxNodes: number): RuntimeError =>
  new RuntimeError('codec-too-large', `a message counts for more than ${maxNodes} values`, {
    why: 'keys and values count one each, byte arrays four, and keys like array indices what they reserve',
    fix: 'send less at once, or send a reference to where the data is kept',
    details: { maxNodes },
  })
