import * as assert from 'uvu/assert'
import type { Hit, MemoryRecord, NewMemory } from '../../memory/memory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Finding } from './document.ts'
import { knownFindings, memoriesOf, pastRun, type TeamNamespace } from './team-memory.ts'

const test = testSuite('agents/research/team-memory')

const QUOTE = { source: 'a.md', quote: 'A lamp burns.', start: 4, end: 17 }
const found = (statement: string, more: Partial<Finding> = {}): Finding => ({
  id: statement,
  statement,
  subtask: 's1',
  citations: [{ ...QUOTE, quote: statement }],
  relevance: 0.7,
  verdict: 'checked',
  ...more,
})
const learned = {
  run: 'run-1',
  topic: 'lamps',
  now: 5_000,
  sources: ['a.md'],
  subtasks: [{ id: 's1', question: 'How do lamps burn?', terms: ['lamp'] }],
  findings: [
    found('A lamp burns.'),
    found('It was known.', { memory: { run: 'run-0', topic: 'lamps', at: 1 } }),
    found('Nothing holds it.', { verdict: 'unsupported' }),
  ],
  model: null,
}

/** A namespace that gives all it holds, whatever it is asked. */
function holding(memories: readonly NewMemory[]): TeamNamespace {
  const records = memories.map(
    (one, i) =>
      ({
        id: `m${i}`,
        importance: 0.5,
        trust: 'untrusted',
        storedAt: 0,
        at: 0,
        kind: 'episode',
        ...one,
      }) as MemoryRecord,
  )
  return {
    list: async ({ kinds } = {}) => ({ memories: records.filter(one => !kinds || kinds.includes(one.kind)) }),
    recall: async (_, { kinds, minTrust } = {}) =>
      records
        .filter(
          one =>
            (!kinds || kinds.includes(one.kind)) && (minTrust === undefined || one.trust !== 'untrusted'),
        )
        .map(one => ({ ...one, score: 1 }) as Hit),
    rememberAll: async () => [],
  }
}

test('a run leaves an episode of what was asked and an insight for each new, checked finding', () => {
  const [about, ...insights] = memoriesOf(learned)
  assert.equal([about?.kind, about?.trust], ['episode', 'agent'])
  assert.equal(
    insights.map(one => one.text),
    ['A lamp burns.'],
  )
  assert.equal([insights[0]?.kind, insights[0]?.trust, insights[0]?.source], ['insight', 'untrusted', 'a.md'])
  assert.is(insights[0]?.by, 'extraction')
  assert.is(memoriesOf({ ...learned, model: 'openai:x' })[1]?.by, 'model:openai:x')
})

test('what a run left is found again with its quotes and the question it answered', async () => {
  const [known, ...others] = await knownFindings(holding(memoriesOf(learned)), 'lamps', undefined)
  assert.is(others.length, 0)
  assert.equal(known?.citations, [QUOTE])
  assert.equal([known?.question, known?.run, known?.at], ['How do lamps burn?', 'run-1', 5_000])
})

test('a finding that two runs left is known once, as the newer one has it', async () => {
  const twice = [...memoriesOf(learned), ...memoriesOf({ ...learned, run: 'run-2', now: 9_000 })]
  const known = await knownFindings(holding(twice), 'lamps', undefined)
  assert.equal(
    known.map(one => one.run),
    ['run-2'],
  )
})

test('an earlier run is known by its topic and its sources; without a subject it is the newest one', async () => {
  const two = holding([
    ...memoriesOf(learned),
    ...memoriesOf({ ...learned, run: 'run-2', topic: 'fog', now: 9_000 }),
  ])
  assert.equal(await pastRun(two, '', {}), { run: 'run-2', topic: 'fog', at: 9_000, sources: ['a.md'] })
})

test('a run that somebody from outside made up does not choose what is read', async () => {
  const forged = memoriesOf({ ...learned, sources: ['/etc/passwd'] }).map(one => ({
    ...one,
    trust: 'untrusted' as const,
  }))
  assert.is(await pastRun(holding(forged), 'lamps', {}), undefined)
  assert.is(await pastRun(holding(forged), '', {}), undefined)
})

test('memories of another shape are left alone', async () => {
  const strange: NewMemory[] = [
    { text: 'A lamp burns.', kind: 'insight' },
    { text: 'x', kind: 'insight', meta: { type: 'research-finding', citations: 'none' } },
    { text: 'x', trust: 'agent', meta: { type: 'research-run', sources: [1] } },
  ]
  assert.equal(await knownFindings(holding(strange), 'lamps', undefined), [])
  assert.is(await pastRun(holding(strange), 'lamps', {}), undefined)
})

test.run()
