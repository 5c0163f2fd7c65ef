import * as assert from 'uvu/assert'
import type { Member } from '../runtime/cluster/membership/roster.ts'
import { PARTITIONS } from '../runtime/cluster/placement.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  mailboxRows,
  nodeRows,
  type Picture,
  type Sightings,
  sighted,
  standingOf,
} from './cluster-picture.ts'
import { ageText, pictureLines, SECTIONS } from './cluster-rows.ts'
import { partitionList } from './partition-list.ts'
import type { Paint } from './terminal.ts'

const test = testSuite('cli/cluster-rows')

const plain: Paint = (_, text) => text
const marked: Paint = (format, text) => `<${String(format)}:${text}>`

const member = (node: string, partitions: readonly number[], heardAt: number, more = {}): Member => ({
  ...{ node, life: `life-${node}`, seq: 1, version: '0.1.0', state: 'active', serves: true },
  partitions: new Map(partitions.map(one => [one, 1])),
  ...{ taking: [], unable: [], types: ['writer'], models: [], tools: [] },
  load: { actors: 3, runs: 1, lagMs: 2 },
  ...{ startedAt: 0, upMs: 65_000, heardAt },
  ...more,
})

const HALVES = [0, 1].map(half => Array.from({ length: 32 }, (_, at) => half * 32 + at)) as [
  number[],
  number[],
]

function pictureOf(sightings: Sightings, members: readonly Member[], now: number): Picture {
  const owners = Array.from({ length: PARTITIONS }, (_, partition) => {
    return members.find(({ partitions }) => partitions.has(partition))?.node ?? null
  })
  return { namespace: 'main', connected: true, nodes: nodeRows(sightings, now), owners }
}

const shown = { sections: SECTIONS, most: 12, width: 100, now: 0 }
const lines = (picture: Picture, paint = plain): string => pictureLines(picture, shown, paint).join('\n')

test('a node that is killed is silent at first, then gone in red, and its partitions are taken by the others', () => {
  const [a, b] = [member('a', HALVES[0], 1_000), member('b', HALVES[1], 1_000)]
  let sightings = sighted(new Map(), [a, b], 1_000)
  assert.match(lines(pictureOf(sightings, [a, b], 1_000)), '64 of 64 partitions served')
  assert.match(lines(pictureOf(sightings, [a, b], 1_000)), 'A'.repeat(32) + 'B'.repeat(32))

  const heard = member('a', HALVES[0], 5_000, { taking: [32] })
  sightings = sighted(sightings, [heard, b], 5_000)
  const silent = pictureOf(sightings, [heard, b], 5_000)
  assert.equal(
    silent.nodes.map(({ state }) => state),
    ['active', 'silent'],
  )
  const text = lines(silent, marked)
  assert.match(text, /<red: {2}B {2}b +silent 4s/)
  assert.match(text, '<yellow:32 of 64 partitions served>')
  assert.match(text, '<yellow:a><red:B>')

  const later = member('a', HALVES[0], 7_000)
  sightings = sighted(sightings, [later], 7_000)
  const gone = pictureOf(sightings, [later], 9_000)
  assert.match(lines(gone, marked), /<red: {2}B {2}b +gone 8s/)
  assert.match(lines(gone), 'served by nobody: 32-63')
  assert.match(lines(gone), '1 node ·')

  sightings = sighted(sightings, [later], 40_000)
  assert.equal([...sightings.keys()], ['a'])
})

test('what becomes of the partitions of a node that is killed is said until it is forgotten', () => {
  const [a, b] = [member('a', HALVES[0], 1_000), member('b', HALVES[1], 1_000)]
  const first = sighted(new Map(), [a, b], 1_000)
  const heard = member('a', HALVES[0], 5_000)
  const silent = lines(pictureOf(sighted(first, [heard, b], 5_000), [heard, b], 5_000))
  assert.match(silent, 'b has not been heard of for 4s; after 6s the others take over its 32 partitions')
  const part = member('a', [...HALVES[0], 32, 33], 7_200)
  const taking = sighted(first, [part], 7_200)
  assert.match(
    lines(pictureOf(taking, [part], 7_200)),
    'b is gone, last heard of 6s ago; 2 of its 32 partitions are taken over: a (2)',
  )
  const whole = member('a', HALVES.flat(), 8_000)
  const restored = sighted(taking, [whole], 8_000)
  const later = sighted(restored, [{ ...whole, heardAt: 20_000 }], 20_000)
  assert.match(
    lines(pictureOf(later, [{ ...whole, heardAt: 20_000 }], 20_000)),
    'b is gone, last heard of 19s ago; its 32 partitions were taken over 7.0 s after its last word: a (32)',
  )
  const again = sighted(later, [whole, member('b', [], 21_000)], 21_000)
  assert.not.match(lines(pictureOf(again, [whole], 21_000)), 'is gone')
})

test('a node that said goodbye has left, and one that comes back is there again under its letter', () => {
  const [a, b] = [member('a', HALVES[0], 1_000), member('b', HALVES[1], 1_000)]
  const both = sighted(new Map(), [a, b], 1_000)
  const without = sighted(both, [b], 1_500)
  assert.equal(
    nodeRows(without, 3_500).map(({ node, state, sinceMs }) => [node, state, sinceMs]),
    [
      ['a', 'left', 2_000],
      ['b', 'silent', 2_500],
    ],
  )
  const again = sighted(without, [member('a', [], 4_000), member('b', [], 4_000)], 4_000)
  assert.equal(
    nodeRows(again, 4_000).map(({ node, index, state }) => [node, index, state]),
    [
      ['a', 0, 'active'],
      ['b', 1, 'active'],
    ],
  )
})

test('a node keeps its letter when one before it is forgotten or comes', () => {
  const b = member('b', [], 0)
  const first = sighted(new Map(), [b], 0)
  const second = sighted(first, [member('a', [], 0), b], 0)
  assert.equal(
    nodeRows(second, 0).map(({ node, index }) => [node, index]),
    [
      ['a', 1],
      ['b', 0],
    ],
  )
})

test('figures that change all the time are no change', () => {
  const now = [0, 700]
  const pictures = now.map(at => {
    const one = member('a', HALVES[0], at, { upMs: at, load: { actors: 3, runs: 1, lagMs: at } })
    return standingOf(pictureOf(sighted(new Map(), [one], at), [one], at))
  })
  assert.equal(pictures[0], pictures[1])
})

test('a node of pools has no number of partitions, and one of a newer version says so', () => {
  const members = [member('a', [], 0, { serves: false }), member('b', [], 0, { newer: 2 })]
  const text = lines(pictureOf(sighted(new Map(), members, 0), members, 0))
  assert.match(text, /a +active +0\.1\.0 +pools/)
  assert.match(text, /b +newer +protocol 2/)
})

test('what does not fit is counted, and partitions that did not answer are named', () => {
  const actors = Array.from({ length: 20 }, (_, at) => ({
    ...{ address: `writer/${at}` as never, partition: 1, phase: 'active', waiting: at, node: 'a' },
  }))
  const picture = { ...pictureOf(new Map(), [], 0), actors, silent: [3, 4, 5, 9] }
  const text = lines(picture)
  assert.match(text, '20 actors')
  assert.match(text, '… and 8 more')
  assert.match(text, 'no answer from partitions 3-5, 9')
  assert.match(text, 'no nodes; start one: agenticraft node')
})

test('a name of strangers cannot rewrite the screen', () => {
  const members = [member('a', [], 0, { version: '\u001b[2J1.0' })]
  assert.not.match(lines(pictureOf(sighted(new Map(), members, 0), members, 0)), '\u001b')
})

test('full mailboxes come first, empty ones not at all', () => {
  const subjects = new Map([
    ['ac.main.mbx.3.writer.a', 2],
    ['ac.main.mbx.4.writer.b', 7],
    ['ac.main.mbx.5.writer.c', 0],
  ])
  assert.equal(mailboxRows(subjects), [
    { address: 'writer/b', waiting: 7 },
    { address: 'writer/a', waiting: 2 },
  ])
})

test('ages and partitions are short', () => {
  assert.equal([0, 3_400, 250_000, 7_500_000, 273_600_000].map(ageText), [
    '0s',
    '3s',
    '4m 10s',
    '2h 5m',
    '3d 4h',
  ])
  assert.is(ageText(3_600_000), '1h')
  assert.equal(
    [[], [4], [2, 1], [9, 0, 1, 2, 12, 13]].map(one => partitionList(one)),
    ['none', '4', '1, 2', '0-2, 9, 12, 13'],
  )
})

test.run()
