/**
 * One owner per data directory, decided before LevelDB is touched: its own lock is dropped when the process
 * that holds it opens the directory again. Called by `level.ts`. Owning is a listening unix socket, which dies
 * with its process, under a name that is created once and never reused (`owner.<epoch>.sock`): taking over
 * from a dead owner is creating the next epoch, so that nobody ever removes a name that another just made.
 */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readdir, realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { RuntimeError } from '../actors/errors.ts'

export interface Owned {
  /** The directory under its one real name. */
  readonly dir: string
  release(): Promise<void>
}

/** A process that owns a directory, as it tells others. */
export interface Holder {
  readonly pid: number
  readonly command: string
  readonly startedAt: string
}

/** Where the sockets of one directory are, and how they are named. */
export interface Place {
  readonly folder: string
  readonly prefix: string
}

/** The shortest limit of the platforms we run on (macOS: 104 with the final zero; Linux: 108). */
const MAX_SOCKET_PATH = 103
const LONGEST_NAME = 'owner.9007199254740991.sock'
const PROBE_MS = 2_000
const MAX_ANSWER = 4_096
const MAX_ROUNDS = 100

/**
 * Makes this call the only owner of `dir`, which is created (mode 0700) if it is not there, until `release`
 * or the end of the process. Throws `store-locked` with `{ pid, command, startedAt }` of the owner in its
 * details, `store-failed` when the directory cannot be used.
 */
export async function ownDirectory(path: string): Promise<Owned> {
  const dir = await usableDirectory(path)
  const place = placeOf(dir)
  const listening = join(place.folder, `${place.prefix}.${randomBytes(4).toString('hex')}.new`)
  const server = await listen(listening)
  try {
    await win(dir, place, listening)
  } catch (error) {
    await closed(server)
    throw error
  } finally {
    await rm(listening, { force: true })
  }
  return { dir, release: () => closed(server) }
}

/** The real name of `path`, which is created (mode 0700) if it is not there. Throws `store-failed`. */
export async function usableDirectory(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    return await realpath(path)
  } catch (cause) {
    throw unusable(path, cause)
  }
}

/** In `dir` itself, or in the system's folder for temporary files when that path is too long for a socket. */
export function placeOf(dir: string): Place {
  if (Buffer.byteLength(join(dir, LONGEST_NAME)) <= MAX_SOCKET_PATH) return { folder: dir, prefix: 'owner' }
  const name = createHash('sha256').update(dir).digest('hex').slice(0, 16)
  return { folder: tmpdir(), prefix: `ac-${name}` }
}

/** Links the listening socket to the epoch after the last one, once the last one's owner is known to be dead. */
async function win(dir: string, place: Place, listening: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const last = Math.max(0, ...(await epochs(place)))
    const holder = last > 0 ? await probe(nameOf(place, last)) : 'dead'
    if (holder !== 'dead') throw locked(dir, holder)
    const mine = last + 1
    if (!(await linked(listening, nameOf(place, mine)))) continue
    const all = await epochs(place)
    // A rival may have gone two epochs ahead and swept this name before we made it: the highest one owns.
    if (Math.max(...all) === mine) {
      for (const epoch of all) if (epoch < mine) await rm(nameOf(place, epoch), { force: true })
      return
    }
    await rm(nameOf(place, mine), { force: true })
  }
  throw unusable(dir, new Error('others keep taking it'))
}

const nameOf = (place: Place, epoch: number): string => join(place.folder, `${place.prefix}.${epoch}.sock`)

async function epochs({ folder, prefix }: Place): Promise<number[]> {
  const names = await readdir(folder)
  return names
    .filter(name => name.startsWith(`${prefix}.`) && name.endsWith('.sock'))
    .map(name => Number(name.slice(prefix.length + 1, -'.sock'.length)))
    .filter(epoch => Number.isSafeInteger(epoch) && epoch > 0)
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw unusable(to, error)
  }
}

/** This process. The program, never its arguments: they may hold secrets, and this ends up in logs. */
export const thisProcess = (): Holder => ({
  pid: process.pid,
  command: [process.argv[0], process.argv[1]].map(part => basename(part ?? '')).join(' '),
  startedAt: new Date(performance.timeOrigin).toISOString(),
})

async function listen(path: string): Promise<Server> {
  const self = thisProcess()
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.setTimeout(PROBE_MS, () => socket.destroy())
    socket.end(JSON.stringify(self))
    socket.resume()
    socket.unref()
  })
  server.unref()
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
    await chmod(path, 0o600)
  } catch (error) {
    await closed(server)
    throw unusable(path, error)
  }
  return server
}

const closed = (server: Server): Promise<void> => new Promise(resolve => server.close(() => resolve()))

/** Who answers at a socket. An owner that is stopped or busy does not answer, and is an owner all the same. */
function probe(path: string): Promise<Holder | 'dead' | 'silent'> {
  return new Promise(resolve => {
    const socket: Socket = connect(path)
    let answer = ''
    const settle = (outcome: Holder | 'dead' | 'silent'): void => {
      socket.destroy()
      resolve(outcome)
    }
    socket.setEncoding('utf8')
    socket.setTimeout(PROBE_MS, () => settle('silent'))
    socket.on('data', (part: string) => {
      answer += part
      if (answer.length > MAX_ANSWER) settle('silent')
    })
    socket.on('end', () => settle(readHolder(answer)))
    socket.on('error', error => {
      const code = codeOf(error)
      settle(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'dead' : 'silent')
    })
  })
}

function readHolder(answer: string): Holder | 'silent' {
  try {
    // Whoever listens there is alive, which is all that decides.
    return holderFrom(JSON.parse(answer)) ?? 'silent'
  } catch {
    return 'silent'
  }
}

/** What a process said of itself; undefined for anything else. */
export function holderFrom(value: unknown): Holder | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, command, startedAt } = value as Record<string, unknown>
  if (!Number.isSafeInteger(pid) || typeof command !== 'string' || typeof startedAt !== 'string')
    return undefined
  return { pid: Number(pid), command: command.slice(0, 200), startedAt: startedAt.slice(0, 40) }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

function locked(dir: string, holder: Holder | 'silent'): RuntimeError {
  const who =
    holder === 'silent'
      ? 'a process that does not answer'
      : `process ${holder.pid} (${holder.command}, since ${holder.startedAt})`
  return new RuntimeError('store-locked', `"${dir}" belongs to ${who}`, {
    why: 'a data directory has one owner at a time',
    fix: 'stop the other one, or use another directory',
    details: { dir, ...(holder !== 'silent' && holder) },
  })
}

const unusable = (path: string, cause: unknown): RuntimeError =>
  new RuntimeError('store-failed', `"${path}" cannot be used as a data directory`, {
    why: cause instanceof Error ? cause.message : String(cause),
    fix: 'choose a directory on a local disk that this user may write',
    cause,
  })
