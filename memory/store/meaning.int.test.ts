import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Consolidator } from '../consolidation/proposal.ts'
import type { NewMemory, Proposal } from '../memory.ts'
import { kindOf, oneRule, START, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/meaning', { limitMs: 60_000 })

const lives = (object: string, more: Partial<NewMemory> = {}): NewMemory => ({
  kind: 'fact',
  text: `Ana lives in ${object}`,
  fact: { subject: 'Ana', predicate: 'lives in', object, single: true },
  ...more,
})

test(
  'a newer fact ends the older, which stays in its history, and both can be asked for by time',
  withStore(async opened => {
    const { space } = opened
    const said = await space.remember({ text: 'I live in Porto', who: 'Ana', at: START - 100 })
    const moved = await space.remember({ text: 'I moved to Lisbon', who: 'Ana', at: START - 50 })
    const porto = await space.remember(lives('Porto', { at: START - 100, from: [said], trust: 'trusted' }))
    const lisbon = await space.remember(lives('Lisbon', { at: START - 50, from: [moved] }))
    const names = async (at?: number) =>
      (await space.facts(' ANA ', at === undefined ? {} : { at })).map(({ fact }) => fact?.object)
    assert.equal(await names(), ['Lisbon'])
    assert.equal(await names(START - 60), ['Porto'])
    assert.equal(await names(START - 101), [])
    const history = await space.history(lisbon)
    assert.equal(
      history.map(({ fact, evidence }) => [
        fact.id,
        fact.validUntil,
        fact.endedBy,
        evidence.map(({ id }) => id),
      ]),
      [
        [porto, START - 50, lisbon, [said]],
        [lisbon, undefined, undefined, [moved]],
      ],
    )
    // What is derived is not trusted more than what it came from.
    assert.equal(
      history.map(({ fact }) => fact.trust),
      ['untrusted', 'untrusted'],
    )
    assert.equal(
      (await space.recall('Ana lives', { kinds: ['fact'] })).map(({ id }) => id),
      [lisbon],
    )
    assert.equal(
      (await space.recall('Ana lives', { at: START - 60, kinds: ['fact'] })).map(({ id }) => id),
      [porto],
    )
    await opened.reopen()
    assert.equal(
      (await opened.space.recall('Ana lives', { kinds: ['fact'] })).map(({ id }) => id),
      [lisbon],
    )
  }),
)

test(
  'an older fact that is learned later is ended already, and a forgotten one ends nothing any more',
  withStore(async ({ space }) => {
    const lisbon = await space.remember(lives('Lisbon', { at: START - 50 }))
    const porto = await space.remember(lives('Porto', { at: START - 100 }))
    assert.is((await space.get(porto))?.endedBy, lisbon)
    await space.forget(lisbon)
    const [now] = await space.facts('Ana')
    assert.equal([now?.id, now?.validUntil, now?.endedBy], [porto, undefined, undefined])
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'what is said twice is given once, and stays when one of the two is forgotten',
  withStore(async ({ space }) => {
    const first = await space.remember(lives('Porto', { at: START - 100 }))
    const second = await space.remember(lives('porto.', { at: START - 50 }))
    assert.equal(
      (await space.facts('Ana')).map(({ id }) => id),
      [second],
    )
    await space.forget(second)
    assert.equal(
      (await space.facts('Ana')).map(({ id }) => id),
      [first],
    )
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'what came from outside does not end what the owner vouches for',
  withStore(async ({ space }) => {
    const trusted = await space.remember(lives('Porto', { at: START - 100, trust: 'trusted' }))
    const rumour = await space.remember(lives('Atlantis', { at: START - 50 }))
    assert.equal(
      (await space.facts('Ana')).map(({ id }) => id),
      [trusted],
    )
    assert.is((await space.history(trusted)).length, 2)
    assert.is((await space.get(rumour))?.endedBy, trusted)
  }),
)

test(
  'a fact with an end holds until then, without anyone touching it',
  withStore(async opened => {
    const { space } = opened
    await space.remember(lives('Porto', { validUntil: START + 100 }))
    await space.remember(lives('Faro', { validFrom: START + 100 }))
    const names = async () => (await space.facts('Ana')).map(({ fact }) => fact?.object)
    const recalled = async () => (await space.recall('Ana')).map(({ fact }) => fact?.object)
    assert.equal([await names(), await recalled()], [['Porto'], ['Porto']])
    assert.is((await space.stats()).current, 1)
    opened.now += 100
    assert.equal([await names(), await recalled()], [['Faro'], ['Faro']])
  }),
)

test(
  'consolidation makes facts, insights and endings of what waits, once',
  withStore(async opened => {
    const { space } = opened
    const say = (text: string, at: number) => space.remember({ text, at, trust: 'trusted' })
    await say('Ana lives in Porto', START - 100)
    await say('Ana lives in Lisbon', START - 50)
    const tea = await say('Ana likes tea', START - 40)
    const no = await say('Ana no longer likes tea', START - 30)
    await say('Note: people move', START - 20)
    assert.is((await space.stats()).waiting, 5)
    assert.equal(await space.consolidate({ limit: 3 }), {
      episodes: 3,
      facts: 3,
      insights: 0,
      ended: 1,
      dropped: 0,
      by: 'extraction',
      waiting: 2,
    })
    const rest = await space.consolidate()
    assert.equal([rest.episodes, rest.insights, rest.ended, rest.waiting], [2, 1, 1, 0])
    assert.is((await space.consolidate()).episodes, 0)
    assert.equal(
      (await space.facts('ana')).map(({ fact, trust }) => [fact?.object, trust]),
      [['Lisbon', 'agent']],
    )
    const [liked] = await space.facts('Ana', { predicate: 'likes', at: START - 35 })
    const [explained] = await space.history(liked?.id ?? '')
    assert.equal(
      explained?.evidence.map(({ id }) => id),
      [tea, no],
    )
    await space.forget(no)
    assert.equal(
      (await space.facts('Ana', { predicate: 'likes' })).map(({ fact }) => fact?.object),
      ['tea'],
    )
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'consolidation counts what was ended the same, whether the contradiction came in one batch or in several',
  withStore(async ({ memory }) => {
    const said = [
      ...['Ana lives in Porto', 'Ana lives in Lisbon', 'Ana lives in Faro', 'Ana likes tea'],
      ...['Ana no longer likes tea', 'Ben lives in Porto', 'Ben likes tea'],
    ].map((text, at): NewMemory => ({ text, at: START - 1_000 + at }))
    const endedOf = async (name: string, lines: readonly NewMemory[], limit: number): Promise<number> => {
      const space = memory.namespace(name)
      await space.rememberAll(lines)
      let ended = 0
      for (let waiting = 1; waiting > 0; ) {
        const done = await space.consolidate({ limit })
        ended += done.ended
        waiting = done.waiting
      }
      assert.equal((await space.verify()).problems, [])
      return ended
    }
    assert.is(await endedOf('one-batch', said, 100), 3)
    assert.is(await endedOf('each-alone', said, 1), 3)
    // What an older and more trusted statement keeps out never held, and is not ended.
    const kept: NewMemory[] = [
      { text: 'Ana lives in Porto', at: START - 50, trust: 'trusted' },
      { text: 'Ana lives in Atlantis', at: START - 40 },
    ]
    assert.is(await endedOf('kept-out', kept, 100), 0)
  }),
)

test(
  'a proposal that is applied again stores nothing twice, and leaves out what is gone meanwhile',
  withStore(async ({ space }) => {
    const [one = '', two = ''] = await space.rememberAll([
      { text: 'Ana lives in Porto' },
      { text: 'Note: it rains' },
    ])
    const input = await space.pending()
    assert.equal(
      input?.episodes.map(({ id }) => id),
      [one, two],
    )
    const proposal = (await oneRule(input as never)) as Proposal
    await space.forget(two)
    const first = await space.apply(proposal, [one, two])
    assert.equal([first.episodes, first.facts, first.insights, first.waiting], [1, 1, 0, 0])
    const again = await space.apply(proposal, [one, two])
    assert.equal([again.episodes, again.facts, again.insights], [0, 0, 0])
    assert.is((await space.stats()).facts, 1)
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'nothing is kept of words that were forgotten or changed while they were consolidated, and the rest waits on',
  withStore(async ({ space }) => {
    const [gone = '', changed = '', left = '', other = ''] = await space.rememberAll([
      { text: 'my secret' },
      { text: 'a wrong word' },
      { text: 'beside it' },
      { text: 'far away' },
    ])
    const seen = (await space.pending())?.episodes.map(({ id }) => id) ?? []
    await space.forget(gone)
    await space.update(changed, { text: 'the right word' })
    const insight = (text: string, from: readonly string[]) => ({ text, from, importance: 0.5 })
    const done = await space.apply(
      {
        facts: [],
        endings: [],
        insights: [
          insight('he said: my secret, beside it', [gone, left]),
          insight('he said: a wrong word', [changed]),
          insight('he said: far away', [other]),
        ],
        drop: [],
        by: 'model:x',
      },
      seen,
    )
    assert.equal([done.episodes, done.insights, done.waiting], [1, 1, 2])
    assert.equal(
      (await space.pending())?.episodes.map(({ id }) => id),
      [changed, left],
    )
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'a consolidator that fails changes nothing, and what it was shown still waits',
  withStore(
    async ({ space }) => {
      await space.remember({ text: 'Ana lives in Porto' })
      assert.is(await kindOf(() => space.consolidate()), 'Error: no model today')
      assert.is((await space.stats()).waiting, 1)
    },
    {
      consolidator: () => {
        throw new Error('no model today')
      },
    },
  ),
)

test(
  'a proposal may not drop an episode, nor raise trust, nor speak without sources',
  withStore(async ({ space }) => {
    const id = await space.remember({ text: 'Ana lives in Porto' })
    const empty = { facts: [], endings: [], insights: [], drop: [], by: 'model:x' }
    assert.is(await kindOf(() => space.apply({ ...empty, drop: [id] }, [])), 'input-invalid')
    const insight = { text: 'so', from: [] as string[], importance: 1 }
    assert.is(await kindOf(() => space.apply({ ...empty, insights: [insight] }, [])), 'input-invalid')
    const done = await space.apply({ ...empty, insights: [{ ...insight, from: [id] }] }, [id])
    assert.is(done.insights, 1)
    const [made] = (await space.list({ kinds: ['insight'] })).memories
    assert.equal([made?.trust, made?.by, made?.from], ['untrusted', 'model:x', [id]])
  }),
)

test(
  'sentences that say the same are one fact with more evidence, split when something else was true in between',
  withStore(async ({ space }) => {
    const say = async (object: string, at: number): Promise<void> => {
      await space.remember({ text: `Ana lives in ${object}`, at })
      await space.consolidate()
    }
    await say('Porto', START - 100)
    await say('Porto', START - 10)
    const [fact] = await space.facts('Ana')
    assert.is(fact?.from?.length, 2)
    await say('Lisbon', START - 50)
    const history = await space.history(fact?.id ?? '')
    assert.equal(
      history.map(({ fact: { fact: stated, validFrom, validUntil }, evidence }) => [
        stated?.object,
        (validFrom ?? 0) - START,
        validUntil === undefined ? undefined : validUntil - START,
        evidence.length,
      ]),
      [
        ['Porto', -100, -50, 1],
        ['Lisbon', -50, -10, 1],
        ['Porto', -10, undefined, 1],
      ],
    )
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'forgetting a sentence takes what was derived from it, and lets its other sources be seen again',
  withStore(async ({ space }) => {
    const [one = '', two = ''] = await space.rememberAll([{ text: 'first' }, { text: 'second' }])
    const both: Consolidator = () => ({
      facts: [],
      endings: [],
      insights: [{ text: 'both', from: [one, two], importance: 1 }],
      drop: [],
      by: 'extraction',
    })
    await space.apply((await both(undefined as never)) as Proposal, [one, two])
    const [insight] = (await space.list({ kinds: ['insight'] })).memories
    const onIt = await space.remember({ kind: 'insight', text: 'so', from: [insight?.id ?? ''] })
    assert.equal(await space.forget(one), { memories: 1, derived: 2 })
    assert.is(await space.get(onIt), undefined)
    assert.equal(
      (await space.pending())?.episodes.map(({ id }) => id),
      [two],
    )
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'words that change take what was derived from the old ones, and are seen again',
  withStore(async ({ space }) => {
    const id = await space.remember({ text: 'Ana lives in Porto', session: 's' })
    const next = await space.remember({ text: 'really', session: 's' })
    await space.consolidate()
    const { text, storedAt, updatedAt } = await space.update(id, { text: 'Ana lives in Faro' })
    assert.equal([text, storedAt, updatedAt], ['Ana lives in Faro', START, START])
    assert.equal(await space.facts('Ana'), [])
    await space.consolidate()
    assert.equal(
      (await space.facts('Ana')).map(({ fact }) => fact?.object),
      ['Faro'],
    )
    assert.equal(await space.recall('Porto'), [])
    const [hit] = await space.recall('Faro', { kinds: ['episode'], neighbours: 1 })
    assert.equal(
      hit?.neighbours?.map(one => one.id),
      [next],
    )
    assert.equal(
      (await space.recent({ session: 's' })).map(one => one.id),
      [id, next],
    )
  }),
)

test(
  'an update changes what it names, takes away what is null, and refuses what does not fit',
  withStore(async ({ space }) => {
    const id = await space.remember({ text: 'x', source: 'a', meta: { b: 1 } })
    const fact = await space.remember(lives('Porto', { validUntil: START + 5 }))
    const patched = await space.update(id, { source: null, meta: null, importance: 1, trust: 'trusted' })
    assert.equal(
      [patched.source, patched.meta, patched.importance, patched.trust],
      [undefined, undefined, 1, 'trusted'],
    )
    assert.equal(await space.get(id), patched)
    assert.is((await space.update(fact, { validUntil: null })).validUntil, undefined)
    const other = { subject: 'Bo', predicate: 'works at', object: 'Acme' }
    await space.update(fact, { fact: other })
    assert.equal(await space.facts('Ana'), [])
    assert.is((await space.facts('bo')).length, 1)
    for (const patch of [{ validFrom: 1 }, { text: '' }, { who: 'Bo' }, { fact: other }]) {
      assert.is(await kindOf(() => space.update(id, patch as never)), 'input-invalid')
    }
    assert.is(await kindOf(() => space.update(fact, { validUntil: 5 })), 'input-invalid')
    assert.is(await kindOf(() => space.update('unknown', {})), 'memory-unknown')
    assert.equal((await space.verify()).problems, [])
  }),
)

test.run()
