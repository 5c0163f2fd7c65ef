/** The process that answers for the NATS client alone in `remote-ask`. */
import { connect } from 'nats'
import { answering, serverUrl } from '../remote-asking.ts'

const nc = await connect({ servers: serverUrl() })
nc.subscribe('say', {
  callback: (_, message) => void message.respond(JSON.stringify({ n: message.json<{ n: number }>().n + 1 })),
})
await nc.flush()
answering()
