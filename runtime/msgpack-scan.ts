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

interface Scan {
  readonly bytes: Uint8Array
  readonly maxNodes: number
  at: number
  nodes: number
  /** How many containers are open around what is read next. */
  depth: number
  marked: MarkedString[] | undefined
}

const UNMARKED: readonly MarkedString[] = []

/**
 * Checks that `bytes` is exactly one value of plain data, of at most `MAX_DEPTH` levels and `maxNodes` nodes
 * of some 64 bytes: a node for each key and value, more for those that take more. Throws `codec-malformed` or `codec-too-large`; neither quotes the bytes.
 */
export function scanMessagePack(bytes: Uint8Array, maxNodes: number): readonly MarkedString[] {
  const most = Math.min(maxNodes, FREE_NODES + bytes.length)
  const scan: Scan = { bytes, maxNodes: most, at: 0, nodes: 0, depth: 0, marked: undefined }
  spend(scan, 1)
  readValue(scan)
  if (scan.at !== bytes.length) throw malformed(scan, 'bytes after the end of the message')
  return scan.marked ?? UNMARKED
}

function readValue(scan: Scan): void {
  const header = skip(scan, 1)
  const head = scan.bytes[header] ?? 0
  if (head < 0x80 || head >= 0xe0) return
  if (isString(head)) skipString(scan, head, header)
  else if (head < 0x90) readMap(scan, head & 0x0f)
  else if (head < 0xa0) readArray(scan, head & 0x0f)
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
      skip(scan, readUint(scan, 1 << (head - 0xc4)))
      break
    case 0xca: // float 32, 64
      requireFinite(scan, skip(scan, 4), 0x7f80)
      break
    case 0xcb:
      requireFinite(scan, skip(scan, 8), 0x7ff0)
      break
    case 0xcc: // uint 8, 16, 32
    case 0xcd:
    case 0xce:
      skip(scan, 1 << (head - 0xcc))
      break
    case 0xcf: // uint 64
      requireNumber(scan, isSafe(readUint(scan, 4), readUint(scan, 4)))
      break
    case 0xd0: // int 8, 16, 32
    case 0xd1:
    case 0xd2:
      skip(scan, 1 << (head - 0xd0))
      break
    case 0xd3: // int 64
      requireNumber(scan, isSafe(readUint(scan, 4) | 0, readUint(scan, 4)))
      break
    case 0xdc: // array 16, 32
    case 0xdd:
      readArray(scan, readUint(scan, 2 << (head - 0xdc)))
      break
    case 0xde: // map 16, 32
    case 0xdf:
      readMap(scan, readUint(scan, 2 << (head - 0xde)))
      break
    default: // ext 8 to 32, fixext 1 to 16, and 0xc1, which the format never uses
      throw malformed(scan, head === 0xc1 ? 'a reserved byte' : 'an extension type')
  }
}

function readArray(scan: Scan, items: number): void {
  open(scan, items)
  for (let i = 0; i < items; i++) readValue(scan)
  scan.depth--
}

function readMap(scan: Scan, entries: number): void {
  open(scan, entries * 2)
  let slots = 0
  for (let i = 0; i < entries; i++) {
    slots = readKey(scan, slots)
    readValue(scan)
  }
  scan.depth--
}

/** `slots` are those that V8 will have allocated for the keys before, that look like array indices; returns those after it. */
function readKey(scan: Scan, slots: number): number {
  const header = skip(scan, 1)
  const head = scan.bytes[header] ?? 0
  if (!isString(head)) throw malformed(scan, 'a map key that is not a string')
  const start = skipString(scan, head, header)
  const length = scan.at - start
  if (length === PROTO.length && PROTO.every((byte, i) => scan.bytes[start + i] === byte)) {
    throw malformed(scan, 'a key that is not allowed')
  }
  return length <= 4 ? spendIndex(scan, slots, start) : slots
}

const PROTO: readonly number[] = Array.from('__proto__', letter => letter.charCodeAt(0))

const isString = (head: number): boolean => (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb)

/** Returns where the string's bytes begin; they end where the scan stands afterwards. */
function skipString(scan: Scan, head: number, header: number): number {
  const length = head < 0xc0 ? head & 0x1f : readUint(scan, 1 << (head - 0xd9))
  const start = skip(scan, length)
  const { bytes } = scan
  if (length > LONG && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) {
    scan.marked ??= []
    scan.marked.push({ header, start, end: scan.at })
  }
  return start
}

function open(scan: Scan, left: number): void {
  requireDepth(scan)
  // Each value takes a byte at least: a header that promises more is a lie, refused before anything is allocated.
  if (left > scan.bytes.length - scan.at) throw malformed(scan, 'a length beyond the end of the message')
  spend(scan, left)
  scan.depth++
}

/**
 * V8 keeps keys like "1000" in an array with room for every index below, up to 12 KB for a 6-byte entry
 * (measured: 30,000 such maps take 365 MB). So they are charged for the slots they cause, 64 bytes a node;
 * a gap of 1,024 slots or more makes V8 change to a dictionary, which is not charged.
 */
function spendIndex(scan: Scan, before: number, start: number): number {
  let index = 0
  for (let at = start; at < scan.at; at++) {
    const digit = (scan.bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9 || (digit === 0 && at === start && scan.at - start > 1)) return before
    index = index * 10 + digit
  }
  if (scan.at === start || index < before || index - before >= 1_024) return before
  const slots = Math.floor(1.5 * (index + 1)) + 16
  spend(scan, (slots - before) >> 3)
  return slots
}

function spend(scan: Scan, nodes: number): void {
  scan.nodes += nodes
  if (scan.nodes <= scan.maxNodes) return
  throw tooMany(scan.maxNodes)
}

/** Big-endian, of 1, 2 or 4 bytes. By hand: a DataView costs more to make than a small message to scan. */
function readUint(scan: Scan, size: number): number {
  const { bytes } = scan
  const at = skip(scan, size)
  let value = 0
  for (let i = at; i < at + size; i++) value = value * 256 + (bytes[i] ?? 0)
  return value
}

/** Whether a 64-bit integer is one that a number holds exactly, by its halves; `high` has the sign. */
function isSafe(high: number, low: number): boolean {
  return Number.isSafeInteger(high * 2 ** 32 + low)
}

/** Throws for a float at `at` whose `exponent` bits, in its first two bytes, are all set: infinite, or not a number. */
function requireFinite(scan: Scan, at: number, exponent: number): void {
  const head = ((scan.bytes[at] ?? 0) << 8) | (scan.bytes[at + 1] ?? 0)
  requireNumber(scan, (head & exponent) !== exponent)
}

/** Moves past `length` bytes and returns where they begin. */
function skip(scan: Scan, length: number): number {
  const at = scan.at
  if (length > scan.bytes.length - at) throw malformed(scan, 'a length beyond the end of the message')
  scan.at = at + length
  return at
}

function requireDepth(scan: Scan): void {
  if (scan.depth >= MAX_DEPTH) throw malformed(scan, 'nesting that is too deep')
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
