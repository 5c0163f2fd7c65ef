import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'

const test = testSuite('cli/main (process)', { limitMs: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'agenticraft-cli-'))
test.after(() => rmSync(folder, { recursive: true }))

interface Options {
  readonly env?: Record<string, string>
  readonly node?: readonly string[]
}

function run(args: readonly string[], { env = {}, node = [] }: Options = {}): SpawnSyncReturns<string> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env
  return spawnSync(process.execPath, ['--import', 'tsx', ...node, 'cli/main.ts', ...args], {
    encoding: 'utf8',
    env: { ...inherited, ...env },
  })
}

/** The URLs of all modules that a run imports, by a resolve hook that writes them down. */
function modulesOf(args: readonly string[]): string[] {
  const list = join(folder, 'modules.txt')
  const hooks = join(folder, 'hooks.mjs')
  const register = join(folder, 'register.mjs')
  writeFileSync(list, '')
  writeFileSync(
    hooks,
    `import { appendFileSync } from 'node:fs'
     export async function resolve(specifier, context, next) {
       const resolved = await next(specifier, context)
       appendFileSync(${JSON.stringify(list)}, resolved.url + '\\n')
       return resolved
     }`,
  )
  writeFileSync(
    register,
    `import { register } from 'node:module'\nregister(${JSON.stringify(pathToFileURL(hooks).href)})`,
  )
  assert.is(run(args, { node: ['--import', pathToFileURL(register).href] }).status, 0)
  return readFileSync(list, 'utf8').split('\n').filter(Boolean)
}

test('prints help to stdout', () => {
  const { status, stdout, stderr } = run(['--help'])
  assert.equal([status, stderr], [0, ''])
  assert.match(stdout, 'doctor')
})

test('prints the version of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  assert.is(run(['version']).stdout, `${version}\n`)
  assert.is(run(['--version']).stdout, `${version}\n`)
  assert.is(JSON.parse(run(['version', '--json']).stdout).agenticraft, version)
})

test('refuses an unknown command with 2 and says which was meant', () => {
  const { status, stdout, stderr } = run(['docter'])
  assert.equal([status, stdout], [2, ''])
  assert.match(stderr, 'did you mean doctor?')
})

test('examines the machine, and prints no key', () => {
  const { status, stdout } = run(['doctor', '--json'], { env: { OPENAI_API_KEY: 'sk-very-secret' } })
  const { healthy, checks } = JSON.parse(stdout)
  assert.equal([status, healthy], [0, true])
  const names = checks.map(({ name }: { name: string }) => name)
  for (const name of ['node', 'nats-server', 'openai', 'tavily']) assert.ok(names.includes(name), name)
  assert.not.match(stdout, 'sk-very-secret')
  assert.is(checks.find(({ name }: { name: string }) => name === 'openai').state, 'ok')
})

test('fails the examination when something configured is broken', () => {
  const { status, stdout } = run(['doctor'], { env: { AGENTICRAFT_NATS_SERVER: '/no/such/server' } })
  assert.is(status, 78)
  assert.match(stdout, 'Needs attention: nats-server')
})

test('prints no colour codes into a pipe, and some when forced', () => {
  for (const args of [['--help'], ['doctor'], ['docter']]) {
    const { stdout, stderr } = run(args)
    assert.not.match(stdout + stderr, '\u001b')
  }
  assert.match(run(['doctor'], { env: { FORCE_COLOR: '1' } }).stdout, '\u001b')
  assert.not.match(run(['doctor', '--no-color'], { env: { FORCE_COLOR: '1' } }).stdout, '\u001b')
})

test('loads no heavy library for help', () => {
  const modules = modulesOf(['--help'])
  assert.ok(modules.some(url => url.includes('/node_modules/commander/')))
  const heavy = /\/node_modules\/(?!commander\/|tsx\/|esbuild\/|get-tsconfig\/)/
  assert.equal(
    modules.filter(url => heavy.test(url)),
    [],
  )
  assert.equal(
    modules.filter(url =>
      /\/(?:memory|runtime|agents)\/(?!package-version)[^/]+\.ts$|\/cli\/commands\/(?!index)/.test(url),
    ),
    [],
  )
})

test('sees what a command does load, so that the test above can fail', () => {
  assert.ok(modulesOf(['doctor']).some(url => url.includes('/cli/commands/doctor.ts')))
})

test.run()
