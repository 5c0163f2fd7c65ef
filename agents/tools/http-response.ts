/**
 * What a response's status and body mean for a tool: kinds of errors, Retry-After, a cap on the bytes read.
 * Called by the URL and web search tools. It sends nothing.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { tooLarge } from './documents.ts'

/** The parts of a fetch response that are used here; Node's and undici's both have them. */
export interface HttpResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: { getReader(): BodyReader } | null
}

interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(reason?: unknown): Promise<void>
}

/** Throws `rate-limited` for 429, `tool-failed` for any other status but 2xx; only 5xx may be tried again. */
export function refuseBadStatus(response: HttpResponse, source: string, now: number): void {
  const { status } = response
  if (status >= 200 && status < 300) return
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), now)
  const hint = retryAfterMs !== undefined && { retryAfterMs }
  const details = { source, status }
  if (status === 429) {
    throw new RuntimeError('rate-limited', `"${source}" answered 429: too many requests`, {
      ...hint,
      details,
    })
  }
  throw new RuntimeError('tool-failed', `"${source}" answered ${status}`, {
    ...hint,
    details,
    retryable: status >= 500,
    why: status >= 500 ? 'the server failed' : 'the server does not give this out',
    fix: status >= 500 ? 'try again later' : 'check the address, and whether it needs a login',
  })
}

/** Milliseconds from `now` that a Retry-After header asks for: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const value = header.trim()
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const date = /^[A-Za-z]{3,9},? /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** The body's bytes. Stops reading at `maxBytes` and throws `too-large`. */
export async function readBody(
  response: HttpResponse,
  source: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done || value === undefined) return Buffer.concat(chunks, size)
    size += value.byteLength
    if (size > maxBytes) {
      const error = tooLarge(source, maxBytes)
      await reader.cancel(error)
      throw error
    }
    chunks.push(value)
  }
}
