/** The NATS client alone in `remote-ask`: one `request` per question, as its manual says. */
import { join } from 'node:path'
import { connect } from 'nats'
import { askedRemotely } from '../remote-asking.ts'
import type { Measured } from '../scenario.ts'

/** The script beside this file, where the compiler put it. */
export const remoteAsk = (scratch: string): Promise<Measured> =>
  askedRemotely(join(import.meta.dirname, 'nats-process.js'), scratch, async servers => {
    const nc = await connect({ servers })
    return {
      ask: async n =>
        (await nc.request('say', JSON.stringify({ n }), { timeout: 10_000 })).json<{ n: number }>().n,
      stop: () => nc.close(),
    }
  })
