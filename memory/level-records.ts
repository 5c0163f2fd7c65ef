/**
 * The format of LevelDB's logs and of its manifest, read as LevelDB 1.20 does (db/log_reader.cc, doc/log_format.md),
 * which leaves out what is damaged and goes on behind it. Pure. Called by `level-gaps.ts`.
 */

export interface LogRecord {
  /** Offset behind it. */
  readonly end: number
  readonly body: Buffer
}

export interface LogContent {
  readonly records: readonly LogRecord[]
  /** False when LevelDB calls something damaged; what is cut off at the end is not, nor are zeros. */
  readonly isWhole: boolean
}

const BLOCK = 32_768
const HEADER = 7
const FULL = 1
const FIRST = 2
const MIDDLE = 3
const LAST = 4

/** Whole records, or pieces of one: a record may span blocks, a piece may not. */
type Piece =
  | { readonly type: number; readonly body: Buffer; readonly next: number }
  | { readonly type: 'damaged' | 'zeros'; readonly next: number }

/** Everything that LevelDB would read from a log with these bytes. */
export function readLog(file: Buffer): LogContent {
  const records: LogRecord[] = []
  let begun: Buffer[] | undefined
  let isWhole = true
  for (let piece = pieceAt(file, 0); piece; piece = pieceAt(file, piece.next)) {
    const { type, next } = piece
    // A record that was begun and not ended; LevelDB allows for an empty beginning.
    if ((type === FULL || type === FIRST) && begun?.some(({ length }) => length > 0)) isWhole = false
    if (type === FIRST) {
      begun = [piece.body]
    } else if (type === MIDDLE && begun) {
      begun.push(piece.body)
    } else if (type === FULL || (type === LAST && begun)) {
      const body = type === FULL ? piece.body : Buffer.concat([...(begun ?? []), piece.body])
      records.push({ end: next, body })
      begun = undefined
    } else {
      // LevelDB takes zeros for room that was not used yet, and says nothing of them.
      if (type !== 'zeros' || begun) isWhole = false
      begun = undefined
    }
  }
  return { records, isWhole }
}

/** The piece at an offset; undefined at the end, where half a piece is no damage: its writer was interrupted. */
function pieceAt(file: Buffer, offset: number): Piece | undefined {
  let at = offset
  let end = Math.min(at - (at % BLOCK) + BLOCK, file.length)
  if (end - at < HEADER && end % BLOCK === 0) {
    at = end
    end = Math.min(at + BLOCK, file.length)
  }
  if (end - at < HEADER) return undefined
  const length = file.readUInt16LE(at + 4)
  const type = file[at + 6] ?? 0
  const next = at + HEADER + length
  const damaged: Piece = { type: 'damaged', next: end }
  if (next > end) return end % BLOCK === 0 ? damaged : undefined
  if (type === 0 && length === 0) return { type: 'zeros', next: end }
  const checked = file.subarray(at + HEADER - 1, next)
  if (masked(crc32c(checked)) !== file.readUInt32LE(at)) return damaged
  return { type, body: checked.subarray(1), next }
}

/** A batch of writes, as a log's record holds it (db/write_batch.cc). */
export interface WrittenBatch {
  /** Number of its first entry; entries are numbered without gaps. */
  readonly sequence: number
  /** Number of the entry after its last. */
  readonly next: number
}

/** Undefined for what is none, which LevelDB leaves out. */
export function readBatch(body: Buffer): WrittenBatch | undefined {
  if (body.length < BATCH_HEADER) return undefined
  const sequence = Number(body.readBigUInt64LE(0))
  return { sequence, next: sequence + body.readUInt32LE(8) }
}

const BATCH_HEADER = 12
const PUT = 1

/** What a batch puts under `key`; the last one, when it does so several times. */
export function valueIn(body: Buffer, key: Buffer): Buffer | undefined {
  const cursor = cursorOn(body.subarray(BATCH_HEADER))
  let found: Buffer | undefined
  while (cursor.isOpen()) {
    const type = cursor.number()
    const isKey = cursor.bytes().equals(key)
    const value = type === PUT ? cursor.bytes() : undefined
    if (isKey && cursor.isWhole()) found = value
  }
  return found
}

/** Where LevelDB goes on when it is opened. */
export interface LogsFrom {
  /** Logs of lower numbers are in tables. */
  readonly log: number
  /** Number of the first entry that is in no table. */
  readonly sequence: number
}

/**
 * What a manifest (db/version_edit.cc) says of the logs. `lastKey` is below all others and ends every batch: in each
 * table that holds it it comes first, with its number, and the highest such number is that of the last entry that
 * is in any table. Undefined when something in it is damaged.
 */
export function readManifest(file: Buffer, lastKey: Buffer): LogsFrom | undefined {
  const { records, isWhole } = readLog(file)
  if (!isWhole || records.length === 0) return undefined
  let log = 0
  let atOpening: number | undefined
  let inTables = 0
  for (const { body } of records) {
    const edit = readEdit(body, lastKey)
    if (!edit) return undefined
    log = edit.log ?? log
    inTables = Math.max(inTables, edit.inTables)
    // The first edit with a log is made by opening, when nothing is being written. LevelDB goes on from what it
    // numbered last, also when that was lost.
    if (edit.log !== undefined) atOpening ??= edit.sequence
  }
  return { log, sequence: Math.max(inTables, atOpening ?? 0) + 1 }
}

interface Edit {
  readonly log: number | undefined
  readonly sequence: number | undefined
  readonly inTables: number
}

const TAGS = {
  comparator: 1,
  log: 2,
  nextFile: 3,
  sequence: 4,
  compacted: 5,
  removed: 6,
  table: 7,
  oldLog: 9,
}
/** An internal key ends with its entry's number and type. */
const SUFFIX = 8

function readEdit(body: Buffer, lastKey: Buffer): Edit | undefined {
  const cursor = cursorOn(body)
  let log: number | undefined
  let sequence: number | undefined
  let inTables = 0
  while (cursor.isOpen()) {
    const tag = cursor.number()
    if (tag === TAGS.comparator) cursor.bytes()
    else if (tag === TAGS.log) log = cursor.number()
    else if (tag === TAGS.nextFile || tag === TAGS.oldLog) cursor.number()
    else if (tag === TAGS.sequence) sequence = cursor.number()
    else if (tag === TAGS.compacted) cursor.skip(1).bytes()
    else if (tag === TAGS.removed) cursor.skip(2)
    else if (tag === TAGS.table) {
      const smallest = cursor.skip(3).bytes()
      cursor.bytes()
      if (smallest.length === lastKey.length + SUFFIX && smallest.subarray(0, lastKey.length).equals(lastKey))
        inTables = Math.max(inTables, Number(smallest.readBigUInt64LE(lastKey.length) >> 8n))
    } else return undefined
  }
  return cursor.isWhole() ? { log, sequence, inTables } : undefined
}

interface Cursor {
  /** Whether there is more, all of it whole so far. */
  isOpen(): boolean
  isWhole(): boolean
  /** A number of seven bits per byte (util/coding.cc); 0 behind the end. */
  number(): number
  /** Bytes behind their number; none behind the end. */
  bytes(): Buffer
  /** Passes over so many numbers. */
  skip(numbers: number): Cursor
}

function cursorOn(from: Buffer): Cursor {
  let at = 0
  let whole = true
  const number = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = from[at++]
      if (byte === undefined) {
        whole = false
        return 0
      }
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const cursor: Cursor = {
    isOpen: () => whole && at < from.length,
    isWhole: () => whole,
    number,
    bytes() {
      const length = number()
      const start = at
      if (length > from.length - at) whole = false
      at = whole ? at + length : from.length
      return whole ? from.subarray(start, at) : from.subarray(from.length)
    },
    skip(numbers) {
      for (let n = 0; n < numbers; n++) number()
      return cursor
    },
  }
  return cursor
}

/** CRC-32C (Castagnoli), RFC 3720 appendix B.4, by table. Node has only the other CRC-32. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

export function crc32c(bytes: Uint8Array): number {
  let crc = -1
  for (let at = 0; at < bytes.length; at++)
    crc = (CRC_TABLE[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** As it is stored (util/crc32c.h). */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
