/** Moleculer in `remote-ask`: two brokers with its NATS transporter, all else as it comes. */
import { join } from 'node:path'
import { loadPeer } from '../peer-packages.ts'
import { askedRemotely } from '../remote-asking.ts'
import type { Measured } from '../scenario.ts'

interface Saying {
  readonly n: number
}
interface Broker {
  createService(schema: {
    name: string
    actions: Record<string, (context: { readonly params: Saying }) => Saying>
  }): unknown
  start(): Promise<void>
  stop(): Promise<void>
  waitForServices(name: string): Promise<unknown>
  call(action: string, params: Saying): Promise<Saying>
}
interface Moleculer {
  readonly ServiceBroker: new (options: { logger: boolean; nodeID: string; transporter: string }) => Broker
}

export async function broker(nodeID: string, transporter: string): Promise<Broker> {
  const { default: moleculer } = await loadPeer<{ default: Moleculer }>('moleculer')
  return new moleculer.ServiceBroker({ logger: false, nodeID, transporter })
}

/** The script beside this file, where the compiler put it. */
export const remoteAsk = (scratch: string): Promise<Measured> =>
  askedRemotely(join(import.meta.dirname, 'moleculer-process.js'), scratch, async url => {
    const asker = await broker('asker', url)
    await asker.start()
    await asker.waitForServices('echo')
    return {
      ask: async n => (await asker.call('echo.say', { n })).n,
      stop: () => asker.stop(),
    }
  })
