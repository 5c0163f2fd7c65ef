/**
 * What the rest of the project knows of a language model. The AI SDK and its providers live behind this
 * contract, in this folder only. One call, no retries: the supervisor alone retries.
 */
import type { Usage } from '../../actors/events.ts'
import type { Plain } from '../../actors/plain.ts'

export type JsonSchema = { readonly [key: string]: Plain }

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** The arguments as the model wrote them, parsed; not yet checked against the tool's schema. */
  readonly input: Plain
}

export interface ToolResult {
  readonly id: string
  readonly name: string
  readonly output: Plain
  readonly failed?: boolean
}

export type ModelMessage =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly results: readonly ToolResult[] }

export interface ModelRequest {
  readonly messages: readonly ModelMessage[]
  readonly tools?: readonly {
    readonly name: string
    readonly description: string
    readonly input: JsonSchema
  }[]
  /** Ask for one JSON object of this schema instead of prose. */
  readonly schema?: JsonSchema
  readonly schemaName?: string
  readonly maxOutputTokens?: number
  readonly temperature?: number
}

export interface ModelResponse {
  readonly text: string
  readonly toolCalls: readonly ToolCall[]
  readonly finish: 'stop' | 'length' | 'tool-calls' | 'refused' | 'other'
  readonly usage: Usage
  /** `provider:model` as configured. */
  readonly model: string
}

export interface ModelCallOptions {
  readonly signal: AbortSignal
  /**
   * Called for every piece of text as it arrives, and with '' for other signs of life (the model reasons, or
   * writes a tool call): every call proves progress.
   */
  onDelta?(text: string): void
}

/** USD per million tokens. */
export interface Prices {
  readonly inputPerMillion: number
  readonly outputPerMillion: number
}

export interface Model {
  /** `provider:model`, for people, metrics and the circuit breaker. */
  readonly id: string
  /** What it costs, where that is known: a budget in money is checked with it before a call. */
  readonly prices?: Prices
  /**
   * One request, streamed underneath. Throws `rate-limited` (with retryAfterMs), `model-failed`,
   * `model-rejected`, `context-overflow`, `cancelled`; never retries.
   */
  generate(request: ModelRequest, options: ModelCallOptions): Promise<ModelResponse>
}
