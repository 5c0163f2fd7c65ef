import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { newUserKey } from '../runtime/transport/nats-keys.ts'
import { type NatsNote, writeNatsNote } from './nats-note.ts'
import { type FoundNats, natsOptionsOf, noteOfNode } from './nats-url.ts'
import { createTerminal } from './terminal.ts'

const test = testSuite('cli/nats-url')

const cwd = mkdtempSync(join(tmpdir(), 'agenticraft-url-'))
const dataDir = join(cwd, '.agenticraft')
mkdirSync(dataDir)
test.after(() => rmSync(cwd, { recursive: true }))

const { seed } = newUserKey()
writeFileSync(join(cwd, 'user.nk'), `# of Ada\n${seed}\n`)
const OWN = join(dataDir, 'owner.nk')
const own = newUserKey()
writeFileSync(OWN, `${own.seed}\n`)

const find = (
  options: Record<string, unknown> = {},
  env: Record<string, string> = {},
  terminal?: Parameters<typeof natsOptionsOf>[0]['terminal'],
): Promise<FoundNats> => natsOptionsOf({ cwd, env, options, ...(terminal && { terminal }) })

async function refused(kind: string, ...given: Parameters<typeof find>): Promise<RuntimeError> {
  try {
    await find(...given)
  } catch (error) {
    assert.instance(error, RuntimeError)
    assert.is((error as RuntimeError).kind, kind)
    return error as RuntimeError
  }
  throw new Error(`accepted ${JSON.stringify(given)}`)
}

const URL_VARIABLE = { AGENTICRAFT_NATS_URL: 'nats://env:4222' }
const running = (more: Partial<NatsNote> = {}): Promise<void> =>
  writeNatsNote(dataDir, {
    pid: process.pid,
    url: 'nats://127.0.0.1:4999',
    startedAt: '2026-11-22T10:00:00Z',
    nkey: OWN,
    ...more,
  })

test('takes the flag before the environment, and that before the server that runs here', async () => {
  await running()
  const where = async (...given: Parameters<typeof find>) => {
    const { from, servers } = await find(...given)
    return [from, ...servers]
  }
  assert.equal(await where({ nats: 'nats://flag:1' }, URL_VARIABLE), ['flag', 'nats://flag:1'])
  assert.equal(await where({}, URL_VARIABLE), ['environment', 'nats://env:4222'])
  assert.equal(await where(), ['running', 'nats://127.0.0.1:4999'])
  assert.equal(await where({ nats: 'a:1, b:2' }), ['flag', 'a:1', 'b:2'])
})

test('says all three ways when there is no server to be found', async () => {
  rmSync(join(dataDir, 'nats.json'), { force: true })
  const { fix = '', retryable } = await refused('broker-unavailable')
  for (const way of ['nats up', '--nats', 'AGENTICRAFT_NATS_URL']) assert.match(fix, way)
  assert.is(retryable, false)
  await refused('usage', { nats: ' , ' })
})

test('logs in to the server that runs here with its own key, also when its address is typed', async () => {
  await running()
  const secret = { AGENTICRAFT_NATS_TOKEN: 'of-another-server' }
  assert.equal((await find({}, secret)).credentials, { nkeySeed: own.seed })
  assert.equal((await find({ nats: 'nats://127.0.0.1:4999' })).credentials, { nkeySeed: own.seed })
  assert.equal((await find({ nats: 'nats://127.0.0.1:1' }, secret)).credentials, {
    token: 'of-another-server',
  })
  assert.equal((await find({ nkey: 'user.nk' })).credentials, { nkeySeed: seed })
})

test('finds the server of a node that runs here, when it is one of this machine', async () => {
  const nodes = join(dataDir, 'nodes')
  mkdirSync(join(nodes, 'one'), { recursive: true })
  mkdirSync(join(nodes, 'two'), { recursive: true })
  await running({ pid: 2 ** 30 })
  const connected = async (nats: string): Promise<NatsNote | undefined> =>
    noteOfNode(await find({ nats }), new Date(0))
  const note = (await connected('nats://ada:secret@localhost:4555,nats://b:1')) as NatsNote
  assert.equal([note.url, JSON.stringify(note).includes('secret')], ['nats://localhost:4555', false])
  for (const elsewhere of ['nats://nats.example.com:4222', 'tls://10.0.0.1:4222'])
    assert.is(await connected(elsewhere), undefined)
  await writeNatsNote(join(nodes, 'one'), { ...note, url: 'nats://127.0.0.1:1', pid: 2 ** 30 })
  await refused('broker-unavailable')
  await writeNatsNote(join(nodes, 'two'), note)
  const { from, servers } = await find()
  assert.equal([from, ...servers], ['running', 'nats://localhost:4555'])
  await running()
  assert.equal((await find()).servers, ['nats://127.0.0.1:4999'])
  rmSync(nodes, { recursive: true })
})

test('believes a note only of a process that lives, of this user, about this machine', async () => {
  // The largest number that Linux gives is 2^22.
  await running({ pid: 2 ** 22 + 7 })
  await refused('broker-unavailable')
  await running({ pid: 2 ** 22 + 7, server: { pid: process.pid, name: 's' } })
  assert.is((await find()).from, 'running')
  await running({ url: 'nats://example.com:4222' })
  await refused('broker-unavailable')
  await running()
  chmodSync(join(dataDir, 'nats.json'), 0o644)
  await refused('broker-unavailable')
  for (const text of [
    '',
    '{',
    '[]',
    '{"v":2}',
    '{"v":1,"pid":-1,"url":"nats://127.0.0.1:1","startedAt":""}',
  ]) {
    writeFileSync(join(dataDir, 'nats.json'), text, { mode: 0o600 })
    await refused('broker-unavailable')
  }
})

test('takes each kind of credentials from the environment, and one only', async () => {
  const credentials = async (env: Record<string, string>) =>
    (await find({}, { ...URL_VARIABLE, ...env })).credentials
  assert.is(await credentials({}), undefined)
  assert.is(await credentials({ AGENTICRAFT_NATS_TOKEN: '' }), undefined)
  assert.equal(await credentials({ AGENTICRAFT_NATS_TOKEN: 't' }), { token: 't' })
  assert.equal(await credentials({ AGENTICRAFT_NATS_USER: 'u', AGENTICRAFT_NATS_PASSWORD: 'p' }), {
    user: 'u',
    password: 'p',
  })
  assert.equal(await credentials({ AGENTICRAFT_NATS_CREDS: 'x.creds' }), { credsFile: join(cwd, 'x.creds') })
  assert.equal(await credentials({ AGENTICRAFT_NATS_NKEY: seed }), { nkeySeed: seed })
  assert.equal(await credentials({ AGENTICRAFT_NATS_NKEY: 'user.nk' }), { nkeySeed: seed })
  for (const env of [
    { AGENTICRAFT_NATS_TOKEN: 't', AGENTICRAFT_NATS_NKEY: seed },
    { AGENTICRAFT_NATS_USER: 'u', AGENTICRAFT_NATS_CREDS: 'x' },
    { AGENTICRAFT_NATS_USER: 'u' },
    { AGENTICRAFT_NATS_PASSWORD: 'p' },
  ])
    await refused('usage', {}, { ...URL_VARIABLE, ...env })
})

test('refuses files that hold no seed, and never tells what is in them', async () => {
  writeFileSync(join(cwd, 'other.nk'), 'SU-a-very-secret-thing')
  writeFileSync(join(cwd, 'large.nk'), `${seed}\n`.repeat(1_000))
  for (const nkey of ['other.nk', 'large.nk', 'absent.nk', '.']) {
    const error = await refused('usage', { nats: 'a:1', nkey })
    assert.not.match(`${error.message}${error.why}${error.fix}`, 'secret')
  }
  await refused('usage', { nats: 'a:1', nkey: 'user.nk', creds: 'x.creds' })
})

test('masks a password of an address wherever it is shown, and warns of one on the command line', async () => {
  let said = ''
  const stderr = {
    write: (text: string) => {
      said += text
    },
  }
  const terminal = createTerminal({ stdout: stderr, stderr, env: {} })
  const found = await find({ nats: 'nats://ada:geheim@host:4222' }, {}, terminal)
  assert.is(found.shown, 'nats://***@host:4222')
  assert.match(said, 'password')
  assert.not.match(said, 'geheim')
  said = ''
  assert.is(
    (await find({}, { AGENTICRAFT_NATS_URL: 'nats://ada:geheim@host' }, terminal)).shown,
    'nats://***@host',
  )
  await find({ nats: 'nats://host:4222' }, {}, terminal)
  assert.is(said, '')
})

test('names the cluster and itself by tokens', async () => {
  const given = { nats: 'a:1' }
  const { namespace, name } = await find(given)
  assert.equal([namespace, name], ['main', 'cli'])
  assert.is((await find({ ...given, cluster: 'blue' })).namespace, 'blue')
  assert.is(
    (await find(given, { AGENTICRAFT_CLUSTER: 'red', AGENTICRAFT_NATS_NAME: 'ada' })).namespace,
    'red',
  )
  assert.is((await find(given, { AGENTICRAFT_NATS_NAME: 'ada' })).name, 'ada')
  assert.is((await natsOptionsOf({ cwd, env: {}, options: given }, { name: 'n1' })).name, 'n1')
  for (const cluster of ['>', 'a.b', '', 'ä']) await refused('usage', { ...given, cluster })
  await refused('usage', given, { AGENTICRAFT_NATS_NAME: 'a b' })
})

test('takes certificates by their files, from flags, the environment and the note', async () => {
  const given = { nats: 'tls://a:1' }
  assert.is((await find(given)).tls, undefined)
  assert.equal((await find({ ...given, tlsCa: 'ca.pem' })).tls, { ca: join(cwd, 'ca.pem') })
  const both = { AGENTICRAFT_NATS_TLS_CERT: '/c.pem', AGENTICRAFT_NATS_TLS_KEY: '/k.pem' }
  assert.equal((await find(given, both)).tls, { cert: '/c.pem', key: '/k.pem' })
  await refused('usage', { ...given, tlsCert: 'c.pem' })
  await running({ url: 'tls://127.0.0.1:4999', ca: '/ca.pem' })
  assert.equal((await find()).tls, { ca: '/ca.pem' })
})

test.run()
