import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { within } from '../runtime/testkit/within.ts'
import { runFile } from './test-file.ts'

const test = testSuite('.ci/test-file (processes)', { limitMs: 60_000 })
const limits = { aliveMs: 20_000, lingerMs: 500 }

// Inside the repository, so that the planted files find uvu; ignored by git and by the runner.
async function planted(body: string): Promise<{ file: string; gone: () => Promise<void> }> {
  await mkdir('.agenticraft', { recursive: true })
  const folder = await mkdtemp(join('.agenticraft', 'planted-'))
  const file = join(folder, 'planted.test.ts')
  await writeFile(file, `import { suite } from 'uvu'\nconst test = suite('planted')\n${body}\n`)
  return { file, gone: () => rm(folder, { recursive: true }) }
}

async function run(body: string, given = limits, signal?: AbortSignal) {
  const { file, gone } = await planted(body)
  try {
    return await runFile(file, given, signal)
  } finally {
    await gone()
  }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('passes an honest file and gives it no colours', async () => {
  const result = await run(
    `test('a', () => { if (process.env.NO_COLOR !== '1') throw Error('no') })\ntest.run()`,
  )
  assert.equal([result.passed, result.failed, result.problem], [1, 0, undefined])
  assert.not.match(result.output, '\u001b')
})

test('fails a failing test and shows its output', async () => {
  const result = await run(`test('named like this', () => { throw Error('because') })\ntest.run()`)
  assert.equal([result.passed, result.failed], [0, 1])
  assert.match(result.output, 'named like this')
})

test('fails a file that forgets to run, and one that is not code', async () => {
  assert.is((await run(`test('a', () => {})`)).failed, 1)
  assert.is((await run(`const = 3`)).failed, 1)
})

test('fails skipped tests, and those beside a test.only', async () => {
  assert.is((await run(`test.skip('a', () => {})\ntest('b', () => {})\ntest.run()`)).failed, 1)
  assert.is((await run(`test('a', () => {})\ntest.only('b', () => {})\ntest.run()`)).failed, 1)
})

test('fails a file whose before hook throws', async () => {
  const result = await run(`test.before(() => { throw Error('x') })\ntest('a', () => {})\ntest.run()`)
  assert.is(result.failed, 1)
})

test('kills and names a file with an open handle, although its tests passed', async () => {
  const result = await run(`setInterval(() => {}, 1000)\ntest('a', () => {})\ntest.run()`)
  assert.equal([result.passed, result.failed], [1, 1])
  assert.match(result.problem ?? '', 'open handle')
})

test('kills a file that never ends', async () => {
  const result = await run(`test('a', () => new Promise(() => setInterval(() => {}, 9)))\ntest.run()`, {
    aliveMs: 1_500,
    lingerMs: 500,
  })
  assert.is(result.failed, 1)
  assert.match(result.problem ?? '', 'still alive')
})

test('kills what a test file started and left behind', async () => {
  const result = await run(
    `import { spawn } from 'node:child_process'
     test('a', () => { const child = spawn('sleep', ['60'], { stdio: 'inherit' }); child.unref(); console.log('pid=' + child.pid + ';') })
     test.run()`,
  )
  const pid = Number(/pid=(\d+);/.exec(result.output)?.[1])
  assert.ok(pid > 0)
  await within(2_000, async () => {
    while (isAlive(pid)) await new Promise(resolve => setTimeout(resolve, 20))
  })
})

test('stops at once when it is interrupted', async () => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 300)
  const result = await run(`setInterval(() => {}, 1000)`, limits, stop.signal)
  assert.is(result.problem, 'interrupted')
})

test.run()
