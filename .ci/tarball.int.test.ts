import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Packed, packAndInstall, TSC } from './packed.ts'

const test = testSuite('.ci/tarball', { limitMs: 240_000 })

const packed: { now?: Packed } = {}
const installed = (): Packed => {
  if (!packed.now) throw new Error('the package was not installed')
  return packed.now
}
test.before(async () => {
  packed.now = await packAndInstall(['@types/node@20'])
})
test.after(() => packed.now?.remove())

/** A megabyte is more than three times what there is. */
const MOST_BYTES = 1_200_000

test('holds what is needed to run, and no test, no source, no test library', () => {
  const { files, bytes } = installed()
  const paths = files.map(file => file.path)
  for (const needed of [
    'package.json',
    'README.md',
    'cli/bin/agenticraft.cjs',
    'dist/runtime/index.js',
    'dist/runtime/index.d.ts',
  ])
    assert.ok(paths.includes(needed), needed)
  const wrong = paths.filter(
    path =>
      /\.test\.|\.conformance\.|testdata|\.fixture\.|(?<!\.d)\.ts$|tsconfig|biome|uvu|fast-check/.test(
        path,
      ) || /^dist\/(?:bench|examples|\.ci)\/|^agents\//.test(path),
  )
  assert.equal(wrong, [])
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`)
  console.log(`tarball: ${bytes} bytes, ${files.length} files`)
})

test('every module in it can be found: publint has nothing to say', async () => {
  const { stage, inProject } = installed()
  const publint = resolve('node_modules/publint/src/cli.js')
  const { status, stdout, stderr } = await inProject(process.execPath, [publint, stage, '--strict'])
  assert.is(status, 0, stdout + stderr)
  assert.match(stdout, 'All good!')
})

test('installing it brings no test library and no model provider', async () => {
  const { stdout } = await installed().inProject('npm', ['ls', '--all', '--parseable'])
  for (const name of ['uvu', 'fast-check', 'tsx', 'esbuild', 'typescript', '@biomejs', '@ai-sdk/openai'])
    assert.not.ok(
      stdout.split('\n').some(path => path.endsWith(`node_modules/${name}`)),
      name,
    )
})

const LAMP =
  '# Lamps\n\nA lighthouse warns ships with a lamp that is seen from far away.\nThe lamp of a lighthouse turns all night long.\n'
const FOG =
  '# Fog\n\nIn fog a lighthouse warns ships with a horn.\nThe horn of a lighthouse sounds in fog only.\n'

test('a program of an empty project runs a runtime, an agent and a research team', async () => {
  const { project, inProject } = installed()
  writeFileSync(join(project, 'lamp.md'), LAMP)
  writeFileSync(join(project, 'fog.md'), FOG)
  const program = `import { createRuntime } from 'agenticraft'
import { addUsage, NO_USAGE } from 'agenticraft/actors'
import { defineAgent, defineSkill, spawnAgent } from 'agenticraft/agents'
import { inMemoryJournal } from 'agenticraft/memory'
import { scriptedModel } from 'agenticraft/testing'
import { ResearchTeam } from 'agenticraft/workflows'
import { z } from 'zod'
const text = z.object({ text: z.string() })
const echo = defineSkill({ description: 'Say it again.', input: text, output: text, prompt: ({ text }) => ({ user: text }) })
const runtime = createRuntime({ journal: inMemoryJournal() })
const parrot = await spawnAgent(runtime, defineAgent({ name: 'parrot', description: 'Repeats.', skills: { echo } }), {
  model: scriptedModel([{ object: { text: 'again' } }]),
})
const said = await parrot.ask('echo', { text: 'again' })
const report = await new ResearchTeam({ runtime, sources: ['*.md'] }).research('How does a lighthouse warn ships?')
console.log(JSON.stringify({ said, calls: addUsage(NO_USAGE, NO_USAGE).modelCalls, report: report.fullReport }))
await runtime.stop()
`
  writeFileSync(join(project, 'program.mjs'), program)
  const { status, stdout, stderr } = await inProject(process.execPath, ['program.mjs'])
  assert.is(status, 0, stderr)
  const { said, calls, report } = JSON.parse(stdout)
  assert.equal([said, calls], [{ text: 'again' }, 0])
  assert.match(report, /A lighthouse warns ships with a lamp that is seen from far away\. \[\d\]/)
  assert.match(report, /- \[\d\] lamp\.md:3 /)
})

test('its types hold for a strict program that checks libraries as well', async () => {
  const { project, inProject } = installed()
  const program = `import { createRuntime, retry, type Runtime, type RuntimeEvent } from 'agenticraft'
import { type Address, address, defineBehaviour, effect } from 'agenticraft/actors'
import { defineAgent, defineSkill, defineTool, fromLanguageModel, spawnAgent, type ModelSpec } from 'agenticraft/agents'
import { inMemoryJournal } from 'agenticraft/memory'
import { scriptedModel, testRuntime, within } from 'agenticraft/testing'
import { defineWorkflow, ref, ResearchTeam, type ResearchReport, runWorkflow } from 'agenticraft/workflows'
import { z } from 'zod'
const runtime: Runtime = createRuntime({ journal: inMemoryJournal() })
const where: Address = address('a', 'b')
runtime.events.subscribe((event: RuntimeEvent) => console.log(event.type, where))
const model: ModelSpec = scriptedModel([])
const tool = defineTool({ name: 't', description: 'T.', input: z.object({ n: z.number() }), run: ({ n }) => n.toFixed(1) })
const skill = defineSkill({
  description: 'S.',
  input: z.object({ n: z.number() }),
  output: z.object({ s: z.string() }),
  extract: ({ n }) => ({ s: n.toFixed(2) }),
})
const agent = defineAgent({ name: 'a', description: 'A.', skills: { skill }, tools: [tool] })
const run = await new ResearchTeam({ runtime, model }).run('x', { depth: 'quick', sources: ['a.md'] as const })
if (run.status === 'done') {
  const report: ResearchReport = run.output
  console.log(report.fullReport, report.keyFindings[0]?.citations[0]?.quote)
} else console.log(run.error?.code, run.output?.findings.length)
// @ts-expect-error a depth is one of three words
await new ResearchTeam().run('x', { depth: 'abyss' })
class Own {
  @retry({ attempts: 2 })
  async call(): Promise<number> {
    return 1
  }
}
export const used = [agent, spawnAgent, defineBehaviour, effect, defineWorkflow, ref, runWorkflow, fromLanguageModel, testRuntime, within, Own]
`
  writeFileSync(join(project, 'program.ts'), program)
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2024', 'esnext.decorators', 'esnext.disposable'] },
    ...{ module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] },
    ...{ strict: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true },
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['program.ts'] }))
  const { status, stdout } = await inProject(process.execPath, [TSC, '-p', '.'])
  assert.is(status, 0, stdout)
})

test('its command line works there, and says what it lacks', async () => {
  const { inProject } = installed()
  const version = await inProject('npx', ['--no-install', 'agenticraft', 'version'])
  assert.match(version.stdout, /^\d+\.\d+\.\d+/)
  const args = ['--no-install', 'agenticraft', 'run', 'research-team', '--topic', 'lighthouse']
  const ran = await inProject('npx', [...args, '--sources', '*.md', '--json'])
  assert.equal([ran.status, JSON.parse(ran.stdout).status], [0, 'done'])
  const model = await inProject('npx', [...args, '--model', 'openai:gpt-5-mini'], { OPENAI_API_KEY: 'x' })
  assert.is(model.status, 78)
  assert.match(model.stderr, 'npm install @ai-sdk/openai@3')
})

test.run()
