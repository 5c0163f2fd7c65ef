/**
 * The processes of a cluster that is broken: a nats-server, an effect ledger, and nodes, each of which may reach the
 * broker through a link of its own. They can be killed, stopped, asked to go and started again; whatever ends without
 * being told to is noted. Used by `cluster-round.ts`.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterTimes } from '../../runtime/cluster/cluster-node.ts'
import { type NatsServer, startNatsServer } from '../../runtime/testkit/nats-server.ts'
import type { NatsCredentials, NatsOptions } from '../../runtime/transport/nats-address.ts'
import { type RunningChild, startProgram } from './child-process.ts'
import type { SubjectOptions } from './cluster-subject.ts'
import { type Link, openLink } from './link.ts'

export const NAMESPACE = 'faults'

/** Shorter than the defaults, so that many faults fit in an hour; the page says so. */
export const TIMES: Required<Pick<ClusterTimes, 'heartbeatMs' | 'ttlMs' | 'graceMs'>> & ClusterTimes = {
  heartbeatMs: 300,
  ttlMs: 2_000,
  settleMs: 300,
  stableMs: 1_000,
  rebalanceAfterMs: 3_000,
  graceMs: 15_000,
}

export type NodeState = 'up' | 'stopped' | 'down'

export interface ClusterNodeProcess {
  readonly name: string
  readonly link: Link | undefined
  readonly state: NodeState
  /** Starts it, again under the same name and on the same disk, and perhaps as another program from now on. */
  start(program?: string): void
  /** Resolves when the process of now has joined; false when it ended before. */
  joined(): Promise<boolean>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  freeze(): void
  thaw(): void
  /** SIGTERM; what it printed at its end, and how it ended. */
  drain(
    limitMs: number,
  ): Promise<{ readonly line: string | undefined; readonly code: number | null; readonly ms: number }>
}

export interface ClusterProcesses {
  /** The first of the servers, and the only one unless the brokers are a cluster themselves. */
  readonly server: NatsServer
  readonly servers: readonly NatsServer[]
  /** How a client reaches them. */
  readonly access: Pick<NatsOptions, 'servers' | 'credentials'>
  readonly nodes: readonly ClusterNodeProcess[]
  /** Kills the broker, deletes all it has kept, and starts it again. */
  wipe(): Promise<void>
  /** What ended by itself, and should not have. */
  readonly surprises: readonly string[]
  stop(): Promise<void>
}

/** What the nodes find before they start: servers, and who may use them when not everybody may. */
export interface BrokerProcesses {
  readonly servers: readonly NatsServer[]
  readonly credentials?: NatsCredentials
}

export interface ProcessOptions {
  readonly program: string
  /** Default: one server, with JetStream. */
  readonly startBrokers?: (dir: string) => Promise<BrokerProcesses>
  readonly dir: string
  readonly ledger?: string
  /** Name of its effects in the ledger. */
  readonly run: string
  /** What is otherwise than usual. */
  readonly subject?: Partial<SubjectOptions>
  readonly nodes: number
  readonly linked: boolean
}

export async function startProcesses(options: ProcessOptions): Promise<ClusterProcesses> {
  await mkdir(options.dir, { recursive: true })
  const { servers, credentials } = await (options.startBrokers ?? oneServer)(options.dir)
  const [server] = servers
  if (!server) throw new Error('there is no server')
  const access = { servers: servers.map(({ url }) => url), ...(credentials && { credentials }) }
  const surprises: string[] = []
  const nodes: NodeProcess[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map(node => node.end()))
    await Promise.all(servers.map(one => one.stop()))
  }
  try {
    for (let n = 1; n <= options.nodes; n++) {
      const link = options.linked ? await openLink(server.port) : undefined
      const reached = link ? { servers: [`nats://127.0.0.1:${link.port}`] } : {}
      nodes.push(new NodeProcess(`n${n}`, options, link, { ...access, ...reached }, surprises))
    }
    for (const node of nodes) node.start()
    for (const node of nodes)
      if (!(await node.joined())) throw new Error(`${node.name} did not join: ${node.words}`)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    server,
    servers,
    access,
    nodes,
    surprises,
    stop,
    async wipe() {
      await server.kill()
      await rm(server.storeDir, { recursive: true, force: true })
      await server.restart()
    },
  }
}

const oneServer = async (): Promise<BrokerProcesses> => ({
  servers: [await startNatsServer({ jetStream: true })],
})

const JOIN_MS = 60_000

class NodeProcess implements ClusterNodeProcess {
  readonly name: string
  readonly link: Link | undefined
  state: NodeState = 'down'
  readonly #options: ProcessOptions
  readonly #access: ClusterProcesses['access']
  readonly #surprises: string[]
  #program: string
  #child: RunningChild | undefined

  constructor(
    name: string,
    options: ProcessOptions,
    link: Link | undefined,
    access: ClusterProcesses['access'],
    surprises: string[],
  ) {
    this.name = name
    this.link = link
    this.#options = options
    this.#program = options.program
    this.#access = access
    this.#surprises = surprises
  }

  start(program = this.#program): void {
    const { dir, ledger, run, subject } = this.#options
    this.#program = program
    const options: SubjectOptions = {
      node: this.name,
      ...this.#access,
      namespace: NAMESPACE,
      dir,
      logFile: join(dir, `${this.name}.log`),
      run,
      times: TIMES,
      pingIntervalMs: 1_000,
      ...(ledger !== undefined && { ledger }),
      ...subject,
    }
    const child = startProgram(program, [JSON.stringify(options)])
    this.#child = child
    this.state = 'up'
    void child.ended.then(({ code, signal }) => {
      if (this.#child !== child || this.state === 'down') return
      this.state = 'down'
      this.#surprises.push(`${this.name} ended by itself with ${signal ?? code}: ${this.words}`)
    })
  }

  get words(): string {
    return `${this.#child?.lines().at(-1) ?? ''} ${this.#child?.errors().trim().slice(-600) ?? ''}`
  }

  async joined(): Promise<boolean> {
    const late = sleep(JOIN_MS, 'late' as const, { ref: false })
    const found = await Promise.race([this.#child?.said('ready'), late])
    return found !== undefined && found !== 'late'
  }

  async kill(): Promise<void> {
    this.state = 'down'
    await this.#child?.kill()
  }

  freeze(): void {
    this.state = 'stopped'
    this.#signal('SIGSTOP')
  }

  thaw(): void {
    this.state = 'up'
    this.#signal('SIGCONT')
  }

  async drain(limitMs: number) {
    const began = performance.now()
    this.state = 'down'
    this.#signal('SIGTERM')
    const late = sleep(limitMs, undefined, { ref: false })
    const ended = await Promise.race([this.#child?.ended, late])
    if (!ended) await this.#child?.kill()
    const line = this.#child?.lines().find(one => one.startsWith('drained'))
    return { line, code: ended?.code ?? null, ms: performance.now() - began }
  }

  async end(): Promise<void> {
    await this.kill()
    await this.link?.close()
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child) process.kill(this.#child.pid, signal)
  }
}
