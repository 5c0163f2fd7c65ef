import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'
import { behavioursByType, foldActor } from './fold.ts'
import { behaviours, NOTEBOOK, recordedRun, WORKER } from './testdata/recorded-run.ts'

const test = testSuite('runtime/history/fold')

test('finds behaviours by type, the supervisor always, and nothing for other types', () => {
  const behaviourOf = behavioursByType(behaviours())
  assert.is(behaviourOf('worker')?.type, 'worker')
  assert.is(behaviourOf('supervisor')?.type, 'supervisor')
  assert.is(behaviourOf('toString'), undefined)
})

test('the last state of a fold is the state the actor has, its ledger included', async () => {
  const { runtime, steps } = await recordedRun()
  const behaviourOf = behavioursByType(behaviours())
  for (const actor of [WORKER, NOTEBOOK]) {
    const commits = steps.filter(({ commit }) => commit.actor === actor).map(({ commit }) => commit)
    const behaviour = behaviourOf(actor.split('/')[0] ?? '')
    if (!behaviour) throw new Error(actor)
    const { states, error } = foldActor(behaviour, commits)
    assert.is(error, undefined)
    assert.is(states.size, commits.length)
    const last = states.get(commits.length)
    assert.equal(last?.context, runtime.snapshot(actor)?.context)
    assert.equal(last?.value, runtime.snapshot(actor)?.value)
  }
})

test('a migrated actor is folded from what it was migrated to', async () => {
  const { steps } = await recordedRun()
  const behaviour = behavioursByType(behaviours())('notebook')
  if (!behaviour) throw new Error('no notebook')
  const own = steps.filter(({ commit }) => commit.actor === NOTEBOOK).map(({ commit }) => commit)
  const [init, note] = own
  if (init?.taken.kind !== 'init' || !note || !init.taken.provenance) throw new Error('no start')
  const { life, provenance } = init.taken
  const outstanding = {
    ...{ life, provenance, restarts: 0, successes: 0, debts: [], intents: [], timers: [], outbox: [] },
    ...{ spawning: [], marks: {}, answers: [] },
  }
  const state = {
    value: {},
    context: { notes: ['kept'] },
    status: 'active',
    children: {},
    outstanding,
  } as const
  const alien = { ...note, seq: 2, acts: [{ act: 'cancel', id: 'of an earlier definition' }] } as const
  const migration = { ...note, seq: 3, taken: { kind: 'migrated', state, provenance }, acts: [] } as const
  const { states, error } = foldActor(behaviour, [init, alien, migration, { ...note, seq: 4 }])
  assert.is(error, undefined)
  assert.equal([...states.keys()], [3, 4])
  assert.equal(states.get(4)?.context, { notes: ['kept', 'did one'] })
})

test.run()
