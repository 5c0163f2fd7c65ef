import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as assert from 'uvu/assert'
import type { ResearchReport } from '../../agents/research/research-report.ts'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start } from '../testdata/command-line.ts'

const test = testSuite('cli/commands/run --memory (process)', { limitMs: 120_000 })

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-run-memory-'))
const DIR = join(folder, 'data')
test.after(() => {
  scene.remove()
  rmSync(folder, { recursive: true })
})

const ac = (args: readonly string[], preload: readonly string[] = []): Promise<Ran> =>
  ended(start([...args, '--data-dir', DIR, '--cwd', scene.cwd], {}, preload))
const research = (topic: string, id: string) =>
  ac(['run', 'research-team', '--topic', topic, '--sources', '*.md', '--memory', '--run-id', id, '--json'])

function reportOf({ status, stdout, stderr }: Ran): ResearchReport {
  assert.is(status, 0, stderr)
  return (JSON.parse(stdout) as { readonly output: ResearchReport }).output
}

test('two runs a process apart: the second continues the first, and both can be replayed', async () => {
  const first = reportOf(await research(TOPIC, 'run-one'))
  assert.is(first.metadata.memory?.known, 0)
  writeFileSync(
    join(scene.cwd, 'wages.md'),
    'The wages of a keeper of a lighthouse were 600 dollars a year.\n',
  )
  const request = 'Continue our analysis of how a lighthouse warns ships, focusing on wages'
  const second = reportOf(await research(request, 'run-two'))
  assert.is(second.metadata.memory?.continues?.run, 'run-one')
  assert.ok((second.metadata.memory?.known ?? 0) > 0)
  assert.ok(second.findings.some(one => !one.memory && /600 dollars/.test(one.statement)))

  const known = await ac(['memory', 'search', 'lighthouse', '--namespace', 'research', '--json'])
  assert.is(known.status, 0, known.stderr)
  assert.match(known.stdout, 'research-run-one')

  rmSync(join(scene.cwd, 'wages.md'))
  const replayed = await ac(['replay', 'run-two'], [resolve('cli/testdata/no-network.ts')])
  assert.is(replayed.status, 0, replayed.stderr)
  assert.ok(
    replayed.stdout.endsWith(second.fullReport),
    'the report to the last character, without the memory',
  )
})

test('what keeps nothing has no memory', async () => {
  const { status, stderr } = await ended(
    start(['run', 'research-team', '--topic', TOPIC, '--ephemeral', '--memory', '--cwd', scene.cwd]),
  )
  assert.is(status, 2)
  assert.match(stderr, '--memory')
})

test.run()
