/**
 * The one place that knows the AI SDK's language model interface, version 3. `fromLanguageModel` makes a
 * `Model` of any such object; providers.ts and users who bring their own model object call it. One call is
 * one request: `doStream` and `doGenerate` do not retry. Retries are a matter of the SDK's `generateText`,
 * which is not used here (checked in the four packages; Google's interactions API, which reconnects a
 * background stream, is not what a model name leads to). providers.int.test.ts counts the requests.
 */
import type { LanguageModelV3, LanguageModelV3StreamPart, LanguageModelV3Usage } from '@ai-sdk/provider'
import { RuntimeError } from '../../actors/errors.ts'
import type { Usage } from '../../actors/events.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import { createRedactor } from '../../runtime/telemetry/redact.ts'
import { abortError } from './abort.ts'
import type { Model, ModelCallOptions, ModelRequest, ModelResponse, Prices, ToolCall } from './model.ts'
import { toModelError } from './model-error.ts'
import { toCallOptions } from './prompt.ts'

export interface LanguageModelOptions {
  /** `provider:model`; the default is made of the model object's own names. */
  readonly id?: string
  /** Without prices the cost of a call is unknown (null). Cached input counts at the full price. */
  readonly prices?: Prices
  /** The environment variable that holds the key, to name it when the provider refuses the key. */
  readonly keyVariable?: string
  /** Texts that must never stand in an error. */
  readonly secrets?: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** No honest answer is longer (UTF-16 units); a server that never stops must not fill the memory. */
const MAX_ANSWER = 16_000_000

type Parts = AsyncGenerator<LanguageModelV3StreamPart, void, void>
type Finish = Extract<LanguageModelV3StreamPart, { type: 'finish' }>
type RawCall = Extract<LanguageModelV3StreamPart, { type: 'tool-call' }>

interface Answer {
  readonly text: string
  readonly calls: readonly RawCall[]
  readonly finish: Finish
}

/** A `Model` over an AI SDK language model. See `Model.generate` for the errors of a call. */
export function fromLanguageModel(model: LanguageModelV3, options: LanguageModelOptions = {}): Model {
  const id = options.id ?? `${model.provider.split('.')[0]}:${model.modelId}`
  const origin = {
    model: id,
    ...(options.keyVariable !== undefined && { keyVariable: options.keyVariable }),
    redact: createRedactor(options.secrets).text,
    now: options.now ?? Date.now,
  }
  const toError = (thrown: unknown, signal: AbortSignal) =>
    signal.aborted ? abortError(id, signal) : toModelError(thrown, origin)
  return {
    id,
    ...(options.prices && { prices: options.prices }),
    async generate(request: ModelRequest, call: ModelCallOptions): Promise<ModelResponse> {
      const { signal } = call
      if (signal.aborted) throw abortError(id, signal)
      const parts = mapErrors(open(model, request, signal), thrown => toError(thrown, signal))
      const answer = await collect(id, parts, call, thrown => toError(thrown, signal))
      return toResponse(id, answer, options.prices)
    },
  }
}

/** The answer as stream parts, from `doStream`, or from `doGenerate` where a model cannot stream. */
async function* open(model: LanguageModelV3, request: ModelRequest, signal: AbortSignal): Parts {
  const callOptions = toCallOptions(request, signal)
  if (typeof model.doStream === 'function') {
    const opening = Promise.resolve(model.doStream(callOptions))
    const { stream } = await untilAborted(opening, signal, late => cancel(late.stream))
    yield* readStream(stream, signal)
    return
  }
  const result = await untilAborted(Promise.resolve(model.doGenerate(callOptions)), signal)
  for (const part of result.content) {
    if (part.type === 'text') yield { type: 'text-delta', id: '0', delta: part.text }
    if (part.type === 'tool-call') yield part
  }
  yield { type: 'finish', finishReason: result.finishReason, usage: result.usage }
}

/** Ends early, without an error, when `signal` aborts: a cancelled reader's pending read is done at once. */
async function* readStream(stream: ReadableStream<LanguageModelV3StreamPart>, signal: AbortSignal): Parts {
  const reader = stream.getReader()
  const stop = () => cancel(reader)
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) return
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    signal.removeEventListener('abort', stop)
    // Also when the caller stopped listening: an unread stream would keep its connection.
    stop()
  }
}

/** A stream that has failed rejects its cancellation with the failure that `read` has already reported. */
function cancel(stream: Pick<ReadableStream, 'cancel'>): void {
  stream.cancel().catch(() => undefined)
}

/** `work`, or a rejection as soon as `signal` aborts: a model that ignores its signal must not hold us up. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, late?: (value: T) => void): Promise<T> {
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason)
      work.then(late, () => undefined)
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (stop) signal.removeEventListener('abort', stop)
  }
}

/** Maps what the source throws; what the consumer of the parts throws passes by untouched. */
async function* mapErrors(parts: Parts, toError: (thrown: unknown) => RuntimeError): Parts {
  try {
    yield* parts
  } catch (thrown) {
    throw toError(thrown)
  }
}

async function collect(
  id: string,
  parts: Parts,
  { signal, onDelta }: ModelCallOptions,
  toError: (thrown: unknown) => RuntimeError,
): Promise<Answer> {
  const calls: RawCall[] = []
  let text = ''
  let size = 0
  for await (const part of parts) {
    size += sizeOf(part)
    if (size > MAX_ANSWER) throw new RuntimeError('too-large', `${id} sent an answer that does not end`)
    switch (part.type) {
      case 'text-delta':
        text += part.delta
        onDelta?.(part.delta)
        break
      case 'reasoning-delta':
      case 'tool-input-delta':
        onDelta?.('')
        break
      case 'tool-call':
        // A call that the provider has already executed on its side is not ours to execute.
        if (!part.providerExecuted) calls.push(part)
        break
      case 'error':
        throw toError(part.error)
      case 'finish':
        return { text, calls, finish: part }
    }
  }
  if (signal.aborted) throw abortError(id, signal)
  throw new RuntimeError('model-failed', `${id} stopped in the middle of its answer`, {
    why: 'the stream ended without a finish part',
    details: { model: id },
  })
}

function sizeOf(part: LanguageModelV3StreamPart): number {
  if ('delta' in part) return part.delta.length
  return part.type === 'tool-call' ? part.input.length : 0
}

function toResponse(id: string, { text, calls, finish }: Answer, prices: Prices | undefined): ModelResponse {
  const usage = toUsage(finish.usage, prices)
  const { unified } = finish.finishReason
  if (unified === 'error') {
    throw new RuntimeError('model-failed', `${id} ended its answer with an error`, {
      details: { model: id, usage },
    })
  }
  const toolCalls = calls.map(call => toToolCall(id, call, unified === 'length', usage))
  // Some servers say "stop" although they call tools.
  const calling = toolCalls.length > 0 && (unified === 'stop' || unified === 'other')
  const reason = unified === 'content-filter' ? 'refused' : unified
  return { text, toolCalls, finish: calling ? 'tool-calls' : reason, usage, model: id }
}

/** Throws `model-failed`, with the usage in its details: those tokens were spent. */
function toToolCall(
  id: string,
  { toolCallId, toolName, input }: RawCall,
  cut: boolean,
  usage: Usage,
): ToolCall {
  try {
    // No arguments at all is how some providers write an empty object.
    const parsed: Plain = input.trim() === '' ? {} : toPlain(JSON.parse(input), 'arguments')
    return { id: toolCallId, name: toolName, input: parsed }
  } catch {
    // The parser's message is dropped: it quotes the arguments.
    const name = toolName.slice(0, 64)
    throw new RuntimeError('model-failed', `${id} called "${name}" with malformed arguments`, {
      why: cut
        ? 'the answer was cut off at its output token limit'
        : `its ${input.length} characters of arguments are not valid JSON`,
      ...(cut && { fix: 'raise maxOutputTokens' }),
      details: { model: id, tool: name, usage },
    })
  }
}

function toUsage(usage: LanguageModelV3Usage, prices: Prices | undefined): Usage {
  const input = count(usage.inputTokens.total)
  const output = count(usage.outputTokens.total)
  const known = prices !== undefined && input !== undefined && output !== undefined
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    modelCalls: 1,
    toolCalls: 0,
    costUsd: known ? (input * prices.inputPerMillion + output * prices.outputPerMillion) / 1e6 : null,
  }
}

const count = (tokens: number | undefined): number | undefined =>
  typeof tokens === 'number' && Number.isFinite(tokens) && tokens >= 0 ? tokens : undefined
