/**
 * A real nats-server for tests: on a free port of the loopback interface, with a store of its own that outlives
 * `kill` and `restart`, gone with `stop`. It never replaces a missing server by anything: without one, tests fail.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface NatsServerOptions {
  /** With JetStream, on the disk. Default false. */
  readonly jetStream?: boolean
  /** Text of a configuration file; address, port and store are set by the helper. */
  readonly config?: string
  /** The program. Default `nats-server`, found by PATH. */
  readonly program?: string
}

export interface NatsServer {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string
  readonly port: number
  /** Where JetStream keeps its files. */
  readonly storeDir: string
  /** Of the process that runs now. */
  readonly pid: number
  /** What the present process printed. */
  log(): string
  /** SIGKILL; resolves when the process is gone. The store stays. */
  kill(): Promise<void>
  /** Starts it again on the same port and store, after ending what still runs. Resolves when it answers. */
  restart(options?: { readonly config?: string }): Promise<void>
  /** Ends it and removes its store. May be called again. */
  stop(): Promise<void>
}

/**
 * Servers of one JetStream cluster, each reachable by itself. Its leader is elected a little later: a broker that
 * connects meanwhile waits for it.
 */
export async function startNatsCluster(size: number): Promise<readonly NatsServer[]> {
  const ports: number[] = []
  for (let n = 0; n < size; n++) ports.push(await freePort())
  const routes = ports.map(port => `nats-route://127.0.0.1:${port}`).join(', ')
  const started = await Promise.allSettled(
    ports.map((port, n) =>
      startNatsServer({
        jetStream: true,
        config: `server_name: s${n}\ncluster { name: c, listen: "127.0.0.1:${port}", routes: [${routes}] }\n`,
      }),
    ),
  )
  const servers = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  for (const one of started) {
    if (one.status === 'fulfilled') continue
    await Promise.all(servers.map(server => server.stop()))
    throw one.reason
  }
  return servers
}

const START_MS = 10_000
const STOP_MS = 5_000

/** Resolves when the server answers. Rejects with what it printed when it does not start. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const dir = await mkdtemp(join(tmpdir(), 'agenticraft-nats-'))
  const storeDir = join(dir, 'store')
  const port = await freePort()
  let config = options.config
  let running: Running | undefined
  const endWithUs = (): void => void running?.process.kill('SIGKILL')
  const start = async (): Promise<void> => {
    const args = ['-a', '127.0.0.1', '-p', String(port)]
    if (options.jetStream) args.push('-js', '-sd', storeDir)
    if (config !== undefined) {
      const file = join(dir, 'server.conf')
      await writeFile(file, config, { mode: 0o600 })
      args.push('-c', file)
    }
    running = run(options.program ?? process.env['AGENTICRAFT_NATS_SERVER'] ?? 'nats-server', args)
    await ready(running, port)
  }
  const stop = async (): Promise<void> => {
    process.off('exit', endWithUs)
    if (running) await end(running, 'SIGTERM')
    await rm(dir, { recursive: true, force: true })
  }
  process.once('exit', endWithUs)
  await start().catch(async error => {
    await stop()
    throw error
  })
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    get pid() {
      return running?.process.pid ?? 0
    },
    log: () => running?.printed() ?? '',
    async kill() {
      if (running) await end(running, 'SIGKILL')
    },
    async restart(changed = {}) {
      if (running) await end(running, 'SIGTERM')
      config = changed.config ?? config
      await start()
    },
    stop,
  }
}

interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<string>
  /** How it ended, once it has. */
  outcome(): string | undefined
  printed(): string
}

function run(program: string, args: readonly string[]): Running {
  // Debian puts it where the PATH of an ordinary user does not look.
  const env = { ...global.process.env, PATH: `${global.process.env['PATH'] ?? ''}:/usr/sbin` }
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let text = ''
  let outcome: string | undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      text = `${text}${chunk}`.slice(-64 * 1024)
    })
  }
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(`${program} cannot be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(`${program} ended with ${signal ?? code}`))
  }).then(how => {
    outcome = how
    return how
  })
  return { process: child, ended, outcome: () => outcome, printed: () => text }
}

async function end({ process, ended, outcome }: Running, signal: NodeJS.Signals): Promise<void> {
  if (outcome() !== undefined) return
  process.kill(signal)
  const late = setTimeout(() => process.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(late)
}

async function ready({ outcome, printed }: Running, port: number): Promise<void> {
  for (const until = performance.now() + START_MS; ; await pause(10)) {
    const ended = outcome()
    if (ended !== undefined) throw new Error(`${ended}\n${printed()}`)
    if (await answers(port)) return
    if (performance.now() > until) throw new Error(`nats-server does not answer on ${port}\n${printed()}`)
  }
}

/** A NATS server speaks first. */
const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const finish = (answer: boolean): void => {
      resolve(answer)
      socket.destroy()
    }
    socket.once('data', chunk => finish(chunk.toString().startsWith('INFO ')))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
  })

/** A port that nobody listens on at the moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
