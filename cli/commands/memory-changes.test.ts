import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ANA, memoryScene } from '../testdata/memory-scene.ts'

const test = testSuite('cli/commands/memory (changes)')

test('what is typed is trusted, unless told otherwise, and goes where it is told to', async () => {
  const { run, add, records, asked } = memoryScene()
  await add('Ana prefers tea', ...ANA, '--importance', '0.9', '--source', 'a.md', '--meta', '{"n":1}')
  const [first] = records('default')
  assert.equal(asked('remember')[0]?.[0], {
    ...{
      text: 'Ana prefers tea',
      kind: 'episode',
      trust: 'trusted',
      who: 'Ana',
      session: 's1',
      source: 'a.md',
    },
    ...{ at: Date.parse('2026-11-20'), importance: 0.9, meta: { n: 1 } },
  })
  await add('from the web', '--trust', 'untrusted', '--namespace', 'team')
  assert.is(records('team')[0]?.trust, 'untrusted')
  const { exit, err } = await run(['add', 'where does it go?'])
  assert.is(exit, 2)
  assert.match(err, 'default, team')
  assert.is((await run(['add', 'here', '--namespace', 'team'])).exit, 0)
  assert.equal([records('team').length, records('default').length, first?.who], [2, 1, 'Ana'])
})

test('a text is read from stdin, a fact from its parts', async () => {
  const { run, records } = memoryScene()
  assert.is((await run(['add', '-'], { typed: 'one\ntwo\n' })).exit, 0)
  assert.is(records('default')[0]?.text, 'one\ntwo')
  const lives = ['--subject', 'Ana', '--predicate', 'lives in', '--object', 'Porto']
  assert.is((await run(['add', ...lives, '--single', '--valid-from', '2024-03'])).exit, 0)
  const fact = records('default')[1]
  assert.equal([fact?.kind, fact?.text, fact?.fact?.single], ['fact', 'Ana lives in Porto', true])
  assert.is(fact?.validFrom, Date.parse('2024-03-01'))
})

test('wrong values are refused before anything is stored', async () => {
  const { run, asked } = memoryScene()
  for (const flags of [
    ...[
      ['--kind', 'idea'],
      ['--trust', 'high'],
      ['--importance', '1.5'],
      ['--importance', '-1'],
      ['--at', 'soon'],
    ],
    ...[
      ['--meta', '[1]'],
      ['--meta', '{'],
      ['--subject', 'Ana'],
      ['--valid-from', 'x'],
    ],
    [...['--kind', 'insight', '--subject', 'Ana', '--predicate', 'is'], ...['--object', 'x']],
  ])
    assert.is((await run(['add', 'text', ...flags])).exit, 2, flags.join(' '))
  assert.is((await run(['add'])).exit, 2)
  for (const args of [
    ['ls', '--limit', '0'],
    ['ls', '--limit', '1001'],
    ['ls', '--kind', 'fact,idea'],
    ['search'],
  ])
    assert.is((await run(args)).exit, 2, args.join(' '))
  assert.is((await run(['ls', '--since', '2026-02', '--until', '2026-01'])).exit, 2)
  assert.equal(asked('remember'), [])
})

test('edit changes what it is told to and takes away on request', async () => {
  const { run, add, asked } = memoryScene()
  const id = await add('Ana prefers tea', '--source', 'a.md')
  await run(
    [
      'edit',
      id,
      '--text',
      '-',
      '--importance',
      '1',
      '--source',
      'none',
      '--meta',
      'none',
      '--trust',
      'agent',
    ],
    {
      typed: 'Ana prefers coffee',
    },
  )
  assert.equal(asked('update')[0], [
    id,
    { text: 'Ana prefers coffee', importance: 1, trust: 'agent', source: null, meta: null },
  ])
  assert.is((await run(['edit', id])).exit, 2)
  assert.is((await run(['edit', id, '--object', 'x'])).exit, 2)
  const fact = await add('x', '--subject', 'Ana', '--predicate', 'lives in', '--object', 'Porto', '--single')
  await run(['edit', fact, '--object', 'Lisbon', '--valid-until', 'none'])
  assert.equal(asked('update')[1], [
    fact,
    { validUntil: null, fact: { subject: 'Ana', predicate: 'lives in', object: 'Lisbon', single: true } },
  ])
})

test('forget takes ids at once, all or none of them', async () => {
  const { run, json, add, records } = memoryScene()
  const [one, two, three] = [await add('one'), await add('two'), await add('three')]
  assert.is((await run(['forget', one, 'nothing-like-it'])).exit, 2)
  assert.is(records('default').length, 3)
  assert.equal(await json(['forget', one, two.slice(0, 6)]), {
    namespace: 'default',
    memories: 2,
    derived: 0,
  })
  assert.equal(
    records('default').map(({ id }) => id),
    [three],
  )
})

test('forget by a filter asks first, and shows what would go', async () => {
  const { run, json, add, records, asked } = memoryScene()
  for (let i = 0; i < 12; i++) await add(`memory ${i}`, ...ANA)
  await add('stays', '--at', '2026-11-21')
  const which = ['forget', '--until', '2026-11-20']
  const dry = await run([...which, '--dry-run'])
  assert.match(dry.out, '12 memories before 2026-11-21 would be forgotten')
  assert.match(dry.out, '… and 2 more')
  assert.equal((await json<{ memories: number }>([...which, '--dry-run'])).memories, 12)
  assert.is((await run(which)).exit, 2)
  assert.is((await run(which, { columns: 80, typed: 'n\n' })).exit, 0)
  assert.equal([asked('forget').length, records('default').length], [0, 13])
  const { exit, err } = await run(which, { columns: 80, typed: 'y\n' })
  assert.is(exit, 0)
  assert.match(err, 'Forget 12 memories in "default" before 2026-11-21')
  assert.match(err, 'agenticraft memory purge')
  assert.equal(asked('forget'), [[{ until: Date.parse('2026-11-21') }]])
  assert.is((await run(['forget', '--all', '--yes'])).exit, 0)
  assert.equal(records('default'), [])
})

test('forget wants to be told, in one way, what to forget, and never by how little it is trusted', async () => {
  const { run, add, asked } = memoryScene()
  const id = await add('one')
  for (const args of [
    [],
    [id, '--all'],
    [id, '--who', 'Ana'],
    ['--all', '--who', 'Ana'],
    ['--trust', 'untrusted'],
  ])
    assert.is((await run(['forget', ...args, '--yes'])).exit, 2, args.join(' '))
  assert.equal(asked('forget'), [])
})

test('consolidate goes on until nothing waits, or as far as it is told', async () => {
  const { run, json, add, asked } = memoryScene()
  await add('one')
  assert.equal(await json(['consolidate', '--limit', '2']), {
    ...{ namespace: 'default', episodes: 2, facts: 1, insights: 0, ended: 1, dropped: 0 },
    ...{ by: 'extraction', waiting: 2 },
  })
  assert.equal(asked('consolidate'), [[{ limit: 2 }]])
  const { out } = await run(['consolidate'])
  assert.equal(asked('consolidate').length, 3)
  assert.match(out, '4 episodes looked at, by extraction (extractive: no language model)')
})

test.run()
