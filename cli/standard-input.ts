/**
 * What is typed or piped in: a whole text, lines of a file, or the answer to a question. Bytes that are no UTF-8 and
 * texts without an end are refused.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { addAbortSignal } from 'node:stream'
import { RuntimeError } from '../actors/errors.ts'
import type { CommandContext, InputStream } from './command.ts'

const LONGEST_TEXT = 1024 * 1024
/** Of one line, in characters. */
const LONGEST_LINE = 16 * 1024 * 1024

/** Everything up to the end, without the last line break. Throws `usage` when it is no text or too long. */
export async function readAll({ stdin, signal, terminal }: CommandContext): Promise<string> {
  const input = stdin()
  if (input.isTTY) terminal.message('  type the text, then press Ctrl-D on an empty line')
  let text = ''
  for await (const part of decoded(input, signal)) {
    text += part
    if (text.length > LONGEST_TEXT)
      throw new RuntimeError('usage', `the text on stdin is longer than ${LONGEST_TEXT} characters`)
  }
  return text.replace(/\r?\n$/, '')
}

/** Lines without their breaks (LF or CRLF, nothing else: JSON may hold the separators of Unicode); empty ones are left out. */
export async function* linesOf(input: InputStream, signal: AbortSignal): AsyncGenerator<string> {
  let rest = ''
  for await (const part of decoded(input, signal)) {
    const lines = (rest + part).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST_LINE)
      throw new RuntimeError('usage', `a line is longer than ${LONGEST_LINE} characters`)
    for (const line of lines) if (line.trim() !== '') yield line.replace(/\r$/, '')
  }
  if (rest.trim() !== '') yield rest.replace(/\r$/, '')
}

/** Ends with the signal's reason on Ctrl-C, also while nothing comes. */
async function* decoded(input: InputStream, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  addAbortSignal(signal, input)
  try {
    for await (const chunk of input)
      yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    yield decoder.decode()
  } catch (cause) {
    signal.throwIfAborted()
    if (!(cause instanceof TypeError)) throw cause
    throw new RuntimeError('usage', 'the input is not UTF-8', { fix: 'convert it first, with iconv', cause })
  }
}

/**
 * Whether the person at the screen says yes. Throws `usage` where nobody can be asked: `instead` says what to do
 * then. Throws the signal's reason on Ctrl-C.
 */
export async function confirmed(
  question: string,
  { stdin, signal, terminal }: CommandContext,
  instead: string,
): Promise<boolean> {
  const input = stdin()
  if (!input.isTTY || !terminal.live || terminal.json)
    throw new RuntimeError('usage', 'this has to be confirmed, and nobody can be asked here', {
      fix: instead,
    })
  terminal.failure(`${question} [y/N]`)
  // Not as a terminal of its own: Ctrl-C stays a signal of the process.
  const lines = createInterface({ input, terminal: false })
  try {
    // The end of the input is no answer, and `question` would wait for ever.
    const ended = once(lines, 'close').then(() => '')
    const answer = await Promise.race([lines.question('', { signal }), ended]).catch(error => {
      signal.throwIfAborted()
      throw error
    })
    return /^y(?:es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
