/** The process that answers for Moleculer in `remote-ask`. */
import { answering, serverUrl } from '../remote-asking.ts'
import { broker } from './moleculer-remote.ts'

const answerer = await broker('answerer', serverUrl())
answerer.createService({ name: 'echo', actions: { say: ({ params }) => ({ n: params.n + 1 }) } })
await answerer.start()
answering()
