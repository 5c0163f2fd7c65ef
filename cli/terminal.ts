/**
 * Where a command prints: results to stdout, everything said to people to stderr. Colours are decided per
 * stream. Text of strangers (a model, a web page, a file) may hold escape sequences that rewrite a screen;
 * `printable` removes them.
 */
import { stripVTControlCharacters, styleText } from 'node:util'

export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Lines at the foot of the screen that are drawn again in place. */
export interface LiveArea {
  /** What does not fit in `height` is not drawn, from the top. */
  draw(lines: (paint: Paint, width: number, height: number) => readonly string[]): void
  /** Takes the lines off the screen, so that something else can be said there. */
  clear(): void
}

type Format = Parameters<typeof styleText>[0]
export type Paint = (format: Format, text: string) => string
/** Text, or a function that makes it with the colours of the stream it goes to. */
export type Rendering = string | ((paint: Paint) => string)

export interface Terminal {
  readonly json: boolean
  readonly debug: boolean
  /** Cells of a line of stdout; infinite where stdout is no screen, since nothing is cut in a file or a pipe. */
  readonly width: number
  /** A command's result, which may be of strangers: made printable if stdout is a screen, else untouched. */
  data(text: string): void
  /** A command's own view of a value: one line of JSON with `--json`, else the rendering. To stdout. */
  show(value: unknown, rendering: Rendering): void
  /** Progress and hints, to stderr; silent with `--quiet`. */
  message(rendering: Rendering): void
  /** Only where stderr is a screen and messages are wanted. */
  readonly live?: LiveArea
  /** Why the command failed, to stderr; never silent. */
  failure(rendering: Rendering): void
}

export interface TerminalOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly json?: boolean
  readonly quiet?: boolean
  readonly debug?: boolean
  readonly noColor?: boolean
}

// A pseudo terminal that was never sized says 0.
const DEFAULT_WIDTH = 100

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, env, json = false, quiet = false, debug = false, noColor = false } = options
  const writerOf = (stream: OutputStream) => {
    const coloured = !noColor && wantsColour(stream, env)
    const paint: Paint = (format, text) =>
      coloured ? styleText(format, text, { validateStream: false }) : text
    return (rendering: Rendering) => {
      const text = typeof rendering === 'string' ? rendering : rendering(paint)
      stream.write(text.endsWith('\n') ? text : `${text}\n`)
    }
  }
  const [out, err] = [writerOf(stdout), writerOf(stderr)]
  return {
    json,
    debug,
    width: stdout.isTTY ? stdout.columns || DEFAULT_WIDTH : Number.POSITIVE_INFINITY,
    data: text => out(stdout.isTTY ? printable(text) : text),
    show: (value, rendering) => out(json ? jsonText(value) : rendering),
    message: rendering => {
      if (!quiet) err(rendering)
    },
    failure: err,
    ...(stderr.isTTY &&
      !quiet &&
      env['TERM'] !== 'dumb' && { live: liveArea(stderr, !noColor && wantsColour(stderr, env)) }),
  }
}

function liveArea(stream: OutputStream, coloured: boolean): LiveArea {
  const paint: Paint = (format, text) =>
    coloured ? styleText(format, text, { validateStream: false }) : text
  let drawn = 0
  // To the first column (a ^C may have been echoed), up to the first line drawn, and all below it erased.
  const back = (): string => (drawn > 0 ? `\r\u001b[${drawn}A\u001b[J` : '')
  return {
    draw(render) {
      // What would scroll away could not be drawn again.
      const height = Math.max(1, (stream.rows || Number.POSITIVE_INFINITY) - 1)
      const lines = render(paint, stream.columns || DEFAULT_WIDTH, height).slice(-height)
      // Without wrapping, so that wide characters cannot make two lines of one.
      stream.write(`${back()}\u001b[?7l${lines.map(text => `${text}\n`).join('')}\u001b[?7h`)
      drawn = lines.length
    },
    clear() {
      if (drawn > 0) stream.write(back())
      drawn = 0
    },
  }
}

/** NO_COLOR (no-color.org) beats FORCE_COLOR, which beats what the stream is. */
export function wantsColour(
  stream: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

// Controls but tab and newline, and the marks that reorder text on a screen (Unicode TR 36, section 3.1).
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** `text` with nothing in it that could move the cursor, recolour or reorder what a reader sees. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .replace(UNSAFE, mark => (mark === '\n' || mark === '\t' ? mark : '\ufffd'))

/** One line of JSON. What `printable` would remove stands there escaped, so that no screen obeys it. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(
    UNSAFE,
    mark => `\\u${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
