/** The desk of a memory's owner: calls in parts, done once, kept for a while; and what it refuses. */
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import type { Namespace } from '../../../memory/memory.ts'
import { journalCodec } from '../../data-directory.ts'
import { settle, simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import { memoryDesk } from './desk.ts'
import { partsOf, readVisited } from './visit.ts'

const test = testSuite('runtime/cluster/memory/desk')

const encoder = journalCodec()

function scene() {
  const clock = simulatedClock()
  const done: unknown[][] = []
  let release = (): void => {}
  const slow = new Promise<void>(resolve => {
    release = resolve
  })
  const space = (name: string): Namespace =>
    ({
      name,
      remember: async (...args: unknown[]) => {
        done.push(args)
        return `id-${done.length}`
      },
      list: async () => 'x'.repeat(1_200_000),
      verify: () => slow.then(() => ({ memories: 0, problems: [] })),
      facts: async () => {
        done.push(['facts'])
        throw new RuntimeError('store-failed', 'no space')
      },
    }) as unknown as Namespace
  const desk = memoryDesk({
    ...{ epoch: 5, clock, encoder },
    memory: { namespace: space, namespaces: async () => [], close: async () => {} },
    checkSpace: name => {
      if (name !== 'ours') throw new RuntimeError('usage', 'of another partition')
    },
    onDone: () => {},
  })
  const message = (method: string, args: readonly Plain[] = [], name = 'ours') =>
    encoder.encode(['call', 1, name, method, args])
  const visit = (call: string, bytes: Uint8Array, more: { readonly [key: string]: Plain } = {}) =>
    desk.visit({ call, client: 'c', epoch: 0, parts: 1, want: 0, part: { at: 0, bytes }, ...more })
  const come = async (work: Promise<Plain>) => {
    await settle()
    const visited = readVisited(await work)
    return 'bytes' in visited ? { ...visited, value: encoder.decode(visited.bytes) } : visited
  }
  return { clock, desk, done, message, visit, come, release: () => release() }
}

const kindOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    error => error.kind,
  )

test('a call is done once, however often it is asked, and again when nobody came for it for long', async () => {
  const { clock, done, message, visit, come } = scene()
  const call = message('remember', [{ text: 'a' }])
  for (let i = 0; i < 3; i++) assert.equal((await come(visit('one', call))) as object, { ...bytesOf('id-1') })
  assert.is(done.length, 1)
  await clock.advance(31_000)
  // With what it carries, since the key of its request stands for it in the store.
  await come(visit('one', call))
  assert.is(done.length, 2)
})

const bytesOf = (value: string) => ({ epoch: 5, bytes: encoder.encode(value), parts: 1, value })

test('a call that takes long is visited until it is done, and one that failed is not kept', async () => {
  const { clock, done, message, visit, come, release } = scene()
  const first = visit('long', message('verify'))
  await clock.advance(2_000)
  assert.equal(await come(first), { epoch: 5, pending: true })
  await clock.advance(60_000)
  const second = visit('long', message('verify'))
  release()
  assert.equal(((await come(second)) as { value: unknown }).value, { memories: 0, problems: [] })
  for (let i = 0; i < 2; i++) assert.is(await kindOf(visit('failed', message('facts'))), 'store-failed')
  assert.is(done.length, 2)
})

test('parts come in any order, and a caller that brings none is told which is missing', async () => {
  const { message, visit, come } = scene()
  const parts = partsOf(message('remember', [{ text: 'y'.repeat(1_300_000) }]))
  assert.is(parts.length, 3)
  const bring = (at: number | undefined) =>
    visit('parts', new Uint8Array(), {
      parts: 3,
      part: at === undefined ? null : { at, bytes: parts[at] as Uint8Array },
    })
  assert.equal(await come(bring(undefined)), { epoch: 5, need: 0 })
  assert.equal(await come(bring(2)), { epoch: 5, need: 0 })
  assert.equal(await come(bring(0)), { epoch: 5, need: 1 })
  assert.is(((await come(bring(1))) as { value: unknown }).value, 'id-1')
})

test('a large answer is fetched in parts', async () => {
  const { message, visit } = scene()
  const pieces: Uint8Array[] = []
  for (let want = 0, parts = 1; want < parts; want++) {
    const visited = readVisited(await visit('large', message('list'), { want })) as {
      parts: number
      bytes: Uint8Array
    }
    parts = visited.parts
    pieces.push(visited.bytes)
  }
  assert.is(pieces.length, 3)
  assert.is(encoder.decode(Buffer.concat(pieces)), 'x'.repeat(1_200_000))
})

test('what does not keep to the protocol is refused, and what is of another partition', async () => {
  const { desk, done, message, visit } = scene()
  const call = message('remember', [{ text: 'a' }])
  for (const body of [
    null,
    7,
    'x',
    [],
    {},
    { call: '', client: 'c', epoch: 0, parts: 1, want: 0 },
  ] as Plain[])
    assert.is(await kindOf(desk.visit(body)), 'codec-malformed')
  for (const more of [
    { parts: 0 },
    { parts: 1e9 },
    { parts: 1.5 },
    { want: -1 },
    { epoch: 'x' },
    { part: 7 },
  ])
    assert.is(await kindOf(visit('bad', call, more as never)), 'codec-malformed', JSON.stringify(more))
  assert.is(await kindOf(visit('far', call, { part: { at: 1, bytes: call } })), 'codec-malformed')
  assert.is(await kindOf(visit('huge', new Uint8Array(512 * 1024 + 1))), 'codec-malformed')
  assert.is(await kindOf(visit('noise', Uint8Array.of(0xc1, 1, 2))), 'codec-malformed')
  assert.is(await kindOf(visit('ping', encoder.encode(['ping']))), 'codec-malformed')
  assert.is(await kindOf(visit('names', message('namespaces'))), 'codec-malformed')
  assert.is(await kindOf(visit('method', message('constructor'))), 'message-unhandled')
  assert.is(await kindOf(visit('other', message('remember', [{ text: 'a' }], 'theirs'))), 'usage')
  assert.equal(done, [])
})

test('one who hears of a later epoch lets its owner answer first, and one that ended answers nothing', async () => {
  const { clock, desk, done, message, visit } = scene()
  const call = message('remember', [{ text: 'a' }])
  let refused = ''
  kindOf(visit('later', call, { epoch: 6 })).then(kind => {
    refused = kind
  })
  await clock.advance(900)
  assert.is(refused, '')
  await clock.advance(200)
  assert.is(refused, 'partition-lost')
  assert.is(await kindOf(visit('only', call, { epoch: 4, only: true })), 'store-failed')
  const waiting = kindOf(visit('waits', message('verify')))
  await settle()
  desk.end()
  assert.is(await waiting, 'partition-lost')
  assert.is(await kindOf(visit('after', call)), 'partition-lost')
  assert.equal(done, [])
})

test('calls that are never finished are bounded, and let go of after a while', async () => {
  const { clock, message, visit } = scene()
  const parts = partsOf(message('remember', [{ text: 'y'.repeat(8_000_000) }]))
  const begin = (call: number) =>
    kindOf(
      visit(`u${call}`, new Uint8Array(), {
        parts: parts.length,
        part: { at: 0, bytes: parts[0] as Uint8Array },
      }),
    )
  let taken = 0
  while ((await begin(taken)) === 'answered') taken++
  assert.ok(taken >= 100 && taken <= 140, `${taken}`)
  assert.is(await begin(9_999), 'mailbox-full')
  await clock.advance(31_000)
  assert.is(await begin(10_000), 'answered')
})

test('calls that are begun small and never finished are bounded together, whatever comes in whichever order', async () => {
  const { clock, desk } = scene()
  const visit = (call: number, at?: number) =>
    kindOf(
      desk.visit({
        ...{ call: `u${call}`, client: 'c', epoch: 0, parts: 16, want: 0 },
        ...(at !== undefined && { part: { at, bytes: new Uint8Array(512 * 1024) } }),
      }),
    )
  for (let call = 0; call < 400; call++) assert.is(await visit(call), 'answered')
  /** Parts by call: one that was refused a part is gone, so that those that wait do not fill all the room for ever. */
  const held = new Map<number, number>()
  const most: number[] = []
  for (let at = 0; at < 3; at++) {
    for (let call = 0; call < 400; call++)
      if ((await visit(call, at)) === 'answered') held.set(call, (held.get(call) ?? 0) + 1)
      else held.delete(call)
    most.push([...held.values()].reduce((sum, parts) => sum + parts, 0))
  }
  assert.ok(most.every(parts => parts <= 128) && most[0] === 128, `${most}`)
  assert.is(await visit(0), 'answered')
  await clock.advance(41_000)
  assert.equal(clock.pending(), [])
  assert.is(await visit(9_999, 0), 'answered')
})

test('nothing of a call is left when nobody comes for it any more, and no clock runs for a desk that ended', async () => {
  const { clock, desk, message, visit, come } = scene()
  await come(visit('one', message('remember', [{ text: 'a' }])))
  await clock.advance(20_000)
  assert.is(clock.pending().length, 1)
  // Readers of exports are kept for a minute.
  await clock.advance(60_000)
  assert.equal(clock.pending(), [])
  await come(visit('two', message('remember', [{ text: 'a' }])))
  desk.end()
  assert.equal(clock.pending(), [])
})

test.run()
