/**
 * The tool with which an agent reads one page of the web. What the page says is data and never an
 * instruction; where it may lead is decided by `safe-fetch.ts`.
 */
import { z } from 'zod'
import type { Document } from '../research/document.ts'
import { defineTool, type Tool } from '../tool.ts'
import { toDocument } from './documents.ts'
import { type SafeFetchOptions, safeFetch } from './safe-fetch.ts'

const input = z.object({
  url: z.string().min(1).max(8_192).describe('the http(s) address of a public page'),
})

/** `options` are an operator's or a test's; the model's call gives only the URL. */
export type FetchUrlOptions = Omit<SafeFetchOptions, 'signal'>

/** `fetch_url`. Its calls throw what `safeFetch` and `toDocument` throw. */
export function fetchUrlTool(options: FetchUrlOptions = {}): Tool<{ url: string }, Document> {
  return defineTool<{ url: string }, Document>({
    name: 'fetch_url',
    description: 'Reads one public web page (HTML, text, JSON or PDF) and returns its text.',
    input,
    effect: 'pure',
    capability: 'net',
    untrusted: true,
    run: ({ url }, { signal }) => fetchDocument(url, { ...options, signal }),
  })
}

/** The page at `url` as a document whose source is the address after redirects. */
export async function fetchDocument(url: string, options: SafeFetchOptions = {}): Promise<Document> {
  const { url: source, contentType, bytes } = await safeFetch(url, options)
  const { maxBytes } = options
  return toDocument(bytes, { source, contentType, ...(maxBytes !== undefined && { maxBytes }) })
}
