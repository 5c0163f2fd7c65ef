import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { MemoryRecord } from '../memory.ts'
import { openMember } from './testdata/open-member.ts'
import { type Member, startMember } from './testdata/start-member.ts'

const test = testSuite('memory/sharing/processes', { limitMs: 120_000 })

const inFolder = (body: (dir: string) => Promise<void>) => async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ac-members-')))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** All there is, read by a process that owns the directory. */
async function stored(dir: string): Promise<readonly MemoryRecord[]> {
  const memory = await openMember(dir, 'never')
  const all: MemoryRecord[] = []
  let after: string | undefined
  do {
    const page = await memory.namespace('shared').list({ limit: 500, ...(after !== undefined && { after }) })
    all.push(...page.memories)
    after = page.after
  } while (after !== undefined)
  const { problems } = await memory.namespace('shared').verify()
  assert.equal(problems, [])
  await memory.close()
  return all
}

/** Every acknowledged memory is there under its id, and no text is there twice. */
async function checkAll(dir: string, members: readonly Member[]): Promise<number> {
  const all = await stored(dir)
  const byText = new Map(all.map(record => [record.text, record.id]))
  assert.is(byText.size, all.length, 'a memory is there twice')
  let acknowledged = 0
  for (const member of members) {
    for (const line of member.said('ack ')) {
      const [id, ...words] = line.split(' ')
      assert.is(byText.get(words.join(' ')), id)
      acknowledged++
    }
    assert.equal(member.said('refused '), [])
    assert.equal(member.said('recalled false'), [])
  }
  return acknowledged
}

const roleOf = (member: Member): string => member.said('open ')[0] ?? ''
const written = (member: Member): number => member.said('ack ').length
const all = <T>(members: readonly Member[], work: (member: Member) => Promise<T>) =>
  Promise.all(members.map(work))

test(
  'lets two processes write and recall at the same time: nothing is lost, nothing is there twice',
  inFolder(async dir => {
    const members = [startMember(dir, 'ana', 4), startMember(dir, 'ben', 4)]
    await all(members, member => member.heard('ack ', 200))
    assert.equal(members.map(roleOf).sort(), ['client', 'owner'])
    assert.ok(members.every(member => member.said('recalled true').length > 0))
    await all(members, member => member.stop())
    assert.ok((await checkAll(dir, members)) >= 400)
  }),
)

test(
  'goes on when the owner is killed under load, again and again',
  inFolder(async dir => {
    const members = ['ana', 'ben', 'cal', 'dan'].map(name => startMember(dir, name, 3))
    let living = [...members]
    await all(living, member => member.heard('ack ', 40))
    assert.is(members.filter(member => roleOf(member) === 'owner').length, 1)
    // The owner is found by what the directory says: the process that is not refused is the one behind the socket.
    for (let round = 0; round < 3; round++) {
      const pid = await ownerOf(dir)
      const owner = living.find(member => member.process.pid === pid)
      assert.ok(owner, `process ${pid} is none of ours`)
      await owner?.kill()
      living = living.filter(member => member !== owner)
      const before = living.map(written)
      await all(living, member => member.heard('ack ', (before[living.indexOf(member)] ?? 0) + 40))
    }
    await all(living, member => member.stop())
    assert.equal(living[0]?.said('closed '), ['owner'])
    assert.ok((await checkAll(dir, members)) > 400)
  }),
)

/** Process id of the owner, as it tells whoever would own the directory too. */
async function ownerOf(dir: string): Promise<unknown> {
  for (;;) {
    try {
      const memory = await openMember(dir, 'never')
      await memory.close()
    } catch (error) {
      return (error as { details?: Record<string, unknown> }).details?.['pid']
    }
  }
}

test(
  'makes exactly one of five racers the owner, also of what a killed owner left',
  inFolder(async dir => {
    const before: Member[] = []
    for (let round = 0; round < 2; round++) {
      const racers = Array.from({ length: 5 }, (_, i) => startMember(dir, `r${round}-${i}`, 1))
      await all(racers, member => member.heard('ack ', 5))
      const roles = racers.map(roleOf).sort()
      assert.equal(roles, ['client', 'client', 'client', 'client', 'owner'])
      before.push(...racers)
      if (round === 0) await all(racers, member => member.kill())
      else await all(racers, member => member.stop())
    }
    await checkAll(dir, before)
  }),
)

test(
  'hands over from process to process in good order, and leaves nothing behind',
  inFolder(async dir => {
    const first = startMember(dir, 'ana', 2)
    await first.heard('ack ', 20)
    const others = [startMember(dir, 'ben', 2), startMember(dir, 'cal', 2)]
    await all(others, member => member.heard('ack ', 20))
    assert.equal([first, ...others].map(roleOf), ['owner', 'client', 'client'])
    await first.stop()
    assert.equal(first.said('closed '), ['owner'])
    const before = others.map(written)
    await all(others, member => member.heard('ack ', (before[others.indexOf(member)] ?? 0) + 50))
    for (const member of others) await member.stop()
    assert.is((await readdir(dir)).includes('share.sock'), false)
    await checkAll(dir, [first, ...others])
  }),
)

test(
  'says who owns it while that one is stopped, and goes on with it afterwards',
  inFolder(async dir => {
    const owner = startMember(dir, 'ana', 0)
    await owner.heard('open owner')
    const client = startMember(dir, 'ben', 1)
    await client.heard('ack ', 10)
    owner.process.kill('SIGSTOP')
    const began = performance.now()
    try {
      await openMember(dir, 'never')
      assert.unreachable()
    } catch (error) {
      assert.is((error as { kind?: string }).kind, 'store-locked')
    }
    assert.ok(performance.now() - began < 5_000)
    const before = written(client)
    owner.process.kill('SIGCONT')
    await client.heard('ack ', before + 10)
    await client.stop()
    await owner.stop()
    assert.equal(client.said('closed '), ['client'])
    await checkAll(dir, [owner, client])
  }),
)

test.run()
