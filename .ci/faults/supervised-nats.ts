/**
 * A nats-server on a small disk of its own, looked after as `agenticraft nats up` looks after one, by the same code, and
 * quicker: whether it hangs is asked more often. Used by `cluster-broker-full.ts`.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runLocalNats } from '../../cli/nats-local.ts'
import { type NatsNote, natsDirectory } from '../../cli/nats-note.ts'
import { findNatsServer } from '../../cli/nats-server.ts'
import type { SupervisionEvent } from '../../cli/nats-supervision.ts'
import { freePort, type NatsServer } from '../../runtime/testkit/nats-server.ts'
import type { BrokerProcesses } from './cluster-nodes.ts'
import { mountDisk, unmountDisk } from './small-disk.ts'

export interface SupervisedOptions {
  /** Where its disk is mounted. */
  readonly disk: string
  readonly diskMegabytes: number
  /** What JetStream may keep. */
  readonly maxBytes: number
}

/** The defaults are 2 s and 10 s. */
const TIMES = { everyMs: 300, hungMs: 3_000 } as const

/** Resolves when it answers. What kills it has it started again by its supervision. */
export async function startSupervisedNats(options: SupervisedOptions): Promise<BrokerProcesses> {
  const { disk, diskMegabytes, maxBytes } = options
  const program = (await findNatsServer(process.env))?.path
  if (program === undefined) throw new Error('there is no nats-server')
  await mountDisk(disk, diskMegabytes)
  const dataDir = join(disk, 'data')
  const stopping = new AbortController()
  const events = new EventTarget()
  const said = (kind: SupervisionEvent['kind']): Promise<unknown> => once(events, kind)
  let pid = 0
  let over: Promise<void> = Promise.resolve()
  const tell = (event: SupervisionEvent): void => {
    if (event.kind === 'serving') pid = event.pid
    events.dispatchEvent(new Event(event.kind))
  }
  const stop = async (): Promise<void> => {
    if (stopping.signal.aborted) return
    stopping.abort()
    await over.catch(() => {})
    unmountDisk(disk)
  }
  const kill = async (): Promise<void> => {
    const died = said('died')
    process.kill(pid, 'SIGKILL')
    await died
  }
  try {
    await mkdir(dataDir)
    const port = await freePort()
    const { url, nkey = '' } = await new Promise<NatsNote>((resolve, reject) => {
      over = runLocalNats({
        ...{ dataDir, program, host: '127.0.0.1', port, maxBytes, env: process.env, times: TIMES },
        ...{ signal: stopping.signal, onReady: resolve, tell },
      })
      over.catch(reject)
    })
    const server: NatsServer = {
      ...{ url, port, storeDir: natsDirectory(dataDir), stop, kill },
      get pid() {
        return pid
      },
      log: () => readFileSync(join(natsDirectory(dataDir), 'server.log'), 'utf8'),
      async restart() {
        const serves = said('serving')
        await kill()
        await serves
      },
    }
    return { servers: [server], credentials: { nkeySeed: (await readFile(nkey, 'utf8')).trim() } }
  } catch (error) {
    await stop()
    throw error
  }
}
