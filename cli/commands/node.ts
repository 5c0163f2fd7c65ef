/** `agenticraft node`: a node of a cluster. It serves until it is stopped, then hands over and leaves. */
import { RuntimeError } from '../../actors/errors.ts'
import type { ClusterConnection } from '../../runtime/cluster/client/connect-cluster.ts'
import type { ClusterNode } from '../../runtime/cluster/cluster-node.ts'
import { secondsOf } from '../cluster-access.ts'
import type { Command, CommandContext } from '../command.ts'
import { addDataDir, dataDirOf, prepareDataDir } from '../data-dir.ts'
import { EXIT } from '../failure.ts'
import { loadFiles } from '../load-file.ts'
import { removeNatsNote, writeNatsNote } from '../nats-note.ts'
import { addNatsOptions, natsOptionsOf, noteOfNode } from '../nats-url.ts'
import { type NodeLog, nodeLog } from '../node-log.ts'
import { type NodePlace, ownNodePlace } from '../node-place.ts'
import { wholeNumber } from '../run-options.ts'

interface NodeFlags {
  readonly name?: string
  readonly types?: string
  readonly load?: readonly string[]
  readonly folder?: readonly string[]
  readonly model?: string
  readonly runsAtOnce?: string
  readonly grace?: string
}

/** Why a node ends. */
type End = 'asked to drain' | 'asked to stop' | 'replaced'

const GRACE_MS = 20_000

export const node: Command = {
  name: 'node',
  summary: 'start a node of a cluster, and serve until it is stopped',
  endsBySignal: true,
  configure(parser) {
    parser
      .option(
        '--name <name>',
        'its name in the cluster (default: made up once, and kept in the data directory)',
      )
      .option('--types <types>', 'serve only pools of these agent types, and no partitions: a,b')
      .option('--model <provider:model>', 'what the agents of its pools think with')
      .option(
        '--load <file...>',
        'a module of yours with agents, behaviours, workflows; it runs with all rights',
      )
      .option('--folder <dir...>', 'folders whose files runs may read, besides the one it is started in')
      .option('--runs-at-once <number>', 'runs carried out at a time (default: 32)')
      .option('--grace <seconds>', 'how long it may take to hand over when it is stopped (default: 20)')
    addNatsOptions(addDataDir(parser, 'where copies of partitions are kept'))
  },
  async run(context) {
    const flags = context.options as NodeFlags
    const graceMs = secondsOf('--grace', flags.grace) ?? GRACE_MS
    const dataDir = dataDirOf(context)
    await prepareDataDir(dataDir)
    const place = await ownNodePlace(dataDir, flags.name)
    try {
      return await connected(place, context, async (connection, log, shown) => {
        const ending = endingOf(context.signal)
        const started = await start(flags, context, { connection, log, place, ending })
        const how = await serve(started, connection, log, shown, ending)
        if (how === 'replaced') {
          await started.stop()
          throw replaced(place.name)
        }
        await leave(started, log, how === 'asked to stop' ? 0 : graceMs)
        return EXIT.ok
      })
    } finally {
      await place.release()
    }
  },
}

/** Connects to the server for as long as `body` works. */
async function connected<T>(
  { name, dir }: NodePlace,
  context: CommandContext,
  body: (connection: ClusterConnection, log: NodeLog, shown: string) => Promise<T>,
): Promise<T> {
  const { connectCluster } = await import('../../runtime/cluster/client/connect-cluster.ts')
  const log = nodeLog(context.terminal)
  const options = await natsOptionsOf(context, { name })
  const connection = await connectCluster({ ...options, onError: log.report })
  connection.connection.onStatus(status => {
    if (status === 'disconnected')
      log.tell('server.lost', {}, paint => `${paint('red', '✖')} lost the server; trying to reach it again`)
    else if (status === 'reconnected')
      log.tell('server.back', {}, paint => `${paint('green', '+')} reached the server again`)
  })
  // By which other commands of this data directory find the server.
  const note = noteOfNode(options, new Date())
  try {
    if (note) await writeNatsNote(dir, note)
    return await body(connection, log, `cluster ${options.namespace} at ${options.shown}`)
  } finally {
    if (note) await removeNatsNote(dir)
    await connection.close()
  }
}

interface Ending {
  readonly over: Promise<End>
  end(how: End): void
}

function endingOf(signal: AbortSignal): Ending {
  let end: (how: End) => void = () => {}
  const over = new Promise<End>(resolve => {
    end = resolve
  })
  if (signal.aborted) end('asked to drain')
  signal.addEventListener('abort', () => end('asked to drain'), { once: true })
  return { over, end }
}

interface Start {
  readonly connection: ClusterConnection
  readonly log: NodeLog
  readonly place: NodePlace
  readonly ending: Ending
}

async function start(
  flags: NodeFlags,
  { cwd, env }: CommandContext,
  { connection, log, place, ending }: Start,
): Promise<ClusterNode> {
  const { startAgentNode } = await import('../../agents/cluster/agent-node.ts')
  const types = flags.types
    ?.split(',')
    .map(type => type.trim())
    .filter(type => type !== '')
  if (types?.length === 0) throw new RuntimeError('usage', '--types names no type')
  const loaded = await loadFiles(flags.load ?? [], cwd)
  const runsAtOnce = wholeNumber('--runs-at-once', flags.runsAtOnce)
  const broker = await connection.broker({ onError: log.report })
  return startAgentNode({
    ...connection,
    ...loaded,
    broker,
    node: place.name,
    dir: place.dir,
    folder: cwd,
    folders: flags.folder ?? [],
    env,
    report: log.report,
    onEnd: (why, how) =>
      ending.end(why === 'replaced' ? why : how === 'stop' ? 'asked to stop' : 'asked to drain'),
    onPartitionLost: log.lost,
    ...(types && { types, serves: false }),
    ...(flags.model !== undefined && { poolModel: flags.model }),
    ...(runsAtOnce !== undefined && { runsAtOnce }),
  })
}

/** Says what happens until it is to end. */
async function serve(
  started: ClusterNode,
  { monotonic }: ClusterConnection,
  log: NodeLog,
  shown: string,
  { over }: Ending,
): Promise<End> {
  const { name } = started
  log.tell('node.joined', { node: name }, paint => `${paint('green', '✔')} node ${name} joined ${shown}`)
  const pools = poolsOf(started)
  if (pools)
    log.tell(
      'node.serving',
      { pools },
      paint => `${paint('green', '✔')} serves pools of ${pools.join(', ')}, and no partitions`,
    )
  const stop = log.follow(started, monotonic.now)
  const how = await over
  stop()
  return how
}

/** The types of a node that takes no partitions. */
function poolsOf({ name, membership }: ClusterNode): readonly string[] | undefined {
  const self = membership.members().find(({ node }) => node === name)
  return self && !self.serves ? self.types : undefined
}

async function leave(started: ClusterNode, log: NodeLog, graceMs: number): Promise<void> {
  const { name, ownership } = started
  const partitions = ownership.owned().size
  log.tell('node.draining', { node: name, partitions }, () => `handing over ${partitions} partitions`)
  const began = performance.now()
  await started.drain(graceMs)
  const ms = Math.round(performance.now() - began)
  log.tell(
    'node.left',
    { node: name, ms },
    paint => `${paint('green', '✔')} node ${name} left after ${ms} ms`,
  )
}

const replaced = (name: string): RuntimeError =>
  new RuntimeError('address-taken', `another process took the name "${name}" and the place of this node`, {
    fix: 'give every node a name of its own with --name',
  })
