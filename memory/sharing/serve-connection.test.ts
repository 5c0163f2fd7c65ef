import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Plain } from '../../actors/plain.ts'
import { settle, simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { toFrame } from './frames.ts'
import { helloBytes } from './messages.ts'
import { askOf, codec, connected, gate, owner, ownerAlone } from './testdata/ends.ts'
import { emptyShelf, sampleMemory } from './testdata/sample-memory.ts'

const test = testSuite('memory/sharing/serve-connection')

const kindIn = (message: Plain | undefined): unknown =>
  Array.isArray(message) ? (message[2] as { kind?: unknown }).kind : undefined

test('answers calls, many at a time and in any order', async () => {
  const slow = gate()
  const memory = sampleMemory(emptyShelf(), method => method === 'list' && slow.opened)
  const { connection } = await connected(memory)
  const listed = connection.ask(askOf(1, 'list'))
  const given = await connection.ask(askOf(2, 'remember', { text: 'tea' }))
  assert.equal(given, { type: 'done', value: 'm1' })
  const hits = await connection.ask(askOf(3, 'recall', 'tea'))
  assert.is(hits.type, 'done')
  slow.open()
  assert.is((await listed).type, 'done')
  assert.equal(await connection.ask(askOf(4, 'get', 'none')), { type: 'done', value: null })
  connection.close()
})

test('sends errors with their kind and details, and faults as faults of this software', async () => {
  const { connection } = await connected(sampleMemory(emptyShelf()))
  const refused = await connection.ask(askOf(1, 'update', 'm9', {}))
  assert.is(refused.type, 'failed')
  if (refused.type !== 'failed') return
  assert.is(refused.error.kind, 'input-invalid')
  assert.equal(refused.error.details, { id: 'm9' })
  assert.is(refused.error.fix, 'look it up')
  const fault = await connection.ask(askOf(2, 'stats'))
  assert.is(fault.type === 'failed' && fault.error.kind, 'internal')
  connection.close()
})

test('answers what it cannot do, and goes on', async () => {
  const { connection } = await connected(sampleMemory(emptyShelf()))
  for (const [i, method] of ['constructor', '__proto__', 'name', 'export', 'fly'].entries()) {
    const answer = await connection.ask(askOf(i + 1, method))
    assert.is(answer.type === 'failed' && answer.error.kind, 'message-unhandled', method)
  }
  const lines = await connection.ask(askOf(9, 'import', [1, 2]))
  assert.is(lines.type === 'failed' && lines.error.kind, 'input-invalid')
  assert.is((await connection.ask(askOf(10, 'namespaces'))).type, 'done')
  connection.close()
})

test('refuses an answer that is too large for a message, and goes on', async () => {
  const shelf = emptyShelf()
  const { connection } = await connected(sampleMemory(shelf), { limits: { frameBytes: 2_000 } })
  for (let i = 1; i <= 3; i++) await connection.ask(askOf(i, 'remember', { text: 'x'.repeat(900) }))
  const listed = await connection.ask(askOf(4, 'list'))
  assert.is(listed.type === 'failed' && listed.error.kind, 'codec-too-large')
  assert.is((await connection.ask(askOf(5, 'get', 'm1'))).type, 'done')
  connection.close()
})

test('works on no more calls of a client than it said, and reads no further until one is done', async () => {
  const slow = gate()
  const memory = sampleMemory(emptyShelf(), () => slow.opened)
  const { served, client } = ownerAlone(memory, { limits: { inFlight: 4 } })
  client.send(helloBytes())
  const text = 'x'.repeat(20_000)
  for (let id = 1; id <= 40; id++) client.say(['call', id, 'space', 'remember', [{ text }]])
  await settle()
  assert.is(memory.calls.length, 4)
  assert.ok(client.stream.writableLength > 500_000, 'the rest waits at the sender')
  slow.open()
  while (client.heard.length < 41) await settle()
  assert.is(memory.calls.length, 40)
  served.destroy()
})

test('reads no further while a client leaves its answers unread, and ends with it when it never reads', async () => {
  const clock = simulatedClock()
  const memory = sampleMemory(emptyShelf())
  const { served, client } = ownerAlone(memory, { clock, limits: { frameBytes: 50_000, unreadMs: 30_000 } })
  client.send(helloBytes())
  client.say(['call', 1, 'space', 'remember', [{ text: 'x'.repeat(40_000) }]])
  while (client.heard.length < 2) await settle()
  client.stream.pause()
  client.stream.removeAllListeners('readable')
  for (let id = 2; id <= 60; id++) client.say(['call', id, 'space', 'list', []])
  await settle()
  await settle()
  assert.ok(memory.calls.length < 10, `${memory.calls.length} calls were done for nobody`)
  await clock.advance(30_000)
  await served.ended
})

test('ends the connection of whoever does not keep to the protocol, and leaves the others alone', async () => {
  const memory = sampleMemory(emptyShelf())
  const { connection } = await connected(memory)
  const bad: readonly Uint8Array[] = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.from([0, 0, 0, 0]),
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
    toFrame(Buffer.from('{}')),
    toFrame(codec.encode(['call', 1, 'a', 'get', []])),
  ]
  for (const bytes of bad) {
    const { served, client } = ownerAlone(memory)
    client.stream.write(bytes)
    await served.ended
  }
  const afterHello: readonly Plain[] = [
    null,
    { type: 'call' },
    ['call'],
    ['call', 0, 'a', 'get', []],
    ['call', 1.5, 'a', 'get', []],
    ['call', 1, 'a', 'get', 'm1'],
    ['call', 1, 7, 'get', []],
    ['fly', 1, 'a', 'get', []],
  ]
  for (const message of afterHello) {
    const { served, client } = ownerAlone(memory)
    client.send(helloBytes())
    client.say(message)
    await served.ended
  }
  for (const bytes of [Buffer.from([0xc1]), Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])]) {
    const { served, client } = ownerAlone(memory)
    client.send(helloBytes())
    client.send(bytes)
    await served.ended
  }
  assert.equal(await connection.ask(askOf(1, 'remember', { text: 'still here' })), {
    type: 'done',
    value: 'm1',
  })
  connection.close()
})

test('ends a connection that uses the number of a call that is under way', async () => {
  const slow = gate()
  const { served, client } = ownerAlone(sampleMemory(emptyShelf(), () => slow.opened))
  client.send(helloBytes())
  client.say(['call', 1, 'a', 'list', []])
  client.say(['call', 1, 'a', 'list', []])
  await served.ended
  slow.open()
  await settle()
})

test('survives any bytes after any greeting', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }),
      async (greets, chunks) => {
        const clock = simulatedClock()
        const { served, client } = ownerAlone(sampleMemory(emptyShelf()), { clock })
        if (greets) client.send(helloBytes())
        for (const chunk of chunks) client.stream.write(chunk)
        client.stream.end()
        await clock.advance(2_000)
        await served.ended
      },
    ),
    { numRuns: 200 },
  )
})

test('tells a client of another version who the owner is, and ends', async () => {
  const { served, client } = ownerAlone(sampleMemory(emptyShelf()))
  client.send(new TextEncoder().encode(JSON.stringify({ agenticraft: 'memory', protocol: 99 })))
  await served.ended
  await client.ended
  assert.equal(client.heard, [{ agenticraft: 'memory', protocol: 1, owner, refused: 'protocol' }])
})

test('tells everybody when it is not shared', async () => {
  const { served, client } = ownerAlone(undefined)
  client.send(helloBytes())
  await served.ended
  await client.ended
  assert.equal(client.heard, [{ agenticraft: 'memory', protocol: 1, owner, refused: 'not-shared' }])
})

test('does not wait long for a greeting', async () => {
  const clock = simulatedClock()
  const { served } = ownerAlone(sampleMemory(emptyShelf()), { clock })
  await clock.advance(2_000)
  await served.ended
  assert.equal(clock.pending(), [])
})

test('answers what is under way before it ends, and nothing that comes after the farewell', async () => {
  const slow = gate()
  const memory = sampleMemory(emptyShelf(), method => method === 'list' && slow.opened)
  const { served, client } = ownerAlone(memory)
  client.send(helloBytes())
  client.say(['call', 1, 'a', 'list', []])
  await settle()
  served.drain()
  client.say(['call', 2, 'a', 'remember', [{ text: 'too late' }]])
  await settle()
  assert.equal(client.heard.slice(1), [['bye']])
  slow.open()
  await client.ended
  await served.ended
  assert.equal(client.heard.slice(1), [['bye'], ['done', 1, { memories: [] }]])
  assert.equal(
    memory.calls.map(([method]) => method),
    ['list'],
  )
})

test('says farewell also to a client that greets while it closes', async () => {
  const { served, client } = ownerAlone(sampleMemory(emptyShelf()))
  served.drain()
  client.send(helloBytes())
  await served.ended
  assert.equal(client.heard.at(-1), ['bye'])
})

test('reads an export page by page, a few at a time, and lets go of what a client leaves open', async () => {
  const shelf = emptyShelf()
  const memory = sampleMemory(shelf)
  const { served, client } = ownerAlone(memory, { limits: { exports: 2 } })
  await memory.namespace('a').rememberAll(Array.from({ length: 1_500 }, (_, i) => ({ text: `${i}` })))
  client.send(helloBytes())
  const said = async (id: number, method: string, ...args: Plain[]): Promise<Plain | undefined> => {
    client.say(['call', id, 'a', method, args])
    await settle()
    return client.heard.at(-1)
  }
  const first = (await said(1, 'export.page')) as [string, number, { lines: string[]; cursor?: number }]
  assert.is(first[2].lines.length, 1_000)
  const second = (await said(2, 'export.page', first[2].cursor ?? null)) as typeof first
  assert.is(second[2].lines.length, 501)
  assert.is(second[2].cursor, undefined)
  assert.is(kindIn(await said(3, 'export.page', 1)), 'input-invalid')
  await said(4, 'export.page')
  await said(5, 'export.page')
  assert.is(kindIn(await said(6, 'export.page')), 'mailbox-full')
  await said(7, 'export.close', 2)
  assert.is(kindIn(await said(8, 'export.page')), undefined)
  served.destroy()
  await served.ended
})

test.run()
