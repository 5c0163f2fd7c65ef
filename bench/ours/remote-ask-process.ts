/** The process that answers in `remote-ask`: an echo actor of a runtime, and one subscription of the transport alone. */
import { createRuntime } from '../../runtime/create-runtime.ts'
import { natsTransport } from '../../runtime/transport/nats.ts'
import { connectNats } from '../../runtime/transport/nats-connection.ts'
import { answering, serverUrl } from '../remote-asking.ts'
import { echo } from './echo.ts'

const connection = await connectNats({ servers: serverUrl(), name: 'answerer', namespace: 'main' })
const transport = natsTransport(connection)
const runtime = createRuntime({ name: 'answerer', transport })
await runtime.spawn(echo, { id: 'one' })

const plain = natsTransport(connection)
plain.subscribe('ac.main.bench.say', ({ data, reply }) => {
  const { n } = JSON.parse(Buffer.from(data).toString()) as { n: number }
  reply?.(Buffer.from(JSON.stringify({ n: n + 1 })))
})
await Promise.all([transport.flush(), plain.flush()])
answering()
