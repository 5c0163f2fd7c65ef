import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { errorOf } from '../runtime/testkit/sample-actors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { loadFiles } from './load-file.ts'

const test = testSuite('cli/load-file')

const dir = mkdtempSync(join(tmpdir(), 'agenticraft-load-'))
test.after(() => rmSync(dir, { recursive: true }))

const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text)
  return name
}
const SAMPLES = pathToFileURL(resolve('runtime/testkit/sample-actors.ts')).href

test('gives what all files export, in their order', async () => {
  const one = file(
    'one.mjs',
    `import { echo } from ${JSON.stringify(SAMPLES)}\nexport const behaviours = [echo()]`,
  )
  const two = file('two.mjs', `export const agents = [{ kind: 'agent', name: 'mine', skills: {} }]`)
  const { agents, behaviours, workflows } = await loadFiles([one, two], dir)
  assert.equal(
    [agents.map(({ name }) => name), behaviours.map(({ type }) => type), workflows],
    [['mine'], ['echo'], []],
  )
})

test('refuses what is missing, broken, empty or of another shape, and names the file', async () => {
  const wrong = [
    'missing.mjs',
    file('broken.mjs', 'export const agents = ['),
    file('empty.mjs', 'export const other = 1'),
    file('shape.mjs', `export const agents = [{ name: 'no agent' }]`),
    file('list.mjs', `export const workflows = { name: 'w' }`),
  ]
  for (const name of wrong) {
    const error = await errorOf(loadFiles([name], dir))
    assert.is(error.kind, 'definition-invalid')
    assert.match(error.message, name)
  }
})

test.run()
