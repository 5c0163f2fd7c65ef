import { mkdir, mkdtemp, readdir, realpath, rm, stat, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../actors/errors.ts'
import { createCodec } from '../runtime/codec.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { openLevelJournal } from './level-journal.ts'
import { type Owned, ownDirectory } from './owner.ts'
import { startChild } from './testdata/child.ts'
import { kindOf } from './testdata/commits.ts'

const test = testSuite('memory/owner', { limitMs: 40_000 })

const inFolder = (body: (dir: string) => Promise<void>) => async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ac-owner-')))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const refusal = async (dir: string): Promise<RuntimeError> => {
  try {
    await (await ownDirectory(dir)).release()
  } catch (error) {
    if (error instanceof RuntimeError) return error
    throw error
  }
  throw new Error('it was not refused')
}

test(
  'refuses a second opener in the same process, and tells it who the owner is',
  inFolder(async dir => {
    const owned = await ownDirectory(dir)
    const error = await refusal(dir)
    assert.is(error.kind, 'store-locked')
    assert.is(error.details?.['pid'], process.pid)
    assert.is(typeof error.details?.['command'], 'string')
    assert.ok(Number(Date.parse(String(error.details?.['startedAt']))) > 0)
    await owned.release()
    await (await ownDirectory(dir)).release()
  }),
)

test(
  'knows a directory under all its names',
  inFolder(async dir => {
    await mkdir(join(dir, 'real'))
    await symlink(join(dir, 'real'), join(dir, 'name'))
    const owned = await ownDirectory(join(dir, 'name'))
    assert.is(owned.dir, join(dir, 'real'))
    assert.is((await refusal(join(dir, 'real', '..', 'real'))).kind, 'store-locked')
    await owned.release()
  }),
)

test(
  'keeps its socket from other users, and leaves one name however often it is opened',
  inFolder(async dir => {
    for (let round = 0; round < 4; round++) {
      const owned = await ownDirectory(dir)
      const names = await readdir(dir)
      assert.equal(names, [`owner.${round + 1}.sock`])
      assert.is((await stat(join(dir, names[0] ?? ''))).mode & 0o777, 0o600)
      await owned.release()
    }
  }),
)

test(
  'owns a directory whose path is too long for a socket',
  inFolder(async dir => {
    const long = join(dir, 'x'.repeat(120))
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = dir
    try {
      const owned = await ownDirectory(long)
      assert.equal(await readdir(long), [])
      assert.is((await refusal(long)).kind, 'store-locked')
      await owned.release()
      await (await ownDirectory(long)).release()
      const sockets = (await readdir(dir)).filter(name => name.endsWith('.sock'))
      assert.is(sockets.length, 1)
      assert.match(sockets[0] ?? '', /^ac-[0-9a-f]{16}\.2\.sock$/)
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
  }),
)

test(
  'lets exactly one of many win, over a new directory and over a dead owner',
  inFolder(async dir => {
    for (let round = 0; round < 20; round++) {
      const attempts = await Promise.allSettled(Array.from({ length: 12 }, () => ownDirectory(dir)))
      const winners = attempts.filter(
        (one): one is PromiseFulfilledResult<Owned> => one.status === 'fulfilled',
      )
      assert.is(winners.length, 1, `round ${round}`)
      for (const { value } of winners) await value.release()
    }
  }),
)

test(
  'is refused while another process owns, stopped or not, and takes over once that is killed',
  inFolder(async dir => {
    const child = startChild('hold', dir)
    try {
      await child.said('held')
      const error = await refusal(dir)
      assert.is(error.kind, 'store-locked')
      assert.is(error.details?.['pid'], child.process.pid)
      child.process.kill('SIGSTOP')
      assert.is((await refusal(dir)).kind, 'store-locked')
    } finally {
      await child.kill()
    }
    await (await ownDirectory(dir)).release()
  }),
)

test(
  'lets one process of several win over an owner that was killed',
  inFolder(async dir => {
    const first = startChild('hold', dir)
    await first.said('held')
    await first.kill()
    const rivals = Array.from({ length: 4 }, () => startChild('hold', dir))
    const outcomes = await Promise.all(
      rivals.map(rival => Promise.any([rival.said('held'), rival.said('refused')])),
    )
    await Promise.all(rivals.map(rival => rival.kill()))
    assert.is(outcomes.filter(line => line === 'held').length, 1, outcomes.join(', '))
    assert.is(outcomes.filter(line => line.startsWith('refused store-locked')).length, 3)
  }),
)

test(
  'refuses before LevelDB is touched: after a refusal in this process others are still refused',
  inFolder(async dir => {
    const journal = await openLevelJournal({ dir, encoder: createCodec() })
    assert.is(await kindOf(() => openLevelJournal({ dir, encoder: createCodec() })), 'store-locked')
    const child = startChild('write', dir)
    assert.is(await child.said('refused'), `refused store-locked ${process.pid}`)
    await child.kill()
    await journal.close()
  }),
)

test(
  'has a second line in the lock of LevelDB, should the sockets of a live owner be removed',
  inFolder(async dir => {
    const child = startChild('write', dir)
    try {
      await child.said('open')
      for (const name of await readdir(dir)) if (name.endsWith('.sock')) await rm(join(dir, name))
      const count = child.lines().length
      assert.is(await kindOf(() => openLevelJournal({ dir, encoder: createCodec() })), 'store-locked')
      while (child.lines().length <= count) await sleep(5)
    } finally {
      await child.kill()
    }
  }),
)

test(
  'takes whoever listens without making sense for an owner',
  inFolder(async dir => {
    for (const answer of ['', 'not json', '{"pid":"x"}', 'x'.repeat(100_000)]) {
      const server = createServer(socket => {
        socket.on('error', () => socket.destroy())
        socket.end(answer)
      })
      const path = join(dir, 'owner.7.sock')
      await rm(path, { force: true })
      await new Promise<void>(resolve => server.listen(path, resolve))
      assert.is((await refusal(dir)).kind, 'store-locked')
      await new Promise(resolve => server.close(resolve))
    }
  }),
)

test.run()
