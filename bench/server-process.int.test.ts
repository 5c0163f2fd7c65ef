import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { Unavailable } from './scenario.ts'
import { freePorts, startServer } from './server-process.ts'

const test = testSuite('bench/server-process')

const folder = mkdtempSync(join(tmpdir(), 'server-process-'))
const log = join(folder, 'log')
process.once('exit', () => rmSync(folder, { recursive: true }))

const rejection = async (started: Promise<unknown>): Promise<unknown> => {
  try {
    await started
  } catch (error) {
    return error
  }
  return undefined
}

test('is started when the server says so, with its own environment, and its output is kept', async () => {
  const [port = 0] = await freePorts(1)
  const code = `console.log('planted ' + process.env.WORD);
    require('node:http').createServer((_, answer) => answer.end('here')).listen(${port}, '127.0.0.1')`
  const isReady = async () => (await (await fetch(`http://127.0.0.1:${port}`)).text()) === 'here'
  await startServer(process.execPath, ['-e', code], { env: { WORD: 'word' }, log, isReady })
  assert.ok(await isReady())
  assert.is(readFileSync(log, 'utf8').trim(), 'planted word')
})

test('a server that ends is unavailable, and its last line says why', async () => {
  const code = `console.log('starting'); console.error('no such disk'); process.exit(7)`
  const error = await rejection(
    startServer(process.execPath, ['-e', code], { log, isReady: () => Promise.reject(new Error('not yet')) }),
  )
  assert.instance(error, Unavailable)
  assert.match((error as Error).message, 'ended with 7')
  assert.match((error as Error).message, 'no such disk')
})

test('a program that is not there is unavailable', async () => {
  const error = await rejection(
    startServer(join(folder, 'nothing'), [], { log, isReady: () => Promise.resolve(false) }),
  )
  assert.instance(error, Unavailable)
})

test('ports are free and all different', async () => {
  const ports = await freePorts(20)
  assert.is(new Set(ports).size, 20)
  assert.ok(ports.every(port => port > 0 && port < 65_536))
})

// The planted server lives as long as this process, which nothing else ends.
test.after(() => {
  setImmediate(() => process.exit())
})

test.run()
