/** Has a node end and waits until it has: shared by `drain` and `stop`. */
import { RuntimeError, toRuntimeError } from '../actors/errors.ts'
import { type Cluster, nodeNamed } from './cluster-access.ts'
import type { CommandContext } from './command.ts'

/** Longer than any hand-over of a node with default times. */
const PATIENCE_MS = 60_000
const LOOK_MS = 100

/** Tells the node to end and prints when it has left. Throws `usage` for one that is not there, `request-timeout`. */
export async function endNode(
  cluster: Cluster,
  name: string,
  how: 'drain' | 'stop',
  { terminal, signal }: CommandContext,
): Promise<void> {
  const { client, connection } = cluster
  const { partitions, life } = await nodeNamed(cluster, name)
  await client[how](name).catch(error => {
    throw operatorsOnly(error)
  })
  terminal.message(`  ${name} hands over ${partitions.size} partitions`)
  const began = connection.monotonic.now()
  const waited = (): number => connection.monotonic.now() - began
  while (client.nodes().some(one => one.node === name && one.life === life)) {
    signal.throwIfAborted()
    if (waited() > PATIENCE_MS)
      throw new RuntimeError('request-timeout', `node "${name}" was told to end and is still there`, {
        fix: 'agenticraft ps --watch shows what it does; it may have a longer --grace',
      })
    await new Promise<void>(resolve => void setTimeout(resolve, LOOK_MS))
  }
  const ms = Math.round(waited())
  terminal.show({ node: name, left: true, ms }, `node ${name} has left after ${(ms / 1_000).toFixed(1)} s`)
}

/** The server has refused it because of who asks. */
function operatorsOnly(thrown: unknown): RuntimeError {
  const error = toRuntimeError(thrown, 'internal')
  if (error.details?.['operation'] !== 'publish') return error
  return new RuntimeError(error.kind, error.message, {
    why: 'the user of this connection may use the cluster, and not end its nodes',
    fix: 'connect as an operator (agenticraft nats permissions --role operator), or end the process of the node (SIGTERM)',
    retryable: false,
    cause: error,
  })
}
