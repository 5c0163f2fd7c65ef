import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { diagnose, type Facts, isOlder } from './diagnosis.ts'

const test = testSuite('cli/diagnosis')

const bare: Facts = {
  node: '20.19.0',
  platform: 'linux',
  cwd: '/project',
  cwdWritable: true,
  natsServer: undefined,
  providers: [],
  variables: new Set(),
}
const check = (name: string, facts: Partial<Facts>) => {
  const found = diagnose({ ...bare, ...facts }).find(entry => entry.name === name)
  assert.ok(found, name)
  return found
}
const provider = { provider: 'openai', package: '@ai-sdk/openai', keyVariable: 'OPENAI_API_KEY' }

test('finds nothing wrong with a bare machine: all that is absent is optional, and has advice', () => {
  for (const { state, todo, name } of diagnose(bare)) {
    assert.is.not(state, 'missing', name)
    assert.is(todo !== undefined, state === 'optional', name)
  }
})

test('wants a Node that is new enough', () => {
  assert.is(check('node', { node: '20.18.3' }).state, 'missing')
  assert.is(check('node', { node: '22.0.0' }).state, 'ok')
})

test('wants a folder it can write to', () => {
  assert.is(check('folder', { cwdWritable: false }).state, 'missing')
})

test('takes a found nats-server as it is, and a configured one at its word', () => {
  const server = (version: string | undefined, configured: boolean) =>
    check('nats-server', { natsServer: { path: '/x', configured, version } }).state
  assert.is(server('2.9.10', false), 'ok')
  assert.is(server('2.10.0', true), 'ok')
  assert.is(server('2.9.9', false), 'optional')
  assert.is(server(undefined, false), 'optional')
  assert.is(server('2.9.9', true), 'missing')
  assert.is(server(undefined, true), 'missing')
})

test('says how to get a nats-server on each system, also on one it does not know', () => {
  const todo = (platform: string) => check('nats-server', { platform }).todo
  assert.match(todo('darwin') ?? '', 'brew')
  assert.match(todo('linux') ?? '', 'apt')
  assert.is(todo('aix'), todo('linux'))
})

test('names what a provider lacks: its package, its key, or both', () => {
  const openai = (installed: boolean, keySet: boolean) =>
    check('openai', { providers: [{ ...provider, installed, keySet }] })
  assert.is(openai(true, true).state, 'ok')
  assert.is(openai(true, false).todo, 'export OPENAI_API_KEY=…')
  assert.is(openai(false, true).todo, 'npm install @ai-sdk/openai')
  assert.is(openai(false, false).todo, 'npm install @ai-sdk/openai and export OPENAI_API_KEY=…')
})

test('does not take a key for the address that a compatible server needs', () => {
  const compatible = { ...provider, provider: 'openai-compatible', installed: true, keySet: true }
  assert.is(check('openai-compatible', { providers: [compatible] }).state, 'optional')
  const variables = new Set(['OPENAI_BASE_URL'])
  const keyless = { ...compatible, keySet: false }
  assert.is(check('openai-compatible', { providers: [keyless], variables }).state, 'ok')
})

test('sees search providers', () => {
  const variables = new Set(['BRAVE_API_KEY'])
  assert.is(check('brave', { variables }).state, 'ok')
  assert.is(check('tavily', { variables }).state, 'optional')
})

test('compares versions by number', () => {
  assert.ok(isOlder('2.9.9', '2.9.10'))
  assert.ok(isOlder('2.9', '2.9.1'))
  assert.not.ok(isOlder('2.10.0', '2.9.10'))
  assert.not.ok(isOlder('2.9.10', '2.9.10'))
  assert.not.ok(isOlder('2.11.0-preview.2', '2.11.0'))
  assert.not.ok(isOlder('10.0.0', '9.9.9'))
})

test.run()
