/** Looks for the owner of a directory at its socket. Called by `take-seat.ts`. */
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, greetOwner, type Met } from './connection.ts'
import { isOurs, sharePath } from './serve.ts'

/** `absent`: nobody listens. Someone whose socket another user made is not talked to, and counts as `silent`. */
export async function meetOwner(
  dir: string,
  options: Omit<ConnectionOptions, 'onBusy'>,
): Promise<Met | { readonly type: 'absent' }> {
  const path = sharePath(dir)
  try {
    if (!(await isOurs(dir, path))) return { type: 'silent' }
    const socket = await connected(path)
    // Only a process that waits for an answer is kept alive by its connection.
    return await greetOwner(socket, {
      ...options,
      onBusy: isBusy => (isBusy ? socket.ref() : socket.unref()),
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return { type: code === 'ENOENT' || code === 'ECONNREFUSED' ? 'absent' : 'silent' }
  }
}

const connected = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
