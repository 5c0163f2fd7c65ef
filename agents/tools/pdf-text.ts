/**
 * The text layer of a PDF, for `documents.ts`. The library is large and rarely needed, so it is loaded on
 * the first PDF. Scanned pages have no text layer; nothing is recognised from images.
 */
import { RuntimeError } from '../../actors/errors.ts'

const MAX_PAGES = 2_000

interface PdfText {
  /** Pages in order, an empty line between them. */
  readonly text: string
  /** The title the file gives itself, if any. */
  readonly title?: string
}

/** Reads `bytes`. Throws `document-unreadable` (damaged, encrypted, no text) and `too-large` (pages). */
export async function pdfToText(bytes: Uint8Array): Promise<PdfText> {
  const { extractText, getDocumentProxy, getMeta } = await import('unpdf')
  // The parser takes the buffer it is given away from its owner, so it gets a copy; verbosity 0: no console.
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 }).catch(unreadable)
  try {
    if (pdf.numPages > MAX_PAGES) {
      throw new RuntimeError('too-large', `the PDF has ${pdf.numPages} pages; the limit is ${MAX_PAGES}`, {
        fix: 'split it, or give only the part that matters',
      })
    }
    const [pages, meta] = await Promise.all([extractText(pdf), getMeta(pdf)]).catch(unreadable)
    const text = pages.text.map(page => page.trim()).join('\n\n')
    if (text.trim() === '') throw noText()
    const title: unknown = meta.info['Title']
    return typeof title === 'string' && title.trim() !== '' ? { text, title: title.trim() } : { text }
  } finally {
    await pdf.cleanup()
    await pdf.loadingTask.destroy()
  }
}

const noText = (): RuntimeError =>
  new RuntimeError('document-unreadable', 'the PDF holds no text', {
    why: 'its pages are images, as a scanner makes them',
    fix: 'run it through text recognition (OCR) first',
  })

function unreadable(cause: unknown): never {
  const locked = cause instanceof Error && cause.name === 'PasswordException'
  throw new RuntimeError('document-unreadable', 'the PDF cannot be read', {
    why: locked ? 'it is protected by a password' : 'it is damaged or not a PDF',
    fix: locked
      ? 'save a copy without the password'
      : 'open it in a viewer and save it anew, or give its text',
    cause,
  })
}
