/**
 * Takes secrets out of text and data before they are written anywhere: by key (`authorization`, `apiKey`…),
 * by shape (what providers issue as keys), and by value (the secrets this process knows). The logger passes
 * every finished line through it. It errs on the side of removing too much.
 */

/** What stands where a secret stood. */
export const REDACTED = '[redacted]'

export interface Redactor {
  text(text: string): string
  /** A copy of parsed JSON without secrets, in keys and values alike. Long texts are shortened. */
  data(value: unknown): unknown
}

/** A shorter "secret" would blank out ordinary words; nobody issues keys this short. */
const SHORTEST_SECRET = 6
/** Deeper data is no log entry any more, and recursion has to end. */
const MAX_DEPTH = 32
/** Characters of one value that a log line keeps. Cut after redaction, so that no half of a secret survives. */
const MAX_TEXT = 8_192

const MAX_KEYS = 500

/** Compared with a key in lower case without punctuation: `X-Api-Key` reads `xapikey`. */
const SECRET_PARTS =
  /authorization|apikey|accesskey|privatekey|signingkey|password|passwd|passphrase|secret|cookie|credential|bearer|jwt/
const SECRET_ENDS = /(?:token|pwd|auth|dsn)$/
const TOKEN_LISTS = /tokens$/

const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Private keys, also when the text ends inside one.
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED],
  // authorization: Bearer x, "x-api-key": "x", ?access_token=x
  [
    /((?:authorization|cookie|api[-_ ]?key|access[-_]?key|[-_?&]token|\btoken(?==)|access[-_]?token|auth[-_]?token|client[-_]?secret|passwo?r?d|passphrase)\\?["']?\s{0,8}[:=]\s{0,8}\\?["']?)(?:(?:bearer|basic|token)\s{1,8})?[^\s"'\\,;&}]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(bearer)\s{1,8}[^\s"'\\,;]+/gi, `$1 ${REDACTED}`],
  // A word after "basic" is a credential only if it looks encoded: "basic research" stays.
  [/\b([Bb]asic|BASIC)\s{1,8}(?=[a-z+/]*[A-Z0-9=])[\w+/]{8,}={0,2}/g, `$1 ${REDACTED}`],
  // OpenAI, Anthropic, Groq, xAI, Hugging Face, Stripe and others: sk-…, gsk_…, xai-…, hf_…
  [
    /(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|xai|hf|key|npm|pplx|glpat|dop_v1|r8|tvly|whsec)[-_][\w*-]{8,}/g,
    REDACTED,
  ],
  [/AIza[\w*-]{8,}/g, REDACTED],
  [/(?<![A-Za-z0-9])ya29\.[\w.-]{8,}/g, REDACTED],
  [/(?<![A-Za-z0-9])(?:gh[pousr]_\w{16,}|github_pat_\w{16,})/g, REDACTED],
  [/(?<![A-Za-z0-9])xox[a-z]-[\w-]{8,}/g, REDACTED],
  [/(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])/g, REDACTED],
  // JSON web tokens
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, REDACTED],
  // NATS seeds: https://docs.nats.io (nkeys), 58 characters of base32
  [/(?<![A-Z0-9])S[ACNOUX][A-Z2-7]{56}(?![A-Z0-9])/g, REDACTED],
  // user:password@ in a URL
  [/\/\/[^/\s@"']{1,512}@/g, `//${REDACTED}@`],
]

/** Whether any pattern of these flags matches: most texts hold no secret, and one look is cheaper than many. */
const anyOf = (flags: string): RegExp =>
  new RegExp(
    PATTERNS.filter(([pattern]) => pattern.flags === flags)
      .map(([pattern]) => `(?:${pattern.source})`)
      .join('|'),
    flags.replace('g', ''),
  )
const SUSPICIOUS = [anyOf('g'), anyOf('gi')]

/** The values of `env` whose names end in _KEY, _TOKEN, _SECRET or _PASSWORD, in any case. */
export const secretsOf = (env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value && /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD)$/i.test(name) ? [value] : [],
  )

/** Removes `secrets` (of 6 characters or more), and whatever looks like one. */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const known = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  const text = (value: string): string => {
    const bare = known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), value)
    if (!SUSPICIOUS.some(pattern => pattern.test(bare))) return bare
    return PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), bare)
  }
  // The same few keys stand in every line; what is thought of them is kept, up to a limit.
  const keys = new Map<string, RedactedKey>()
  const keyed = (key: string): RedactedKey => {
    const found = keys.get(key) ?? { name: text(key), hides: hiddenBy(key) }
    if (keys.size < MAX_KEYS && key.length < 100) keys.set(key, found)
    return found
  }
  const data = (value: unknown, depth = 0): unknown => {
    if (typeof value === 'string') return shortened(text(value))
    if (typeof value !== 'object' || value === null) return known.includes(String(value)) ? REDACTED : value
    if (depth >= MAX_DEPTH) return '[too deep]'
    if (Array.isArray(value)) return value.map(entry => data(entry, depth + 1))
    const bytes = bufferSize(value)
    if (bytes !== undefined) return `[${bytes} bytes]`
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => {
        const { name, hides } = keyed(key)
        const secret = hides === 'all' || (hides === 'lists' && typeof entry !== 'number' && entry !== null)
        return [name, secret ? REDACTED : data(entry, depth + 1)]
      }),
    )
  }
  return { text, data: value => data(value) }
}

/** A secret also travels in JSON inside a text, in URLs and in headers: as it is, escaped (twice, too), encoded. */
function formsOf(secret: string): readonly string[] {
  const bare = secret.trim()
  if (bare.length < SHORTEST_SECRET) return []
  const bytes = Buffer.from(bare)
  const escaped = inJson(bare)
  return [
    bare,
    escaped,
    inJson(escaped),
    encodeURIComponent(bytes.toString()),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ]
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

interface RedactedKey {
  readonly name: string
  /** `lists`: anything but a number, because counts (`inputTokens: 12`) are no secrets. */
  readonly hides: 'all' | 'lists' | 'nothing'
}

function hiddenBy(key: string): RedactedKey['hides'] {
  const plain = key.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (SECRET_PARTS.test(plain) || SECRET_ENDS.test(plain)) return 'all'
  return TOKEN_LISTS.test(plain) ? 'lists' : 'nothing'
}

/** How `JSON.stringify` writes a Buffer: `{ type: 'Buffer', data: [1, 2] }`. */
function bufferSize(value: object): number | undefined {
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown }
  return type === 'Buffer' && Array.isArray(data) ? data.length : undefined
}

const shortened = (text: string): string =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more)`
