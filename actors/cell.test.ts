import * as assert from 'uvu/assert'
import { inMemoryJournal } from '../memory/in-memory-journal.ts'
import { heldJournal } from '../runtime/testkit/held-journal.ts'
import { asker, echo, notebook, sample, worker } from '../runtime/testkit/sample-actors.ts'
import { settle, simulatedClock } from '../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { address } from './address.ts'
import type { Behaviour } from './behaviour.ts'
import { Cell } from './cell.ts'
import type { CellHost } from './cell-host.ts'
import type { Envelope } from './envelope.ts'
import { RuntimeError, toWireError } from './errors.ts'
import { NO_USAGE } from './events.ts'
import type { Journal } from './journal.ts'
import type { Plain } from './plain.ts'
import { CANCEL, EFFECT_GIVE_UP, EFFECT_RETRY, REPLY } from './protocol.ts'
import { DEFAULT_POLICY } from './strategy.ts'

const test = testSuite('actors/cell')

const self = address('tested', '1')
const user = address('node', 'user')
const supervisor = address('supervisor', 's')

/** One cell alone, and everything it sent, buried and ended with. */
function alone(behaviour: Behaviour, on = false, journal: Journal = inMemoryJournal()) {
  const clock = simulatedClock()
  const sent: Envelope[] = []
  const buried: Envelope[] = []
  const ended: string[] = []
  const receipts: string[] = []
  const taken: string[] = []
  const emitted: unknown[] = []
  let ids = 0
  const host: CellHost = {
    clock,
    random: () => 0.5,
    id: () => `id-${++ids}`,
    defer: queueMicrotask,
    events: { on, emit: event => emitted.push(event) },
    journal,
    send: envelope => sent.push(envelope),
    bury: envelope => buried.push(envelope),
    publish: () => {},
    direct: () => {},
    signal: () => {},
    spawn: () => {},
    stopped: actor => {
      ended.push(actor)
    },
    receipt: (_, key) => receipts.push(key),
    took: envelope => taken.push(envelope.id),
    whenStored: act => act(),
    report: error => {
      throw error
    },
    version: '0.0.0',
    isEnding: false,
    isQuiescing: false,
    isGone: () => false,
  }
  const cell = new Cell(
    { address: self, behaviour, supervisor, restart: 'transient', policy: DEFAULT_POLICY },
    host,
  )
  void cell.start()
  let messages = 0
  return {
    cell,
    clock,
    sent,
    buried,
    ended,
    emitted,
    receipts,
    taken,
    /** Delivers a message, and lets the actor work. */
    async deliver(type: string, body: unknown = null, more: Partial<Envelope> = {}): Promise<void> {
      cell.deliver({ v: 1, id: `m.${++messages}`, type, to: self, body: body as Plain, ...more })
      await settle()
    },
  }
}

const asked = (correlation: string): Partial<Envelope> => ({ from: user, replyTo: user, correlation })
const bodyOf = (envelope: Envelope | undefined) =>
  (envelope?.body ?? {}) as { readonly error?: unknown; readonly value?: unknown }
const types = (envelopes: readonly Envelope[]): readonly string[] => envelopes.map(({ type }) => type)

test('builds no event when nobody listens, whatever happens', async () => {
  const failing = worker((input: string, { progress, spent }) => {
    progress()
    spent(NO_USAGE)
    if (input === 'fails') throw new Error('no')
    return input
  })
  const { cell, sent, emitted, deliver } = alone(failing)
  await deliver('work.do', 'done', asked('c1'))
  await deliver('work.do', 'fails', asked('c2'))
  const [failed] = sent.slice(-1) as [Envelope]
  const { intent } = failed.body as { intent: string }
  await deliver(EFFECT_RETRY, { intent, attempt: 2, delayMs: 0, reason: 'failed' }, { from: supervisor })
  await deliver(EFFECT_GIVE_UP, { intent, error: toWireError(new Error('no')) }, { from: supervisor })
  cell.fail(new RuntimeError('internal', 'x'))
  cell.apply('restart')
  cell.stop('asked')
  assert.equal(emitted, [])
})

test('emits nothing on a second stop, and ends once', async () => {
  const { cell, emitted, ended } = alone(echo(), true)
  cell.stop('asked')
  const before = emitted.length
  cell.stop('crashed')
  cell.fail(new RuntimeError('internal', 'x'))
  cell.apply('restart')
  cell.apply('stop')
  assert.is(emitted.length, before)
  assert.equal(ended, [self])
  assert.is(cell.phase, 'stopped')
})

test('refuses messages when it is stopped', () => {
  const { cell } = alone(echo())
  cell.stop('asked')
  assert.throws(
    () => cell.deliver({ v: 1, id: 'm', type: 'echo.say', to: self, body: 1 }),
    (error: unknown) => error instanceof RuntimeError && error.kind === 'actor-stopped',
  )
})

test('owes nobody an answer once every ask has ended, however it ended', async () => {
  const abort = new RuntimeError('refused', 'no')
  const { cell, clock, sent, buried, deliver } = alone(
    worker((input: string) => {
      if (input === 'fails') throw abort
      if (input === 'forever') return new Promise(() => {})
      return input
    }),
  )
  await deliver('work.do', 'done', asked('done'))
  await deliver('work.do', 'fails', asked('failed'))
  const { intent } = (sent.at(-1) as Envelope).body as { intent: string }
  await deliver(EFFECT_GIVE_UP, { intent, after: 1, error: toWireError(abort) }, { from: supervisor })
  await deliver('work.do', 'forever', asked('cancelled'))
  await deliver(CANCEL, { correlation: 'cancelled' }, { from: user })
  await deliver('work.unknown', null, asked('unhandled'))
  await deliver('work.do', 'done', { budget: { toolCalls: 1 } })
  await deliver('work.do', 'forever', { budget: { toolCalls: 1 }, deadline: clock.now() + 10 })
  await clock.advance(10)
  assert.equal(
    sent
      .filter(({ correlation }) => correlation !== undefined)
      .map(({ type, correlation }) => `${type} ${correlation}`),
    ['ac.reply done', 'ac.error failed', 'ac.error cancelled', 'ac.error unhandled'],
  )
  assert.is(cell.snapshot?.value, 'idle')
  sent.length = 0
  cell.stop('asked')
  assert.equal([sent, buried], [[], []])
  assert.equal(clock.pending(), [])
})

test('answers a cancelled ask with what it cost, though the machine never answers it', async () => {
  const silent = worker((_, { spent }) => {
    spent({ ...NO_USAGE, inputTokens: 3 })
    return new Promise(() => {})
  })
  const { sent, deliver } = alone(silent)
  await deliver('work.do', 1, asked('c'))
  await deliver(CANCEL, { correlation: 'c' })
  const body = sent.at(-1)?.body as { error: { kind: string }; spent: unknown }
  assert.equal([body.error.kind, body.spent], ['cancelled', { ...NO_USAGE, inputTokens: 3 }])
})

test('tells its supervisor of a crash, and waits', async () => {
  const { cell, sent, deliver } = alone(notebook())
  await deliver('note.break', null, asked('c'))
  await deliver('note.read', null, asked('d'))
  assert.equal(types(sent), ['ac.child.failed'])
  assert.is(sent[0]?.to, supervisor)
  assert.is(cell.phase, 'suspended')
  assert.is(cell.waiting, 1)
})

test('does not try a message again that was cancelled while its actor was suspended', async () => {
  const { cell, sent, buried, deliver } = alone(notebook())
  await deliver('note.break', null, asked('c'))
  await deliver(CANCEL, { correlation: 'c' })
  cell.apply('restart')
  await settle()
  assert.is(cell.phase, 'active')
  cell.stop('asked')
  assert.equal([types(sent), buried], [['ac.child.failed'], []])
})

test('tries a message again that crashed its actor, and owes its answer once', async () => {
  const { cell, sent, buried, deliver } = alone(notebook())
  await deliver('note.break', null, asked('c'))
  for (let i = 0; i < 3; i++) {
    assert.is(cell.phase, 'suspended')
    cell.apply('restart')
    await settle()
  }
  assert.is(cell.phase, 'active')
  assert.equal(types(sent), Array(3).fill('ac.child.failed'))
  assert.equal(
    buried.map(({ type, attempt }) => [type, attempt]),
    [['note.break', 3]],
  )
  cell.stop('asked')
  assert.is(sent.length, 3)
})

test('tells its supervisor once, also when it is failed again while it waits', async () => {
  const { cell, sent, deliver } = alone(notebook())
  await deliver('note.break')
  cell.fail(new RuntimeError('internal', 'again'))
  assert.equal(types(sent), ['ac.child.failed'])
})

test('goes on from its last commit when it is resumed, without the message it crashed on', async () => {
  const { cell, sent, buried, deliver } = alone(notebook())
  await deliver('note.add', 'kept')
  await deliver('note.break', null, asked('c'))
  await deliver('note.read', null, asked('d'))
  cell.apply('resume')
  await settle()
  assert.equal(types(buried), ['note.break'])
  assert.equal((sent.at(-1) as Envelope).body, { value: ['kept'] })
  sent.length = 0
  cell.stop('asked')
  assert.equal(sent, [], 'the message it crashed on was answered by whoever buried it')
})

test('takes a directive while it is healthy', async () => {
  const { cell, sent, deliver } = alone(notebook())
  await deliver('note.add', 1)
  cell.apply('resume')
  await deliver('note.read', null, asked('a'))
  cell.apply('restart')
  await deliver('note.read', null, asked('b'))
  assert.equal(
    sent.map(({ body }) => body),
    [{ value: [1] }, { value: [] }],
  )
  cell.apply('stop', toWireError(new RuntimeError('restart-intensity', 'x')))
  assert.is(cell.phase, 'stopped')
})

test('listens to nobody but its supervisor about its effects', async () => {
  const { sent, cell, deliver } = alone(
    worker(() => {
      throw new Error('no')
    }),
  )
  await deliver('work.do', 1, asked('c'))
  const { intent } = (sent.at(-1) as Envelope).body as { intent: string }
  await deliver(EFFECT_GIVE_UP, { intent, error: toWireError(new Error('forged')) }, { from: user })
  assert.is(cell.snapshot?.value, 'working')
})

test('waits for the word of its supervisor no longer than the task may take', async () => {
  const { clock, cell, sent, deliver } = alone(
    worker(() => {
      throw new Error('no')
    }),
  )
  await deliver('work.do', 1, asked('c'))
  assert.equal(types(sent), ['ac.effect.failed'])
  await clock.advance(DEFAULT_POLICY.timeouts.taskMs)
  assert.is(cell.snapshot?.value, 'idle')
  assert.is((bodyOf(sent.at(-1)).error as { kind: string }).kind, 'deadline-exceeded')
  assert.equal(clock.pending(), [])
})

test('takes the first answer to an ask, and no answer it did not wait for', async () => {
  const { sent, deliver } = alone(asker())
  await deliver('ask.on', { to: 'other/1', type: 'x.y', body: 1 }, asked('c'))
  const { correlation, chain } = sent[0] as Envelope
  assert.equal(chain, [self])
  await deliver(REPLY, { value: 'forged' }, { correlation: 'guessed' })
  await deliver(REPLY, { value: 'first' }, { correlation: correlation as string })
  await deliver(REPLY, { value: 'second' }, { correlation: correlation as string })
  assert.equal(
    sent.slice(1).map(({ body }) => body),
    [{ value: 'first' }],
  )
})

test('does not begin what waited until after its deadline, and says so', async () => {
  const begun: unknown[] = []
  const { clock, cell, buried, deliver } = alone(
    worker(input => {
      begun.push(input)
      return new Promise(() => {})
    }),
  )
  await deliver('work.do', 'first', { deadline: clock.now() + 50 })
  await deliver('work.do', 'second', { deadline: clock.now() + 50 })
  await deliver('work.do', 'third', { deadline: clock.now() + 51 })
  await clock.advance(50)
  assert.equal(begun, ['first', 'third'])
  assert.equal(
    buried.map(({ body }) => body),
    ['second'],
  )
  assert.is(cell.waiting, 0)
})

test('lets its neighbours have their turn', async () => {
  const { cell, sent } = alone(notebook())
  for (let i = 0; i < 999; i++) cell.deliver({ v: 1, id: `x.${i}`, type: 'note.add', to: self, body: i })
  cell.deliver({ v: 1, id: 'x', type: 'note.read', to: self, body: null, ...asked('c') })
  await Promise.resolve()
  assert.ok(cell.waiting > 0 && cell.waiting < 1_000, `${cell.waiting} wait after its first turn`)
  await settle()
  assert.is((bodyOf(sent[0]).value as unknown[]).length, 999)
})

const quitter = () =>
  sample('quitter', {
    initial: 'idle',
    states: {
      idle: { on: { 'ask.on': 'asking' } },
      asking: {
        on: { 'ask.quit': 'idle' },
        invoke: { src: 'ask', input: { to: 'echo/e', type: 'echo.say', body: 1 }, onDone: 'idle' },
      },
    },
  })

test('an answer that the machine does not want any more is receipted like others', async () => {
  const journal = heldJournal()
  const { sent, receipts, deliver } = alone(quitter(), false, journal)
  await deliver('ask.on')
  const [ask] = sent
  journal.hold()
  await deliver('ask.quit')
  await deliver(REPLY, { value: 1 }, { from: address('echo', 'e'), correlation: ask?.id as string })
  assert.equal(receipts, [])
  journal.release()
  await settle()
  assert.equal(receipts, [`re:${ask?.id}`])
})

test('an answer that nobody waits for is taken, and so is each message once it is committed', async () => {
  const journal = heldJournal()
  const { taken, deliver } = alone(notebook(), false, journal)
  await deliver(REPLY, { value: 1 }, { id: 'late', from: address('echo', 'e'), correlation: 'x' })
  journal.hold()
  await deliver('note.add', 1, { id: 'told' })
  await deliver('note.read', null, { id: 'asked', ...asked('c') })
  assert.equal(taken, ['late'])
  journal.release()
  await settle()
  assert.equal(taken, ['late', 'told'])
  journal.release()
  await settle()
  assert.equal(taken, ['late', 'told', 'asked'])
})

test.run()
