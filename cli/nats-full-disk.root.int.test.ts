/** The disk of a server is full, and its JetStream hangs without a word: it works again once there is space, untouched. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { natsBroker } from '../runtime/transport/nats-broker.ts'
import { connectNats } from '../runtime/transport/nats-connection.ts'
import { canSync } from './nats-advisories.ts'
import { runLocalNats } from './nats-local.ts'
import { findNatsServer } from './nats-server.ts'
import type { SupervisionEvent } from './nats-supervision.ts'
import { natsOptionsOf } from './nats-url.ts'

const test = testSuite('cli/nats-full-disk', { limitMs: 120_000 })

const disk = mkdtempSync(join(tmpdir(), 'agenticraft-full-'))
test.before(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk]))
test.after(() => {
  execFileSync('umount', ['-l', disk])
  rmSync(disk, { recursive: true })
})

const MIB = 1024 ** 2

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 60_000; !isSo(); await new Promise(done => setTimeout(done, 50)))
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
}

const freePort = (): Promise<number> =>
  new Promise(done => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { readonly port: number }
      probe.close(() => done(port))
    })
  })

test('is restarted when there is space again, and has lost nothing it confirmed', async () => {
  const dataDir = join(disk, 'data')
  const { path: program = '' } = (await findNatsServer(process.env)) ?? {}
  const stop = new AbortController()
  const events: SupervisionEvent[] = []
  const kinds = (): string => events.map(({ kind }) => kind).join(' ')
  mkdirSync(dataDir)
  const over = runLocalNats({
    ...{ dataDir, program, host: '127.0.0.1', port: await freePort(), maxBytes: 256 * MIB },
    ...{ env: process.env, signal: stop.signal },
    onReady: () => {},
    tell: event => void events.push(event),
    times: { everyMs: 200, hungMs: 3_000, spaceBytes: 4 * MIB },
  })
  await until(() => kinds() === 'serving', 'the server')
  const connection = await connectNats(await natsOptionsOf({ cwd: disk, env: {}, options: { dataDir } }))
  const broker = await natsBroker(connection, { namespace: 'main', maxBytes: 100 * MIB, timeoutMs: 1_500 })
  writeFileSync(join(disk, 'ballast'), new Uint8Array(16 * MIB))
  const confirmed: string[] = []
  for (let n = 1, isFull = false; !isFull && n < 1_000; n++) {
    const subject = `ac.main.jrn.1.1.${n}`
    const outcome = await broker.create(subject, new Uint8Array(100_000)).catch(() => 'refused')
    if (outcome === 'created') confirmed.push(subject)
    else isFull = true
  }
  // Later versions refuse, and go on by themselves.
  const hangs = !canSync(connection.server.version)
  if (hangs) await until(() => kinds() === 'serving disk-full', 'the notice that the disk is full')
  rmSync(join(disk, 'ballast'))
  if (hangs) await until(() => kinds() === 'serving disk-full hung serving', 'the restart')
  const patient = await natsBroker(connection, { namespace: 'main' })
  const found = new Set<string>()
  for await (const { subject } of patient.read('ac.main.jrn.>')) found.add(subject)
  assert.ok(confirmed.length > 50)
  assert.equal(
    confirmed.filter(subject => !found.has(subject)),
    [],
  )
  assert.is(await patient.create('ac.main.jrn.2.1.1', new Uint8Array(9)), 'created')
  await connection.close()
  stop.abort()
  await over
})

test.run()
