/**
 * Takes secrets out of text that came from a provider or a library before it may stand in an error. Used
 * for every such text in this folder. It errs on the side of removing too much.
 */

/** What replaces a secret. */
export const REDACTED = '[redacted]'

/** A shorter "secret" would blank out ordinary words; no provider issues keys this short. */
const SHORTEST_SECRET = 6

const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(bearer|basic)\s+[^\s"',;]+/gi, `$1 ${REDACTED}`],
  [
    /\b((?:x-)?(?:goog-)?api[-_ ]?key(?: provided)?|authorization|access[-_]token)(["']?\s*[:=]\s*["']?)[^\s"',&}]+/gi,
    `$1$2${REDACTED}`,
  ],
  // The shapes in which providers issue keys: sk-…, sk-ant-…, gsk_…, xai-…, AIza….
  [/\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][\w*-]{8,}/gi, REDACTED],
  [/\bAIza[\w*-]{8,}/g, REDACTED],
  // user:password@ in a URL
  [/\/\/[^/\s@"']+@/g, `//${REDACTED}@`],
]

/** A function that removes `secrets`, and whatever looks like a key, from a text. */
export function redactor(secrets: readonly string[] = []): (text: string) => string {
  const known = secrets.filter(secret => secret.length >= SHORTEST_SECRET)
  return text => {
    const bare = known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text)
    return PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), bare)
  }
}
