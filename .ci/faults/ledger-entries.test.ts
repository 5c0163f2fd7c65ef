import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import {
  type JobReport,
  judgeRun,
  LEDGER_CLASSES,
  type LedgerClass,
  type LedgerEntry,
} from './ledger-entries.ts'

const test = testSuite('.ci/faults/ledger-entries')

type Step = LedgerEntry['what'] | 'checked-not' | 'undone-not'

/** A run of one job whose effects went well, but for those of `classes`, which went as told. */
function runOf(classes: Partial<Record<LedgerClass, readonly Step[]>>): [LedgerEntry[], JobReport] {
  const entries: LedgerEntry[] = []
  const seen = LEDGER_CLASSES.map(kind => {
    const key = `worker/w1.1.${kind}`
    let completion = 0
    for (const step of classes[kind] ?? ['started', 'happened', 'completed']) {
      const [what = '', not] = step.split('-')
      const order = entries.length + 1
      if (what === 'completed' || (what === 'checked' && !not)) completion = order
      const about = what === 'started' ? { job: 1, class: kind, attempt: 1 } : { done: !not }
      entries.push({ order, what: what as LedgerEntry['what'], key, ...about })
    }
    return { key, class: kind, completion }
  })
  return [entries, { job: 1, seen }]
}

const verdictOf = (classes: Partial<Record<LedgerClass, readonly Step[]>>, tallied = [1]) => {
  const [entries, report] = runOf(classes)
  const { lost, repeated, forbidden } = judgeRun([1], [report], tallied, entries)
  return [lost.length, repeated.length, forbidden.length]
}

test('accepts work that went well', () => {
  const [entries, report] = runOf({})
  const verdict = judgeRun([1], [report], [1], entries)
  assert.equal(verdict, { lost: [], repeated: [], forbidden: [], late: [], calls: 4, againAllowed: 0 })
})

test('tells what was called again from a call that was on its way when another overtook it', () => {
  const [entries, report] = runOf({
    verifiable: ['started', 'happened', 'completed', 'started', 'happened', 'completed'],
  })
  // The second to arrive is the first attempt, by a process that stood still; the other was begun at 100.
  const judged = (begun: number) => {
    const changed = entries.map(entry =>
      entry.class !== 'verifiable'
        ? entry
        : {
            ...entry,
            at: 100 + entry.order,
            ...(entry.order === 7 ? { attempt: 2 } : { attempt: 1, begun }),
          },
    )
    const { repeated, forbidden, late } = judgeRun([1], [report], [1], changed)
    return [repeated.length, forbidden.length, late.length]
  }
  assert.equal(judged(120), [1, 1, 0])
  assert.equal(judged(90), [0, 0, 2])
})

test('accepts what each class allows after a crash', () => {
  assert.equal(
    verdictOf({
      pure: ['started', 'happened', 'completed', 'started', 'happened', 'completed'],
      idempotent: ['started', 'happened', 'started', 'completed'],
      verifiable: ['started', 'lost', 'checked-not', 'started', 'happened', 'checked'],
      compensable: [
        'started',
        'happened',
        'undone',
        'started',
        'lost',
        'undone-not',
        'started',
        'happened',
        'completed',
      ],
    }),
    [0, 0, 0],
  )
})

test('finds a call after the answer whose result was committed', () => {
  const [entries, report] = runOf({})
  const again: LedgerEntry = {
    order: 99,
    what: 'started',
    key: 'worker/w1.1.pure',
    job: 1,
    class: 'pure',
    attempt: 2,
  }
  assert.is(judgeRun([1], [report], [1], [...entries, again]).repeated.length, 1)
})

test('finds a job whose effect was begun under a second key', () => {
  const [entries, report] = runOf({})
  const other: LedgerEntry = {
    order: 99,
    what: 'started',
    key: 'worker/w1.2.pure',
    job: 1,
    class: 'pure',
    attempt: 1,
  }
  assert.is(judgeRun([1], [report], [1], [...entries, other]).repeated.length, 1)
})

test('finds calls again without the check or the undo of their class, and what happened twice', () => {
  assert.equal(verdictOf({ verifiable: ['started', 'lost', 'started', 'happened', 'completed'] }), [0, 0, 1])
  assert.equal(verdictOf({ compensable: ['started', 'lost', 'started', 'happened', 'completed'] }), [0, 0, 1])
  const twice: readonly Step[] = ['started', 'happened', 'undone-not', 'started', 'happened', 'completed']
  assert.equal(verdictOf({ compensable: twice }), [0, 1, 0])
})

test('finds work that is missing, and work that was told of twice or never', () => {
  const [entries, report] = runOf({})
  assert.is(judgeRun([1, 2], [report], [1, 2], entries).lost.length, 4)
  assert.equal(verdictOf({}, []), [1, 0, 0])
  assert.equal(verdictOf({}, [1, 1]), [0, 0, 1])
  assert.equal(verdictOf({ pure: ['started', 'lost'] }), [1, 0, 0])
})

test.run()
