import * as assert from 'uvu/assert'
import type { Member } from '../runtime/cluster/membership/roster.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { NOTHING_SEEN, newsBetween, newsLine, type Outlook } from './node-news.ts'

const test = testSuite('cli/node-news')

const other = (node: string, more: Partial<Member> = {}) =>
  [node, { node, life: 'l', version: '0.1.0', state: 'active', heardAt: 1_000, ...more } as Member] as const
const outlook = (owned: readonly number[], ...others: (readonly [string, Member])[]): Outlook => ({
  owned: new Set(owned),
  others: new Map(others),
})
const judged = { now: 1_500, ttlMs: 6_000, lost: new Set<number>() }
const line = (news: ReturnType<typeof newsBetween>[number]) => newsLine(news, (_, text) => text)

test('nothing is news when nothing has changed', () => {
  const now = outlook([1, 2], other('b'))
  assert.equal(newsBetween(now, now, judged), [])
})

test('tells who comes, under whatever life, and what is taken, at once', () => {
  const after = outlook([3, 1, 2], other('b'))
  const news = newsBetween(NOTHING_SEEN, after, judged)
  assert.equal(news, [
    { type: 'node.came', node: 'b', version: '0.1.0' },
    { type: 'partitions.taken', partitions: [1, 2, 3], serves: 3 },
  ])
  assert.equal(news.map(line), ['+ node b is there (version 0.1.0)', '» took 3 partitions: 1-3 · serves 3'])
  const reborn = newsBetween(after, outlook([1, 2, 3], other('b', { life: 'other' })), judged)
  assert.equal(
    reborn.map(({ type }) => type),
    ['node.came'],
  )
})

test('who says goodbye has left, who was silent for a TTL is gone', () => {
  const before = outlook([], other('b'), other('c', { heardAt: -5_000 }))
  const news = newsBetween(before, outlook([]), judged)
  assert.equal(news, [
    { type: 'node.gone', node: 'b', how: 'left' },
    { type: 'node.gone', node: 'c', how: 'silent' },
  ])
  assert.match(line(news[1] as never), 'is gone')
})

test('a node that drains is told once', () => {
  const draining = outlook([], other('b', { state: 'draining' }))
  assert.equal(
    newsBetween(outlook([], other('b')), draining, judged).map(({ type }) => type),
    ['node.draining'],
  )
  assert.equal(newsBetween(draining, draining, judged), [])
})

test('a partition that another has taken is lost, others were released', () => {
  const news = newsBetween(outlook([1, 2, 3]), outlook([3]), { ...judged, lost: new Set([2]) })
  assert.equal(news, [
    { type: 'partitions.lost', partitions: [2], serves: 1 },
    { type: 'partitions.released', partitions: [1], serves: 1 },
  ])
  assert.equal(news.map(line), ['« lost partition 2 · serves 1', '« released partition 1 · serves 1'])
})

test.run()
