import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Trust } from '../memory.ts'
import { normalName } from './names.ts'
import type { HeldFact } from './resolution.ts'
import { ends, resolve } from './resolve.ts'

const test = testSuite('memory/facts/resolve')

type Assertion = Omit<HeldFact, 'validUntil' | 'endedBy' | 'confirmed'>

const fact = (id: string, object: string, validFrom: number, more: Partial<Assertion> = {}): Assertion => ({
  id,
  object,
  single: true,
  trust: 'untrusted',
  validFrom,
  ...more,
})

/** A store: keeps what `resolve` decides, and counts the evidence of each fact. */
function stored(
  assertions: readonly Assertion[],
  { merge = true } = {},
): (HeldFact & { readonly evidence: number })[] {
  let facts: (HeldFact & { readonly evidence: number })[] = []
  for (const incoming of assertions) {
    const { same, validUntil, endedBy, changes, again } = resolve(facts, {
      ...incoming,
      ...(incoming.saidUntil !== undefined && { validUntil: incoming.saidUntil }),
    })
    if (merge && same !== undefined) {
      facts = facts.map(one =>
        one.id === same
          ? {
              ...one,
              evidence: one.evidence + 1,
              confirmed: [...(one.confirmed ?? []), incoming.validFrom],
            }
          : one,
      )
      continue
    }
    const source = facts.find(one => one.id === again?.of)
    facts = facts.map(one => {
      const change = changes.find(({ id }) => id === one.id)
      const { validUntil: _until, endedBy: _by, ...said } = one
      return change === undefined ? one : { ...said, ...change }
    })
    facts.push({ ...incoming, evidence: 1, ...held(validUntil, endedBy) })
    if (again === undefined || source === undefined) continue
    const { confirmed = [], validUntil: _until, endedBy: _by, ...said } = source
    const from = again.validFrom
    facts.push({
      ...said,
      ...held(again.validUntil, again.endedBy),
      id: `${source.id}'${from}`,
      validFrom: from,
      evidence: confirmed.filter(at => at >= from).length,
      confirmed: confirmed.filter(at => at > from),
    })
    facts = facts.map(one =>
      one.id === source.id
        ? {
            ...one,
            evidence: one.evidence - confirmed.filter(at => at >= from).length,
            confirmed: confirmed.filter(at => at < from),
          }
        : one,
    )
  }
  return facts
}

const held = (validUntil: number | undefined, endedBy: string | undefined) => ({
  ...(validUntil !== undefined && { validUntil }),
  ...(endedBy !== undefined && { endedBy }),
})

/** `Porto 1-5, Lisbon 5-`: what held when, the same object in a row as one. */
function history(assertions: readonly Assertion[], options = {}): string[] {
  const spans = stored(assertions, options)
    .map(({ object, validFrom, validUntil = Number.POSITIVE_INFINITY }) => ({
      object,
      validFrom,
      validUntil,
    }))
    .filter(({ validFrom, validUntil }) => validFrom < validUntil)
    .sort((a, b) => a.validFrom - b.validFrom)
  const out: { object: string; validFrom: number; validUntil: number }[] = []
  for (const span of spans) {
    const last = out.at(-1)
    if (last?.object === span.object && last.validUntil === span.validFrom) last.validUntil = span.validUntil
    else out.push({ ...span })
  }
  return out.map(
    ({ object, validFrom, validUntil }) =>
      `${object} ${validFrom}-${validUntil === Number.POSITIVE_INFINITY ? '' : validUntil}`,
  )
}

test('a newer object ends the older of a predicate that has one at a time', () => {
  const decided = resolve([fact('a', 'Porto', 1)], fact('b', 'Lisbon', 5))
  assert.equal(decided, { changes: [{ id: 'a', validUntil: 5, endedBy: 'b' }] })
})

test('an older object that is learned later comes in as ended already', () => {
  assert.equal(resolve([fact('b', 'Lisbon', 5)], fact('a', 'Porto', 1)), {
    validUntil: 5,
    endedBy: 'b',
    changes: [],
  })
})

test('objects of a predicate with several at a time end nothing', () => {
  const many = { single: false }
  assert.equal(resolve([fact('a', 'olives', 1, many)], fact('b', 'jazz', 5, many)), { changes: [] })
})

test('the same object again, however it is written, is evidence for the fact that holds', () => {
  assert.is(resolve([fact('a', 'the Netherlands', 1)], fact('b', 'The  netherlands.', 5)).same, 'a')
})

test('one that says the same and is kept as its own fact goes on where the other ends', () => {
  assert.equal(resolve([fact('a', 'Porto', 1)], fact('b', 'Porto', 5)), {
    same: 'a',
    changes: [{ id: 'a', validUntil: 5, endedBy: 'b' }],
  })
})

test('the same object after an end is a new fact', () => {
  const ended = { ...fact('a', 'Acme', 1, { saidUntil: 3 }), validUntil: 3 }
  assert.equal(resolve([ended], fact('b', 'Acme', 5)), { changes: [] })
})

test('a less trusted statement does not end a more trusted fact and is kept as ended at once', () => {
  const decided = resolve([fact('a', 'Porto', 1, { trust: 'trusted' })], fact('b', 'Lisbon', 5))
  assert.equal(decided, { validUntil: 5, endedBy: 'a', changes: [] })
})

test('a more trusted statement that is learned later takes the place of less trusted ones', () => {
  const decided = resolve(
    [{ ...fact('a', 'Porto', 1), validUntil: 5, endedBy: 'b' }, fact('b', 'Lisbon', 5)],
    fact('c', 'Faro', 3, { trust: 'agent' }),
  )
  assert.equal(decided, {
    changes: [
      { id: 'a', validUntil: 3, endedBy: 'c' },
      { id: 'b', validUntil: 5, endedBy: 'c' },
    ],
  })
})

test('a more trusted repetition is a fact of its own, so that trust is never raised by what it is not', () => {
  const decided = resolve([fact('a', 'Porto', 1)], fact('b', 'Porto', 5, { trust: 'trusted' }))
  assert.equal(decided, { changes: [{ id: 'a', validUntil: 5, endedBy: 'b' }] })
})

test('a contradiction that falls between a statement and its confirmation splits it', () => {
  assert.equal(resolve([{ ...fact('a', 'Porto', 1), confirmed: [9] }], fact('b', 'Lisbon', 5)), {
    validUntil: 9,
    endedBy: 'a',
    changes: [{ id: 'a', validUntil: 5, endedBy: 'b' }],
    again: { of: 'a', validFrom: 9 },
  })
})

test('of two statements of the same instant the later stored one holds', () => {
  assert.equal(resolve([fact('a', 'Porto', 5)], fact('b', 'Lisbon', 5)), {
    changes: [{ id: 'a', validUntil: 5, endedBy: 'b' }],
  })
})

test('a stated end holds although a newer object would end it later', () => {
  const decided = resolve(
    [{ ...fact('a', 'Porto', 1, { saidUntil: 3 }), validUntil: 3 }],
    fact('b', 'Lisbon', 5),
  )
  assert.equal(decided, { changes: [] })
})

test('a negation ends what holds, not what is more trusted, began later or was confirmed since', () => {
  const facts = [
    fact('a', 'Acme', 1),
    fact('b', 'Acme', 2, { trust: 'trusted' }),
    fact('c', 'Acme', 9),
    { ...fact('d', 'Acme', 1), confirmed: [8] },
    fact('e', 'Globex', 1),
  ]
  assert.equal(ends(facts, { object: 'acme', at: 5, trust: 'untrusted' }), ['a'])
  assert.equal(ends(facts, { at: 5, trust: 'trusted' }), ['a', 'b', 'e'])
})

const trust = fc.constantFrom<Trust>('untrusted', 'agent', 'trusted')
const assertions = (of: fc.Arbitrary<Trust>) =>
  fc
    .uniqueArray(
      fc.record({
        object: fc.constantFrom('A', 'B', 'C'),
        at: fc.integer({ min: 0, max: 40 }),
        length: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
        trust: of,
      }),
      { selector: ({ at }) => at, maxLength: 9 },
    )
    .map(list =>
      list.map(({ object, at, length, trust: believed }, index) =>
        fact(`f${index}`, object, at, {
          trust: believed,
          ...(length !== undefined && { saidUntil: at + length }),
        }),
      ),
    )
const shuffled = (of: fc.Arbitrary<Trust>) =>
  assertions(of).chain(list =>
    fc.tuple(
      fc.constant([...list].sort((a, b) => a.validFrom - b.validFrom)),
      fc.shuffledSubarray(list, { minLength: list.length }),
    ),
  )

test('the same history results whatever the order of arrival', () => {
  fc.assert(
    fc.property(shuffled(trust), ([inTime, arrived]) => {
      assert.equal(history(arrived), history(inTime))
    }),
    { numRuns: 3_000 },
  )
})

test('the history is the same when what is said again is kept as facts of their own', () => {
  fc.assert(
    fc.property(shuffled(trust), ([inTime, arrived]) => {
      assert.equal(history(arrived, { merge: false }), history(inTime))
    }),
    { numRuns: 2_000 },
  )
})

test('intervals of a predicate with one object at a time never overlap, and every statement is a fact or evidence of one', () => {
  fc.assert(
    fc.property(shuffled(trust), ([, arrived]) => {
      const facts = stored(arrived)
      assert.is(
        facts.reduce((sum, { evidence }) => sum + evidence, 0),
        arrived.length,
      )
      const spans = facts
        .map(({ validFrom, validUntil = Number.POSITIVE_INFINITY }) => ({ validFrom, validUntil }))
        .filter(({ validFrom, validUntil }) => validFrom < validUntil)
        .sort((a, b) => a.validFrom - b.validFrom)
      spans.forEach(({ validFrom }, index) => {
        assert.ok(index === 0 || (spans[index - 1]?.validUntil ?? 0) <= validFrom)
      })
      for (const { object } of arrived)
        assert.ok(facts.some(one => normalName(one.object) === normalName(object)))
    }),
    { numRuns: 2_000 },
  )
})

test('no statement changes what is trusted more', () => {
  fc.assert(
    fc.property(
      assertions(fc.constantFrom<Trust>('untrusted')),
      assertions(fc.constant<Trust>('trusted')),
      (less, more) => {
        const renamed = less.map(one => ({ ...one, id: `less ${one.id}` }))
        const trusted = (list: readonly Assertion[]) =>
          stored(list)
            .filter(one => one.trust === 'trusted')
            .map(({ id, validFrom, validUntil }) => ({ id, validFrom, validUntil }))
        assert.equal(trusted([...more, ...renamed]), trusted(more))
      },
    ),
    { numRuns: 1_000 },
  )
})

test.run()
