import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { restarted } from './restarting.ts'
import { UNFINISHED_RUNS } from './work.ts'

const test = testSuite('bench/restarting')

/** A script for `restarted`, whose two roles are given as code. `note` is a file that both can use. */
async function planted<T>(roles: { write: string; read: string }, use: (script: string) => Promise<T>) {
  const folder = mkdtempSync(join(tmpdir(), 'restarting-'))
  const script = join(folder, 'planted.mjs')
  writeFileSync(
    script,
    `import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const [, , role, folder] = process.argv
const note = folder + '/note'
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
if (role === 'write') { ${roles.write} } else { ${roles.read} }`,
  )
  try {
    return await use(script)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const folderOf = (script: string) => join(script, '..')

test('the writer is killed before the reader starts, and gets no chance to tidy up', async () => {
  const roles = {
    write: `process.on('exit', () => writeFileSync(note, 'tidied'));
      process.on('SIGTERM', () => process.exit());
      writeFileSync(note, String(process.pid)); process.send({ done: 'written' }); setInterval(() => {}, 1000)`,
    read: `let alive = true; try { process.kill(Number(readFileSync(note, 'utf8')), 0) } catch { alive = false }
      process.send({ done: 'live' }); process.send({ right: alive ? 0 : 7 })`,
  }
  const { asked, answered } = await planted(roles, script => restarted(script, folderOf(script)))
  assert.is(asked, UNFINISHED_RUNS)
  assert.is(answered, 7)
})

test('the time is that of the reader alone, from its start to its word', async () => {
  const roles = {
    write: `await pause(700); process.send({ done: 'written' })`,
    read: `await pause(150); process.send({ done: 'live' }); await pause(700); process.send({ right: 1 })`,
  }
  const began = performance.now()
  const { values } = await planted(roles, script => restarted(script, folderOf(script)))
  const others = performance.now() - began - (values['start to live'] ?? 0)
  assert.ok((values['start to live'] ?? 0) >= 150)
  assert.ok(others >= 1_400, `${others} ms`)
})

test('a process that ends without its word is an error', async () => {
  const roles = { write: 'process.exit(3)', read: '' }
  let error: unknown
  try {
    await planted(roles, script => restarted(script, folderOf(script)))
  } catch (thrown) {
    error = thrown
  }
  assert.match(String(error), 'write ended with 3')
})

test.run()
