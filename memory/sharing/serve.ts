/**
 * The socket at which the owner of a directory serves the other processes of the machine. Called by whoever owns
 * the directory, and only by them: that is what lets them replace the socket of the owner before.
 */
import { chmod, lstat, rename, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { RuntimeError } from '../../actors/errors.ts'
import { placeOf } from '../owner.ts'
import { type ServedConnection, type ServeOptions, serveConnection } from './serve-connection.ts'

export interface MemoryServer {
  /** Takes no new calls, answers those under way, ends all connections. */
  close(): Promise<void>
}

/** Where the owner of `dir` (its real name) listens. */
export function sharePath(dir: string): string {
  const { folder, prefix } = placeOf(dir)
  return join(folder, folder === dir ? 'share.sock' : `${prefix}-share.sock`)
}

/**
 * Whether nobody but this user, the owner of `dir` or root can have made the socket: in a folder for temporary
 * files another user could have been there first.
 */
export async function isOurs(dir: string, path: string): Promise<boolean> {
  const [socket, folder] = await Promise.all([lstat(path), stat(dir)])
  return socket.isSocket() && [process.getuid?.(), folder.uid, 0].includes(socket.uid)
}

/** Serves until `close`; does not keep the process alive. Throws `store-failed` when the socket cannot be made. */
export async function serveMemory(dir: string, options: ServeOptions): Promise<MemoryServer> {
  const { clock, limits } = options
  const connections = new Set<ServedConnection>()
  const server = createServer(socket => {
    socket.unref()
    const connection = serveConnection(socket, options)
    connections.add(connection)
    connection.ended.finally(() => connections.delete(connection))
  })
  server.maxConnections = limits.clients
  server.unref()
  const path = sharePath(dir)
  try {
    await listenAt(server, path)
  } catch (cause) {
    server.close()
    throw unusable(path, cause)
  }
  return {
    async close() {
      await rm(path, { force: true })
      server.close()
      const cancel = clock.at(clock.now() + limits.drainMs, () => {
        for (const connection of connections) connection.destroy()
      })
      for (const connection of connections) connection.drain()
      while (connections.size > 0) await Promise.all([...connections].map(({ ended }) => ended))
      cancel()
    },
  }
}

/** Under another name first: nobody finds it before it is closed to others, and a dead owner's is replaced at once. */
async function listenAt(server: Server, path: string): Promise<void> {
  const unnamed = `${path.slice(0, -'.sock'.length)}.new`
  await rm(unnamed, { force: true })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(unnamed, resolve))
  // A client whose connection could not be accepted gets no greeting, and tries again.
  server.removeAllListeners('error').on('error', () => {})
  try {
    await chmod(unnamed, 0o600)
    await rename(unnamed, path)
  } catch (error) {
    await rm(unnamed, { force: true })
    throw error
  }
}

const unusable = (path: string, cause: unknown): RuntimeError =>
  new RuntimeError('store-failed', `the memory cannot be shared at "${path}"`, {
    why: cause instanceof Error ? cause.message : String(cause),
    fix: 'choose a directory that this user may write, or open it with share: "never"',
    cause,
  })
