import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { SHARING_LIMITS, type SharingLimits } from './limits.ts'
import { sharedMemory } from './shared-memory.ts'
import type { Seat } from './take-seat.ts'
import { type BothEnds, codec, connected, gate } from './testdata/ends.ts'
import { emptyShelf, type SampleMemory, sampleMemory } from './testdata/sample-memory.ts'

const test = testSuite('memory/sharing/shared-memory')

const kindOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : error
  }
  return undefined
}

/** A memory that takes its seats from `seats`, one after the other. */
function opened(seats: readonly (() => Promise<Seat>)[], limits: Partial<SharingLimits> = {}) {
  const left = [...seats]
  let ids = 0
  return sharedMemory({
    dir: '/data',
    encoder: codec,
    id: () => `key-${++ids}`,
    limits: { ...SHARING_LIMITS, ...limits },
    checkName: name => {
      if (name === '') throw new RuntimeError('input-invalid', 'a namespace needs a name')
    },
    async takeSeat() {
      const next = left.shift()
      if (!next) throw new RuntimeError('store-locked', 'no seat is left')
      return next()
    },
  })
}

const asOwner = (memory: SampleMemory) => async (): Promise<Seat> => ({
  role: 'owner',
  memory,
  server: { close: async () => {} },
})

/** A seat at another process's memory, and the connection when it is taken. */
function asClient(memory: SampleMemory, limits: Partial<SharingLimits> = {}) {
  const ends: BothEnds[] = []
  const seat = async (): Promise<Seat> => {
    const both = await connected(memory, { limits })
    ends.push(both)
    return { role: 'client', connection: both.connection }
  }
  return Object.assign(seat, { ends })
}

test('is the same to its user as owner and as client', async () => {
  for (const seat of [asOwner, asClient]) {
    const memory = await opened([seat(sampleMemory(emptyShelf()))])
    const space = memory.namespace('team')
    assert.is(space.name, 'team')
    const id = await space.remember({ text: 'green tea' })
    assert.is((await space.get(id))?.text, 'green tea')
    assert.is(await space.get('none'), undefined)
    assert.equal(
      (await space.recall('tea')).map(hit => hit.id),
      [id],
    )
    assert.equal(await memory.namespaces(), ['team'])
    assert.equal(await space.facts(undefined, { limit: 1 }), [])
    assert.is(await kindOf(() => space.update('m9', {})), 'input-invalid')
    assert.is(await kindOf(() => memory.namespace('')), 'input-invalid')
    const lines: string[] = []
    for await (const line of space.export()) lines.push(line)
    assert.equal(lines, ['{"format":"sample"}', 'green tea'])
    assert.equal(await memory.namespace('copy').import(lines), { imported: 1, known: 0 })
    assert.equal(await memory.namespace('copy').import(lines), { imported: 0, known: 1 })
    await memory.close()
    assert.is(await kindOf(() => space.get(id)), 'journal-closed')
    assert.is(await kindOf(() => space.import([])), 'journal-closed')
    assert.is(await kindOf(() => memory.namespaces()), 'journal-closed')
  }
})

test('asks the next owner again, under the same key, when one died before it answered', async () => {
  const shelf = emptyShelf()
  const stuck = gate()
  // It stores, and dies before it can say so.
  const first = sampleMemory(shelf)
  const dying: SampleMemory = {
    ...first,
    namespace: name => ({
      ...first.namespace(name),
      async remember(given, options) {
        const id = await first.namespace(name).remember(given, options)
        await stuck.opened
        return id
      },
    }),
  }
  const toFirst = asClient(dying)
  const second = sampleMemory(shelf)
  const memory = await opened([toFirst, asClient(second)])
  const id = memory.namespace('a').remember({ text: 'only once' })
  await settle()
  toFirst.ends[0]?.cut()
  assert.is(await id, 'm1')
  assert.is(shelf.spaces.get('a')?.size, 1)
  assert.equal(first.calls[0], second.calls[0])
  assert.is(memory.role, 'client')
  stuck.open()
  await memory.close()
})

test('does what it had asked for itself when it becomes the owner, in the order in which it was asked', async () => {
  const stuck = gate()
  const toFirst = asClient(
    sampleMemory(emptyShelf(), () => stuck.opened),
    { inFlight: 2 },
  )
  const own = sampleMemory(emptyShelf())
  const memory = await opened([toFirst, asOwner(own)])
  const texts = ['one', 'two', 'three', 'four']
  const ids = texts.map(text => memory.namespace('a').remember({ text }))
  await settle()
  toFirst.ends[0]?.cut()
  assert.equal(await Promise.all(ids), ['m1', 'm2', 'm3', 'm4'])
  assert.equal(
    own.calls.map(([, given]) => given),
    texts.map(text => ({ text })),
  )
  assert.is(memory.role, 'owner')
  stuck.open()
  await memory.close()
  assert.ok(own.isClosed())
})

test('keeps what it was handed as it was then', async () => {
  const memory = await opened([asClient(sampleMemory(emptyShelf()))])
  const given = { text: 'before' }
  const id = memory.namespace('a').remember(given)
  given.text = 'after'
  assert.is((await memory.namespace('a').get(await id))?.text, 'before')
  await memory.close()
})

test('gives a call up that ended three owners, and only that one', async () => {
  const shelf = emptyShelf()
  const seats = Array.from({ length: 4 }, () => {
    const seat: ReturnType<typeof asClient> = asClient(
      sampleMemory(shelf, method => {
        if (method === 'consolidate' || method === 'list') seat.ends[0]?.cut()
      }),
    )
    return seat
  })
  const memory = await opened(seats)
  assert.is(await kindOf(() => memory.namespace('a').list()), 'store-failed')
  assert.is(await memory.namespace('a').remember({ text: 'on the fourth' }), 'm1')
  await memory.close()
})

test('says why there is no owner any more, and looks again at the next call', async () => {
  const first = asClient(sampleMemory(emptyShelf()))
  const memory = await opened([
    first,
    () => Promise.reject(new RuntimeError('store-corrupt', 'damaged')),
    asOwner(sampleMemory(emptyShelf())),
  ])
  first.ends[0]?.cut()
  await settle()
  const calls = [memory.namespace('a').list(), memory.namespaces()]
  assert.equal(await Promise.all(calls.map(call => kindOf(() => call))), ['store-corrupt', 'store-corrupt'])
  assert.equal(await memory.namespace('a').list(), { memories: [] })
  await memory.close()
})

test('refuses more calls than may wait, by number and by size, and takes them again later', async () => {
  const slow = gate()
  const memory = await opened([asClient(sampleMemory(emptyShelf(), () => slow.opened))], {
    waiting: 3,
    waitingBytes: 4_000,
  })
  const space = memory.namespace('a')
  const waiting = [1, 2].map(n => space.remember({ text: `${n}` }))
  assert.is(await kindOf(() => space.remember({ text: 'x'.repeat(4_000) })), 'mailbox-full')
  waiting.push(space.remember({ text: '3' }))
  try {
    await space.remember({ text: '4' })
    assert.unreachable()
  } catch (error) {
    assert.ok(error instanceof RuntimeError && error.kind === 'mailbox-full' && error.retryable)
  }
  slow.open()
  await Promise.all(waiting)
  assert.is(await space.remember({ text: '4' }), 'm4')
  await memory.close()
})

test('refuses what cannot travel, and goes on', async () => {
  const memory = await opened([asClient(sampleMemory(emptyShelf()))], { frameBytes: 1_000 })
  const space = memory.namespace('a')
  assert.is(await kindOf(() => space.remember({ text: 'x'.repeat(2_000) })), 'codec-too-large')
  assert.is(await kindOf(() => space.remember({ text: 'a', meta: { when: new Date(0) } })), 'input-invalid')
  assert.is(await space.remember({ text: 'small' }), 'm1')
  await memory.close()
})

test('breaks an export off when its owner ends, rather than leave something out', async () => {
  const shelf = emptyShelf()
  const first = asClient(sampleMemory(shelf))
  const memory = await opened([first, asClient(sampleMemory(shelf))])
  const space = memory.namespace('a')
  await space.rememberAll(Array.from({ length: 1_200 }, (_, i) => ({ text: `${i}` })))
  const kind = await kindOf(async () => {
    let count = 0
    for await (const _ of space.export()) if (++count === 500) first.ends[0]?.cut()
  })
  assert.is(kind, 'store-failed')
  let lines = 0
  for await (const _ of space.export()) lines++
  assert.is(lines, 1_201)
  for await (const _ of space.export()) break
  await memory.close()
})

test('imports page by page, also when the owner changes in between', async () => {
  const shelf = emptyShelf()
  const first = asClient(sampleMemory(shelf))
  const memory = await opened([first, asOwner(sampleMemory(shelf))])
  const lines = async function* () {
    yield 'header'
    for (let i = 0; i < 2_500; i++) {
      if (i === 1_700) first.ends[0]?.cut()
      yield `text ${i}`
    }
  }
  assert.equal(await memory.namespace('a').import(lines()), { imported: 2_500, known: 0 })
  assert.is(shelf.spaces.get('a')?.size, 2_500)
  assert.equal(await memory.namespace('b').import([]), { imported: 0, known: 0 })
  await memory.close()
})

test('a page of an import whose owner ends under it is asked of the next under the same request key', async () => {
  const shelf = emptyShelf()
  const never = gate()
  const owners = [
    sampleMemory(shelf, method => method === 'import' && never.opened),
    sampleMemory(shelf),
  ] as const
  const first = asClient(owners[0])
  const memory = await opened([first, asOwner(owners[1])])
  const importing = memory.namespace('a').import(['header', 'one', 'two'])
  await settle()
  first.ends[0]?.cut()
  assert.equal(await importing, { imported: 2, known: 0 })
  const keys = owners.map(({ calls }) => calls.find(([method]) => method === 'import')?.[1])
  assert.equal(keys[0], keys[1])
  assert.type((keys[0] as { readonly key?: unknown }).key, 'string')
  never.open()
  await memory.close()
})

test('closes when what is under way is done', async () => {
  for (const seat of [asOwner, asClient]) {
    const slow = gate()
    const memory = await opened([seat(sampleMemory(emptyShelf(), () => slow.opened))])
    const id = memory.namespace('a').remember({ text: 'a' })
    let isClosed = false
    const closing = memory.close().then(() => {
      isClosed = true
    })
    await settle()
    assert.not(isClosed)
    slow.open()
    assert.is(await id, 'm1')
    await closing
    await memory.close()
  }
})

test.run()
