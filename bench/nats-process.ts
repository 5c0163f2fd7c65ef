/** A nats-server for as long as the subject's process lives. Used by the scenarios of the wire and of the cluster. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts, startServer } from './server-process.ts'

export interface NatsProcess {
  readonly url: string
  readonly pid: number
}

/** With `jetStream` it keeps its files in `scratch`. Throws `Unavailable` when there is no nats-server. */
export async function startNats(
  scratch: string,
  { jetStream = false }: { readonly jetStream?: boolean } = {},
): Promise<NatsProcess> {
  const [port = 0] = await freePorts(1)
  const store = jetStream ? ['-js', '-sd', join(scratch, 'nats')] : []
  const pid = await startServer('nats-server', ['-a', '127.0.0.1', '-p', String(port), ...store], {
    log: join(scratch, 'nats-server.log'),
    isReady: async () => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'data').finally(() => socket.destroy())
      return true
    },
  })
  return { url: `nats://127.0.0.1:${port}`, pid }
}
