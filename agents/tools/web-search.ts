/**
 * The tool with which an agent searches the web, through the provider whose key or address is configured:
 * Tavily (docs.tavily.com/api-reference), Brave (api-dashboard.search.brave.com/api-reference/web/search)
 * or a SearXNG instance (docs.searxng.org/dev/search_api). One request, no retries, keys only in headers.
 */
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import { defineTool, type Tool } from '../tool.ts'
import { htmlToText } from './html-text.ts'
import { readBody, refuseBadStatus } from './http-response.ts'

export type SearchProvider = 'tavily' | 'brave' | 'searxng'
type Environment = Readonly<Record<string, string | undefined>>

export interface SearchResult {
  readonly title: string
  readonly url: string
  readonly snippet: string
}

export interface WebSearchOptions {
  /** Where TAVILY_API_KEY, BRAVE_API_KEY and SEARXNG_URL are looked up. */
  readonly env: Environment
  readonly fetch?: typeof globalThis.fetch
  /** Where the providers with a fixed address are, for tests and gateways. */
  readonly baseUrls?: { readonly tavily?: string; readonly brave?: string }
  /** For one search. Default 15,000. */
  readonly timeoutMs?: number
}

const MAX_RESPONSE_BYTES = 2 * 1024 * 1024
/** Both Tavily and Brave advise or enforce it. */
const MAX_QUERY = 400

const input = z.object({
  query: z.string().trim().min(1).max(MAX_QUERY).describe('a few words, as for a search engine'),
  limit: z.number().int().min(1).max(20).default(8).describe('the most results to return'),
})
export type WebSearchInput = z.infer<typeof input>

/** Which provider `env` configures, the first of Tavily, Brave, SearXNG; undefined for none. */
export function searchProvider(env: Environment): SearchProvider | undefined {
  if (env['TAVILY_API_KEY']) return 'tavily'
  if (env['BRAVE_API_KEY']) return 'brave'
  return env['SEARXNG_URL'] ? 'searxng' : undefined
}

/** `web_search`. Its calls throw `search-unconfigured`, `rate-limited`, `tool-failed`, `attempt-timeout`, `cancelled`. */
export function webSearchTool(options: WebSearchOptions): Tool<WebSearchInput, SearchResult[]> {
  return defineTool<WebSearchInput, SearchResult[]>({
    name: 'web_search',
    description:
      'Searches the web and returns titles, addresses and short excerpts. Read a page with fetch_url.',
    input,
    effect: 'pure',
    capability: 'net',
    untrusted: true,
    run: (query, { signal }) => webSearch(query, { ...options, signal }),
  })
}

async function webSearch(
  { query, limit }: WebSearchInput,
  { signal, ...options }: WebSearchOptions & { readonly signal: AbortSignal },
): Promise<SearchResult[]> {
  const { env, fetch = globalThis.fetch, timeoutMs = 15_000 } = options
  const provider = searchProvider(env)
  if (provider === undefined) throw unconfigured()
  const { url, init } = REQUESTS[provider](query, limit, options)
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  const timeout = new RuntimeError('attempt-timeout', `${provider} did not answer within ${timeoutMs} ms`)
  const timer = setTimeout(() => stop.abort(timeout), timeoutMs)
  try {
    // A redirect could carry the key to another host.
    const response = await fetch(url, { ...init, redirect: 'error', signal: stop.signal })
    if (provider === 'searxng' && response.status === 403) throw jsonDisabled(403)
    refuseBadStatus(response, provider, Date.now())
    const body = await readBody(response, provider, MAX_RESPONSE_BYTES)
    return readResults(provider, body).slice(0, limit)
  } catch (thrown) {
    if (stop.signal.aborted) throw asCancelled(stop.signal.reason)
    if (thrown instanceof RuntimeError) throw thrown
    throw new RuntimeError('tool-failed', `${provider} could not be reached`, {
      fix: provider === 'searxng' ? 'check SEARXNG_URL and that it runs' : 'check the network',
      cause: thrown,
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

interface SearchRequest {
  readonly url: URL
  readonly init: RequestInit
}
type BuildRequest = (query: string, limit: number, options: WebSearchOptions) => SearchRequest

const REQUESTS: Readonly<Record<SearchProvider, BuildRequest>> = {
  tavily: (query, limit, { env, baseUrls }) => ({
    url: endpoint(baseUrls?.tavily ?? 'https://api.tavily.com', 'search'),
    init: {
      method: 'POST',
      headers: {
        authorization: `Bearer ${env['TAVILY_API_KEY']?.trim()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ query, max_results: limit, search_depth: 'basic' }),
    },
  }),
  brave: (query, limit, { env, baseUrls }) => {
    const url = endpoint(baseUrls?.brave ?? 'https://api.search.brave.com', 'res/v1/web/search')
    url.search = new URLSearchParams({ q: query, count: String(limit) }).toString()
    const key = env['BRAVE_API_KEY']?.trim() ?? ''
    return { url, init: { headers: { accept: 'application/json', 'x-subscription-token': key } } }
  },
  searxng: (query, _limit, { env }) => {
    const url = endpoint(env['SEARXNG_URL'] ?? '', 'search')
    url.search = new URLSearchParams({ q: query, format: 'json' }).toString()
    return { url, init: { headers: { accept: 'application/json' } } }
  },
}

/** `path` below `base`, which may itself have a path and may or may not end in `/`. */
function endpoint(base: string, path: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:')
    return new URL(path, `${url.origin}${url.pathname.replace(/\/*$/, '/')}`)
  throw new RuntimeError('url-refused', 'the address of the search provider is not an http(s) URL', {
    fix: 'set SEARXNG_URL to the address of the instance, for example http://localhost:8080',
  })
}

const text = z
  .string()
  .nullish()
  .transform(value => value ?? '')
const hit = z.object({ title: text, url: z.string(), content: text, description: text })
const hits = z.object({ results: z.array(hit) })
/** Brave leaves `web` out when nothing was found. */
const braveAnswer = z.object({ web: hits.nullish() })

function readResults(provider: SearchProvider, body: Uint8Array): SearchResult[] {
  const answer = parseAnswer(provider, body)
  return answer.flatMap(({ title, url, content, description }) => {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return []
    // Brave marks the words of the query with tags in its descriptions.
    const snippet = provider === 'brave' ? htmlToText(description) : content
    return [{ title: provider === 'brave' ? htmlToText(title) : title, url, snippet: oneLine(snippet) }]
  })
}

function parseAnswer(provider: SearchProvider, body: Uint8Array): z.infer<typeof hit>[] {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(body))
    return provider === 'brave' ? (braveAnswer.parse(json).web?.results ?? []) : hits.parse(json).results
  } catch (cause) {
    if (provider === 'searxng') throw jsonDisabled(200, cause)
    throw new RuntimeError(
      'tool-failed',
      `the answer of ${provider} is not what its documentation describes`,
      {
        retryable: false,
        fix: 'update agenticraft, or use another search provider',
        cause,
      },
    )
  }
}

/** Most instances answer in HTML only, with 403 for other formats, until their operator allows more. */
const jsonDisabled = (status: number, cause?: unknown): RuntimeError =>
  new RuntimeError('tool-failed', 'the SearXNG instance does not answer in JSON', {
    retryable: false,
    fix: 'add json to search.formats in the settings.yml of the instance',
    cause,
    details: { status },
  })

const oneLine = (value: string): string => value.replace(/\s+/g, ' ').trim()

const asCancelled = (reason: unknown): RuntimeError =>
  reason instanceof RuntimeError ? reason : new RuntimeError('cancelled', 'the search was cancelled')

const unconfigured = (): RuntimeError =>
  new RuntimeError('search-unconfigured', 'no web search provider is configured', {
    why: 'neither TAVILY_API_KEY nor BRAVE_API_KEY nor SEARXNG_URL is set',
    fix: 'set TAVILY_API_KEY (tavily.com), or BRAVE_API_KEY (brave.com/search/api), or SEARXNG_URL (the address of a SearXNG instance)',
  })
