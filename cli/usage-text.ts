/** What was spent, times, sizes and counts, as people read them. */
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

/** UTC, to the minute: `2026-11-22 10:02Z`. A number that is no time stays one. */
export const minuteText = (at: number): string =>
  Number.isNaN(new Date(at).getTime())
    ? String(at)
    : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`

/** For example `1.5 MB`. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const amount = bytes / 1_000 ** step
  return `${step === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[step]}`
}

/** `1 memory`, `2 memories`; `several` where an s is not enough. */
export const countOf = (count: number, one: string, several = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`
