/** The reserve of the log: how it is known without asking before each write. */
import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'
import type { Line } from './nats-broker-line.ts'
import { roomOf } from './nats-broker-room.ts'

const test = testSuite('runtime/transport/nats-broker-room')

const MIB = 2 ** 20

function server(maxBytes: number) {
  const state = { bytes: 0, asked: 0, ms: 0 }
  const line = {
    async ask() {
      state.asked++
      return { config: { max_bytes: maxBytes }, state: { bytes: state.bytes } }
    },
  } as unknown as Line
  return { state, room: roomOf(line, 'main', () => state.ms) }
}

test('the last eighth is no room, and asking is rare while there is enough', async () => {
  const { state, room } = server(80 * MIB)
  for (let n = 0; n < 60; n++) {
    assert.is(await room.has(1_000), true)
    room.wrote(MIB)
    state.bytes += MIB
    state.ms += 10
  }
  assert.is(state.asked, 1)
  state.bytes = 71 * MIB
  state.ms += 5_000
  assert.is(await room.has(1_000), false)
})

test('what this node writes counts at once, and what was purged half a second later at most', async () => {
  const { state, room } = server(80 * MIB)
  assert.is(await room.has(1_000), true)
  room.wrote(75 * MIB)
  state.bytes = 75 * MIB
  assert.is(await room.has(1_000), false)
  for (let n = 0; n < 100; n++) assert.is(await room.has(1_000), false)
  assert.is(state.asked, 2)
  state.bytes = 10 * MIB
  state.ms += 500
  assert.is(await room.has(1_000), true)
  assert.is(state.asked, 3)
})

test('a log without a limit of its own always has room, and a large one keeps 256 MiB', async () => {
  const unlimited = server(-1)
  unlimited.state.bytes = 10 * 1024 * MIB
  assert.is(await unlimited.room.has(1_000), true)
  const large = server(10 * 1024 * MIB)
  large.state.bytes = (10 * 1024 - 257) * MIB
  assert.is(await large.room.has(1_000), true)
  large.state.bytes += 2 * MIB
  large.state.ms += 5_000
  assert.is(await large.room.has(1_000), false)
})

test.run()
