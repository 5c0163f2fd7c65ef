import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import * as assert from 'uvu/assert'
import type { Finding } from '../../agents/research/document.ts'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenAsked, withModel } from '../testdata/command-line.ts'

const test = testSuite('cli/commands/run (process)', { limitMs: 60_000 })

const scene = newScene()
test.after(() => scene.remove())

const MAIN = resolve('cli/main.ts')
const RESEARCH = ['run', 'research-team', '--topic', TOPIC]

/** Runs the command line in the folder of the documents. */
const run = (args: readonly string[], env?: Record<string, string>): Promise<Ran> =>
  ended(start([...args, '--cwd', scene.cwd], env))

const MODEL = ['--model', 'openai-compatible:test', '--depth', 'quick', '--sources', '*.md']

test('--json gives one object: run, workflow, status, output, usage, duration; nothing else on stdout', async () => {
  const { status, stdout, ms } = await run([...RESEARCH, '--sources', '*.md', '*.txt', '--json'])
  assert.is(status, 0)
  const result = JSON.parse(stdout)
  assert.equal(Object.keys(result).sort(), ['durationMs', 'output', 'runId', 'status', 'usage', 'workflow'])
  assert.equal([result.workflow, result.status], ['research-team', 'done'])
  assert.equal(result.usage, { inputTokens: 0, outputTokens: 0, modelCalls: 0, toolCalls: 0, costUsd: 0 })
  const { findings, keyFindings, metadata } = result.output
  assert.ok(keyFindings.length >= 4)
  for (const { citations } of findings as Finding[])
    for (const { source, quote, start: from, end } of citations)
      assert.is(readFileSync(join(scene.cwd, source), 'utf8').slice(from, end), quote)
  const researchers = new Set(metadata.assignments.map((one: { agent: string }) => one.agent))
  assert.is(researchers.size, 2)
  assert.ok(ms < 5_000, `${ms} ms`)
})

test('a real question over real documentation: five findings, quoted, spread, under five seconds', async () => {
  const topic = 'How do clients reconnect, drain and close?'
  const args = [
    'run',
    'research-team',
    '--topic',
    topic,
    '--sources',
    'node_modules/nats/**/*.md',
    '--json',
    '--ephemeral',
  ]
  const { status, stdout, ms } = await ended(start(args))
  assert.is(status, 0)
  const { output } = JSON.parse(stdout)
  assert.ok(output.keyFindings.length >= 5)
  for (const { citations } of output.keyFindings as Finding[])
    for (const { source, quote, start: from, end } of citations)
      assert.is(readFileSync(source, 'utf8').slice(from, end), quote)
  const agents = output.metadata.assignments.map((one: { agent: string }) => one.agent)
  assert.is(new Set(agents).size, 2)
  assert.ok(ms < 5_000, `${ms} ms`)
})

test('the report goes to stdout as Markdown, progress to stderr, neither with colours in a pipe', async () => {
  const { status, stdout, stderr } = await run([...RESEARCH, '--sources', '*.md'])
  assert.is(status, 0)
  assert.match(stdout, /^No language model was used/)
  assert.match(stdout, `# ${TOPIC}`)
  assert.not.match(stdout, /✔|in-process bus/)
  assert.match(stderr, 'AgentiCraft · research-team · run ')
  assert.match(stderr, 'no language model configured')
  assert.match(stderr, /✔ technical-writer \d+ +writing → done/)
  assert.match(stderr, /^done in /m)
  assert.not.match(stdout + stderr, '\u001b')
  const quiet = await run([...RESEARCH, '--sources', '*.md', '--quiet'])
  assert.equal([quiet.stderr, quiet.stdout === stdout], ['', true])
})

test('--stream prints events as NDJSON with a version, in order, the result last', async () => {
  const { status, stdout } = await run([...RESEARCH, '--sources', '*.md', '--stream'])
  assert.is(status, 0)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.ok(lines.every(line => line.v === 1 && typeof line.type === 'string'))
  assert.equal([lines.at(-1)?.type, lines.at(-1)?.status], ['result', 'done'])
  const types = lines.map(line => line.type)
  for (const type of ['run.started', 'step.started', 'effect.succeeded', 'run.finished'])
    assert.ok(types.includes(type), type)
  assert.ok(types.indexOf('run.started') < types.indexOf('run.finished'))
  assert.ok(lines.at(-1)?.output.fullReport.length > 0)
})

test('--out writes the result to a file and says so; stdout stays empty', async () => {
  const { status, stdout, stderr } = await run([...RESEARCH, '--sources', '*.md', '--out', 'report.md'])
  assert.equal([status, stdout], [0, ''])
  assert.match(stderr, 'written to report.md')
  assert.match(readFileSync(join(scene.cwd, 'report.md'), 'utf8'), '## Sources')
  const json = await run([...RESEARCH, '--sources', '*.md', '--json', '--out', 'report.json'])
  assert.equal([json.status, json.stdout], [0, ''])
  assert.is(JSON.parse(readFileSync(join(scene.cwd, 'report.json'), 'utf8')).status, 'done')
})

test('an --out that cannot be written is refused with 73 before any work', async () => {
  mkdirSync(join(scene.cwd, 'folder'), { recursive: true })
  writeFileSync(join(scene.cwd, 'plain.txt'), '')
  for (const out of ['no/such/folder/report.md', 'folder', 'plain.txt/report.md', '/proc/version/x']) {
    const { status, stdout, stderr } = await run([...RESEARCH, '--sources', '*.md', '--out', out])
    assert.equal([status, stdout], [73, ''], out)
    assert.match(stderr, 'AC-5002')
    assert.not.match(stderr, /reading|✔/)
  }
})

test('when the file turns out not to be writable after all, the result is printed, not lost', async () => {
  // A device that takes no byte: the disk is always full.
  const { status, stdout, stderr } = await run([...RESEARCH, '--sources', '*.md', '--out', '/dev/full'])
  assert.is(status, 73)
  assert.match(stdout, '## Sources')
  assert.match(stderr, /AC-5002.*\/dev\/full/)
})

test('wrong usage is 2 and names what is wrong', async () => {
  for (const [args, words] of [
    [['run', 'research-team'], ['--topic']],
    [['run', 'research-team', '--topic', ' '], ['--topic']],
    [
      ['run', 'no-such-workflow', '--topic', 'x'],
      ['no-such-workflow', 'research-team'],
    ],
    [['run'], ['workflow']],
    [
      ['run', '--topic', 'x'],
      ['workflow', 'research-team'],
    ],
    [
      [...RESEARCH, '--depth', 'abyss'],
      ['--depth', 'quick'],
    ],
    [
      [...RESEARCH, '--size', 'abc'],
      ['--size', 'abc'],
    ],
    [
      [...RESEARCH, '--size', '11', '--sources', '*.md'],
      ['11', '3 to 10'],
    ],
    [
      [...RESEARCH, '--size', '0', '--sources', '*.md'],
      ['0', '3 to 10'],
    ],
    [[...RESEARCH, '--nonsense'], ['--nonsense']],
  ] as const) {
    const { status, stdout, stderr } = await run(args)
    assert.equal([status, stdout], [2, ''], args.join(' '))
    for (const word of words) assert.match(stderr, word)
    assert.not.match(stderr, 'AC-9001')
  }
})

test('options may stand before the name of the workflow', async () => {
  const { status, stdout } = await run([
    'run',
    '--sources=*.md',
    '--topic',
    TOPIC,
    'research-team',
    '--quiet',
  ])
  assert.is(status, 0)
  assert.match(stdout, '## Sources')
})

test('help names every option of the workflow with its choices and defaults', async () => {
  const { status, stdout } = await run(['run', 'research-team', '--help'])
  assert.is(status, 0)
  for (const text of [
    '--topic',
    '(required)',
    '--depth',
    'default: standard',
    '--focus <area...>',
    '--sources',
    '--size',
    '--model',
  ])
    assert.ok(stdout.replaceAll(/\s+/g, ' ').includes(text), text)
})

test('nothing to research is 78 with three ways out', async () => {
  const env = { TAVILY_API_KEY: '', BRAVE_API_KEY: '', SEARXNG_URL: '' }
  const { status, stderr } = await run(RESEARCH, env)
  assert.is(status, 78)
  for (const way of ['--sources', '--model', 'TAVILY_API_KEY']) assert.match(stderr, way)
})

test('a named source that is missing is 78, in words and as JSON', async () => {
  const told = await run([...RESEARCH, '--sources', 'nope.md'])
  assert.equal([told.status, told.stdout], [78, ''])
  assert.match(told.stderr, 'nope.md')
  const json = await run([...RESEARCH, '--sources', 'nope.md', '--json'])
  assert.is(json.status, 78)
  const { status, error, output } = JSON.parse(json.stdout)
  assert.equal([status, error.kind, error.code, output], ['failed', 'sources-empty', 'AC-3202', null])
})

test('without --sources the folder ./sources is read', async () => {
  const folder = join(scene.cwd, 'project')
  mkdirSync(join(folder, 'sources'), { recursive: true })
  writeFileSync(join(folder, 'sources', 'lamp.md'), scene.texts['lamp.md'] ?? '')
  const { status, stdout } = await ended(start([...RESEARCH, '--cwd', folder, '--json']))
  assert.is(status, 0)
  assert.equal(JSON.parse(stdout).output.metadata.sources, ['sources'])
})

test('a model whose key is missing is 78 and names the variable; nothing is read before', async () => {
  const { status, stderr } = await run([...RESEARCH, '--sources', '*.md', '--model', 'openai:gpt-5-mini'])
  assert.is(status, 78)
  assert.match(stderr, 'OPENAI_API_KEY')
  assert.not.match(stderr, /reading/)
  const unknown = await run([...RESEARCH, '--model', 'opnai:gpt-5-mini'])
  assert.is(unknown.status, 78)
  assert.match(unknown.stderr, 'openai')
})

test('a model server that is not there is 69, says so, and takes no time', async () => {
  const env = { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }
  const { status, stderr, ms } = await run([...RESEARCH, ...MODEL], env)
  assert.is(status, 69)
  assert.match(stderr, 'AC-3004')
  assert.match(stderr, 'retried 2×')
  assert.ok(ms < 15_000, `${ms} ms`)
})

test('a model writes the report, and its calls and tokens are told', () =>
  withModel([], async (env, server) => {
    const { status, stdout, stderr } = await run([...RESEARCH, ...MODEL], env)
    assert.is(status, 0)
    assert.match(stdout, 'openai-compatible:test was used to write this report')
    assert.match(stderr, /5 model calls, \d+ tokens/)
    assert.match(stderr, /reading → thinking → done/)
    assert.not.match(stderr, 'no language model configured')
    assert.is(server.log.length, 5)
  }))

test('the first Ctrl-C cancels: 130 within two seconds, and the server sees it', () =>
  withModel([{}, { hang: true }, { hang: true }], async (env, server) => {
    const child = start([...RESEARCH, ...MODEL, '--json', '--cwd', scene.cwd], env)
    const work = ended(child)
    await whenAsked(server, 3)
    const began = performance.now()
    child.kill('SIGINT')
    const { status, stdout, stderr } = await work
    assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`)
    assert.is(status, 130)
    assert.match(stderr, 'press Ctrl-C again')
    assert.is(JSON.parse(stdout).status, 'cancelled')
    while (!server.log.slice(1).every(entry => entry.aborted)) await new Promise(done => setTimeout(done, 10))
    assert.is(server.log.length, 3)
  }))

test('a second Ctrl-C ends the process at once', () =>
  withModel([{ hang: true }], async (env, server) => {
    const child = start([...RESEARCH, ...MODEL, '--cwd', scene.cwd], env)
    const work = ended(child)
    await whenAsked(server, 1)
    const began = performance.now()
    child.kill('SIGINT')
    child.kill('SIGINT')
    assert.is((await work).status, 130)
    assert.ok(performance.now() - began < 1_000)
  }))

const shell = (command: string): Promise<Ran> => {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env
  return ended(
    spawn('bash', ['-c', command], {
      env: { ...env, TERM: 'xterm-256color' },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}
const LINE = `${process.execPath} --import tsx ${MAIN} run research-team --topic '${TOPIC}' --sources '*.md' --cwd ${scene.cwd}`

test('a reader that leaves early is no crash, of the result or of everything', async () => {
  const one = await shell(`set -o pipefail; ${LINE} | head -1`)
  assert.equal([one.status, one.stdout.trim().split('\n').length], [0, 1])
  assert.not.match(one.stderr, /AC-|EPIPE|Error/)
  const both = await shell(`set -o pipefail; ${LINE} 2>&1 | head -1`)
  assert.equal([both.status, both.stderr], [0, ''])
  const stream = await shell(`${LINE} --stream | head -3 | wc -l`)
  assert.equal([stream.status, stream.stdout.trim()], [0, '3'])
})

test('on a screen the rows are drawn in place and all end with a tick', async () => {
  const file = join(scene.cwd, 'screen.sh')
  writeFileSync(file, `stty cols 90 rows 40\n${LINE} --out screen.md\n`)
  const { status, stdout } = await shell(`script -qec "bash ${file}" /dev/null`)
  assert.is(status, 0)
  const drawings = stdout.split('\u001b[J')
  assert.ok(drawings.length >= 2, 'it was drawn once only')
  const rows = stripVTControlCharacters(drawings.at(-1) ?? '')
    .split('\r\n')
    .filter(row => /^ {2}\S /.test(row))
  assert.is(rows.length, 5, stdout)
  for (const row of rows) assert.ok(/^ {2}✔ .* → done +\d/.test(row) && row.length <= 90, row)
  assert.ok(stdout.includes('\u001b[32m'))
  assert.match(readFileSync(join(scene.cwd, 'screen.md'), 'utf8'), '## Sources')
})

test.run()
