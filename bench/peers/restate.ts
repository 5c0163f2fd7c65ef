/**
 * Restate: its server, one node with its own defaults, and a service whose ten steps are `ctx.run`. Every step
 * is appended to its log server's RocksDB, whose log it syncs (`rocksdb-disable-wal-fsync = false`), many at once
 * when many come. Called over its HTTP ingress as its clients do.
 */
import { Agent, request } from 'node:http'
import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { join } from 'node:path'
import { durableSteps } from '../durable-steps.ts'
import { loadPeer } from '../peer-packages.ts'
import { type Measured, Unavailable } from '../scenario.ts'
import { freePorts, startServer } from '../server-process.ts'
import { RUNS_AT_ONCE, STEPS } from '../work.ts'

interface Saying {
  readonly n: number
}
interface Context {
  run<T>(name: string, action: () => Promise<T>): Promise<T>
}
type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void
interface Sdk {
  service(definition: {
    name: string
    handlers: Record<string, (context: Context, input: Saying) => Promise<Saying>>
  }): unknown
  createEndpointHandler(options: { services: readonly unknown[]; logger: () => void }): Handler
}

export async function durableStep(scratch: string): Promise<Measured> {
  const [ingress = 0, admin = 0, node = 0, endpoint = 0] = await freePorts(4)
  await serveEndpoint(endpoint)
  await startRestate(scratch, { ingress, admin, node })
  await register(admin, endpoint)
  const agent = new Agent({ keepAlive: true, maxSockets: RUNS_AT_ONCE })
  return durableSteps(async n => (await invoke(ingress, agent, { n })).n)
}

async function serveEndpoint(port: number): Promise<void> {
  const { service, createEndpointHandler } = await loadPeer<Sdk>('@restatedev/restate-sdk')
  const counting = service({
    name: 'counting',
    handlers: {
      async run(context, input) {
        let { n } = input
        for (let step = 0; step < STEPS; step++) {
          const before = n
          n = await context.run(`step-${step}`, async () => before + 1)
        }
        return { n }
      },
    },
  })
  const server = createServer(createEndpointHandler({ services: [counting], logger: () => {} }))
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
}

interface Ports {
  readonly ingress: number
  readonly admin: number
  readonly node: number
}

/** All settings but where it listens and stores, and that it calls nobody, are its defaults. */
async function startRestate(scratch: string, { ingress, admin, node }: Ports): Promise<void> {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`
  const binary = join(process.cwd(), 'bench', 'node_modules', name, 'bin', 'restate-server')
  await startServer(binary, ['--no-logo'], {
    env: {
      RESTATE_BASE_DIR: join(scratch, 'restate'),
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: '1',
    },
    log: join(scratch, 'restate.log'),
    isReady: async () =>
      (await fetch(`http://127.0.0.1:${admin}/health`)).ok &&
      (await fetch(`http://127.0.0.1:${ingress}/restate/health`)).ok,
  })
}

async function register(admin: number, endpoint: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${endpoint}` }),
  })
  if (!answer.ok) throw new Unavailable(`Restate does not take the service: ${await answer.text()}`)
}

const invoke = (port: number, agent: Agent, body: Saying): Promise<Saying> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request({ host: '127.0.0.1', port, path: '/counting/run', method: 'POST', agent, headers })
    call.once('error', reject)
    call.once('response', response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', part => {
        text += part
      })
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as Saying)
        else reject(new Error(`Restate answered ${response.statusCode}: ${text}`))
      })
    })
    call.end(JSON.stringify(body))
  })
