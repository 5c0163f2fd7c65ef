/**
 * What the files of a LevelDB hold, whoever is still meant to see it: tables block by block and unpacked, logs with
 * their fragments joined. Used by tests that look for bytes that must be gone. Formats: doc/table_format.md,
 * doc/log_format.md of LevelDB, format_description.txt of Snappy.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Every file of a directory, and of its folders, as it is and as what it unpacks to. */
export async function contentsOf(dir: string): Promise<{ readonly name: string; readonly bytes: Buffer }[]> {
  const all: { readonly name: string; readonly bytes: Buffer }[] = []
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const name = join(entry.parentPath, entry.name)
    const bytes = await readFile(name).catch(error => {
      // LevelDB removes files whenever it likes.
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!bytes) continue
    all.push({ name, bytes })
    if (/\.(?:ldb|sst)$/.test(name)) all.push({ name: `${name} unpacked`, bytes: unpackedTable(bytes) })
    if (/\.log$|MANIFEST/.test(name)) all.push({ name: `${name} joined`, bytes: joinedLog(bytes) })
  }
  return all
}

/** Where any 8 bytes in a row of one of `markers` stand: a compression may leave no more of them in one piece. */
export async function filesWith(dir: string, markers: readonly string[]): Promise<string[]> {
  const windows = new Map<number, Buffer[]>()
  for (const marker of markers) {
    const bytes = Buffer.from(marker)
    for (let at = 0; at + WINDOW <= bytes.length; at++) {
      const start = bytes.readUInt32BE(at)
      windows.set(start, [...(windows.get(start) ?? []), bytes.subarray(at, at + WINDOW)])
    }
  }
  const found = new Set<string>()
  for (const { name, bytes } of await contentsOf(dir)) {
    for (const window of windowsIn(bytes, windows)) found.add(`${window} in ${name}`)
  }
  return [...found]
}

const WINDOW = 8

function windowsIn(bytes: Buffer, windows: ReadonlyMap<number, readonly Buffer[]>): readonly string[] {
  const found: string[] = []
  let four = 0
  for (let at = 0; at < bytes.length; at++) {
    four = ((four << 8) | (bytes[at] ?? 0)) >>> 0
    const candidates = windows.get(four)
    if (!candidates) continue
    const here = bytes.subarray(at - 3, at - 3 + WINDOW)
    for (const window of candidates) if (window.equals(here)) found.push(window.toString())
  }
  return found
}

const FOOTER = 48

/** Keys that share their beginning with the one before are made whole. */
function unpackedTable(file: Buffer): Buffer {
  const footer = file.subarray(file.length - FOOTER)
  let at = 0
  const handle = (): [number, number] => {
    const [offset, next] = varint(footer, at)
    const [size, end] = varint(footer, next)
    at = end
    return [offset, size]
  }
  handle()
  const index = blockAt(file, ...handle())
  const parts: Buffer[] = []
  for (const { key, value } of entriesOf(index)) {
    const [offset, next] = varint(value, 0)
    const [size] = varint(value, next)
    parts.push(key)
    for (const entry of entriesOf(blockAt(file, offset, size))) parts.push(entry.key, entry.value)
  }
  return Buffer.concat(parts)
}

function blockAt(file: Buffer, offset: number, size: number): Buffer {
  const bytes = file.subarray(offset, offset + size)
  return file[offset + size] === 1 ? unsnapped(bytes) : bytes
}

function entriesOf(block: Buffer): { readonly key: Buffer; readonly value: Buffer }[] {
  const restarts = block.readUInt32LE(block.length - 4)
  const end = block.length - 4 - 4 * restarts
  const entries: { readonly key: Buffer; readonly value: Buffer }[] = []
  let before = Buffer.alloc(0)
  for (let at = 0; at < end; ) {
    const [shared, one] = varint(block, at)
    const [rest, two] = varint(block, one)
    const [size, three] = varint(block, two)
    const key = Buffer.concat([before.subarray(0, shared), block.subarray(three, three + rest)])
    entries.push({ key, value: block.subarray(three + rest, three + rest + size) })
    at = three + rest + size
    before = key
  }
  return entries
}

function varint(bytes: Buffer, from: number): [value: number, next: number] {
  let value = 0
  for (let at = from, factor = 1; ; at++, factor *= 128) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * factor
    if (byte < 128) return [value, at + 1]
  }
}

function unsnapped(bytes: Buffer): Buffer {
  const [length, start] = varint(bytes, 0)
  const out = Buffer.alloc(length)
  let to = 0
  for (let at = start; at < bytes.length; ) {
    const tag = bytes[at++] ?? 0
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >> 2) - 59)
      const size = (extra === 0 ? tag >> 2 : bytes.readUIntLE(at, extra)) + 1
      at += extra
      to += bytes.copy(out, to, at, at + size)
      at += size
      continue
    }
    const kind = tag & 3
    const size = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const width = kind === 3 ? 4 : kind
    const back = kind === 1 ? ((tag >> 5) << 8) | (bytes[at] ?? 0) : bytes.readUIntLE(at, width)
    at += width
    for (let i = 0; i < size; i++, to++) out[to] = out[to - back] ?? 0
  }
  return out
}

const LOG_BLOCK = 32_768

function joinedLog(file: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let block = 0; block < file.length; block += LOG_BLOCK) {
    const end = Math.min(block + LOG_BLOCK, file.length)
    for (let at = block; at + 7 <= end; ) {
      const size = file.readUInt16LE(at + 4)
      parts.push(file.subarray(at + 7, Math.min(at + 7 + size, end)))
      at += 7 + size
    }
  }
  return Buffer.concat(parts)
}
