/**
 * Bytes of a file or response into a `Document`. Called by the file and URL tools and by the corpus. It
 * reads nothing itself and trusts neither names nor content types: what is not text is refused.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Document } from '../research/document.ts'
import { blocks } from '../research/markdown.ts'
import { htmlTitle, htmlToText } from './html-text.ts'
import { pdfToText } from './pdf-text.ts'

/** The cap on one document, 5 MiB, unless the caller sets another. */
export const MAX_DOCUMENT_BYTES = 5 * 1024 * 1024

export interface ToDocumentOptions {
  /** The path as found from the working directory, or the URL. */
  readonly source: string
  /** As an HTTP response gives it, with or without its charset. The name decides when it is missing. */
  readonly contentType?: string | undefined
  readonly maxBytes?: number
}

/**
 * Reads `bytes`. Markdown, plain text and JSON keep every character of the file, a byte order mark too, so
 * offsets fit what `readFile(path, 'utf8')` returns. Throws `document-unreadable` and `too-large`.
 */
export async function toDocument(bytes: Uint8Array, options: ToDocumentOptions): Promise<Document> {
  const { source, contentType, maxBytes = MAX_DOCUMENT_BYTES } = options
  if (bytes.byteLength > maxBytes) throw tooLarge(source, maxBytes)
  const format = isPdf(bytes) ? 'pdf' : formatOf(source, contentType)
  if (format === 'pdf') {
    const { text, title = nameOf(source) } = await pdfToText(bytes)
    return { source, title, text, format }
  }
  const raw = decode(bytes, source, charsetOf(bytes, format, contentType))
  const text = format === 'html' ? htmlToText(raw) : raw
  const title = firstHeading(text, format) ?? (format === 'html' ? htmlTitle(raw) : undefined)
  return { source, title: title ?? nameOf(source), text, format }
}

/** The error for a source above its limit; also used where the bytes are still being read. */
export const tooLarge = (source: string, maxBytes: number): RuntimeError =>
  new RuntimeError('too-large', `"${source}" is larger than ${maxBytes} bytes`, {
    fix: 'split it, give a smaller source, or raise the limit',
    details: { source, maxBytes },
  })

const EXTENSIONS: Readonly<Record<string, Document['format']>> = {
  md: 'markdown',
  markdown: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  json: 'json',
  pdf: 'pdf',
}

function formatOf(source: string, contentType: string | undefined): Document['format'] {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html'
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  if (type === 'application/pdf') return 'pdf'
  if (type === 'text/markdown' || type === 'text/x-markdown') return 'markdown'
  const name = nameOf(source)
  const extension = /\.([a-z0-9]{1,10})$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  const byName = Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined
  // A server that says text/plain means it: only Markdown is commonly sent that way.
  if (type !== '') return byName === 'markdown' ? 'markdown' : 'text'
  return byName ?? 'text'
}

const isPdf = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 5)).toString('latin1') === '%PDF-'

/** From the content type, else (web pages only) from the page's own first kilobyte, else UTF-8. */
function charsetOf(bytes: Uint8Array, format: Document['format'], contentType: string | undefined): string {
  const declared = /charset\s*=\s*"?([\w.:-]{1,40})/i
  const inType = declared.exec(contentType ?? '')?.[1]
  if (inType !== undefined || format !== 'html') return inType ?? 'utf-8'
  return declared.exec(Buffer.from(bytes.subarray(0, 1024)).toString('latin1'))?.[1] ?? 'utf-8'
}

function decode(bytes: Uint8Array, source: string, charset: string): string {
  let text: string
  try {
    text = new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new RuntimeError('document-unreadable', `"${source}" is not ${charset} text`, {
      why: 'it is a binary file or in another encoding',
      fix: 'save it as UTF-8, or leave it out of the sources',
      cause,
    })
  }
  if (!text.includes('\0')) return text
  throw new RuntimeError('document-unreadable', `"${source}" is a binary file`, {
    why: 'it contains NUL bytes',
    fix: 'leave it out of the sources, or give its content as text',
  })
}

function firstHeading(text: string, format: Document['format']): string | undefined {
  if (format !== 'markdown' && format !== 'html') return undefined
  const heading = blocks(text.slice(0, 20_000)).find(({ kind, title }) => kind === 'heading' && title !== '')
  return heading?.title
}

function nameOf(source: string): string {
  const path = /^https?:/i.test(source) && URL.canParse(source) ? new URL(source).pathname : source
  return path.split('/').findLast(part => part !== '') ?? source
}
