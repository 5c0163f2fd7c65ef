/** What was spent, and times, as people read them. */
import type { Usage } from '../actors/events.ts'

/** For example `5 model calls, 1200 tokens, $0.0123`; empty when nothing was spent. */
export function usageText({ inputTokens, outputTokens, modelCalls, costUsd }: Usage): string {
  const tokens = inputTokens + outputTokens
  const calls = modelCalls > 0 ? [`${modelCalls} model call${modelCalls === 1 ? '' : 's'}`] : []
  const spent = modelCalls > 0 || tokens > 0 ? [`${tokens} tokens`] : []
  return [...calls, ...spent, ...(costUsd ? [`$${costUsd.toFixed(4)}`] : [])].join(', ')
}

/** UTC, to the second. */
export const timeText = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
