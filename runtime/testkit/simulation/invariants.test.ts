import * as assert from 'uvu/assert'
import { type Address, address } from '../../../actors/address.ts'
import type { EffectClass } from '../../../actors/effect.ts'
import type { Act, Commit, Taken } from '../../../actors/journal.ts'
import { inMemoryJournal } from '../../../memory/in-memory-journal.ts'
import { testSuite } from '../suite.ts'
import { completeness, type Evidence, safety } from './invariants.ts'
import { effectLedger, type LedgerEntry } from './ledger.ts'
import { recorder } from './recorder.ts'

const test = testSuite('runtime/testkit/simulation/invariants')

const A = address('a', '1')
const B = address('b', '1')

interface Told {
  readonly actor: Address
  readonly taken: Taken
  readonly acts?: readonly Act[]
  readonly at?: number
}

/** Evidence of commits that were acknowledged in this order, after the first of each actor. */
function evidence(commits: readonly Told[], downMs = 0) {
  let order = 0
  const next = (): number => ++order
  const witness = recorder(next)
  const journal = witness.watch(inMemoryJournal())
  const seqs = new Map<Address, number>()
  const append = ({ actor, taken, acts = [], at = 0 }: Told): void => {
    const seq = (seqs.get(actor) ?? 0) + 1
    seqs.set(actor, seq)
    const commit: Commit = { actor, seq, at, taken, acts }
    journal.append(commit, () => ({ value: 'x', context: {}, status: 'active', children: {} }))
  }
  for (const actor of [A, B]) append({ actor, taken: { kind: 'init', life: `life-${actor[0]}` } })
  for (const commit of commits) append(commit)
  const ledger = effectLedger(next, () => 0)
  const made: Evidence = { recorder: witness, ledger, downMs }
  return { made, append, ledger, witness }
}

const tell = (to: Address): Act => ({ act: 'tell', to, type: 'x.y', body: null })
const take = (id: string, more: Partial<Taken & { kind: 'message' }> = {}): Taken => ({
  kind: 'message',
  type: 'x.y',
  body: null,
  cause: { id, from: A },
  attempt: 1,
  ...more,
})
const timer: Taken = { kind: 'timer', id: 't', event: { type: 'go' } }
const of = (violations: readonly { readonly invariant: string }[]): readonly string[] =>
  violations.map(({ invariant }) => invariant)

test('I1: misses a message that was told and neither taken nor buried', () => {
  const told: Told = {
    actor: A,
    taken: timer,
    acts: [tell(B), tell(B), { act: 'tell', to: B, type: 'ac.x', body: null, control: true }],
  }
  assert.equal(of(completeness(evidence([told]).made)), ['I1', 'I1'])
  const { made, witness } = evidence([told, { actor: B, taken: take('a/1.life-a.2.0') }])
  assert.equal(of(completeness(made)), ['I1'])
  witness.dead.add('a/1.life-a.2.1')
  assert.equal(completeness(made), [])
})

test('I4: sees messages of one sender that are taken out of order or twice', () => {
  const commits = (...ids: readonly string[]) => ids.map(id => ({ actor: B, taken: take(id) }))
  assert.equal(
    safety(evidence(commits('a/1.l.2.0', 'a/1.l.2.1', 'a/1.l.10.0', 'c/1.l.1.0', 'a/1.m.1.0')).made),
    [],
  )
  assert.equal(of(safety(evidence(commits('a/1.l.3.0', 'a/1.l.2.9')).made)), ['I4'])
  assert.equal(of(safety(evidence(commits('a/1.l.3.0', 'a/1.l.3.0')).made)), ['I4'])
})

type Short = readonly [kind: LedgerEntry['kind'], more?: Partial<LedgerEntry>]

function effects(effectClass: EffectClass, entries: readonly Short[]): readonly string[] {
  const { made, ledger } = evidence([])
  for (const [kind, more] of entries)
    ledger.add({ kind, key: 'k', name: 'n', class: effectClass, life: 'n.1', input: null, ...more })
  return of(safety(made))
}

test('I2: allows another attempt as the class says, and no other', () => {
  const again: readonly Short[] = [['started'], ['lost'], ['started']]
  assert.equal(effects('pure', again), [])
  assert.equal(effects('idempotent', again), [])
  for (const strict of ['verifiable', 'compensable', 'manual'] as const)
    assert.equal(effects(strict, again), ['I2'])
})

test('I2: allows a verifiable one again only after it was found not to have happened', () => {
  assert.equal(effects('verifiable', [['started'], ['checked', { done: false }], ['started']]), [])
  assert.equal(effects('verifiable', [['started'], ['checked', { done: true }], ['started']]), ['I2'])
  assert.equal(effects('verifiable', [['started'], ['undone'], ['started']]), ['I2'])
})

test('I2: allows a compensable one again only after it was undone', () => {
  assert.equal(effects('compensable', [['started'], ['undone'], ['started']]), [])
  assert.equal(effects('compensable', [['started'], ['undone'], ['started'], ['lost'], ['started']]), ['I2'])
})

test('I2: allows every one again after an answer that says it was not begun', () => {
  const limited: readonly Short[] = [['started'], ['failed', { error: 'rate-limited' }], ['started']]
  const broken: readonly Short[] = [['started'], ['failed', { error: 'model-failed' }], ['started']]
  assert.equal(effects('manual', limited), [])
  assert.equal(effects('manual', broken), ['I2'])
})

test('I2: sees an effect that is started after its result was committed', () => {
  const { made, ledger, append } = evidence([])
  const start = { kind: 'started', key: 'k', name: 'n', class: 'pure', life: 'n.1' } as const
  ledger.add(start)
  append({ actor: A, taken: { kind: 'result', intent: 'k', output: null } })
  assert.equal(safety(made), [])
  ledger.add({ ...start, life: 'n.2' })
  assert.equal(of(safety(made)), ['I2'])
})

test('I2: sees one key for two different calls', () => {
  const other: readonly Short[] = [
    ['started', { input: 1 }],
    ['checked', { done: false }],
    ['started', { input: 2 }],
  ]
  assert.equal(effects('verifiable', other), ['I2'])
  assert.equal(
    effects('pure', [
      ['started', { input: 1 }],
      ['started', { input: 2 }],
    ]),
    [],
  )
})

test('I9: sees effects that began too late, and messages taken after their deadline', () => {
  assert.equal(effects('pure', [['started', { late: 'deadline' }]]), ['I9'])
  assert.equal(effects('pure', [['started', { late: 'cancelled' }]]), ['I9'])
  const due = (at: number): Told => ({
    actor: B,
    taken: take('a/1.l.2.0', { cause: { id: 'a/1.l.2.0', deadline: 100 } }),
    at,
  })
  assert.equal(safety(evidence([due(99)]).made), [])
  assert.equal(of(safety(evidence([due(100)]).made)), ['I9'])
  assert.equal(safety(evidence([due(100)], 50).made), [])
})

test.run()
