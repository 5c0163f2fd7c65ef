import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Address } from '../../../actors/address.ts'
import { assign } from '../../../actors/machine.ts'
import type { Runtime } from '../../create-runtime.ts'
import type { Seen } from '../../testkit/loose-machine.ts'
import { addressIn, idOf, type Partition, partitions } from '../../testkit/partitions.ts'
import { asker, notebook, outcomeOf, reply, sample, worker } from '../../testkit/sample-actors.ts'
import { testSuite } from '../../testkit/suite.ts'

const test = testSuite('runtime/cluster/post (crashes)', { limitMs: 100_000 })

const [NEAR, FAR] = [3, 5]

/** Answers how many asks it has taken, this one included. */
const counter = () =>
  sample('counter', {
    context: { taken: 0 },
    on: {
      'count.up': {
        actions: [
          assign(({ context }: never) => ({ taken: (context as { taken: number }).taken + 1 })),
          reply(({ context }) => context['taken']),
        ],
      },
    },
  })

interface Others {
  readonly counter: Address
  readonly worker: Address
  readonly notebook: Address
}

/** Who lives in a partition. */
const residents = (partition: number) => ({
  driver: addressIn(partition, 'driver', 'd'),
  counter: addressIn(partition, 'counter', 'c'),
  worker: addressIn(partition, 'worker', 'w'),
  notebook: addressIn(partition, 'notebook', 'n'),
})

/** Tells a notebook elsewhere what it does, and asks two others elsewhere, one after the other. */
function driver({ counter, worker, notebook }: Others) {
  const note = (body: (seen: Seen) => unknown) => ({
    type: 'tell',
    params: (seen: Seen) => ({ to: notebook, type: 'note.add', body: body(seen) }),
  })
  const output = ({ event }: Seen): unknown => event['output']
  const asking = (to: Address, type: string, next: string) => ({
    entry: [note(() => `before ${next}`), note(() => `again before ${next}`)],
    invoke: {
      src: 'ask',
      input: { to, type, body: next },
      onDone: { target: next, actions: note(output) },
      onError: {
        target: 'failed',
        actions: note(({ event }) => (event['error'] as unknown as { kind: string }).kind),
      },
    },
  })
  return sample('driver', {
    initial: 'ready',
    states: {
      ready: { on: { 'drive.go': 'first' } },
      first: asking(counter, 'count.up', 'second'),
      second: asking(worker, 'work.do', 'third'),
      third: asking(counter, 'count.up', 'over'),
      over: { entry: [note(() => 'the end'), reply(() => 'arrived')] },
      failed: { entry: reply(() => 'failed') },
    },
  })
}

const EXPECTED = [
  ...['before second', 'again before second', 1],
  ...['before third', 'again before third', 'third!'],
  ...['before over', 'again before over', 2],
  'the end',
]

interface Death {
  readonly of: 'near' | 'far'
  /** Its commits, over all lives, until then. */
  readonly at: number
  readonly stored: boolean
}

interface Troubles {
  readonly deaths?: readonly Death[]
  /** Times, ms after the start, at which the broker loses everything. */
  readonly wipes?: readonly number[]
  readonly drops?: () => boolean
  readonly twice?: () => boolean
  readonly loses?: () => boolean
  /** Letters in hand at most. */
  readonly max?: number
  readonly ordered?: boolean
  readonly downMs?: number
}

const STEP_MS = 20
const LIMIT_MS = 120_000

/** Two partitions whose drivers keep each other busy, until both have arrived and nothing is left to be sent. */
async function liveThrough(troubles: Troubles) {
  const { deaths = [], wipes = [], drops, twice, loses, max = 100, ordered = true, downMs = 0 } = troubles
  const world = partitions()
  if (drops) world.dropsReceipt = drops
  if (twice) world.keepsTwice = twice
  if (loses) world.losesLetter = loses
  const outcomes: Record<string, unknown> = {}
  const repeated: string[] = []
  const partition = (name: Death['of'], number: number, others: number): Partition => {
    const at = residents(number)
    const behaviours = [driver(residents(others)), counter(), worker(input => `${input}!`), notebook()]
    const populate = async (runtime: Runtime): Promise<void> => {
      runtime.events.subscribe(event => {
        if (event.type === 'effect.started' && found.results.has(event.effect)) repeated.push(event.effect)
      })
      const ids = [at.driver, at.counter, at.worker, at.notebook]
      for (const [i, behaviour] of behaviours.entries())
        await runtime.spawn(behaviour, { id: idOf(ids[i] as Address) })
      void outcomeOf(runtime.ask(at.driver, 'drive.go', null, { key: 'go' })).then(outcome => {
        outcomes[name] = outcome
      })
    }
    const found = world.found(number, { ordered, populate, max, runtime: { behaviours } })
    return found
  }
  const all = { near: partition('near', NEAR, FAR), far: partition('far', FAR, NEAR) }
  const due = { near: [] as Death[], far: [] as Death[] }
  for (const death of [...deaths].sort((a, b) => a.at - b.at)) due[death.of].push(death)
  const begin = (name: Death['of']): void => {
    all[name].live()
    const next = due[name].find(({ at }) => at > all[name].commits)
    if (next) all[name].dieAt(next.at, next.stored)
  }
  const upAt: Record<string, number> = {}
  const wiped = [...wipes].sort((a, b) => a - b)
  begin('near')
  begin('far')
  const isOver = async (): Promise<boolean> => {
    if (outcomes['near'] === undefined || outcomes['far'] === undefined) return false
    if (all.near.isDead || all.far.isDead) return false
    const notes = [all.near, all.far].map(one => notesOf(one))
    return notes.every(list => list?.includes('the end') || list?.includes('deadline-exceeded'))
  }
  let now = 0
  for (; now < LIMIT_MS && !(await isOver()); now += STEP_MS) {
    await world.clock.advance(STEP_MS)
    while ((wiped[0] ?? Number.POSITIVE_INFINITY) <= now) {
      wiped.shift()
      world.broker.wipe()
    }
    for (const name of ['near', 'far'] as const) {
      if (!all[name].isDead) continue
      upAt[name] ??= now + downMs
      if (now < upAt[name]) continue
      delete upAt[name]
      begin(name)
    }
  }
  const commits = { near: all.near.commits, far: all.far.commits }
  // What was sent again may still be on its way: it must make no difference.
  world.dropsReceipt = () => false
  await world.clock.advance(60_000)
  return { ...all, outcomes, repeated, commits, world, now }
}

const notesOf = (partition: Partition) =>
  (
    partition.runtime.snapshot(residents(partition.number).notebook)?.context as
      | { notes: readonly unknown[] }
      | undefined
  )?.notes

async function check(lived: Awaited<ReturnType<typeof liveThrough>>): Promise<void> {
  const { near, far, outcomes, repeated, world } = lived
  assert.equal(outcomes, { near: 'arrived', far: 'arrived' })
  assert.equal(notesOf(near), EXPECTED)
  assert.equal(notesOf(far), EXPECTED)
  for (const one of [near, far]) {
    const { counter } = residents(one.number)
    assert.equal(one.runtime.snapshot(counter)?.context, { taken: 2 })
    assert.equal(one.runtime.deadLetters(), [])
    assert.equal(one.reported, [])
  }
  assert.equal(repeated, [])
  assert.equal(await world.outside.broker.mailboxes(), new Map())
  // Nothing is owed to anybody, and nothing waits for a receipt.
  await Promise.all([near.runtime.stop(), far.runtime.stop()])
  for (const one of [near, far]) {
    for (const actor of Object.values(residents(one.number))) {
      const { outbox, debts, intents } = (await one.journal.read(actor))?.snapshot?.state.outstanding ?? {}
      assert.equal([outbox, debts, intents], [[], [], []], actor)
    }
  }
}

async function atEveryCommit(troubles: Omit<Troubles, 'deaths'>): Promise<void> {
  const calm = await liveThrough(troubles)
  await check(calm)
  for (let at = 1; at <= calm.commits.near; at++) {
    for (const stored of [false, true]) {
      const lived = await liveThrough({ ...troubles, deaths: [{ of: 'near', at, stored }] })
      try {
        await check(lived)
      } catch (error) {
        const when = `death at commit ${at} of ${calm.commits.near}, ${stored ? 'stored' : 'lost'}`
        const state = JSON.stringify([lived.outcomes, notesOf(lived.near), notesOf(lived.far)])
        throw new Error(`${when}: ${state} ${error}`, { cause: error })
      }
    }
  }
}

for (const ordered of [true, false]) {
  const how = ordered ? 'in one line' : 'one by one'
  test(`everything is taken once when a partition dies at any commit (commits stored ${how})`, () =>
    atEveryCommit({ ordered }))
}

test('everything is taken once when a partition dies at any commit and the broker forgets meanwhile', () =>
  atEveryCommit({ wipes: [20, 40, 60, 100], downMs: 60 }))

test('everything is taken once when a partition dies at any commit and every letter is kept twice', () =>
  atEveryCommit({ twice: () => true }))

/** Answers once, tells somebody of it, and ends. */
const once = (notebook: Address) =>
  sample('once', {
    initial: 'ready',
    states: {
      ready: {
        on: {
          'work.do': {
            target: 'over',
            actions: [
              { type: 'tell', params: { to: notebook, type: 'note.add', body: 'last words' } },
              reply(({ event }) => `did ${event['body']}`),
            ],
          },
        },
      },
      over: { type: 'final' },
    },
  })

test('what an actor says with its last breath arrives elsewhere, once, whoever dies at any commit', async () => {
  const who = addressIn(NEAR, 'asker', 'a')
  const book = addressIn(NEAR, 'notebook', 'n')
  const work = { to: addressIn(FAR, 'once', 'o'), type: 'work.do', body: 'it' }
  const lived = async (death?: Death) => {
    const world = partitions()
    world.keepsTwice = () => true
    let outcome: unknown
    const [ask, notes, one] = [asker(), notebook(), once(book)]
    const near = world.found(NEAR, {
      runtime: { behaviours: [ask, notes] },
      async populate(runtime) {
        await runtime.spawn(notes, { id: idOf(book) })
        await runtime.spawn(ask, { id: idOf(who) })
        void outcomeOf(runtime.ask(who, 'ask.on', work, { key: 'k' })).then(found => {
          outcome = found
        })
      },
    })
    const far = world.found(FAR, {
      runtime: { behaviours: [one] },
      async populate(runtime) {
        if (outcome === undefined && !runtime.journal.known(work.to))
          await runtime.spawn(one, { id: idOf(work.to) })
      },
    })
    const all = { near, far }
    near.live()
    far.live()
    if (death) all[death.of].dieAt(death.at, death.stored)
    for (let t = 0; t < 20_000 && (outcome === undefined || near.isDead || far.isDead); t += STEP_MS) {
      await world.clock.advance(STEP_MS)
      for (const each of [near, far]) if (each.isDead) each.live()
    }
    await world.clock.advance(60_000)
    const notesTaken = (near.runtime.snapshot(book)?.context as { notes: unknown } | undefined)?.notes
    const isThere = far.journal.known(work.to) !== undefined
    return { outcome, notesTaken, isThere, commits: { near: near.commits, far: far.commits } }
  }
  const calm = await lived()
  const expected = { outcome: 'did it', notesTaken: ['last words'], isThere: false }
  const { commits, ...found } = calm
  assert.equal(found, expected)
  for (const of of ['near', 'far'] as const) {
    for (let at = 1; at <= commits[of]; at++) {
      for (const stored of [false, true]) {
        const { commits: _, ...after } = await lived({ of, at, stored })
        assert.equal(after, expected, `death of ${of} at ${at}, ${stored ? 'stored' : 'lost'}`)
      }
    }
  }
})

test('everything is taken once whatever dies, gets lost, comes twice and is forgotten', async () => {
  const death = fc.record({
    of: fc.constantFrom('near' as const, 'far' as const),
    at: fc.integer({ min: 1, max: 60 }),
    stored: fc.boolean(),
  })
  const troubles = fc.record({
    deaths: fc.array(death, { maxLength: 6 }),
    wipes: fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 4 }),
    drops: fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
    twice: fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
    loses: fc.array(fc.boolean(), { maxLength: 30 }),
    max: fc.integer({ min: 1, max: 10 }),
    ordered: fc.boolean(),
    downMs: fc.integer({ min: 0, max: 4_000 }),
  })
  const inTurn = (values: readonly boolean[]): (() => boolean) => {
    let n = 0
    return () => values[n++ % values.length] ?? false
  }
  const atFirst = (values: readonly boolean[]): (() => boolean) => {
    let n = 0
    return () => values[n++] ?? false
  }
  await fc.assert(
    fc.asyncProperty(troubles, async ({ drops, twice, loses, ...rest }) => {
      await check(
        await liveThrough({ ...rest, drops: inTurn(drops), twice: inTurn(twice), loses: atFirst(loses) }),
      )
    }),
    { numRuns: 100 },
  )
})

test.run()
