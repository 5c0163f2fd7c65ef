/**
 * `nats.json` of a data directory: where the NATS server of this project answers, written down by whoever runs it and
 * read by every command that looks for one. It names files with secrets, and holds none.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { lstat, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface NatsNote {
  /** Of the process that wrote it. */
  readonly pid: number
  /** Without credentials. */
  readonly url: string
  /** ISO 8601. */
  readonly startedAt: string
  /** Files: the seed of a user, or credentials as `nsc` writes them. */
  readonly nkey?: string
  readonly creds?: string
  /** Certificates of the authorities that vouch for the server. */
  readonly ca?: string
  /** The server's own process, and its name, by which it is known again. */
  readonly server?: { readonly pid: number; readonly name: string }
}

const MAX_BYTES = 16 * 1024

/** Where the server of a data directory keeps everything of its own. */
export const natsDirectory = (dataDir: string): string => join(dataDir, 'nats')

const noteOf = (dataDir: string): string => join(dataDir, 'nats.json')

/** For this user alone, and whole or not at all. */
export async function writeNatsNote(dataDir: string, note: NatsNote): Promise<void> {
  await writePrivately(noteOf(dataDir), `${JSON.stringify({ v: 1, ...note })}\n`)
}

/** Writes a file for this user alone, which others see whole or not at all. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.new`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

export const removeNatsNote = (dataDir: string): Promise<void> => rm(noteOf(dataDir), { force: true })

/** What is written there, if this user wrote it; undefined if nothing is, or nothing that can be relied on. */
export async function readNatsNote(dataDir: string): Promise<NatsNote | undefined> {
  const path = noteOf(dataDir)
  try {
    const found = await lstat(path)
    if (!found.isFile() || found.size > MAX_BYTES || !isPrivate(found)) return undefined
    return noteFrom(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // Absent, foreign, or half a note: then there is no server to be found by it.
    return undefined
  }
}

/** A checkout of somebody else's project must not say where work and its secrets are sent. */
const isPrivate = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o077) === 0)

function noteFrom(value: unknown): NatsNote | undefined {
  const { v, pid, url, startedAt, nkey, creds, ca, server } = Object(value) as Record<string, unknown>
  if (v !== 1 || !isPid(pid) || typeof url !== 'string' || typeof startedAt !== 'string') return undefined
  const own = Object(server) as Record<string, unknown>
  return {
    pid,
    url,
    startedAt,
    ...(typeof nkey === 'string' && { nkey }),
    ...(typeof creds === 'string' && { creds }),
    ...(typeof ca === 'string' && { ca }),
    ...(isPid(own['pid']) &&
      typeof own['name'] === 'string' && { server: { pid: own['pid'], name: own['name'] } }),
  }
}

const isPid = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 1

/** True while a process of that number, and of this user, lives. One whose end nobody has looked at is dead. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // Gone, or of somebody else, who has not written our note.
    return false
  }
}
