/**
 * Turns whatever a model provider threw, or put into its stream, into a `RuntimeError` that a supervisor can
 * act on. Called by ai-sdk.ts only. Errors are read by their shape, never by class: every provider package
 * brings its own copy of the error classes.
 */
import { type ErrorKind, type ErrorOptions, RuntimeError } from '../../actors/errors.ts'
import { retryAfterMs } from './retry-after.ts'

export interface ErrorOrigin {
  /** `provider:model`. */
  readonly model: string
  /** The environment variable that holds the key, when it is known. */
  readonly keyVariable?: string
  /** Removes secrets from a text. */
  redact(text: string): string
  /** Milliseconds since the epoch, for a Retry-After that is a date. */
  now(): number
}

/** What can be known of a foreign error; everything optional. */
interface Facts {
  readonly name: string
  readonly message: string
  readonly status: number | undefined
  /** The provider's or the network's codes: `context_length_exceeded`, `ECONNREFUSED`. */
  readonly codes: readonly string[]
  readonly headers: Readonly<Record<string, string | undefined>>
}

interface Verdict extends Pick<ErrorOptions, 'fix' | 'retryable'> {
  readonly kind: ErrorKind
  readonly what: string
  /** True when the provider's own words help and cannot hold a payload or a key. */
  readonly quote: boolean
}

const LONGEST_QUOTE = 300

/** The words of OpenAI, Anthropic, Google, vLLM and llama.cpp for a prompt that does not fit. */
const TOO_LONG =
  /context[_ -]?(length|window|size)|maximum context|prompt is too long|input is too long|too many (input )?tokens|token count .{0,40}exceeds|exceed_context|reduce the length of/i

/** Faults of the request as the SDK itself finds them: making the same call again cannot help. */
const REJECTED_BY_SDK =
  /^AI_(UnsupportedFunctionality|InvalidPrompt|InvalidArgument|NoSuchModel|LoadSetting|LoadAPIKey)Error$/

/** Their messages quote the text that could not be read, in full. */
const UNREADABLE = /^(AI_(JSONParse|TypeValidation|InvalidResponseData|EmptyResponseBody)Error|SyntaxError)$/

/** `thrown` as a `RuntimeError`: `rate-limited`, `model-failed`, `model-rejected` or `context-overflow`. */
export function toModelError(thrown: unknown, origin: ErrorOrigin): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown
  const facts = read(thrown)
  const { kind, what, quote, ...advice } = judge(facts, origin)
  const words = quote ? clip(origin.redact(facts.message)) : ''
  const wait = retryAfterMs(facts.headers, origin.now())
  const requestId = facts.headers['x-request-id'] ?? facts.headers['request-id']
  return new RuntimeError(kind, `${origin.model} ${what}`, {
    ...advice,
    ...(words && { why: words }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    cause: scrubbed(thrown, facts.name, words, origin),
    details: {
      model: origin.model,
      ...(facts.status !== undefined && { status: facts.status }),
      ...(facts.codes.length > 0 && { codes: facts.codes.map(origin.redact) }),
      ...(requestId !== undefined && { requestId: clip(origin.redact(requestId)) }),
    },
  })
}

function judge(facts: Facts, origin: ErrorOrigin): Verdict {
  const { status, name } = facts
  const words = [...facts.codes, facts.message].join(' ')
  const answered = status === undefined ? 'reported an error' : `answered ${status}`
  if (isRequestFault(status) && TOO_LONG.test(words)) return tooLong
  if (status === 429 || /rate_limit|RESOURCE_EXHAUSTED/.test(facts.codes.join(' '))) {
    return rateLimited(words, answered)
  }
  if (isKeyFault(facts)) return keyRefused(answered, origin)
  if (UNREADABLE.test(name) || isSuccess(status)) return unreadable
  if (isTransient(status)) return { kind: 'model-failed', what: answered, quote: true }
  if (status !== undefined || REJECTED_BY_SDK.test(name) || words.includes('invalid_request_error')) {
    return {
      kind: 'model-rejected',
      what: `rejected the request (${status ?? name})`,
      quote: true,
      fix: FIX_REQUEST,
    }
  }
  return { kind: 'model-failed', what: 'failed or could not be reached', quote: true, fix: FIX_NETWORK }
}

const FIX_REQUEST =
  'check that the model exists, that the key may use it, and that it supports what was asked'
const FIX_NETWORK = 'check the network, and the base URL if one is set'

const isSuccess = (status: number | undefined) => status !== undefined && status >= 200 && status < 300
const isTransient = (status: number | undefined) =>
  status !== undefined && (status === 408 || status === 409 || status >= 500)
const isRequestFault = (status: number | undefined) =>
  status === undefined || status === 400 || status === 413 || status === 422
const isKeyFault = ({ status, codes }: Facts) =>
  status === 401 ||
  status === 403 ||
  (status === undefined && codes.some(code => /authentication|permission|invalid_api_key/i.test(code)))

const tooLong: Verdict = {
  kind: 'context-overflow',
  what: 'cannot take a conversation of this length',
  quote: true,
  fix: 'shorten or compact the conversation, or use a model with a larger context',
}

const unreadable: Verdict = {
  kind: 'model-failed',
  what: 'sent a response that cannot be read',
  quote: false,
}

/** A used-up quota is a 429 too (OpenAI), but waiting does not refill it. */
const rateLimited = (words: string, answered: string): Verdict =>
  words.includes('insufficient_quota')
    ? {
        kind: 'rate-limited',
        what: `${answered}: the quota is used up`,
        quote: true,
        retryable: false,
        fix: "check the account's plan and billing",
      }
    : { kind: 'rate-limited', what: `${answered}: more calls than the provider allows`, quote: true }

/** Never quoted: providers repeat the key, or most of it, in this message. */
const keyRefused = (answered: string, { keyVariable }: ErrorOrigin): Verdict => ({
  kind: 'model-rejected',
  what: `${answered}: it does not accept the key`,
  quote: false,
  fix: keyVariable
    ? `set ${keyVariable} to a key that is valid for this model`
    : 'configure the provider with a key that is valid for this model',
})

function read(thrown: unknown): Facts {
  if (typeof thrown === 'string')
    return { name: '', message: thrown, status: undefined, codes: [], headers: {} }
  const error = record(thrown)
  // Stream errors come bare, or wrapped as { error: … }; API errors keep the provider's body in `data`.
  const inner = { ...record(error['error']), ...record(record(error['data'])['error']) }
  const codes = [error, inner, ...causes(error)].flatMap(of => [of['code'], of['type'], of['status']])
  return {
    name: text(error['name']),
    message: text(error['message']) || text(inner['message']),
    status: [error['statusCode'], error['code'], inner['code']].find(isStatus),
    codes: [...new Set(codes.filter(isCode))],
    headers: record(error['responseHeaders']) as Facts['headers'],
  }
}

/** The causes below an error, at most four: network faults sit two or three levels down. */
function causes(error: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] {
  const found: Readonly<Record<string, unknown>>[] = []
  let next = record(error['cause'])
  while (found.length < 4 && Object.hasOwn(next, 'message')) {
    found.push(next)
    next = record(next['cause'])
  }
  return found
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 100 && value < 600
const isCode = (value: unknown): value is string => typeof value === 'string' && /^[\w.-]{2,64}$/.test(value)
const clip = (words: string): string =>
  words.length <= LONGEST_QUOTE ? words : `${words.slice(0, LONGEST_QUOTE)}…`

/**
 * The original cannot be the cause: it carries the prompt, the response and sometimes the key, and loggers
 * print causes. Its name, the `words` that may be quoted and its stack frames are what a bug report needs.
 */
function scrubbed(thrown: unknown, name: string, words: string, { redact }: ErrorOrigin): Error {
  const cause = new Error(words)
  cause.name = name || 'Error'
  const frames = text(record(thrown)['stack'])
    .split('\n')
    .filter(line => /^\s+at /.test(line))
  cause.stack = [`${cause.name}: ${words}`, ...frames.map(redact)].join('\n')
  return cause
}
