import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { errorOf } from '../runtime/testkit/sample-actors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { ownNodePlace } from './node-place.ts'

const test = testSuite('cli/node-place')

const dir = mkdtempSync(join(tmpdir(), 'agenticraft-place-'))
test.after(() => rmSync(dir, { recursive: true }))

test('a node without a name has the same after a restart, and two at a time have two', async () => {
  const first = await ownNodePlace(dir, undefined, 'host.example')
  assert.match(first.name, /^host-example-[0-9a-f]{4}$/)
  const second = await ownNodePlace(dir, undefined, 'host.example')
  assert.is.not(second.name, first.name)
  await first.release()
  const again = await ownNodePlace(dir, undefined, 'host.example')
  assert.is(again.name, first.name)
  await again.release()
  await second.release()
})

test('a name belongs to one process at a time, and is a token', async () => {
  const place = await ownNodePlace(dir, 'mine')
  assert.is((await errorOf(ownNodePlace(dir, 'mine'))).kind, 'store-locked')
  await place.release()
  assert.is((await errorOf(ownNodePlace(dir, '../mine'))).kind, 'address-invalid')
})

test('a name that was given is nobody else’s made up one', async () => {
  const given = await ownNodePlace(dir, 'box-a')
  await given.release()
  const made = await ownNodePlace(dir, undefined, 'box')
  assert.is.not(made.name, 'box-a')
  await made.release()
})

test.run()
