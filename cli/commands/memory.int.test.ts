import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as assert from 'uvu/assert'
import type { MemoryRecord } from '../../memory/memory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenSaid } from '../testdata/command-line.ts'

const test = testSuite('cli/commands/memory (process)', { limitMs: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'agenticraft-memory-'))
test.after(() => rmSync(folder, { recursive: true }))

let made = 0
/** Commands on a data directory of their own. */
function scene() {
  const dir = join(folder, `data-${++made}`)
  const run = (args: readonly string[], typed?: string): Promise<Ran> =>
    ended(start(['memory', ...args, '--data-dir', dir], {}, [], typed))
  const json = async (args: readonly string[], typed?: string) => {
    const { stdout, stderr } = await run([...args, '--json'], typed)
    assert.ok(stdout !== '', stderr)
    return JSON.parse(stdout)
  }
  const add = async (...args: string[]): Promise<string> => (await json(['add', ...args])).id
  return { dir, run, json, add }
}

test('reading where nothing is remembered makes nothing', async () => {
  const { dir, run } = scene()
  for (const args of [['ls'], ['search', 'x'], ['stats'], ['verify'], ['purge'], ['export']])
    assert.is((await run(args)).status, 0, args[0])
  assert.is((await run(['show', 'abcdef'])).status, 2)
  assert.not(existsSync(dir))
})

test('what is added is kept for this user alone, found, shown, changed and forgotten', async () => {
  const { dir, run, json, add } = scene()
  const tea = await add('Ana prefers green tea in the morning', '--who', 'Ana', '--at', '2026-03-01')
  await add(
    'The invoice of March was paid',
    '--source',
    'mail:7',
    '--trust',
    'untrusted',
    '--namespace',
    'default',
  )
  assert.is(statSync(dir).mode & 0o777, 0o700)
  assert.is(readFileSync(join(dir, '.gitignore'), 'utf8'), '*\n')
  const { hits, likely } = await json(['search', 'What tea does Ana prefer?', '--explain'])
  assert.equal([hits[0].id, hits[0].trust, likely], [tea, 'trusted', true])
  const sum = Object.values<number>(hits[0].parts).reduce((total, part) => total + part, 0)
  assert.ok(Math.abs(sum - hits[0].score) < 1e-6)
  assert.match((await run(['search', 'tea', '--explain'])).stdout, 'Ana prefers green tea')
  assert.is((await json(['show', tea.slice(0, 8)])).text, 'Ana prefers green tea in the morning')
  assert.is(
    (await json(['ls', '--namespace', 'default', '--since', '2026-02', '--until', '2026-03'])).memories
      .length,
    1,
  )
  assert.is((await run(['edit', tea, '--text', 'Ana prefers black tea'])).status, 0)
  assert.is((await json(['search', 'black tea'])).hits[0].id, tea)
  assert.is((await run(['forget', '--who', 'Ana'])).status, 2)
  assert.is((await json(['forget', '--who', 'Ana', '--yes'])).memories, 1)
  assert.is((await run(['show', tea])).status, 2)
  assert.is((await json(['stats'])).namespaces[0].episodes, 1)
  assert.is((await run(['verify'])).status, 0)
})

test('forget --all empties a namespace', async () => {
  const { json, add } = scene()
  await add('I collect stamps.', '--who', 'Zoe')
  assert.is((await json(['forget', '--all', '--yes'])).memories, 1)
})

test('after forget and purge no file holds the words any more', async () => {
  const { dir, run, add } = scene()
  await add('The password of the vault is Zwetschgenkuchen77', '--who', 'Quetzalcoatl')
  await add('Something else stays')
  assert.is((await run(['forget', '--who', 'Quetzalcoatl', '--yes'])).status, 0)
  assert.is((await run(['purge'])).status, 0)
  const files = readdirSync(join(dir, 'memory'), { recursive: true, withFileTypes: true }).filter(one =>
    one.isFile(),
  )
  assert.ok(files.length > 0)
  for (const { parentPath, name } of files) {
    const bytes = readFileSync(join(parentPath, name)).toString('latin1')
    assert.not.match(bytes, /Zwetschgenkuchen|Quetzalcoatl/i, name)
  }
  assert.is((await run(['verify'])).status, 0)
})

test('facts and their history: said, consolidated, contradicted, and asked for then and now', async () => {
  const { json, add } = scene()
  await add('I live in Porto.', '--who', 'Ana', '--session', 's1', '--at', '2024-03-01')
  await add('I live in Lisbon now.', '--who', 'Ana', '--session', 's2', '--at', '2026-11-20')
  const { episodes, waiting, by } = await json(['consolidate'])
  assert.equal([episodes, waiting, by], [2, 0, 'extraction'])
  const facts = async (...more: string[]) =>
    (await json(['facts', 'Ana', ...more])).facts.map(({ fact }: MemoryRecord) => fact?.object)
  assert.equal(await facts(), ['Lisbon'])
  assert.equal(await facts('--at', '2025'), ['Porto'])
  const [{ id }] = (await json(['facts', 'Ana'])).facts
  const { history } = await json(['history', id.slice(0, 12)])
  assert.equal(
    history.map((held: { evidence: MemoryRecord[] }) => held.evidence.map(({ text }) => text)),
    [['I live in Porto.'], ['I live in Lisbon now.']],
  )
})

test('an export is taken up elsewhere as it was, by a file or a pipe, and a second time changes nothing', async () => {
  const one = scene()
  for (let i = 0; i < 4; i++)
    await one.add(`note ${i}: ${'日本語 \u2028 "x"'} \\ ${i}`, '--meta', `{"i":${i}}`)
  const file = join(folder, 'export.ndjson')
  assert.is((await one.json(['export', file])).memories, 4)
  assert.is(statSync(file).mode & 0o777, 0o600)
  const { stdout } = await one.run(['export'])
  const two = scene()
  assert.equal(await two.json(['import', file]), { namespace: 'default', imported: 4, known: 0 })
  assert.equal(await two.json(['import', '-'], stdout), { namespace: 'default', imported: 0, known: 4 })
  const ids = async ({ json }: typeof one) =>
    (await json(['ls', '--namespace', 'default'])).memories.map(({ id, text }: MemoryRecord) => [id, text])
  assert.equal(await ids(two), await ids(one))
  assert.is((await two.run(['import', join(folder, 'missing')])).status, 2)
  assert.is((await two.run(['export', folder])).status, 73)
})

test('an import of something else is refused, and an export never leaves half a file', async () => {
  const { run, add } = scene()
  await add('one')
  const file = join(folder, 'no-export.ndjson')
  for (const text of ['{"a":1}\n', 'hello\n', Buffer.from([0xff, 0xfe, 0x00])]) {
    writeFileSync(file, text)
    const { status, stderr } = await run(['import', file])
    assert.ok(status === 2 || status === 1, stderr)
    assert.match(stderr, '✖ AC-')
  }
  writeFileSync(file, 'what was there')
  assert.is((await run(['export', file])).status, 0)
  assert.not(existsSync(`${file}.partial`))
})

test('while another process owns the memory, every command works through it', async () => {
  const { dir, run, json } = scene()
  const owner = spawn(
    process.execPath,
    ['--import', 'tsx', resolve('cli/testdata/memory-owner.ts'), join(dir, 'memory')],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const work = ended(owner)
  await whenSaid(owner, 'owns')
  const { role, namespaces } = await json(['stats'])
  assert.equal([role, namespaces[0].namespace, namespaces[0].episodes], ['client', 'shared', 1])
  assert.is((await json(['search', 'lighthouse key'])).hits[0].who, 'Owner')
  const { id } = await json(['add', 'Somebody else moved it to the red stone', '--who', 'Guest'])
  assert.is((await json(['show', id.slice(0, 10)])).who, 'Guest')
  const { stdout } = await run(['export'])
  assert.is(stdout.trimEnd().split('\n').length, 3)
  assert.is((await json(['import', '-'], stdout)).known, 2)
  assert.is((await run(['verify'])).status, 0)
  owner.stdin.end()
  const { status, stdout: told, stderr } = await work
  assert.is(status, 0, stderr)
  assert.equal(JSON.parse(told), {
    role: 'owner',
    texts: [
      'The owner keeps the lighthouse key under the blue stone',
      'Somebody else moved it to the red stone',
    ],
  })
  assert.is((await json(['stats'])).role, 'owner')
})

test.run()
