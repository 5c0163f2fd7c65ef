/**
 * How far a store was written, kept outside of LevelDB: a damaged log makes LevelDB drop its tail without a
 * word, and only a second witness can tell. Called by `level.ts` after every write. Never synced itself: the
 * mark trails what it vouches for, so losing its last values in a power cut makes it forget, never lie.
 *
 * It is written by a plain system call, not through a thread: 24 bytes into a page that is cached take 2 µs, the
 * way through a thread 40, which every commit would wait for.
 */
import { writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'

export interface Mark {
  /** The last acknowledged write. */
  readonly written: number
  /** The last one that was acknowledged as synced, with all before it. */
  readonly synced: number
}

export interface HighWater {
  /** What was last set; undefined when both copies are damaged. */
  readonly found: Mark | undefined
  /** Sets the mark back to what there is, in both copies. */
  reset(mark: Mark): void
  /** Both throw the system's errors. */
  set(mark: Mark): void
  close(): Promise<void>
}

/** Two slots written in turn: a torn or damaged one leaves the other, which is one write older. */
const SLOT = 24

/** Opens the file at `path`, or with `create` makes it, which is synced. Rejects with the system's errors. */
export async function openHighWater(path: string, { create }: { create: boolean }): Promise<HighWater> {
  const file = await (create ? created(path) : open(path, 'r+'))
  const marks = await readSlots(file)
  let turn = marks[0] && (!marks[1] || marks[0].written >= marks[1].written) ? 1 : 0
  const found = marks[1 - turn]
  const slot = Buffer.alloc(SLOT)
  const set = (mark: Mark): void => {
    const written = writeSync(file.fd, encodeSlot(mark, slot), 0, SLOT, turn * SLOT)
    if (written !== SLOT) throw new Error(`${written} of ${SLOT} bytes of the mark were written`)
    turn = 1 - turn
  }
  return {
    found,
    set,
    reset(mark) {
      set(mark)
      set(mark)
    },
    close: () => file.close(),
  }
}

async function created(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx+', 0o600)
  const none = encodeSlot({ written: 0, synced: 0 })
  await file.write(Buffer.concat([none, none]), 0, 2 * SLOT, 0)
  await file.sync()
  const folder = await open(dirname(path), 'r')
  await folder.sync()
  await folder.close()
  return file
}

async function readSlots(file: FileHandle): Promise<(Mark | undefined)[]> {
  const bytes = Buffer.alloc(2 * SLOT)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
  return [0, SLOT].map(at => (at + SLOT <= bytesRead ? decodeSlot(bytes.subarray(at, at + SLOT)) : undefined))
}

function encodeSlot({ written, synced }: Mark, slot = Buffer.alloc(SLOT)): Buffer {
  slot.writeBigUInt64BE(BigInt(written), 8)
  slot.writeBigUInt64BE(BigInt(synced), 16)
  slot.writeUInt32BE(crc32(slot.subarray(8)), 0)
  return slot
}

function decodeSlot(slot: Buffer): Mark | undefined {
  if (slot.readUInt32BE(0) !== crc32(slot.subarray(8)) || slot.readUInt32BE(4) !== 0) return undefined
  return { written: Number(slot.readBigUInt64BE(8)), synced: Number(slot.readBigUInt64BE(16)) }
}
