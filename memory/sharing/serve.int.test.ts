import { chmod, mkdir, mkdtemp, readdir, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ownDirectory } from '../owner.ts'
import { toFrame } from './frames.ts'
import { meetOwner } from './meet-owner.ts'
import { helloBytes } from './messages.ts'
import { isOurs, sharePath } from './serve.ts'
import { codec, gate, rawEnd } from './testdata/ends.ts'
import { joinSample } from './testdata/owned-sample.ts'
import { emptyShelf } from './testdata/sample-memory.ts'

const test = testSuite('memory/sharing/serve', { limitMs: 30_000 })

const inFolder = (body: (dir: string) => Promise<void>) => async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ac-share-')))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const refusal = async (work: () => Promise<unknown>): Promise<RuntimeError> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof RuntimeError) return error
    throw error
  }
  throw new Error('it was not refused')
}

const socketAt = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connect(path, () => resolve(socket))
    socket.on('error', reject)
  })

test(
  'makes the second opener of a process a client of the first, under any name of the directory',
  inFolder(async dir => {
    await mkdir(join(dir, 'real'))
    await symlink(join(dir, 'real'), join(dir, 'name'))
    const first = await joinSample(join(dir, 'real'))
    const second = await joinSample(join(dir, 'name'))
    assert.equal([first.role, second.role], ['owner', 'client'])
    assert.is(second.dir, join(dir, 'real'))
    const id = await second.namespace('a').remember({ text: 'shared' })
    assert.is((await first.namespace('a').get(id))?.text, 'shared')
    await second.close()
    await first.close()
  }),
)

test(
  'lets nobody but this user in: the socket is 0600 and a directory it makes 0700',
  inFolder(async dir => {
    const before = process.umask(0)
    try {
      const memory = await joinSample(join(dir, 'new'))
      assert.is((await stat(join(dir, 'new'))).mode & 0o777, 0o700)
      const socket = await stat(sharePath(memory.dir))
      assert.ok(socket.isSocket())
      assert.is(socket.mode & 0o777, 0o600)
      await memory.close()
    } finally {
      process.umask(before)
    }
  }),
)

test(
  'leaves no socket behind when it closes, and takes the place of one that a dead owner left',
  inFolder(async dir => {
    const memory = await joinSample(dir)
    await memory.close()
    assert.equal(
      (await readdir(dir)).filter(name => name.startsWith('share')),
      [],
    )
    // What a killed process leaves: names without anyone behind them.
    await writeFile(join(dir, 'share.new'), '')
    const dead = createServer()
    await new Promise<void>(resolve => dead.listen(join(dir, 'left.sock'), resolve))
    await symlink(join(dir, 'left.sock'), join(dir, 'share.sock'))
    dead.close()
    const next = await joinSample(dir)
    const client = await joinSample(dir)
    assert.equal([next.role, client.role], ['owner', 'client'])
    await client.close()
    await next.close()
  }),
)

test(
  'shares a directory whose path is too long for a socket',
  inFolder(async dir => {
    const long = join(dir, 'x'.repeat(120))
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = dir
    try {
      const first = await joinSample(long)
      const second = await joinSample(long)
      assert.is(second.role, 'client')
      assert.match(sharePath(first.dir), /\/ac-[0-9a-f]{16}-share\.sock$/)
      await second.close()
      await first.close()
      await (await joinSample(long)).close()
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
  }),
)

test(
  'does not talk to a socket that is none, or that somebody else made',
  inFolder(async dir => {
    await writeFile(join(dir, 'share.sock'), 'not a socket')
    assert.not(await isOurs(dir, join(dir, 'share.sock')))
    const memory = await joinSample(dir)
    assert.is(memory.role, 'owner')
    assert.ok(await isOurs(dir, sharePath(dir)))
    await memory.close()
  }),
)

test(
  'owns a directory where something else listens, and refuses it while its owner is alive',
  inFolder(async dir => {
    const strangers = ['HTTP/1.1 400 Bad Request\r\n\r\n', '', '{"pid":1}', 'x'.repeat(100_000)]
    for (const answer of strangers) {
      const stranger = createServer(socket => {
        socket.on('error', () => socket.destroy())
        socket.end(answer)
        socket.resume()
      })
      await rm(join(dir, 'share.sock'), { force: true })
      await new Promise<void>(resolve => stranger.listen(join(dir, 'share.sock'), resolve))
      const owned = await ownDirectory(dir)
      const error = await refusal(() => joinSample(dir, { limits: { ownerMs: 100 } }))
      assert.is(error.kind, 'store-locked')
      assert.is(error.details?.['pid'], process.pid)
      await owned.release()
      const memory = await joinSample(dir)
      assert.is(memory.role, 'owner')
      await memory.close()
      await new Promise(resolve => stranger.close(resolve))
    }
  }),
)

test(
  'says who owns it when that one does not share, without waiting',
  inFolder(async dir => {
    const first = await joinSample(dir, { share: 'never' })
    const began = performance.now()
    const error = await refusal(() => joinSample(dir))
    assert.is(error.kind, 'store-locked')
    assert.is(error.details?.['pid'], process.pid)
    assert.is(typeof error.details?.['command'], 'string')
    assert.ok(Date.parse(String(error.details?.['startedAt'])) > 0)
    assert.is((await refusal(() => joinSample(dir, { share: 'never' }))).kind, 'store-locked')
    assert.ok(performance.now() - began < 5_000)
    await first.close()
  }),
)

test(
  'serves its clients while others send garbage, leave, or hold the line',
  inFolder(async dir => {
    const shelf = emptyShelf()
    const memory = await joinSample(dir, { shelf })
    const client = await joinSample(dir)
    const path = sharePath(memory.dir)
    const garbage = [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(70_000, 0xff), Buffer.alloc(4)]
    for (const bytes of [...garbage, toFrame(Buffer.from('{"agenticraft":"memory"}'))]) {
      const raw = rawEnd(await socketAt(path))
      raw.stream.write(bytes)
      await raw.ended
    }
    for (const bytes of [Buffer.from([0xc1]), Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])]) {
      const raw = rawEnd(await socketAt(path))
      raw.send(helloBytes())
      raw.send(bytes)
      await raw.ended
    }
    for (let i = 0; i < 20; i++) {
      const raw = rawEnd(await socketAt(path))
      raw.send(helloBytes())
      raw.say(['call', 1, 'a', 'remember', [{ text: `left ${i}` }]])
      raw.stream.destroy()
    }
    const silent = rawEnd(await socketAt(path))
    assert.is(typeof (await client.namespace('b').remember({ text: 'fine' })), 'string')
    await silent.ended
    await client.close()
    await memory.close()
  }),
)

test(
  'hands over in good order: what is under way is answered, what comes meanwhile goes to the next owner',
  inFolder(async dir => {
    const shelf = emptyShelf()
    const slow = gate()
    const first = await joinSample(dir, { shelf, before: method => method === 'list' && slow.opened })
    const clients = await Promise.all([joinSample(dir, { shelf }), joinSample(dir, { shelf })])
    const listed = clients.map(client => client.namespace('a').list())
    await new Promise(resolve => setTimeout(resolve, 50))
    const closing = first.close()
    await new Promise(resolve => setTimeout(resolve, 20))
    const ids = clients.map((client, i) => client.namespace('a').remember({ text: `meanwhile ${i}` }))
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.is(shelf.keys.size, 0, 'the owner takes nothing new')
    slow.open()
    for (const page of await Promise.all(listed)) assert.equal(page, { memories: [] })
    await closing
    assert.is(new Set(await Promise.all(ids)).size, 2)
    assert.equal(clients.map(({ role }) => role).sort(), ['client', 'owner'])
    for (const client of clients) await client.close()
  }),
)

test(
  'shares with as many as it may, and the others wait for a place',
  inFolder(async dir => {
    const limits = { clients: 2, ownerMs: 300 }
    const owner = await joinSample(dir, { limits })
    const clients = [await joinSample(dir), await joinSample(dir)]
    assert.is((await refusal(() => joinSample(dir, { limits }))).kind, 'store-locked')
    const waiting = joinSample(dir)
    await clients[0]?.close()
    assert.is((await waiting).role, 'client')
    await (await waiting).close()
    await clients[1]?.close()
    await owner.close()
  }),
)

test(
  'does not keep a process alive, and nothing is left open when it closes',
  inFolder(async dir => {
    const owner = await joinSample(dir)
    const client = await joinSample(dir)
    await client.namespaces()
    await client.close()
    await owner.close()
    assert.equal(
      await meetOwner(dir, {
        encoder: codec,
        clock: { now: Date.now, at: () => () => {} },
        limits: {} as never,
      }),
      {
        type: 'absent',
      },
    )
    assert.not(
      process.getActiveResourcesInfo().some(name => name.startsWith('Pipe') && name.includes('Server')),
    )
  }),
)

test(
  'fails clearly where it cannot make its socket',
  inFolder(async dir => {
    await mkdir(join(dir, 'share.sock'))
    await writeFile(join(dir, 'share.sock', 'x'), '')
    const error = await refusal(() => joinSample(dir))
    assert.is(error.kind, 'store-failed')
    // And it did not keep the directory.
    await (await ownDirectory(dir)).release()
    await chmod(dir, 0o700)
  }),
)

test.run()
