import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'

const test = testSuite('cli/bin/agenticraft')

// A copy without dist, as in a clone that was never built.
const clone = mkdtempSync(join(tmpdir(), 'agenticraft-launcher-'))
const launcher = join(clone, 'cli', 'bin', 'agenticraft.cjs')

test.before(() => cpSync('cli/bin', join(clone, 'cli', 'bin'), { recursive: true }))
test.after(() => rmSync(clone, { recursive: true }))

const launch = (args: readonly string[], node: readonly string[] = []) =>
  spawnSync(process.execPath, [...node, launcher, ...args], { encoding: 'utf8' })

function onNode(version: string) {
  const disguise = join(clone, 'disguise.cjs')
  const versions = JSON.stringify({ ...process.versions, node: version })
  writeFileSync(disguise, `Object.defineProperty(process, 'versions', { value: ${versions} })`)
  return launch([], ['--require', disguise])
}

test('is ES5, so that any Node can read it', () => {
  const source = readFileSync('cli/bin/agenticraft.cjs', 'utf8').replace(/^#!.*\n/, '')
  const to = (target: string, code: string) => transformSync(code, { target }).code
  assert.is(to('es5', source), to('esnext', source))
  assert.is.not(to('es5', 'var a = () => 1'), to('esnext', 'var a = () => 1'))
})

test('tells an old Node what it needs, in one line, and exits 70', () => {
  for (const version of ['6.17.1', '18.20.0', '20.9.0', '20.18.3']) {
    const { status, stdout, stderr } = onNode(version)
    assert.equal([status, stdout], [70, ''])
    assert.is(stderr.trimEnd().split('\n').length, 1)
    assert.ok(stderr.includes('20.19') && stderr.includes(version))
  }
})

test('goes on with a Node that is new enough', () => {
  for (const version of ['20.19.0', '22.0.0', '100.1.0']) assert.not.match(onNode(version).stderr, version)
})

test('says how to build a clone without dist, and exits 70', () => {
  const { status, stderr } = launch(['--help'])
  assert.is(status, 70)
  assert.match(stderr, 'npm ci')
})

test('starts the built program with its arguments', () => {
  mkdirSync(join(clone, 'dist', 'cli'), { recursive: true })
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(clone, 'dist', 'cli', 'main.js'),
    'console.log(process.argv.slice(2).join()); process.exitCode = 3',
  )
  const { status, stdout } = launch(['a', '--b'])
  assert.equal([status, stdout], [3, 'a,--b\n'])
})

test.run()
