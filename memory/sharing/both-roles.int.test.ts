import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { toWireError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Namespace } from '../memory.ts'
import { CALLS, type CallName } from './calls.ts'
import { openMember } from './testdata/open-member.ts'

const test = testSuite('memory/sharing/both-roles', { limitMs: 60_000 })

const AT = Date.UTC(2026, 0, 1)
const said = (text: string, n: number) => ({ text, who: 'Ana', at: AT + n, session: 's1' })

interface Step {
  readonly method: CallName | 'export' | 'import'
  readonly outcome: unknown
}

/** One life of a namespace: every method, with what it answers or throws. Ids and present times are left out. */
async function life(space: Namespace): Promise<readonly Step[]> {
  const steps: Step[] = []
  const ids = new Map<string, string>()
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value ?? null), (key, member) => {
      if (['storedAt', 'updatedAt', 'before', 'after', 'namespace', 'indexBytes', 'now'].includes(key))
        return 0
      return typeof member === 'string' ? (ids.get(member) ?? member) : member
    })
  const step = async <T>(method: Step['method'], work: () => Promise<T>): Promise<T | undefined> => {
    try {
      const answer = await work()
      for (const id of newIds(answer)) if (!ids.has(id)) ids.set(id, `#${ids.size + 1}`)
      steps.push({ method, outcome: plain(answer) })
      return answer
    } catch (error) {
      const { kind, ...rest } = toWireError(error)
      // What cannot even be sent is refused in other words.
      const isUnsendable = rest.message.includes('not finite') || rest.message.includes('NaN')
      steps.push({ method, outcome: plain(isUnsendable ? { kind } : { kind, ...rest }) })
      return undefined
    }
  }
  const first = (await step('remember', () => space.remember(said('Ana lives in Porto', 1)))) ?? ''
  await step('remember', () => space.remember(said('Ana lives in Porto', 1), { key: 'k', sync: true }))
  await step('remember', () => space.remember(said('Ana lives in Porto', 1), { key: 'k' }))
  await step('rememberAll', () =>
    space.rememberAll([said('Ana lives in Lisbon', 3), said('Note: Ana moved', 4)]),
  )
  await step('remember', () => space.remember({ text: '' }))
  await step('remember', () => space.remember({ text: 'a', at: Number.NaN }))
  await step('remember', () => space.remember(null as never))
  await step('pending', () => space.pending({ limit: 1 }))
  await step('consolidate', () => space.consolidate())
  await step('pending', () => space.pending())
  const facts = await step('facts', () => space.facts('Ana'))
  await step('facts', () => space.facts(undefined, { at: AT + 2 }))
  await step('history', () => space.history(facts?.[0]?.id ?? ''))
  await step('apply', () =>
    space.apply(
      {
        facts: [],
        endings: [],
        drop: [],
        by: 'model:x',
        insights: [{ text: 'Ana moves often', from: [first], importance: 0.7 }],
      },
      [first],
    ),
  )
  await step('recall', () => space.recall('where does Ana live', { explain: true, neighbours: 1 }))
  await step('recall', () => space.recall('Ana', { limit: 1_000 }))
  await step('recent', () => space.recent({ limit: 2 }))
  await step('list', () => space.list({ limit: 2 }))
  await step('get', () => space.get(first))
  await step('get', () => space.get('none'))
  await step('update', () => space.update(first, { importance: 0.9, source: null }))
  await step('update', () => space.update('none', { importance: 0.9 }))
  await step('forget', () => space.forget(first))
  await step('forget', () => space.forget({ who: 'Ana', until: AT + 2 }))
  await step('purge', () => space.purge())
  const lines: string[] = []
  for await (const line of space.export()) lines.push(line)
  await step('export', async () => lines.map(line => JSON.parse(line) as unknown))
  await step('import', () => space.import(lines))
  await step('import', () => space.import([...lines, '{"id":1}']))
  await step('import', () => space.import([]))
  await step('stats', () => space.stats())
  await step('verify', () => space.verify())
  return steps
}

/** Ids in an answer, in their order: uuids and what derived memories are called. */
function newIds(value: unknown): string[] {
  if (typeof value === 'string') return /^[A-Za-z0-9_-]{20,}$/.test(value) ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(newIds) : []
}

test('every method answers and refuses alike, in the process that owns the memory and in one that asks it', async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ac-roles-')))
  try {
    const owner = await openMember(join(dir, 'a'))
    const other = await openMember(join(dir, 'b'))
    const client = await openMember(join(dir, 'b'))
    assert.equal([owner.role, other.role, client.role], ['owner', 'owner', 'client'])
    const mine = await life(owner.namespace('n'))
    const asked = await life(client.namespace('n'))
    for (const [i, step] of mine.entries()) assert.equal(asked[i], step, `${i}: ${step.method}`)
    assert.is(asked.length, mine.length)
    const methods = new Set(mine.map(({ method }) => method))
    for (const method of Object.keys(CALLS))
      assert.ok(methods.has(method as CallName), `${method} is not tried`)
    assert.equal(await client.namespaces(), ['n'])
    for (const memory of [client, other, owner]) await memory.close()
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('an import in pages names the line that is wrong as the import counts it', async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ac-roles-')))
  try {
    const owner = await openMember(dir)
    const client = await openMember(dir)
    const space = client.namespace('n')
    await space.rememberAll(Array.from({ length: 999 }, (_, i) => ({ text: `memory ${i}` })))
    await space.rememberAll(Array.from({ length: 900 }, (_, i) => ({ text: `more ${i}` })))
    const lines: string[] = []
    for await (const line of space.export()) lines.push(line)
    assert.is(lines.length, 1_900)
    assert.equal(await client.namespace('copy').import(lines), { imported: 1_899, known: 0 })
    assert.equal(await client.namespace('copy').import(lines), { imported: 0, known: 1_899 })
    const bad = lines.with(1_500, 'not json')
    for (const memory of [owner, client]) {
      try {
        await memory.namespace('bad').import(bad)
        assert.unreachable()
      } catch (error) {
        const { kind, details, message } = toWireError(error)
        assert.is(kind, 'input-invalid')
        assert.equal(details, { line: 1_501 })
        assert.match(message, /^line 1501 /)
      }
    }
    await client.close()
    await owner.close()
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test.run()
