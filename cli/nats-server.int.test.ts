import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { findNatsServer, parseVersion } from './nats-server.ts'

const test = testSuite('cli/nats-server')

// Programs of our own that answer as a server would: what is tested is finding and asking, not NATS.
async function folderWith(scripts: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agenticraft-nats-'))
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(folder, name), 0o755)
  }
  return folder
}
const answering = (version: string) => `echo "nats-server: v${version}"`

test('finds the first server on PATH and its version', async () => {
  const [empty, first, second] = await Promise.all([
    folderWith({}),
    folderWith({ 'nats-server': answering('2.10.22') }),
    folderWith({ 'nats-server': answering('1.0.0') }),
  ])
  const found = await findNatsServer({ PATH: `${empty}:/no/such/folder:${first}:${second}` })
  assert.equal(found, { path: join(first, 'nats-server'), configured: false, version: '2.10.22' })
  for (const folder of [empty, first, second]) await rm(folder, { recursive: true })
})

test('passes over a folder and a file that cannot be executed', async () => {
  const folder = await folderWith({})
  await mkdir(join(folder, 'a', 'nats-server'), { recursive: true })
  await mkdir(join(folder, 'b'))
  await writeFile(join(folder, 'b', 'nats-server'), answering('2.10.0'), { mode: 0o644 })
  const right = await folderWith({ 'nats-server': answering('2.11.0') })
  const found = await findNatsServer({ PATH: [join(folder, 'a'), join(folder, 'b'), right].join(':') })
  assert.is(found?.version, '2.11.0')
  for (const each of [folder, right]) await rm(each, { recursive: true })
})

test('prefers the one that is configured, and does not replace it if it is broken', async () => {
  const folder = await folderWith({
    'nats-server': answering('2.10.0'),
    mine: answering('2.11.1'),
    bad: 'exit 3',
  })
  const configured = (path: string) => findNatsServer({ PATH: folder, AGENTICRAFT_NATS_SERVER: path })
  assert.equal(await configured(join(folder, 'mine')), {
    path: join(folder, 'mine'),
    configured: true,
    version: '2.11.1',
  })
  for (const path of [join(folder, 'bad'), '/no/such/server', folder]) {
    assert.equal(await configured(path), { path, configured: true, version: undefined })
  }
  await rm(folder, { recursive: true })
})

test('does not wait for ever for an answer', async () => {
  const folder = await folderWith({ 'nats-server': 'exec sleep 60' })
  assert.is((await findNatsServer({ PATH: `${folder}:${process.env['PATH']}` }))?.version, undefined)
  await rm(folder, { recursive: true })
})

test('reads the version from what a server prints, and from nothing else', () => {
  assert.is(parseVersion('nats-server: v2.9.10\n'), '2.9.10')
  assert.is(parseVersion('nats-server: v2.12.0-preview.1\n'), '2.12.0-preview.1')
  assert.is(parseVersion('gnatsd 1.4'), undefined)
})

test.run()
