/**
 * A PostgreSQL of our own for one process: a new cluster in the scratch folder with the defaults of `initdb`
 * (`fsync` and `synchronous_commit` on), listening on loopback. Needs the programs to be installed.
 */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { delimiter, join } from 'node:path'
import { Unavailable } from '../scenario.ts'
import { freePorts, startServer } from '../server-process.ts'

interface User {
  readonly uid: number
  readonly gid: number
}

/** Resolves to a URL without a database's name. Throws `Unavailable` when it is not installed or does not start. */
export async function startPostgres(scratch: string): Promise<string> {
  const bin = programFolder()
  const folder = join(scratch, 'postgres')
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  const password = randomUUID()
  const user = otherUser()
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid)
  const init = ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--auth=scram-sha-256']
  const { status, stderr, error } = spawnSync(join(bin, 'initdb'), [...init, `--pwfile=${passwordFile}`], {
    encoding: 'utf8',
    cwd: '/',
    ...user,
  })
  if (error || status !== 0) throw new Unavailable(`initdb fails: ${error?.message ?? lastLine(stderr)}`)
  const [port = 0] = await freePorts(1)
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '' }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  await startServer(join(bin, 'postgres'), ['-D', data, ...args], {
    ...user,
    log: join(scratch, 'postgres.log'),
    // Ends at once, but gives back its shared memory.
    stopSignal: 'SIGQUIT',
    isReady: () => accepts(port),
  })
  return `postgresql://postgres:${password}@127.0.0.1:${port}`
}

/** Of the `PATH`, or where Debian keeps them. */
function programFolder(): string {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).map(version => join(debian, version, 'bin')) : []
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...versions]
  const found = folders.find(folder =>
    ['initdb', 'postgres'].every(program => existsSync(join(folder, program))),
  )
  if (found === undefined) throw new Unavailable('PostgreSQL is not installed')
  return found
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody. */
function otherUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map(what => spawnSync('id', [what, name], { encoding: 'utf8' }).stdout)
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Unavailable('PostgreSQL does not run as root, and there is no other user')
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''
