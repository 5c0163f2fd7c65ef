import { Readable } from 'node:stream'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import type { Command, CommandContext, CommandListing } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { EXIT } from './failure.ts'
import { runProgram } from './program.ts'

const test = testSuite('cli/program')

interface Outcome {
  readonly exit: number
  readonly out: string
  readonly err: string
  readonly loaded: readonly string[]
}

/** Runs a program of the given commands in this process. */
async function run(
  argv: readonly string[],
  ...commands: (Command & { aliases?: string[] })[]
): Promise<Outcome> {
  const loaded: string[] = []
  const texts = { out: '', err: '' }
  const writer = (name: 'out' | 'err') => ({
    write: (text: string) => {
      texts[name] += text
    },
  })
  const listings: CommandListing[] = commands.map(command => ({
    name: command.name,
    summary: command.summary,
    ...(command.aliases && { aliases: command.aliases }),
    load: async () => {
      loaded.push(command.name)
      return command
    },
  }))
  const signal = new AbortController().signal
  const streams = { stdout: writer('out'), stderr: writer('err') }
  const exit = await runProgram({
    ...{ argv, cwd: process.cwd(), env: {}, signal, stdin: () => Readable.from([]) },
    ...{ ...streams, commands: listings },
  })
  return { exit, ...texts, loaded }
}

const seen: CommandContext[] = []
const look: Command & { aliases: string[] } = {
  name: 'look',
  summary: 'look at a thing',
  aliases: ['l'],
  configure: parser => void parser.argument('<thing>').option('--how-far <metres>', 'the distance', '10'),
  run: context => {
    seen.push(context)
    return undefined
  },
}
const fails = (thrown: unknown): Command => ({
  name: 'fail',
  summary: 'fail',
  run: () => {
    throw thrown
  },
})

test.beforeEach(() => {
  seen.length = 0
})

test('runs the command with its arguments and options, and returns 0', async () => {
  const { exit, out, err } = await run(['look', 'moon', '--how-far', '384400'], look)
  assert.equal([exit, out, err], [0, '', ''])
  assert.equal(seen[0]?.args, ['moon'])
  assert.is(seen[0]?.options['howFar'], '384400')
})

test('takes global options before and after the command', async () => {
  for (const argv of [
    ['--json', 'look', 'x'],
    ['look', 'x', '--json'],
    ['--cwd', '/', 'look', 'x', '--json'],
  ]) {
    assert.is((await run(argv, look)).exit, 0)
    assert.is(seen.at(-1)?.terminal.json, true)
  }
})

test('works in the folder of --cwd, and refuses one that does not exist', async () => {
  await run(['look', 'x', '--cwd', '/'], look)
  await run(['--cwd=cli', 'look', 'x'], look)
  assert.equal(
    seen.map(({ cwd }) => cwd),
    ['/', `${process.cwd()}/cli`],
  )
  assert.is((await run(['look', 'x', '--cwd', '/no/such/folder'], look)).exit, 2)
  assert.is((await run(['look', 'x', '--cwd', 'package.json'], look)).exit, 2)
})

test('finds a command by its alias', async () => {
  assert.is((await run(['l', 'x'], look)).exit, 0)
  assert.is(seen.length, 1)
})

test('returns the exit code of the command', async () => {
  assert.is((await run(['no'], { name: 'no', summary: 'no', run: async () => EXIT.unavailable })).exit, 69)
})

test('fails wrong usage with 2, on stderr, without running anything', async () => {
  for (const argv of [
    ['lok'],
    ['look'],
    ['look', 'x', '--no-such'],
    ['look', 'x', 'y'],
    ['--no-such'],
    ['lok', '--help'],
  ]) {
    const { exit, out, err } = await run(argv, look)
    assert.equal([exit, out], [2, ''], argv.join(' '))
    assert.match(err, '✖ AC-5001')
  }
  assert.is(seen.length, 0)
})

test('suggests the command and the option that were meant', async () => {
  assert.match((await run(['lok'], look)).err, 'did you mean look?')
  assert.match((await run(['look', 'x', '--how-fat', '1'], look)).err, 'did you mean --how-far?')
})

test('prints a failure as one JSON object on stderr with --json', async () => {
  const { exit, out, err } = await run(['fail', '--json'], fails(new RuntimeError('model-failed', 'down')))
  assert.equal([exit, out], [69, ''])
  assert.is(JSON.parse(err).code, 'AC-3004')
  assert.is(err.trimEnd().split('\n').length, 1)
  assert.is(JSON.parse((await run(['lok', '--json'], look)).err).exitCode, 2)
})

test('shows a stack only with --debug', async () => {
  assert.not.match((await run(['fail'], fails(new TypeError('x')))).err, 'program.test.ts')
  const { exit, err } = await run(['fail', '--debug'], fails(new TypeError('x')))
  assert.is(exit, 70)
  assert.match(err, 'program.test.ts')
})

test('reports a command that cannot be loaded', async () => {
  const broken = { name: 'a', summary: 'a', load: () => Promise.reject(new Error('syntax')) }
  const silent = { write: () => {} }
  const exit = await runProgram({
    ...{ argv: ['a'], cwd: '/', env: {}, signal: new AbortController().signal },
    stdin: () => Readable.from([]),
    ...{ stdout: silent, stderr: silent, commands: [broken] },
  })
  assert.is(exit, 70)
})

test('prints help to stdout and loads nothing for it', async () => {
  for (const argv of [[], ['--help'], ['-h'], ['help'], ['--quiet']]) {
    const { exit, out, err, loaded } = await run(argv, look)
    assert.equal([exit, err, loaded], [0, '', []], argv.join(' '))
    assert.match(out, 'look at a thing')
  }
})

test('loads only the command whose help is wanted', async () => {
  for (const argv of [
    ['look', '--help'],
    ['help', 'look'],
  ]) {
    const { exit, out, loaded } = await run(argv, look, fails(new Error('x')))
    assert.equal([exit, loaded], [0, ['look']])
    assert.match(out, '--how-far <metres>')
    assert.match(out, '--json')
  }
})

test('prints the whole tree, or one command, as JSON', async () => {
  const { exit, out } = await run(['--help', '--json'], look, fails(1))
  const tree = JSON.parse(out)
  assert.is(exit, 0)
  assert.equal(
    tree.commands.map((command: { name: string }) => command.name),
    ['look', 'fail'],
  )
  assert.equal(tree.commands[0].arguments[0], {
    name: 'thing',
    description: '',
    required: true,
    variadic: false,
  })
  assert.equal(tree.commands[0].options[0], {
    name: 'how-far',
    description: 'the distance',
    required: false,
    default: '10',
    flags: '--how-far <metres>',
  })
  assert.ok(tree.exitCodes.some((entry: { code: number }) => entry.code === 78))
  const one = await run(['look', '--help', '--json'], look)
  assert.is(JSON.parse(one.out).name, 'look')
})

test('groups commands, and hands each what follows its name', async () => {
  const given: (readonly string[])[] = []
  const show: Command = {
    ...look,
    name: 'show',
    configure: (parser, { argv }) => {
      given.push(argv)
      parser.argument('[thing]')
    },
  }
  const memory: Command = { name: 'memory', summary: 'memory', subcommands: [show] }
  assert.is((await run(['memory', 'show', 'x'], memory)).exit, 0)
  assert.equal(seen[0]?.args, ['x'])
  assert.equal(given, [['x']])
  assert.is((await run(['memory', 'shw'], memory)).exit, 2)
})

test('a group that is named alone shows what is in it', async () => {
  const memory: Command = { name: 'memory', summary: 'memory', subcommands: [look] }
  for (const argv of [['memory'], ['memory', '--cwd', '/']]) {
    const { exit, out, err } = await run(argv, memory)
    assert.equal([exit, err], [0, ''])
    assert.match(out, 'look at a thing')
    assert.not.match(out, 'help [command]')
  }
  const tree = JSON.parse((await run(['memory', '--json'], memory)).out)
  assert.equal([tree.name, tree.commands[0].name], ['memory', 'look'])
  assert.is(seen.length, 0)
})

test('waits for a command that asks for its options first', async () => {
  const late: Command = {
    name: 'late',
    summary: 'late',
    configure: async (parser, { argv }) => {
      await new Promise(resolve => setImmediate(resolve))
      parser.argument('<workflow>')
      if (argv[0] === 'team') parser.requiredOption('--topic <text>')
    },
    run: ({ options }) => (options['topic'] === 'x' ? EXIT.ok : EXIT.failed),
  }
  assert.is((await run(['late', 'team', '--topic', 'x'], late)).exit, 0)
  assert.is((await run(['late', 'team'], late)).exit, 2)
})

test('leaves what follows -- to the command', async () => {
  const { exit } = await run(['look', '--', '--json'], look)
  assert.is(exit, 0)
  assert.equal([seen[0]?.args, seen[0]?.terminal.json], [['--json'], false])
})

test('lists every command under the name and summary it has', async () => {
  for (const listing of COMMANDS) {
    const { name, summary } = await listing.load()
    assert.equal([name, summary], [listing.name, listing.summary])
  }
  const names = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  assert.is(new Set(names).size, names.length)
})

test.run()
