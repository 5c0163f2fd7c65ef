/**
 * A node of the cluster that is broken, as a process: serves partitions, carries out runs, and hands over at SIGTERM.
 * Started by `cluster-nodes.ts` as `cluster-subject JSON`; prints `ready` when it has joined, `serving` when it has its
 * first partition, `drained MS` at its end, and writes what it reports to a log beside its data.
 */
import { appendFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { startAgentNode } from '../../agents/cluster/agent-node.ts'
import { connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import type { ClusterTimes } from '../../runtime/cluster/cluster-node.ts'
import type { NatsCredentials } from '../../runtime/transport/nats-address.ts'
import type { NatsBrokerOptions } from '../../runtime/transport/nats-broker.ts'
import { counterBehaviour, jobWorkflow, tallyBehaviour, workerBehaviour } from './cluster-actors.ts'

export interface SubjectOptions {
  readonly node: string
  /** Of the broker, or of the link that leads there. */
  readonly servers: string | readonly string[]
  readonly credentials?: NatsCredentials
  /** What the streams are to be, when not as usual. */
  readonly streams?: Pick<NatsBrokerOptions, 'maxBytes' | 'replicas'>
  readonly namespace: string
  readonly dir: string
  readonly logFile: string
  /** URL of the effect ledger, and the name that the effects of this cluster have there. Without one it has none. */
  readonly ledger?: string
  readonly run: string
  readonly times: ClusterTimes
  readonly pingIntervalMs: number
  /** Where sources are, and what models are reached by. */
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
  readonly runsAtOnce?: number
}

const options = JSON.parse(process.argv[2] ?? '') as SubjectOptions
const { node, servers, credentials, namespace, dir, logFile, times, ledger, run, pingIntervalMs } = options
const print = (line: string): void => void writeSync(1, `${line}\n`)
const log = (what: string, more: unknown = ''): void =>
  appendFileSync(logFile, `${new Date().toISOString()} ${process.pid} ${what} ${textOf(more)}\n`)
const textOf = (more: unknown): string =>
  more instanceof Error ? (more.stack ?? more.message) + causeOf(more) : String(more)
const causeOf = ({ cause }: Error): string => (cause === undefined ? '' : ` because ${textOf(cause)}`)
const end = (code: number): void => {
  log('ended', code)
  process.exit(code)
}

// Whoever started it is gone: nobody would end it.
const parent = process.ppid
setInterval(() => process.ppid === parent || end(9), 500).unref()
process.on('uncaughtException', error => {
  log('uncaught', error)
  print(`uncaught ${textOf(error).slice(0, 500)}`)
  end(70)
})
log('started')

// The first call of a process loads what it takes to make one: too long to be stopped in the middle of.
if (ledger !== undefined) {
  await Promise.all(
    Array.from({ length: 8 }, async () => (await fetch(`${ledger}/entries?run=nothing`)).text()),
  )
}

const report = (error: unknown): void => log('report', error)
const connection = await connectCluster({
  servers,
  ...(credentials && { credentials }),
  namespace,
  name: node,
  pingIntervalMs,
  backoff: { minMs: 50, maxMs: 1_000 },
  onError: report,
})
connection.connection.onStatus(status => log('connection', status))
const broker = await connection.broker({ ...options.streams, onError: report })
const worker = workerBehaviour({ url: ledger ?? '', run })
const started = await startAgentNode({
  ...connection,
  broker,
  node,
  dir: join(dir, node),
  folder: options.folder ?? dir,
  env: options.env ?? {},
  ...(options.runsAtOnce !== undefined && { runsAtOnce: options.runsAtOnce }),
  types: [],
  behaviours: [worker, tallyBehaviour(), counterBehaviour()],
  workflows: [jobWorkflow(worker)],
  times,
  report,
  onPartitionLost: partition => log('lost', partition),
  onEnd(why, how) {
    log('told to end', `${why} ${how}`)
    if (why === 'replaced') end(7)
  },
})
print('ready')
log('joined')
const looks = setInterval(() => {
  if (started.ownership.owned().size === 0) return
  clearInterval(looks)
  print('serving')
}, 20)

const held = new Map<number, number>()
started.ownership.onChange(() => {
  const now = started.ownership.owned()
  const came = [...now].filter(([partition, epoch]) => held.get(partition) !== epoch)
  const went = [...held].filter(([partition]) => !now.has(partition))
  for (const [partition] of went) held.delete(partition)
  for (const [partition, epoch] of came) held.set(partition, epoch)
  if (came.length > 0) log('owns', came.map(([partition, epoch]) => `${partition}:${epoch}`).join(' '))
  if (went.length > 0)
    log('owns no more', went.map(([partition, epoch]) => `${partition}:${epoch}`).join(' '))
})

process.once('SIGTERM', async () => {
  const began = performance.now()
  log('drains', [...started.ownership.owned().keys()].join())
  const owned = started.ownership.owned().size
  await started.drain(times.graceMs)
  await connection.close()
  print(`drained ${Math.round(performance.now() - began)} ${owned}`)
  end(0)
})
