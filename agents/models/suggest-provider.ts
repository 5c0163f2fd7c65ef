/** Which provider somebody meant who wrote something else. Called by providers.ts for its error; pure. */

/** Names of servers and model families, and the provider through which they are reached. */
const FAMILIES: readonly (readonly [pattern: RegExp, provider: string])[] = [
  [
    /^(ollama|vllm|llama|lm-?studio|local|mistral|qwen|deepseek|groq|together|openrouter)/i,
    'openai-compatible',
  ],
  [/^(gpt|chatgpt|o\d)/i, 'openai'],
  [/^claude/i, 'anthropic'],
  [/^(gemini|gemma|vertex)/i, 'google'],
]

/** More typing errors than this in a word are another word. */
const MAX_DISTANCE = 3

/** The provider of `providers` that `written` most likely stands for; undefined when none comes close. */
export function suggestProvider(written: string, providers: readonly string[]): string | undefined {
  const word = written.slice(0, 40).toLowerCase()
  const family = FAMILIES.find(([pattern]) => pattern.test(word))
  if (family) return family[1]
  const ranked = providers
    .map(provider => ({ provider, distance: editDistance(word, provider) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.min(MAX_DISTANCE, word.length / 2) ? best.provider : undefined
}

/** Levenshtein's distance (1966), by rows (Wagner and Fischer, 1974). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
