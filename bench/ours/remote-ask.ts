/**
 * Our side of `remote-ask`: `runtime.ask` of an actor in another process, and for comparison a request of the
 * transport alone, which is what the runtime stands on.
 */
import { join } from 'node:path'
import { address } from '../../actors/address.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { natsTransport } from '../../runtime/transport/nats.ts'
import { connectNats } from '../../runtime/transport/nats-connection.ts'
import { askedRemotely } from '../remote-asking.ts'
import type { Measured } from '../scenario.ts'

/** The script beside this file, where the compiler put it. */
const SCRIPT = join(import.meta.dirname, 'remote-ask-process.js')

export const remoteAsk = (scratch: string): Promise<Measured> =>
  askedRemotely(SCRIPT, scratch, async servers => {
    const connection = await connectNats({ servers, name: 'asker', namespace: 'main' })
    const runtime = createRuntime({ name: 'asker', transport: natsTransport(connection) })
    const to = address('echo', 'one')
    return {
      ask: async n => ((await runtime.ask(to, 'echo.say', { n })) as { n: number }).n,
      async stop() {
        await runtime.stop()
        await connection.close()
      },
    }
  })

export const remoteRequest = (scratch: string): Promise<Measured> =>
  askedRemotely(SCRIPT, scratch, async servers => {
    const connection = await connectNats({ servers, name: 'asker', namespace: 'main' })
    const transport = natsTransport(connection)
    return {
      async ask(n) {
        const data = Buffer.from(JSON.stringify({ n }))
        const answer = await transport.request('ac.main.bench.say', data, { timeoutMs: 10_000 })
        return JSON.parse(Buffer.from(answer).toString()).n
      },
      stop: () => connection.close(),
    }
  })
