/**
 * The broker of a cluster can keep no more: its disk is full, or one of its streams holds as much as it may. Both end by
 * themselves, or by who looks after the server. It mounts a small file system, which needs root on Linux.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toRuntimeError } from '../../actors/errors.ts'
import type { Broker } from '../../runtime/cluster/broker.ts'
import { NAMESPACE } from './cluster-nodes.ts'
import { AS_ABOVE, type ClusterCase, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'
import { fillDisk, unableToMount } from './small-disk.ts'
import { startSupervisedNats } from './supervised-nats.ts'

const MIB = 1024 ** 2
/** Of each of the two streams. */
const STREAM_BYTES = 96 * MIB
const DISK_MEGABYTES = 384
/** How long a full broker may go unnoticed by who writes (fault matrix, F9). */
const VISIBLE_MS = 2_000
/** How long a write is tried. */
const TRY_MS = 1_000
/** After space was freed the broker keeps again within this, restarts included, ms. */
const BACK_MS = 60_000
const JUNK = new Uint8Array(500_000)
/** A partition that there is not: nodes do not look there. */
const NOWHERE = 999

/** Somebody who writes to the broker beside the cluster, and knows what was acknowledged. */
interface Writer {
  readonly scene: Scene
  readonly broker: Broker
  readonly acknowledged: string[]
  written: number
}

const diskOf = (dir: string): string => join(dir, 'disk')

async function strike(scene: Scene): Promise<void> {
  const { load, random } = scene
  const broker = await load.connection.broker({ timeoutMs: TRY_MS })
  const writer: Writer = { scene, broker, acknowledged: [], written: 0 }
  try {
    while (scene.left() > 0) {
      await sleep(random.between(500, 2_500))
      const kind = random.pick(['disk', 'disk', 'log', 'mailboxes'])
      scene.struck()
      if (kind === 'disk') await fullDisk(writer)
      else if (kind === 'log') await fullLog(writer)
      else await fullMailboxes(writer)
    }
    for (const subject of writer.acknowledged)
      if ((await broker.get(subject)) === undefined) scene.wrong(`${subject} was acknowledged, and is gone`)
    await broker.purge(`ac.${NAMESPACE}.snp.${NOWHERE}.>`)
  } finally {
    await broker.close()
  }
}

/** What became of a write: undefined when it was acknowledged. It may never take long to know. */
async function refusalOf({ scene }: Writer, write: Promise<unknown>): Promise<string | undefined> {
  const began = performance.now()
  const refusal = await write.then(
    () => undefined,
    thrown => toRuntimeError(thrown, 'internal').kind,
  )
  const ms = performance.now() - began
  scene.most('milliseconds until a write was acknowledged or failed, at most', ms)
  if (ms > VISIBLE_MS) scene.wrong(`a write took ${Math.round(ms)} ms to ${refusal ?? 'be acknowledged'}`)
  if (refusal !== undefined && refusal !== 'broker-unavailable' && refusal !== 'mailbox-full')
    scene.wrong(`a write failed with ${refusal}`)
  return refusal
}

async function write(writer: Writer): Promise<string | undefined> {
  const subject = `ac.${NAMESPACE}.snp.${NOWHERE}.kept.${++writer.written}`
  const refusal = await refusalOf(writer, writer.broker.create(subject, new Uint8Array(2_000)))
  if (refusal === undefined) writer.acknowledged.push(subject)
  return refusal
}

async function fullDisk(writer: Writer): Promise<void> {
  const { scene } = writer
  const { server } = scene.processes
  scene.count('of these full disks')
  const { connection } = scene.load.connection
  const { id } = connection.server
  // Beside the folder of the data, on its disk.
  const ballast = join(server.storeDir, '..', '..', 'ballast')
  await fillDisk(ballast)
  for (const until = performance.now() + BACK_MS; (await write(writer)) === undefined; )
    if (performance.now() > until) return scene.wrong('a full disk refused nothing')
  await sleep(scene.random.between(0, 8_000))
  await rm(ballast)
  await back(writer)
  if (connection.server.id !== id) scene.count('restarts of a server that hung because of that')
}

async function back(writer: Writer): Promise<void> {
  const { scene } = writer
  const began = performance.now()
  while ((await write(writer)) !== undefined) {
    if (performance.now() - began > BACK_MS)
      return scene.wrong(`the broker kept nothing ${BACK_MS} ms after there was space again`)
    await sleep(50)
  }
  scene.most(
    'milliseconds until it kept something again after space was freed, at most',
    performance.now() - began,
  )
}

async function fullLog(writer: Writer): Promise<void> {
  const { scene, broker } = writer
  scene.count('of these logs as large as they may be')
  const junk = `ac.${NAMESPACE}.snp.${NOWHERE}.junk`
  const most = (2 * STREAM_BYTES) / JUNK.length
  let n = 0
  while ((await refusalOf(writer, broker.create(`${junk}.${++writer.written}`, JUNK))) === undefined)
    if (++n > most) return scene.wrong('a log took more than it may')
  // What is left is too little for that, and enough for others: it is taken, too.
  while ((await write(writer)) === undefined);
  await sleep(scene.random.between(500, 6_000))
  await broker.purge(`${junk}.>`)
  await back(writer)
}

async function fullMailboxes(writer: Writer): Promise<void> {
  const { scene, broker } = writer
  scene.count('of these mailboxes as full as they may be')
  const post = (): Promise<string | undefined> => {
    const n = ++writer.written
    return refusalOf(writer, broker.post(`ac.${NAMESPACE}.mbx.${NOWHERE}.junk.j`, JUNK, `junk-${n}`))
  }
  const most = (2 * STREAM_BYTES) / JUNK.length
  let posted = 0
  for (; (await post()) === undefined; posted++)
    if (posted > most) return scene.wrong('mailboxes took more than they may')
  await sleep(scene.random.between(500, 6_000))
  let left = posted
  const taking = await broker.collect(
    NOWHERE,
    letter => {
      letter.done()
      left--
    },
    { max: 100 },
  )
  for (const until = performance.now() + BACK_MS; left > 0 && performance.now() < until; ) await sleep(50)
  taking.unsubscribe()
  if (left > 0) scene.wrong(`${left} of ${posted} letters that were acknowledged did not come`)
}

export const brokerFull: ClusterCase = {
  name: 'cluster-broker-full',
  perRound: 5,
  streams: { maxBytes: STREAM_BYTES },
  startBrokers: dir =>
    startSupervisedNats({
      disk: diskOf(dir),
      diskMegabytes: DISK_MEGABYTES,
      maxBytes: 2 * STREAM_BYTES + MIB,
    }),
  strike,
}

export const clusterBrokerFull: FaultCase = {
  name: brokerFull.name,
  title: 'The broker of a cluster can keep no more',
  count: 20,
  how: `${AS_ABOVE}
nats-server keeps its data on a file system of ${DISK_MEGABYTES} MB (tmpfs), runs as \`agenticraft nats up\` runs it, and is
looked after by the same code, which asks it every 0.3 seconds and takes it for hung after 3 (the defaults are 2 and 10). Half of the
times a ballast file takes the last byte of that disk, for up to 8 seconds after the first write was refused; else the log, or
the mailboxes, are filled to the ${STREAM_BYTES / MIB} MiB they may have, for 0.5 to 6 seconds, and purged, or read, again. A write that is made
beside the cluster must be acknowledged or fail within 2 seconds; nobody does anything after space was freed, and the
broker must keep what it is given again within a minute, and whatever it has acknowledged.`,
  unable: unableToMount,
  run: options => runClusterCase(brokerFull, options),
}
