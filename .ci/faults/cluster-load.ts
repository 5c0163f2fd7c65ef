/**
 * Somebody who uses a cluster while it is broken: keeps a number of jobs under way, two of three as asks with keys,
 * the others as runs, asks again when a wait was in vain, and knows what was answered. Used by `cluster-round.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, address } from '../../actors/address.ts'
import { toRuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { type RunClient, runClient } from '../../agents/cluster/run-client.ts'
import { type ClusterClient, clusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { type ClusterConnection, connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { isPassing } from '../../runtime/cluster/requests.ts'
import type { NatsOptions } from '../../runtime/transport/nats-address.ts'
import type { Job } from './cluster-actors.ts'
import { NAMESPACE, TIMES } from './cluster-nodes.ts'
import type { JobReport } from './ledger-entries.ts'

export interface LoadOptions {
  readonly access: Pick<NatsOptions, 'servers' | 'credentials'>
  /** Jobs under way at a time. */
  readonly atOnce: number
  /** An effect takes up to so long, ms. */
  readonly slowMs: number
}

export interface Load {
  readonly client: ClusterClient
  readonly connection: ClusterConnection
  /** The last job that was begun. */
  readonly begun: number
  readonly reports: ReadonlyMap<number, JobReport>
  /** What was refused, which it should not be. */
  readonly refused: readonly string[]
  /** Waits that were in vain, and were begun again. */
  readonly again: number
  /** Begins no more. */
  stop(): void
  /** Resolves when everything that was begun is answered; with what is not after `limitMs`. */
  over(limitMs: number): Promise<readonly string[]>
  tallies(): Promise<readonly unknown[]>
  counters(): Promise<readonly unknown[]>
  close(): Promise<void>
}

const WORKERS = 12
const OTHERS = 6
/** Longer than any fault lasts. */
const PATIENCE_MS = 90_000

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const TALLIES = names('t', OTHERS).map(id => address('tally', id))
const COUNTERS = names('c', OTHERS).map(id => address('counter', id))
const inTurn = <T>(items: readonly T[], n: number): T => items[n % items.length] as T

/** Connects and starts the actors; jobs are begun at once. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const connection = await connectCluster({
    ...options.access,
    namespace: NAMESPACE,
    name: 'driver',
    backoff: { minMs: 50, maxMs: 500 },
    pingIntervalMs: 1_000,
    // That the connection is lost is what is done to it; what comes of that is judged by the answers.
    onError: () => {},
  })
  const client = clusterClient({ ...connection, ...TIMES, patienceMs: PATIENCE_MS })
  await client.heard
  for (const worker of names('w', WORKERS)) await spawn(client, address('worker', worker))
  for (const actor of [...TALLIES, ...COUNTERS]) await spawn(client, actor)
  return begin(options, connection, client)
}

async function spawn(client: ClusterClient, actor: Address): Promise<void> {
  const [type = '', id = ''] = actor.split('/')
  await client.inPartition(partitionOf(actor), 'spawn', { type, id })
}

function begin(options: LoadOptions, connection: ClusterConnection, client: ClusterClient): Load {
  const runs = runClient(client, NAMESPACE, connection.host.clock)
  const reports = new Map<number, JobReport>()
  const refused: string[] = []
  const underWay = new Set<number>()
  const counts = { begun: 0, again: 0 }
  let isOver = false

  const lane = async (): Promise<void> => {
    while (!isOver) {
      const job = ++counts.begun
      underWay.add(job)
      for (;;) {
        try {
          reports.set(job, await doJob(client, runs, jobOf(job, options.slowMs)))
          break
        } catch (error) {
          if (!isPassing(error)) {
            refused.push(`job ${job} was refused at ${new Date().toISOString()}: ${textOf(error)}`)
            break
          }
          counts.again++
          await sleep(100)
        }
      }
      underWay.delete(job)
    }
  }
  const lanes = Promise.all(Array.from({ length: options.atOnce }, lane))
  const read = (actors: readonly Address[], type: string) =>
    Promise.all(actors.map(actor => client.ask(actor, type, null, { timeoutMs: PATIENCE_MS })))
  return {
    client,
    connection,
    reports,
    refused,
    get begun() {
      return counts.begun
    },
    get again() {
      return counts.again
    },
    stop() {
      isOver = true
    },
    async over(limitMs) {
      const late = sleep(limitMs, 'late', { ref: false })
      if ((await Promise.race([lanes, late])) !== 'late') return []
      const owners = client.owners()
      const { silent } = await client.survey('actors', 5_000)
      return [...underWay].map(job => {
        const partition = partitionOf(isRun(job) ? `run-${job}` : address('worker', `w${job % WORKERS}`))
        const { node, epoch } = owners[partition] ?? { node: 'nobody', epoch: 0 }
        const where = `partition ${partition} of ${node}, epoch ${epoch}${silent.includes(partition) ? ', silent' : ''}`
        return `job ${job} (${kindOf(job)}; ${where}) was not answered within ${limitMs} ms`
      })
    },
    tallies: () => read(TALLIES, 'notes.read'),
    counters: () => read(COUNTERS, 'jobs.read'),
    async close() {
      await client.close()
      await connection.close()
    },
  }
}

const isRun = (job: number): boolean => job % 3 === 0
const kindOf = (job: number): string => (isRun(job) ? 'a run' : `an ask of w${job % WORKERS}`)

const jobOf = (job: number, slowMs: number): Job => ({
  job,
  slowMs,
  worker: isRun(job) ? `run-${job}` : `w${job % WORKERS}`,
  tally: inTurn(TALLIES, isRun(job) ? job : job % WORKERS),
  counter: inTurn(COUNTERS, job),
})

async function doJob(client: ClusterClient, runs: RunClient, job: Job): Promise<JobReport> {
  const body = job as unknown as Plain
  if (!isRun(job.job)) {
    const asked = client.ask(address('worker', job.worker), 'job.do', body, { key: `job-${job.job}` })
    return (await asked) as JobReport
  }
  const order = { id: job.worker, workflow: 'job', input: body, options: {} }
  const taken = await runs.submit(order)
  const { status, result, error } = await runs.follow(job.worker).catch(thrown => {
    if (isPassing(thrown)) throw thrown
    throw new Error(`${textOf(thrown)}; it was taken as ${JSON.stringify(taken)}`)
  })
  if (status === 'done') return (result as unknown as { readonly output: JobReport }).output
  throw new Error(`run ${job.worker} ended as ${status}: ${JSON.stringify(error)}`)
}

const textOf = (thrown: unknown): string => {
  const { kind, message } = toRuntimeError(thrown, 'internal')
  return `${kind}: ${message}`.slice(0, 300)
}
