import { Readable } from 'node:stream'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import type { CommandContext } from './command.ts'
import { confirmed, linesOf, readAll } from './standard-input.ts'
import { createTerminal } from './terminal.ts'

const test = testSuite('cli/standard-input')

function context(input: Readable, { isTTY = false, signal = new AbortController().signal } = {}) {
  const said: string[] = []
  const stream = { isTTY, write: (text: string) => said.push(text) }
  const terminal = createTerminal({ stdout: stream, stderr: stream, env: {} })
  const given: CommandContext = {
    ...{ cwd: '/', env: {}, args: [], options: {}, signal, terminal },
    stdin: () => Object.assign(input, { isTTY }),
  }
  return { given, said }
}

const usage = (error: RuntimeError) => error.kind === 'usage'

async function refusal(work: () => Promise<unknown>): Promise<RuntimeError> {
  try {
    await work()
  } catch (error) {
    return error as RuntimeError
  }
  throw new Error('nothing was thrown')
}

async function collected(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  return all
}

test('lines are the same however their bytes arrive', async () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '日', '😀', '\u2028', '"', ' ') })
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      async (lines, size, crlf) => {
        const bytes = Buffer.from(lines.join(crlf ? '\r\n' : '\n'))
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        )
        const read = await collected(linesOf(Readable.from(chunks), new AbortController().signal))
        assert.equal(
          read,
          lines.filter(one => one.trim() !== ''),
        )
      },
    ),
  )
})

test('bytes that are no UTF-8 are refused, also at the end', async () => {
  for (const bytes of [
    [0xff, 0x0a],
    [0x61, 0xe6, 0x97],
  ]) {
    const { given } = context(Readable.from([Buffer.from(bytes)]))
    assert.ok(usage(await refusal(() => readAll(given))))
  }
})

test('a text is read whole, without its last line break', async () => {
  assert.is(await readAll(context(Readable.from(['one\n', 'two\r\n'])).given), 'one\ntwo')
})

test('a text or a line without an end is refused', async () => {
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(1 << 20, 'a')
    })(),
  )
  assert.ok(usage(await refusal(() => readAll(context(endless).given))))
  const again = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(1 << 20, 'a')
    })(),
  )
  assert.ok(usage(await refusal(() => collected(linesOf(again, new AbortController().signal)))))
})

test('Ctrl-C ends the waiting for input and for an answer', async () => {
  for (const wait of [
    (given: CommandContext) => readAll(given),
    (given: CommandContext) => confirmed('sure?', given, 'say --yes'),
  ]) {
    const stop = new AbortController()
    const silent = new Readable({ read() {} })
    const work = refusal(() => wait(context(silent, { isTTY: true, signal: stop.signal }).given))
    const reason = new Error('stopped')
    setImmediate(() => stop.abort(reason))
    assert.is(await work, reason)
  }
})

test('only a yes is a yes; the end of the input is none', async () => {
  const ask = (typed: readonly string[]) =>
    confirmed('sure?', context(Readable.from(typed), { isTTY: true }).given, 'say --yes')
  for (const yes of ['y\n', 'Yes\n', ' YES \n']) assert.is(await ask([yes]), true, yes)
  for (const no of ['n\n', '\n', 'yeah\n', 'yes please\n']) assert.is(await ask([no]), false, no)
  assert.is(await ask([]), false)
})

test('nobody is asked where nobody can answer', async () => {
  const { given, said } = context(Readable.from(['y\n']))
  assert.ok(usage(await refusal(() => confirmed('sure?', given, 'say --yes'))))
  assert.equal(said, [])
})

test.run()
