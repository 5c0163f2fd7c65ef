import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { createTerminal, printable, type TerminalOptions, wantsColour } from './terminal.ts'

const test = testSuite('cli/terminal')

function opened(options: Partial<TerminalOptions> & { tty?: boolean } = {}) {
  const { tty = false, ...rest } = options
  const texts = { out: '', err: '' }
  const stream = (name: 'out' | 'err') => ({
    isTTY: tty,
    write: (text: string) => {
      texts[name] += text
    },
  })
  return {
    texts,
    terminal: createTerminal({ stdout: stream('out'), stderr: stream('err'), env: {}, ...rest }),
  }
}

test('sends results to stdout and all else to stderr, a line each', () => {
  const { texts, terminal } = opened()
  terminal.data('result')
  terminal.show({ a: 1 }, 'shown\n')
  terminal.message('progress')
  terminal.failure('why')
  assert.equal(texts, { out: 'result\nshown\n', err: 'progress\nwhy\n' })
})

test('shows values as one line of JSON on request', () => {
  const { texts, terminal } = opened({ json: true })
  terminal.show({ a: 'x\ny' }, () => 'never')
  assert.equal(texts, { out: '{"a":"x\\ny"}\n', err: '' })
})

test('escapes in JSON what a screen would obey, and loses nothing', () => {
  const hostile = 'a\u001b[2J\u009b31m\u202eb\u007f\n"日"'
  for (const tty of [true, false]) {
    const { texts, terminal } = opened({ json: true, tty })
    terminal.show({ [hostile]: hostile }, '')
    assert.not.match(texts.out, /[^\P{Cc}\n]|[\u202a-\u202e]/u)
    assert.equal(JSON.parse(texts.out), { [hostile]: hostile })
  }
})

test('knows the width of a screen, and of nothing else', () => {
  const width = (stdout: object) =>
    createTerminal({ stdout: { write: () => {}, ...stdout }, stderr: { write: () => {} }, env: {} }).width
  assert.is(width({ isTTY: true, columns: 72 }), 72)
  assert.is(width({ isTTY: true, columns: 0 }), 100)
  assert.is(width({ isTTY: false, columns: 72 }), Number.POSITIVE_INFINITY)
})

test('keeps quiet about progress, never about a failure', () => {
  const { texts, terminal } = opened({ quiet: true })
  terminal.message('progress')
  terminal.failure('why')
  assert.equal(texts, { out: '', err: 'why\n' })
})

test('colours a screen, and nothing that is piped', () => {
  const shown = (options: Parameters<typeof opened>[0]) => {
    const { texts, terminal } = opened(options)
    terminal.show(null, paint => paint('red', 'x'))
    return texts.out
  }
  assert.is(shown({ tty: true }), '\u001b[31mx\u001b[39m\n')
  assert.is(shown({ tty: false }), 'x\n')
  assert.is(shown({ tty: true, noColor: true }), 'x\n')
  assert.is(shown({ tty: true, env: { NO_COLOR: '1' } }), 'x\n')
})

test('decides colours by NO_COLOR, then FORCE_COLOR, then the stream', () => {
  const write = () => {}
  const table = [
    [{}, true, true],
    [{}, false, false],
    [{ TERM: 'dumb' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
  ] as const
  for (const [env, isTTY, expected] of table) {
    assert.is(wantsColour({ write, isTTY }, env), expected, JSON.stringify([env, isTTY]))
  }
})

test('cleans results of strangers on a screen, and leaves them untouched in a pipe', () => {
  const hostile = 'a\u001b[2Jb\u202ec\u0007\n'
  const { texts, terminal } = opened({ tty: true })
  terminal.data(hostile)
  assert.is(texts.out, 'ab\ufffdc\ufffd\n')
  const piped = opened()
  piped.terminal.data(hostile)
  assert.is(piped.texts.out, hostile)
})

test('leaves no control character in printable text but tab and newline', () => {
  const mark = fc.constantFrom(
    '\u001b',
    '\u009b',
    '\u0007',
    '\r',
    '\u0000',
    '\u2066',
    ']0;',
    '[31m',
    'a',
    '\n',
    '\t',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(mark, fc.string())), parts => {
      const unsafe = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u
      assert.not.ok(unsafe.test(printable(parts.join('')).replace(/[\n\t]/g, '')))
    }),
  )
  assert.is(printable('Grüße, 世界 👋\r\n\tx'), 'Grüße, 世界 👋\n\tx')
})

test('draws live lines in place, without wrapping, and takes them away again', () => {
  let screen = ''
  const write = (text: string): void => {
    screen += text
  }
  const stderr = { isTTY: true, columns: 0, rows: 3, write }
  const { live } = createTerminal({ stdout: stderr, stderr, env: { NO_COLOR: '1' } })
  const widths: number[] = []
  const draw = (...lines: readonly string[]): string => {
    screen = ''
    live?.draw((_, width) => {
      widths.push(width)
      return lines
    })
    return screen
  }
  assert.is(draw('a', 'b'), '\u001b[?7la\nb\n\u001b[?7h')
  assert.is(draw('c'), '\r\u001b[2A\u001b[J\u001b[?7lc\n\u001b[?7h')
  // A screen that says it has no width is taken for one of the usual width.
  assert.equal(widths, [100, 100])
  // More than the screen holds: the last ones, for what scrolled away cannot be drawn again.
  assert.ok(draw('1', '2', '3', '4').endsWith('\u001b[?7l3\n4\n\u001b[?7h'))
  screen = ''
  live?.clear()
  assert.is(screen, '\r\u001b[2A\u001b[J')
  live?.clear()
  assert.is(screen, '\r\u001b[2A\u001b[J')
  assert.is(draw('d'), '\u001b[?7ld\n\u001b[?7h')
})

test('has no live lines where nothing can be drawn again', () => {
  const on = (options: Partial<TerminalOptions>, isTTY = true) => {
    const stream = { isTTY, write: () => {} }
    return createTerminal({ stdout: stream, stderr: stream, env: {}, ...options }).live !== undefined
  }
  assert.equal(
    [on({}), on({}, false), on({ quiet: true }), on({ env: { TERM: 'dumb' } })],
    [true, false, false, false],
  )
})

test.run()
