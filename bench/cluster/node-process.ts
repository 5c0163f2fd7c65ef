/**
 * A node of the cluster that is measured, as `agenticraft node` starts it, in a process of its own. Besides, it carries
 * out workflows of durable steps in the partition it is told. Run with the server's address, its name and a folder.
 */
import type { Plain } from '../../actors/plain.ts'
import { subject } from '../../actors/subject.ts'
import { startAgentNode } from '../../agents/cluster/agent-node.ts'
import { createModelAccess } from '../../agents/models/access.ts'
import { connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import { countingIn } from '../ours/counting.ts'
import { echo } from '../ours/echo.ts'
import { count } from './count.ts'

const [, , servers = '', name = '', dir = ''] = process.argv
process.once('disconnect', () => process.exit(1))
// A terminal tells all processes at once; whoever measures ends this one.
process.on('SIGINT', () => {})

const report = (error: unknown): void => console.error(`${name}:`, error)
const connection = await connectCluster({ servers, name, namespace: 'main', onError: report })
const node = await startAgentNode({
  ...connection,
  broker: await connection.broker({ onError: report }),
  node: name,
  dir,
  folder: dir,
  env: {},
  behaviours: [echo, count],
  report,
  onEnd: why => report(new Error(`told to end: ${why}`)),
})

/** One for each partition that has been asked for. */
const counting = new Map<number, ReturnType<typeof countingIn>>()
connection.requests.serve(subject('main', 'bench', name), async body => {
  const { partition, n } = body as { readonly partition: number; readonly n: number }
  const served = node.partitions.served().get(partition)
  if (!served) throw new Error(`${name} does not serve partition ${partition}`)
  const { runtime } = served
  const models = runtime.shared('models', () => createModelAccess({ runtime, env: {} }))
  const run = counting.get(partition) ?? countingIn(runtime, models, 1)
  counting.set(partition, run)
  return (await (
    await run
  )(n)) as Plain
})

process.once('SIGTERM', async () => {
  await node.drain()
  await connection.close()
  process.exit(0)
})
process.send?.('joined')
