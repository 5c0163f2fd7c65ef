/**
 * Exports and imports as pages, one call each, so that neither side holds a whole namespace and the slower one sets
 * the pace. Called by the client (`exportedLines`, `importLines`) and by the owner (`exportDesk`).
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Imported, Namespace } from '../memory.ts'

/** Lines of a page, and about how many characters. */
const PAGE_LINES = 1_000
const PAGE_CHARACTERS = 256 * 1024

/** One page of an export. `cursor` asks for the next; absent: it was the last. */
export interface ExportPage {
  readonly lines: readonly string[]
  readonly cursor?: number
}

/** The exports that one client is reading. */
export interface ExportDesk {
  /** The first page without `cursor`. Throws `mailbox-full` for too many exports, `input-invalid` for a lost cursor. */
  page(space: Namespace, cursor: unknown): Promise<ExportPage>
  close(cursor: unknown): Promise<void>
  closeAll(): Promise<void>
}

export function exportDesk(limit: number): ExportDesk {
  const open = new Map<unknown, AsyncIterator<string>>()
  let last = 0

  const close = async (cursor: unknown): Promise<void> => {
    const lines = open.get(cursor)
    open.delete(cursor)
    await lines?.return?.()
  }
  const begin = (space: Namespace): number => {
    if (open.size >= limit) throw tooManyExports(limit)
    open.set(++last, space.export()[Symbol.asyncIterator]())
    return last
  }
  return {
    async page(space, asked) {
      const cursor = asked === undefined || asked === null ? begin(space) : asked
      const source = open.get(cursor)
      if (!source) throw unknownCursor()
      const lines = await nextPage(source)
      if (lines.isLast) open.delete(cursor)
      return { lines: lines.lines, ...(!lines.isLast && { cursor: Number(cursor) }) }
    },
    close,
    async closeAll() {
      await Promise.allSettled([...open.keys()].map(close))
    },
  }
}

async function nextPage(source: AsyncIterator<string>): Promise<{ lines: string[]; isLast: boolean }> {
  const lines: string[] = []
  let characters = 0
  while (lines.length < PAGE_LINES && characters < PAGE_CHARACTERS) {
    const next = await source.next()
    if (next.done) return { lines, isLast: true }
    lines.push(next.value)
    characters += next.value.length
  }
  return { lines, isLast: false }
}

/** The lines of an export whose pages `page` fetches; `close` is called when the reader stops before the end. */
export async function* exportedLines(
  page: (cursor: number | undefined) => Promise<ExportPage>,
  close: (cursor: number) => Promise<unknown>,
): AsyncIterable<string> {
  let cursor: number | undefined
  try {
    do {
      const next = await page(cursor)
      cursor = next.cursor
      yield* next.lines
    } while (cursor !== undefined)
  } finally {
    if (cursor !== undefined) await close(cursor)
  }
}

/**
 * Imports `lines` in pages, each with the header of the first line, as an import of its own: what is known already
 * is not imported again, so a page may be sent twice.
 */
export async function importLines(
  lines: AsyncIterable<string> | Iterable<string>,
  send: (page: readonly string[]) => Promise<Imported>,
): Promise<Imported> {
  const sum = { imported: 0, known: 0 }
  let header: string | undefined
  let page: string[] = []
  let characters = 0
  let sent = 0
  const flush = async (): Promise<void> => {
    try {
      const { imported, known } = await send(header === undefined ? page : [header, ...page])
      sum.imported += imported
      sum.known += known
    } catch (error) {
      throw atLine(error, sent)
    }
    sent += page.length
    page = []
    characters = 0
  }
  for await (const line of lines) {
    if (header === undefined) {
      header = line
      continue
    }
    page.push(line)
    characters += line.length
    if (page.length >= PAGE_LINES || characters >= PAGE_CHARACTERS) await flush()
  }
  if (page.length > 0 || sum.imported + sum.known === 0) await flush()
  return sum
}

/** What is wrong with a line of a page, as wrong with the line of the import that it is. */
function atLine(error: unknown, before: number): unknown {
  const line = error instanceof RuntimeError ? error.details?.['line'] : undefined
  if (!(error instanceof RuntimeError) || typeof line !== 'number' || line === 1) return error
  const { message, why, fix, kind, details } = error
  return new RuntimeError(kind, message.replace(`line ${line}`, `line ${line + before}`), {
    ...(why !== undefined && { why }),
    ...(fix !== undefined && { fix }),
    details: { ...details, line: line + before },
  })
}

const tooManyExports = (limit: number): RuntimeError =>
  new RuntimeError('mailbox-full', `this process reads ${limit} exports already`, {
    fix: 'finish one of them first',
    details: { limit },
  })

const unknownCursor = (): RuntimeError =>
  new RuntimeError('input-invalid', 'there is no such export under way', { fix: 'start it again' })
