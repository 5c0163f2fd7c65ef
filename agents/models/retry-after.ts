/**
 * How long a provider asks to be left alone, from the headers of its answer. Pure; the supervisor decides
 * what to do with the number.
 */

/** A longer wish is cut to this: no run waits a day, and a hostile header must not park one for ever. */
const LONGEST_MS = 24 * 60 * 60 * 1000

type Headers = Readonly<Record<string, string | undefined>>

/**
 * Milliseconds from `retry-after-ms` (OpenAI, Azure) or else `Retry-After` (RFC 9110 section 10.2.3: seconds
 * or an HTTP date, compared with `now` in ms since the epoch). Undefined when absent or unreadable.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const exact = number(header(headers, 'retry-after-ms'))
  if (exact !== undefined) return clamp(exact)
  const wish = header(headers, 'retry-after')
  const seconds = number(wish)
  if (seconds !== undefined) return clamp(seconds * 1000)
  // An HTTP date starts with the name of a day; Date.parse would read much more than that.
  if (wish === undefined || !/^[A-Z][a-z]{2,8},? /.test(wish)) return undefined
  const date = Date.parse(wish)
  return Number.isNaN(date) ? undefined : clamp(date - now)
}

function header(headers: Headers, name: string): string | undefined {
  const key = Object.keys(headers).find(candidate => candidate.toLowerCase() === name)
  return key === undefined ? undefined : headers[key]?.trim()
}

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined

const clamp = (ms: number): number => Math.min(LONGEST_MS, Math.max(0, Math.ceil(ms)))
