/**
 * Fetches a URL that a model, a page or a user named, without letting it reach anything but the public
 * internet (server-side request forgery). Called by `fetch-url.ts` and the corpus. The host is resolved
 * once, every address is checked, and the connection goes to a checked address; redirects start over.
 * It sends GET requests without cookies or credentials, never retries, and reads no proxy settings.
 */
import { lookup as dnsLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { Agent, type Response, fetch as undiciFetch } from 'undici'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import { MAX_DOCUMENT_BYTES, tooLarge } from './documents.ts'
import { readBody, refuseBadStatus } from './http-response.ts'
import { addressFamily, isPublicAddress } from './public-address.ts'

const MAX_REDIRECTS = 3
const MAX_URL_LENGTH = 8_192

export interface SafeFetchOptions {
  readonly signal?: AbortSignal
  /** Of the decoded body. Default 5 MiB. */
  readonly maxBytes?: number
  /** For everything together: resolving, redirects, reading. Default 20,000. */
  readonly timeoutMs?: number
  /** Admits an address that is not public, for example one an operator configured. Default: none. */
  allow?(address: string): boolean
  /** Every address of a host name. Default: the system's resolver. */
  resolve?(host: string): Promise<readonly string[]>
}

export interface Fetched {
  /** After redirects. */
  readonly url: string
  readonly contentType: string | undefined
  readonly bytes: Uint8Array
}

/**
 * Throws `url-refused`, `too-large`, `document-unreadable` (not a text, JSON, HTML or PDF type),
 * `rate-limited`, `attempt-timeout`, `cancelled`, and `tool-failed` for other answers and network faults.
 */
export async function safeFetch(url: string, options: SafeFetchOptions = {}): Promise<Fetched> {
  const { signal, timeoutMs = 20_000 } = options
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(asCancelled(signal?.reason))
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => stop.abort(timedOut(url, timeoutMs)), timeoutMs)
  try {
    return await follow(checkedUrl(url), options, stop.signal)
  } catch (thrown) {
    if (stop.signal.aborted) throw stop.signal.reason
    throw networkError(thrown, url)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

async function follow(start: URL, options: SafeFetchOptions, signal: AbortSignal): Promise<Fetched> {
  let url = start
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const agent = pinnedAgent(await checkedAddresses(url, options, signal))
    try {
      const response = await undiciFetch(url, {
        dispatcher: agent,
        redirect: 'manual',
        signal,
        headers: { accept: ACCEPT, 'user-agent': 'agenticraft' },
      })
      const next = redirectTarget(response, url)
      if (next === undefined) return await read(response, url, options.maxBytes ?? MAX_DOCUMENT_BYTES)
      url = next
    } finally {
      // Ends the connection too when the body was not read to its end.
      await agent.destroy()
    }
  }
  throw refuse(start.href, `it redirects more than ${MAX_REDIRECTS} times`)
}

/** The URL if its form is acceptable; what its host leads to is checked later. Throws `url-refused`. */
export function checkedUrl(text: string, base?: URL): URL {
  if (text.length > MAX_URL_LENGTH) throw refuse(text, `it is longer than ${MAX_URL_LENGTH} characters`)
  if (!URL.canParse(text, base?.href)) throw refuse(text, 'it is not a URL')
  const url = new URL(text, base?.href)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse(url.href, 'it is not http or https')
  if (url.username !== '' || url.password !== '') throw refuse(url.host, 'it carries a user name or password')
  url.hash = ''
  return url
}

async function checkedAddresses(
  url: URL,
  { allow, resolve = resolveHost }: SafeFetchOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = addressFamily(host) > 0 ? [host] : await unlessAborted(resolve(host), signal)
  if (addresses.length === 0) throw refuse(url.href, 'its host has no address')
  // One bad address among good ones is enough: the next lookup, or the next retry, might take it.
  const bad = addresses.find(address => !isPublicAddress(address) && !allow?.(address))
  if (bad !== undefined) throw refuse(url.href, `its host is ${bad}, which is not on the public internet`)
  return addresses
}

const resolveHost = async (host: string): Promise<string[]> =>
  (await dnsLookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address)

/** Connects to these addresses whatever a second lookup of the name would say (DNS rebinding). */
function pinnedAgent(addresses: readonly string[]): Agent {
  const entries = addresses.map(address => ({ address, family: addressFamily(address) || 4 }))
  const lookup: LookupFunction = (_host, { all }, done) => {
    const first = entries[0]
    if (all) done(null, entries)
    else done(null, first?.address ?? '', first?.family)
  }
  return new Agent({ connect: { lookup }, pipelining: 0 })
}

function redirectTarget(response: Response, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const location = response.headers.get('location')
  return location === null ? undefined : checkedUrl(location, from)
}

const ACCEPT =
  'text/markdown, text/html;q=0.9, application/xhtml+xml;q=0.9, application/json;q=0.9, text/*;q=0.8, application/pdf;q=0.8'
const READABLE_TYPE = /^(?:text\/[\w.+-]+|application\/(?:xhtml\+xml|pdf|json|[\w.-]+\+json))$/

async function read(response: Response, url: URL, maxBytes: number): Promise<Fetched> {
  refuseBadStatus(response, url.href, Date.now())
  const contentType = response.headers.get('content-type') ?? undefined
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== undefined && !READABLE_TYPE.test(type)) {
    throw new RuntimeError('document-unreadable', `"${url.href}" is of the type "${type.slice(0, 80)}"`, {
      why: 'only text, HTML, JSON and PDF can be read',
      fix: 'find a page with the same content as text',
    })
  }
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(url.href, maxBytes)
  return { url: url.href, contentType, bytes: await readBody(response, url.href, maxBytes) }
}

/** A lookup cannot be stopped, but nobody has to wait for it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

const refuse = (url: string, why: string): RuntimeError =>
  new RuntimeError('url-refused', `the URL "${url.slice(0, 200)}" is refused`, {
    why,
    fix: 'give the http(s) address of a public page',
  })

const timedOut = (url: string, timeoutMs: number): RuntimeError =>
  new RuntimeError('attempt-timeout', `"${url.slice(0, 200)}" did not answer within ${timeoutMs} ms`)

const asCancelled = (reason: unknown): RuntimeError =>
  reason instanceof RuntimeError ? reason : new RuntimeError('cancelled', 'the fetch was cancelled')

/** undici says only "fetch failed"; the reason is its cause. A name that does not exist stays so. */
function networkError(thrown: unknown, url: string): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown
  const cause = thrown instanceof TypeError && thrown.cause !== undefined ? thrown.cause : thrown
  const code = (cause as NodeJS.ErrnoException).code
  const known = toRuntimeError(cause, 'tool-failed')
  // The ports of mail servers and the like, which the fetch standard blocks.
  if (known.message === 'bad port') return refuse(url, 'its port is not one for the web')
  return new RuntimeError('tool-failed', `"${url.slice(0, 200)}" could not be fetched: ${known.message}`, {
    retryable: code !== 'ENOTFOUND',
    fix: 'check the address and the network',
    cause: thrown,
  })
}
