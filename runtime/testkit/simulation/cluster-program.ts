/**
 * What a simulated cluster is used for: clients outside ask drivers, under keys, to carry out operations, and write
 * notes themselves. What each operation came to is kept, to be judged when everything is at rest.
 */
import { type Address, address } from '../../../actors/address.ts'
import { toRuntimeError } from '../../../actors/errors.ts'
import { type ClusterClient, clusterClient } from '../../cluster/client/cluster-client.ts'
import { partitionOf } from '../../cluster/placement.ts'
import type { Operation } from './cluster-actors.ts'
import { brokerFor } from './cluster-broker.ts'
import { type ClusterUniverse, NAMESPACE } from './cluster-world.ts'
import type { Incarnation } from './host.ts'
import type { Prng } from './prng.ts'

/** An answer, or the kind of an error. */
export type Answer = { readonly value: unknown } | { readonly error: string }

export interface Asked {
  readonly operation: Operation
  /** Of everybody who asked under its key, in the order they were answered. */
  readonly answers: Answer[]
  /** How often it was asked. */
  readonly askers: number
}

export interface ClusterProgram {
  readonly asked: readonly Asked[]
  /** Bodies of the notes that clients wrote, by notebook. */
  readonly told: ReadonlyMap<Address, readonly string[]>
  readonly notebooks: readonly Address[]
  /** Everything has been asked and answered. */
  readonly isOver: boolean
}

const FOR_EVER_MS = 4 * 3_600_000
const CLIENTS = 2

interface Cast {
  readonly drivers: readonly Address[]
  readonly doers: readonly Address[]
  readonly notebooks: readonly Address[]
  readonly askers: readonly Address[]
}

/** Begins at once; operations are asked for until `untilMs` of the simulation. */
export function startClusterProgram(made: ClusterUniverse, untilMs: number): ClusterProgram {
  const random = made.random.fork('program')
  const cast = castOf(random)
  const lives = Array.from({ length: CLIENTS }, (_, at) => made.life(`client${'xyz'[at]}`, 1))
  const clients = lives.map(life => clientOf(made, life))
  const asked: Asked[] = []
  const told = new Map<Address, string[]>()
  const state = { asked, told, notebooks: cast.notebooks, isOver: false }
  const sleep = (ms: number): Promise<void> =>
    new Promise(
      resolve => void made.scheduler.at(made.scheduler.now + ms, lives[0] as Incarnation, 'sleep', resolve),
    )
  const [first] = clients as [ClusterClient]
  const run = async (): Promise<void> => {
    await Promise.all(Object.values(cast).flatMap(all => all.map((actor: Address) => spawn(first, actor))))
    const work: Promise<unknown>[] = []
    for (let n = random.between(4, 9); n > 0; n--) {
      work.push(
        carryOut(
          made,
          clients,
          random.pick(cast.drivers as [Address]),
          operationOf(random, cast, `op${n}`),
          random,
          asked,
        ),
      )
      work.push(tell(first, random.pick(cast.notebooks as [Address]), `told ${n}`, { told, sleep }))
      await sleep(random.between(0, Math.floor(untilMs / 6)))
    }
    await Promise.all(work)
  }
  run().then(
    () => {
      state.isOver = true
    },
    error => void made.errors.push(['program', error]),
  )
  return state
}

function castOf(random: Prng): Cast {
  const some = (type: string, most: number): Address[] =>
    Array.from({ length: random.between(1, most) }, (_, n) => address(type, `${type[0]}${n}`))
  return {
    drivers: some('driver', 3),
    doers: some('doer', 2),
    notebooks: some('notebook', 2),
    askers: some('asker', 2),
  }
}

function clientOf(made: ClusterUniverse, life: Incarnation): ClusterClient {
  const broker = brokerFor(made.links, life)
  return clusterClient({
    transport: made.network.connect(life),
    codec: made.codec,
    namespace: NAMESPACE,
    host: life.host,
    monotonic: life.host.clock,
    patienceMs: FOR_EVER_MS,
    broker: async () => broker,
  })
}

async function spawn(client: ClusterClient, actor: Address): Promise<void> {
  const [type = '', id = ''] = actor.split('/')
  await client.inPartition(partitionOf(actor), 'spawn', { type, id })
}

function operationOf(random: Prng, { doers, notebooks, askers }: Cast, op: string): Operation {
  const via = random.chance(0.3) ? random.pick(askers as [Address]) : undefined
  return {
    op,
    doer: random.pick(doers as [Address]),
    notebook: random.pick(notebooks as [Address]),
    restMs: random.between(10, 3_000),
    ...(via !== undefined && { via }),
  }
}

/** Asks once, or twice under the same key. */
async function carryOut(
  made: ClusterUniverse,
  clients: readonly ClusterClient[],
  to: Address,
  operation: Operation,
  random: Prng,
  asked: Asked[],
): Promise<void> {
  const asking = random.chance(0.3) ? clients : clients.slice(0, 1)
  const entry: Asked = { operation, answers: [], askers: asking.length }
  asked.push(entry)
  await Promise.all(
    asking.map(async client => {
      const answer = await client
        .ask(to, 'drive.do', operation, { key: `key-${operation.op}`, timeoutMs: FOR_EVER_MS })
        .then(
          (value): Answer => ({ value }),
          (error): Answer => ({ error: toRuntimeError(error, 'internal').kind }),
        )
      made.scheduler.note('answered', operation.op)
      entry.answers.push(answer)
    }),
  )
}

/** Writes a note, again while the mailbox is full: then it is nowhere. Of one that is not confirmed nobody knows. */
async function tell(
  client: ClusterClient,
  to: Address,
  body: string,
  { told, sleep }: { readonly told: Map<Address, string[]>; readonly sleep: (ms: number) => Promise<void> },
): Promise<void> {
  for (;;) {
    const kind = await client.tell(to, 'note.add', body).then(
      () => undefined,
      error => toRuntimeError(error, 'internal').kind,
    )
    if (kind === undefined) told.get(to)?.push(body) ?? told.set(to, [body])
    else if (kind !== 'mailbox-full' && kind !== 'broker-unavailable')
      throw new Error(`a client could not tell: ${kind}`)
    if (kind !== 'mailbox-full') return
    await sleep(1_000)
  }
}
