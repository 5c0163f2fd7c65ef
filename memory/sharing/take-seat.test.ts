import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Connection } from './connection.ts'
import { type Attempts, type Seat, takeSeat } from './take-seat.ts'
import { owner } from './testdata/ends.ts'
import { emptyShelf, sampleMemory } from './testdata/sample-memory.ts'

const test = testSuite('memory/sharing/take-seat')

const connection: Connection = {
  owner,
  isEnding: () => false,
  ask: async () => ({ type: 'lost', sent: false }),
  close: () => {},
}
const ownSeat: Seat = {
  role: 'owner',
  memory: sampleMemory(emptyShelf()),
  server: { close: async () => {} },
}
const locked = () => new RuntimeError('store-locked', 'it belongs to process 7', { details: { ...owner } })
type Meeting = Awaited<ReturnType<NonNullable<Attempts['meet']>>>

/** Attempts that go as `meetings` and `ownings` say, the last of each for ever. */
function attempts(meetings: readonly Meeting[], ownings: readonly ('locked' | 'failed' | 'won')[]) {
  const clock = simulatedClock()
  const count = { met: 0, owned: 0 }
  const at = <T>(list: readonly T[], i: number): T => list[Math.min(i, list.length - 1)] as T
  const seat = takeSeat({
    clock,
    random: () => 1,
    ownerMs: 10_000,
    ...(meetings.length > 0 && { meet: async () => at(meetings, count.met++) }),
    own: async () => {
      const outcome = at(ownings, count.owned++)
      if (outcome === 'won') return ownSeat
      throw outcome === 'locked' ? locked() : new RuntimeError('store-corrupt', 'damaged')
    },
  })
  return { clock, count, seat, failure: seat.then(() => undefined, toError) }
}
const toError = (error: unknown): RuntimeError => {
  if (error instanceof RuntimeError) return error
  throw error
}

test('asks the owner when there is one, and does not touch the directory', async () => {
  const { seat, count } = attempts([{ type: 'connected', connection }], ['won'])
  assert.equal(await seat, { role: 'client', connection })
  assert.is(count.owned, 0)
})

test('owns when nobody answers, also where something listens that is no owner', async () => {
  assert.is(await attempts([{ type: 'absent' }], ['won']).seat, ownSeat)
  assert.is(await attempts([{ type: 'silent' }], ['won']).seat, ownSeat)
})

test('tries again while the owner is about to serve or to go', async () => {
  const { seat, clock, count } = attempts(
    [{ type: 'absent' }, { type: 'silent' }, { type: 'connected', connection }],
    ['locked'],
  )
  await clock.advance(19)
  assert.is(count.met, 1)
  await clock.advance(1)
  assert.is(count.met, 2)
  await clock.advance(40)
  assert.is((await seat).role, 'client')
  assert.equal(clock.pending(), [])
})

test('takes over once the directory is free', async () => {
  const { seat, clock } = attempts([{ type: 'absent' }], ['locked', 'locked', 'locked', 'won'])
  await clock.advance(1_000)
  assert.is(await seat, ownSeat)
})

test('says who owns it when that one does not serve for as long as it waits', async () => {
  const { failure, clock, count } = attempts([{ type: 'absent' }], ['locked'])
  await clock.advance(10_500)
  const error = await failure
  assert.is(error?.kind, 'store-locked')
  assert.equal(error?.details, { ...owner })
  assert.ok(count.owned < 40, `${count.owned} attempts`)
  assert.equal(clock.pending(), [])
})

test('does not wait for an owner that says that it will not serve', async () => {
  for (const refused of ['protocol', 'not-shared'] as const) {
    const refusal = { refused, owner, protocol: 2 }
    const { failure, count } = attempts([{ type: 'refused', refusal }], ['locked'])
    const error = await failure
    assert.is(error?.kind, 'store-locked')
    assert.is(error?.details?.['pid'], 7)
    assert.is(count.met, 1)
  }
})

test('looks for nobody when it is not to share', async () => {
  const { failure, count } = attempts([], ['locked'])
  assert.is((await failure)?.kind, 'store-locked')
  assert.equal(count, { met: 0, owned: 1 })
})

test('does not retry a directory that is damaged', async () => {
  const { failure, count } = attempts([{ type: 'absent' }], ['failed'])
  assert.is((await failure)?.kind, 'store-corrupt')
  assert.is(count.owned, 1)
})

test.run()
