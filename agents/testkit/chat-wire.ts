/**
 * OpenAI's chat completions as bytes: what a client sends, and how an answer looks whole and streamed.
 * Called by model-server.ts; pure. Source: the OpenAI API reference, "chat completions" and "streaming".
 */

/** The parts of a request that tests look at; the rest is there too. */
export interface ChatBody {
  readonly model: string
  readonly messages: readonly {
    readonly role: string
    readonly content?: unknown
    readonly tool_calls?: unknown
    readonly tool_call_id?: string
  }[]
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters?: unknown } }[]
  readonly response_format?: {
    readonly type: string
    readonly json_schema?: { readonly name: string; readonly strict?: boolean; readonly schema: unknown }
  }
  readonly [key: string]: unknown
}

export interface Completion {
  readonly text?: string
  /** Answered as its JSON text. */
  readonly object?: unknown
  /** `input` is written as JSON, unless it is a string: then as it stands, which may be malformed. */
  readonly toolCalls?: readonly { readonly name: string; readonly input: unknown }[]
  /** The default is `tool_calls` with tool calls, else `stop`. */
  readonly finish?: string
  /** The default counts words: good enough to see that numbers arrive, and nobody's real tokens. */
  readonly usage?: { readonly input: number; readonly output: number }
}

interface WireCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

export interface WireCompletion {
  readonly head: { readonly id: string; readonly created: number; readonly model: string }
  readonly content: string
  readonly toolCalls: readonly WireCall[]
  readonly finish: string
  readonly usage: {
    readonly prompt_tokens: number
    readonly completion_tokens: number
    readonly total_tokens: number
  }
  /** OpenAI streams the usage only to clients that ask for it. */
  readonly streamUsage: boolean
}

/** The n-th answer, ready to be written. `invalid` wraps its JSON in an array. */
export function completionOf(
  body: ChatBody,
  answer: Completion,
  n: number,
  invalid: boolean,
): WireCompletion {
  const { text = '', object, toolCalls = [], finish, usage } = answer
  const content = object === undefined ? text : JSON.stringify(object)
  const calls = toolCalls.map(({ name, input }, i) => ({
    id: `call_${n}_${i}`,
    type: 'function' as const,
    function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
  }))
  const prompt = usage?.input ?? words(JSON.stringify(body.messages))
  const output = usage?.output ?? words(content + JSON.stringify(calls))
  return {
    head: { id: `chatcmpl-${n}`, created: Math.floor(Date.now() / 1000), model: body.model },
    content: invalid ? `[${content}]` : content,
    toolCalls: calls,
    finish: finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
    usage: { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output },
    streamUsage: body.stream_options?.include_usage === true,
  }
}

/** The body of an answer that is not streamed. */
export function completionText({ head, content, toolCalls, finish, usage }: WireCompletion): string {
  const message = { role: 'assistant', content, ...(toolCalls.length > 0 && { tool_calls: toolCalls }) }
  const choices = [{ index: 0, message, finish_reason: finish }]
  return JSON.stringify({ ...head, object: 'chat.completion', choices, usage })
}

/** The server-sent events of a streamed answer, word by word, ending in `[DONE]`. */
export function streamEvents(completion: WireCompletion): string[] {
  const { head, content, toolCalls, finish, usage, streamUsage } = completion
  const event = (rest: object) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...rest })}\n\n`
  const delta = (delta: object, reason: string | null = null) =>
    event({ choices: [{ index: 0, delta, finish_reason: reason }] })
  return [
    delta({ role: 'assistant', content: '' }),
    ...content
      .split(/(?<=\s)/)
      .filter(Boolean)
      .map(piece => delta({ content: piece })),
    ...toolCalls.flatMap((call, index) => callDeltas(call, index).map(part => delta({ tool_calls: [part] }))),
    delta({}, finish),
    ...(streamUsage ? [event({ choices: [], usage })] : []),
    'data: [DONE]\n\n',
  ]
}

/** The name first, then the arguments in two halves, as OpenAI does. */
function callDeltas(call: WireCall, index: number): object[] {
  const { name, arguments: text } = call.function
  const middle = Math.ceil(text.length / 2)
  return [
    { index, id: call.id, type: 'function', function: { name, arguments: '' } },
    ...[text.slice(0, middle), text.slice(middle)].map(half => ({ index, function: { arguments: half } })),
  ]
}

const words = (text: string): number => text.split(/\s+/).filter(Boolean).length
