import * as assert from 'uvu/assert'
import { settle, simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Connection, Met } from './connection.ts'
import { PROTOCOL, refusalBytes, welcomeBytes } from './messages.ts'
import { askOf, clientAlone, connected, gate, owner, type RawEnd } from './testdata/ends.ts'
import { emptyShelf, sampleMemory } from './testdata/sample-memory.ts'

const test = testSuite('memory/sharing/connection')

const connectionOf = (met: Met): Connection => {
  if (met.type !== 'connected') throw new Error(`met ${met.type}`)
  return met.connection
}
const welcomed = async (inFlight = 64, options: Parameters<typeof clientAlone>[0] = {}) => {
  const { met, raw } = clientAlone(options)
  raw.send(welcomeBytes({ owner, inFlight }))
  return { connection: connectionOf(await met), raw }
}
const idsHeard = (raw: RawEnd): unknown[] =>
  raw.heard.flatMap(one => (Array.isArray(one) && one[0] === 'call' ? [one[1]] : []))
const LOST = { type: 'lost', sent: true }
const UNSENT = { type: 'lost', sent: false }

test('greets, and knows whom it asks', async () => {
  const { connection, raw } = await welcomed()
  assert.equal(raw.heard, [{ agenticraft: 'memory', protocol: PROTOCOL }])
  assert.equal(connection.owner, owner)
  connection.close()
})

test('sends as many calls as the owner takes, and the next when one is answered', async () => {
  const { connection, raw } = await welcomed(3)
  const answers = Array.from({ length: 5 }, (_, i) => connection.ask(askOf(i + 1, 'list')))
  await settle()
  assert.equal(idsHeard(raw), [1, 2, 3])
  raw.say(['done', 2, 'two'])
  await settle()
  assert.equal(idsHeard(raw), [1, 2, 3, 4])
  assert.equal(await answers[1], { type: 'done', value: 'two' })
  connection.close()
})

test('writes no further than the owner reads', async () => {
  const { met, raw } = clientAlone()
  raw.send(welcomeBytes({ owner, inFlight: 1_000 }))
  const connection = connectionOf(await met)
  await settle()
  raw.stream.pause()
  raw.stream.removeAllListeners('readable')
  const text = 'x'.repeat(10_000)
  const answers = Array.from({ length: 100 }, (_, i) => connection.ask(askOf(i + 1, 'remember', { text })))
  await settle()
  raw.stream.destroy()
  const lost = await Promise.all(answers)
  const sent = lost.filter(answer => answer.type === 'lost' && answer.sent).length
  assert.ok(sent < 20, `${sent} were written to an owner that does not read`)
})

test('says of every unanswered call whether it was sent, when the connection breaks', async () => {
  const { connection, raw } = await welcomed(2)
  const answers = Array.from({ length: 4 }, (_, i) => connection.ask(askOf(i + 1, 'list')))
  await settle()
  raw.say(['done', 1, null])
  await settle()
  raw.stream.end()
  assert.equal(await Promise.all(answers), [{ type: 'done', value: null }, LOST, LOST, UNSENT])
  assert.ok(connection.isEnding())
  assert.equal(await connection.ask(askOf(9, 'list')), UNSENT)
})

test('after a farewell gives back what it has not sent, and still takes the answers', async () => {
  const { connection, raw } = await welcomed(1)
  const sent = connection.ask(askOf(1, 'list'))
  const waiting = connection.ask(askOf(2, 'list'))
  await settle()
  raw.say(['bye'])
  assert.equal(await waiting, UNSENT)
  assert.ok(connection.isEnding())
  raw.say(['done', 1, 'late'])
  assert.equal(await sent, { type: 'done', value: 'late' })
  connection.close()
})

test('asks an owner that says nothing whether it is there, and gives up when it is not', async () => {
  const clock = simulatedClock()
  const { connection, raw } = await welcomed(4, { clock, limits: { quietMs: 5_000 } })
  assert.equal(clock.pending(), [], 'nothing waits for an owner that is asked nothing')
  const answer = connection.ask(askOf(1, 'consolidate'))
  await clock.advance(5_000)
  assert.equal(raw.heard.at(-1), ['ping'])
  raw.say(['pong'])
  await settle()
  await clock.advance(9_000)
  assert.is(raw.heard.filter(one => Array.isArray(one) && one[0] === 'ping').length, 2)
  assert.ok(!connection.isEnding(), 'it is busy, not gone')
  await clock.advance(6_000)
  assert.equal(await answer, LOST)
  assert.equal(clock.pending(), [])
})

test('gives up on an owner that does not keep to the protocol', async () => {
  for (const message of [['done', 7, null], ['done'], 'x', ['failed', 1, 'no error'], null]) {
    const { connection, raw } = await welcomed()
    const answer = connection.ask(askOf(1, 'list'))
    await settle()
    raw.say(message as never)
    assert.equal(await answer, LOST)
  }
})

test('is told when it is refused, by whom and why', async () => {
  const { met, raw } = clientAlone()
  raw.send(refusalBytes(owner, 'not-shared'))
  assert.equal(await met, { type: 'refused', refusal: { refused: 'not-shared', owner, protocol: PROTOCOL } })
})

test('takes garbage, silence and a closed door for nobody', async () => {
  for (const bytes of [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.alloc(4),
    Buffer.alloc(40, 7),
  ]) {
    const { met, raw } = clientAlone()
    raw.stream.write(bytes)
    assert.equal(await met, { type: 'silent' })
  }
  const clock = simulatedClock()
  const silent = clientAlone({ clock })
  await clock.advance(2_000)
  assert.equal(await silent.met, { type: 'silent' })
  const shut = clientAlone()
  shut.raw.stream.end()
  assert.equal(await shut.met, { type: 'silent' })
})

test('answers every call of a flood once, over an owner that takes few at a time', async () => {
  const slow = gate()
  const memory = sampleMemory(emptyShelf(), () => slow.opened)
  const { connection } = await connected(memory, { limits: { inFlight: 8 } })
  const answers = Array.from({ length: 500 }, (_, i) =>
    connection.ask(askOf(i + 1, 'remember', { text: `memory ${i}` })),
  )
  await settle()
  assert.is(memory.calls.length, 8)
  slow.open()
  const ids = (await Promise.all(answers)).map(answer => answer.type === 'done' && answer.value)
  assert.is(new Set(ids).size, 500)
  connection.close()
})

test.run()
