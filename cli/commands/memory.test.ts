import * as assert from 'uvu/assert'
import type { MemoryRecord } from '../../memory/memory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ANA, memoryScene } from '../testdata/memory-scene.ts'
import { NOON } from '../testdata/memory-stand-in.ts'
import { cellsOf } from '../text-width.ts'

const test = testSuite('cli/commands/memory')

test('where nothing is remembered, every list says so and what to do next', async () => {
  const { run, json } = memoryScene()
  for (const args of [
    ['ls'],
    ['search', 'x'],
    ['recent'],
    ['facts'],
    ['consolidate'],
    ['stats'],
    ['export'],
  ]) {
    const { exit, out } = await run(args)
    assert.is(exit, 0, args[0])
    assert.match(out, 'nothing is remembered')
    assert.match(out, 'agenticraft memory add')
  }
  for (const args of [
    ['show', 'abcd'],
    ['history', 'abcd'],
    ['forget', 'abcd'],
    ['edit', 'abcd', '--text', 'x'],
  ])
    assert.equal([(await run(args)).exit, (await run(args)).out], [2, ''], args[0])
  assert.equal(await json(['ls']), { namespaces: [] })
  assert.equal((await json<{ hits: unknown }>(['search', 'x'])).hits, [])
  assert.is((await run(['verify'])).exit, 0)
})

test('ls lists the namespaces, or page by page the memories of one', async () => {
  const { run, json, add } = memoryScene()
  for (let i = 0; i < 5; i++) await add(`memory ${i}`, ...ANA, '--namespace', 'a')
  await add('elsewhere', '--namespace', 'b')
  const { namespaces } = await json<{ namespaces: { namespace: string; episodes: number }[] }>(['ls'])
  assert.equal(
    namespaces.map(({ namespace, episodes }) => [namespace, episodes]),
    [
      ['a', 5],
      ['b', 1],
    ],
  )
  type Page = { memories: MemoryRecord[]; after?: string }
  const one = await json<Page>(['ls', '--namespace', 'a', '--limit', '3'])
  const two = await json<Page>(['ls', '--namespace', 'a', '--limit', '3', '--after', one.after ?? ''])
  assert.equal([one.memories.length, two.memories.length, two.after], [3, 2, undefined])
  const { err } = await run(['ls', '--namespace', 'a', '--limit', '3', '--who', 'Ana'])
  assert.match(err, `agenticraft memory ls --who Ana --limit 3 --after ${one.after} --namespace a`)
  const { out } = await run(['ls', '--namespace', 'a'])
  assert.is(out.trimEnd().split('\n').length, 5)
})

test('filters are handed on, times as they are meant: until a day is to its end', async () => {
  const { run, add, asked } = memoryScene()
  await add('x')
  await run([
    ...['ls', '--namespace', 'default', '--kind', 'fact, insight', '--who', 'Ana', '--session', 's'],
    ...[
      '--since',
      '2026-11-01',
      '--until',
      '2026-11-20',
      '--trust',
      'agent',
      '--source',
      'w',
      '--subject',
      'Ana',
    ],
  ])
  assert.equal(asked('list')[0]?.[0], {
    ...{
      kinds: ['fact', 'insight'],
      who: 'Ana',
      session: 's',
      minTrust: 'agent',
      source: 'w',
      subject: 'Ana',
    },
    ...{ since: Date.parse('2026-11-01'), until: Date.parse('2026-11-21'), limit: 50 },
  })
})

test('a memory is found by the beginning of its id, if that is enough', async () => {
  const { run, json, add, records } = memoryScene()
  const id = await add('Ana prefers tea')
  await add('Ben prefers coffee')
  assert.is((await json<MemoryRecord>(['show', id])).id, id)
  assert.is((await json<MemoryRecord>(['show', id.slice(0, 4)])).id, id)
  assert.is((await run(['show', id.slice(0, 3)])).exit, 2)
  const [first, second] = records('default') as [MemoryRecord, MemoryRecord]
  Object.assign(second, { id: `${first.id}2` })
  assert.is((await run(['show', id.slice(0, 4)])).exit, 2)
  assert.is((await json<MemoryRecord>(['show', id])).id, id)
})

test('search prints the hits best first, says when nothing is known, and explains on request', async () => {
  const { run, json, add, asked } = memoryScene()
  await add('I moved to Lisbon last week', ...ANA, '--trust', 'untrusted', '--source', 'chat 7')
  await add('Lisbon is sunny')
  const { out, err, exit } = await run(['search', 'moved', 'Lisbon', '--since', '2026-11-01'])
  assert.is(exit, 0)
  const at = ['moved to Lisbon', 'is sunny'].map(words => out.indexOf(words))
  assert.ok((at[0] ?? -1) >= 0 && (at[0] ?? -1) < (at[1] ?? -1))
  for (const word of ['Ana:', 'episode', 'untrusted', 'session s1', 'chat 7', '2026-11-20'])
    assert.match(out, word)
  assert.not.match(err, 'probably nothing')
  assert.equal(asked('recall')[0], ['moved Lisbon', { since: Date.parse('2026-11-01'), explain: false }])
  const unsure = await run(['search', 'quarks strings branes and lisbon'])
  assert.match(unsure.err, 'probably nothing is known')
  const explained = await run(['search', 'moved Lisbon', '--explain'])
  assert.match(explained.out, /context +0\.750 +█+/)
  const found = await json<{ likely: boolean; hits: { score: number }[] }>([
    'search',
    'moved Lisbon',
    '--explain',
  ])
  assert.is(found.likely, true)
  assert.equal(Object.keys(found.hits[0] ?? {}).includes('parts'), true)
  assert.match((await run(['search', 'xylophone'])).out, 'nothing that is remembered')
})

test('facts show what holds, history what was held, with the sentences', async () => {
  const { run, json, add, records } = memoryScene()
  const said = await add('I moved to Lisbon last week', ...ANA)
  const lives = ['--subject', 'Ana', '--predicate', 'lives in']
  const old = await add('Ana lives in Porto', ...lives, '--object', 'Porto', '--at', '2024-03-01')
  const now = await add('Ana lives in Lisbon', ...lives, '--object', 'Lisbon', '--at', '2026-11-20')
  const record = (id: string) => records('default').find(one => one.id === id) as MemoryRecord
  Object.assign(record(old), { validUntil: Date.parse('2026-11-20'), endedBy: now })
  Object.assign(record(now), { from: [said], by: 'extraction' })
  const facts = await run(['facts', 'Ana'])
  assert.match(facts.out, /lives in +Lisbon +since 2026-11-20/)
  assert.not.match(facts.out, 'Porto')
  assert.match((await run(['facts', '--at', '2025'])).out, /lives in +Porto +2024-03-01 → 2026-11-20/)
  const { out } = await run(['history', now])
  assert.match(out, /2024-03-01 → 2026-11-20 +Porto/)
  assert.match(out, /2026-11-20 → now +Lisbon/)
  assert.match(out, '│ I moved to Lisbon last week')
  assert.is((await run(['history', said])).exit, 2)
  const shown = await json<{ sources: MemoryRecord[]; by: string }>(['show', now])
  assert.equal([shown.sources[0]?.id, shown.by], [said, 'extraction'])
  assert.match((await run(['show', old])).out, `ended by   ${now}: Ana lives in Lisbon`)
})

test('recent tells the last things of a session as a conversation', async () => {
  const { run, add } = memoryScene()
  await add('Hello', ...ANA)
  await add('Hi Ana', '--who', 'Helper', '--session', 's1')
  await add('Another thing', '--session', 's2')
  const { out } = await run(['recent', '--session', 's1'])
  assert.match(out, /session s1\n.*Ana: Hello\n.*Helper: Hi Ana/)
  assert.not.match(out, 'Another')
  assert.match((await run(['recent', '--session', 'none'])).out, 'nothing was said')
})

test('verify exits with 1 when something disagrees, and says what', async () => {
  const { run, add, problems } = memoryScene()
  await add('one', '--namespace', 'a')
  await add('two', '--namespace', 'b')
  assert.is((await run(['verify'])).exit, 0)
  problems.set('b', ['record 7 is not in the index'])
  const { exit, out } = await run(['verify'])
  assert.is(exit, 1)
  assert.match(out, 'record 7 is not in the index')
  assert.is((await run(['verify', '--namespace', 'a'])).exit, 0)
})

test('an export to stdout is the lines and nothing else', async () => {
  const { run, add } = memoryScene()
  await add('one\ntwo')
  const { out, err } = await run(['export'])
  const lines = out.trimEnd().split('\n')
  assert.equal([lines.length, JSON.parse(lines[1] ?? '').text, err], [2, 'one\ntwo', ''])
})

test('the memory is closed again, whatever happens', async () => {
  const { run, add, asked } = memoryScene()
  await add('one')
  for (const args of [['ls'], ['show', 'none-like-it'], ['stats'], ['search', 'x']]) await run(args)
  assert.is(asked('close').length, 5)
})

/** What a screen obeys; `\\t` and `\\n` are how output is made. */
const OBEYED = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const HOSTILE = 'a\u001b[2J\u001b]0;t\u0007b\u202e\u009b31mc\r\n✔ forged  line'

test('nothing that is remembered moves a cursor, wraps or passes for a line of ours', async () => {
  const { run, add, records } = memoryScene()
  const lives = ['--subject', HOSTILE, '--predicate', HOSTILE, '--object', HOSTILE]
  const flags = [
    '--who',
    HOSTILE,
    '--session',
    HOSTILE,
    '--source',
    HOSTILE,
    '--meta',
    JSON.stringify({ x: HOSTILE }),
  ]
  const id = await add(`${HOSTILE} ${'日本語'.repeat(80)}`, ...flags, '--trust', 'untrusted')
  const fact = await add(HOSTILE, ...lives)
  const record = records('default').find(one => one.id === fact) as MemoryRecord
  Object.assign(record, { from: [id], by: HOSTILE, validUntil: NOON, endedBy: id })
  for (const args of [
    ...[
      ['ls', '--namespace', 'default'],
      ['show', id],
      ['show', fact],
      ['search', 'forged', '--explain'],
    ],
    ...[
      ['recent'],
      ['facts', '--at', '2026-11-22T11:00'],
      ['history', fact],
      ['edit', id, '--importance', '1'],
    ],
    ...[['forget', '--all', '--dry-run'], ['ls'], ['stats'], ['export']],
  ])
    for (const columns of [40, 72, 200]) {
      const { out, err } = await run(args, { columns })
      const text = out + err
      assert.not.match(text, OBEYED, args.join(' '))
      assert.not.match(text, /^\s*✔ forged/m, args.join(' '))
      if (columns >= 72 && args[0] !== 'export')
        for (const line of out.split('\n')) assert.ok(cellsOf(line) <= columns, `${args.join(' ')}: ${line}`)
    }
  assert.not.match((await run(['show', id, '--json'], { columns: 80 })).out, OBEYED)
})

test('in a pipe nothing is cut', async () => {
  const { run, add } = memoryScene()
  const id = await add('word '.repeat(200).trim())
  const { out } = await run(['ls', '--namespace', 'default'])
  assert.match(out, 'word '.repeat(200).trim())
  assert.match(out, id)
  const short = await run(['ls', '--namespace', 'default'], { columns: 80 })
  assert.not.match(short.out, id)
})

test.run()
