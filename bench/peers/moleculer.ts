/** Moleculer: two services on one local broker, no transporter, its metrics and tracing off (its defaults). */
import { loadPeer } from '../peer-packages.ts'
import type { Measured } from '../scenario.ts'
import { measured, timed } from '../timing.ts'
import { ASKS_PER_RUN } from '../work.ts'

interface Saying {
  readonly n: number
}
interface Context {
  readonly params: Saying
  call(action: string, params: Saying): Promise<Saying>
}
interface Broker {
  createService(schema: {
    name: string
    actions: Record<string, (context: Context) => Saying | Promise<Saying>>
  }): unknown
  start(): Promise<void>
  stop(): Promise<void>
  call(action: string, params: Saying): Promise<Saying>
}
interface Moleculer {
  readonly ServiceBroker: new (options: { logger: boolean }) => Broker
}

export async function localAsk(): Promise<Measured> {
  const { default: moleculer } = await loadPeer<{ default: Moleculer }>('moleculer')
  const broker = new moleculer.ServiceBroker({ logger: false })
  broker.createService({ name: 'echo', actions: { say: ({ params }) => ({ n: params.n + 1 }) } })
  broker.createService({ name: 'asker', actions: { run } })
  await broker.start()
  const outside = async (n: number): Promise<number> =>
    (await broker.call('echo.say', { n })).n === n + 1 ? 1 : 0
  const between = async (n: number): Promise<number> => (await broker.call('asker.run', { n })).n
  const timings = {
    'outside, 1 in flight': await timed(outside),
    'outside, 32 in flight': await timed(outside, { inFlight: 32 }),
    'between actors, 1 in flight': await timed(between, { size: ASKS_PER_RUN }),
    'between actors, 32 in flight': await timed(between, { size: ASKS_PER_RUN, inFlight: 32 }),
  }
  await broker.stop()
  return measured(timings)
}

async function run(context: Context): Promise<Saying> {
  let right = 0
  for (let i = 0; i < ASKS_PER_RUN; i++) {
    const n = context.params.n + i
    if ((await context.call('echo.say', { n })).n === n + 1) right++
  }
  return { n: right }
}
