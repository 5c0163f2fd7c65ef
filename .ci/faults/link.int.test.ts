import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { openLink } from './link.ts'

const test = testSuite('.ci/faults/link')

/** Both ends of a connection through a link, and what each has heard. */
async function through(body: (ends: Ends) => Promise<void>): Promise<void> {
  const server: Server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.on('connection', socket => socket.on('error', () => {}))
  const link = await openLink((server.address() as AddressInfo).port)
  const near = connect(link.port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  const heard = { near: '', far: '' }
  near
    .on('error', () => {})
    .on('data', chunk => {
      heard.near += chunk
    })
  far
    .on('error', () => {})
    .on('data', chunk => {
      heard.far += chunk
    })
  try {
    await body({ link, near, far, heard, server })
  } finally {
    near.destroy()
    await link.close()
    server.close()
  }
}

interface Ends {
  readonly link: Awaited<ReturnType<typeof openLink>>
  readonly near: Socket
  readonly far: Socket
  readonly heard: { near: string; far: string }
  readonly server: Server
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 5_000; !isSo(); await sleep(5))
    if (performance.now() > end) throw new Error('it did not come to that')
}

/** Also after an error, which `once` would reject with. */
const closed = (socket: Socket): Promise<void> =>
  new Promise(resolve => socket.once('close', () => resolve()))

/** Long enough for what is not held back. */
const A_WHILE_MS = 150

test('holds back both directions while it is cut, and delivers in order afterwards', () =>
  through(async ({ link, near, far, heard }) => {
    near.write('1')
    await until(() => heard.far === '1')
    link.set('cut')
    near.write('2')
    far.write('a')
    await sleep(A_WHILE_MS)
    assert.equal(heard, { near: '', far: '1' })
    near.write('3')
    link.set('whole')
    await until(() => heard.far === '123' && heard.near === 'a')
  }))

test('holds back one direction only while a side is deaf or mute', () =>
  through(async ({ link, near, far, heard }) => {
    link.set('deaf')
    near.write('1')
    far.write('a')
    await until(() => heard.far === '1')
    await sleep(A_WHILE_MS)
    assert.is(heard.near, '')
    link.set('mute')
    near.write('2')
    await until(() => heard.near === 'a')
    await sleep(A_WHILE_MS)
    assert.is(heard.far, '1')
  }))

test('keeps the order when it becomes faster', () =>
  through(async ({ link, near, heard }) => {
    const began = performance.now()
    link.set('slow', 200)
    near.write('1')
    await sleep(50)
    link.set('whole')
    near.write('2')
    await until(() => heard.far === '12')
    assert.ok(performance.now() - began >= 190)
  }))

test('lets nobody connect while it is cut, and breaks connections off when it refuses', () =>
  through(async ({ link, near, heard, server }) => {
    link.set('cut')
    const late = connect(link.port, '127.0.0.1').on('error', () => {})
    const came = once(server, 'connection')
    assert.is(await Promise.race([came.then(() => 'came'), sleep(A_WHILE_MS, 'nobody')]), 'nobody')
    link.set('whole')
    await came
    link.set('refused')
    await Promise.all([closed(near), closed(late)])
    const refused = connect(link.port, '127.0.0.1').on('error', () => {})
    await closed(refused)
    assert.is(heard.far, '')
  }))

test.run()
