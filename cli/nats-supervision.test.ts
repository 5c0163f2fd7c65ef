import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import type { NatsChild } from './nats-child.ts'
import { type SupervisionEvent, type SupervisionOptions, superviseNats } from './nats-supervision.ts'

const test = testSuite('cli/nats-supervision')

const QUICK = { everyMs: 2, hungMs: 20, leastPauseMs: 1, mostPauseMs: 4, stopMs: 10, spaceBytes: 1_000 }

interface Fake extends NatsChild {
  die(how: string): void
}

function fakeChild(pid: number): Fake {
  let isOver = false
  let end: (how: string) => void = () => {}
  const ended = new Promise<string>(resolve => {
    end = how => {
      isOver = true
      resolve(how)
    }
  })
  return {
    pid,
    ended,
    get isOver() {
      return isOver
    },
    die: how => end(how),
    async stop() {
      end('SIGTERM')
    },
  }
}

/** A machine with a server on it, of which everything can be broken. */
function world(more: Partial<SupervisionOptions> = {}) {
  const stop = new AbortController()
  const state = { answers: true, free: 10_000, failures: 0 }
  const children: Fake[] = []
  const events: SupervisionEvent[] = []
  const over = superviseNats({
    start: async () => {
      if (state.failures > 0) {
        state.failures--
        throw new Error('the port is taken')
      }
      const child = fakeChild(100 + children.length)
      children.push(child)
      state.answers = true
      return child
    },
    look: async () => {
      if (!state.answers) throw new Error('silent')
    },
    freeBytes: async () => state.free,
    tell: event => void events.push(event),
    signal: stop.signal,
    times: QUICK,
    ...more,
  })
  const kinds = (): string => events.map(({ kind }) => kind).join(' ')
  return { stop: () => stop.abort(), state, children, events, kinds, over }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(done => setTimeout(done, 1))
}

test('starts it again whenever it dies, and says how it ended', async () => {
  const { children, over, stop, events, kinds } = world()
  for (let n = 1; n <= 3; n++) {
    await until(() => children.length === n)
    children[n - 1]?.die('SIGKILL')
  }
  await until(() => children.length === 4)
  stop()
  await over
  assert.is(kinds(), 'serving died serving died serving died serving')
  assert.ok(events.some(event => event.kind === 'died' && event.how === 'SIGKILL'))
  assert.ok(children.every(child => child.isOver))
})

test('gives up when the very first start fails, and goes on trying later', async () => {
  const first = world({
    start: async () => {
      throw new Error('no such program')
    },
  })
  assert.match(await first.over.catch(error => error.message), 'no such program')
  const later = world()
  await until(() => later.children.length === 1)
  later.state.failures = 5
  later.children[0]?.die('exit code 1')
  await until(() => later.children.length === 2)
  later.stop()
  await later.over
  assert.is(later.events.filter(({ kind }) => kind === 'died').length, 6)
})

test('restarts one that hangs, and leaves one alone that was slow for a moment', async () => {
  const { children, state, over, stop, kinds } = world()
  await until(() => children.length === 1)
  state.answers = false
  await new Promise(done => setTimeout(done, 5))
  state.answers = true
  await new Promise(done => setTimeout(done, 40))
  assert.is(children.length, 1)
  state.answers = false
  await until(() => children.length === 2)
  stop()
  await over
  assert.is(kinds(), 'serving hung serving')
})

test('waits with the restart until there is space on the disk, and says so once', async () => {
  const { children, state, over, stop, kinds } = world()
  await until(() => children.length === 1)
  Object.assign(state, { answers: false, free: 10 })
  await until(() => kinds().includes('disk-full'))
  await new Promise(done => setTimeout(done, 50))
  assert.is(children.length, 1)
  state.free = 10_000
  await until(() => children.length === 2)
  stop()
  await over
  assert.is(kinds(), 'serving disk-full hung serving')
})

test('stops when it is told to: while it serves, while it waits, and before it began', async () => {
  const serving = world()
  await until(() => serving.children.length === 1)
  serving.stop()
  await serving.over
  assert.ok(serving.children[0]?.isOver)
  const waiting = world({ times: { ...QUICK, leastPauseMs: 60_000, mostPauseMs: 60_000 } })
  await until(() => waiting.children.length === 1)
  waiting.children[0]?.die('SIGKILL')
  await until(() => waiting.kinds().endsWith('died'))
  waiting.stop()
  await waiting.over
  const signal = AbortSignal.abort()
  const never = world({ signal })
  await never.over
  assert.is(never.children.length, 0)
})

test.run()
