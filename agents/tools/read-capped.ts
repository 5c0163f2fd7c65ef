/**
 * Reads an open file up to a limit. Called by the file tool and the corpus. The size a file claims is not
 * enough: it may grow while it is read, or claim none at all, as the files in `/proc` do.
 */
import type { FileHandle } from 'node:fs/promises'
import { tooLarge } from './documents.ts'

/** All bytes of `handle`, which stays open. Throws `too-large`; `path` is for its message. */
export async function readCapped(handle: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  if ((await handle.stat()).size > maxBytes) throw tooLarge(path, maxBytes)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of handle.createReadStream({ autoClose: false, end: maxBytes })) {
    chunks.push(chunk as Uint8Array)
    size += (chunk as Uint8Array).byteLength
  }
  if (size > maxBytes) throw tooLarge(path, maxBytes)
  return Buffer.concat(chunks, size)
}
