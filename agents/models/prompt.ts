/**
 * Our request as the AI SDK's call options. Called by ai-sdk.ts only; pure.
 */
import type {
  LanguageModelV3CallOptions,
  LanguageModelV3FunctionTool,
  LanguageModelV3Message,
  LanguageModelV3ToolResultPart,
} from '@ai-sdk/provider'
import type { Plain } from '../../actors/plain.ts'
import type { JsonSchema, ModelMessage, ModelRequest, ToolResult } from './model.ts'
import { isStrictSchema } from './strict-schema.ts'

type InputSchema = LanguageModelV3FunctionTool['inputSchema']
type Json = Extract<LanguageModelV3ToolResultPart['output'], { type: 'json' }>['value']

/** The call options for `request`; messages without any content are left out (providers refuse them). */
export function toCallOptions(request: ModelRequest, signal: AbortSignal): LanguageModelV3CallOptions {
  const { messages, tools = [], schema, schemaName, maxOutputTokens, temperature } = request
  return {
    prompt: messages.flatMap(toMessage),
    abortSignal: signal,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(tools.length > 0 && { tools: tools.map(toTool) }),
    ...(schema && schemaOptions(schema, schemaName)),
  }
}

/** Each provider reads only the options under its own name. */
function schemaOptions(schema: JsonSchema, name = 'answer') {
  const strict = isStrictSchema(schema)
  return {
    responseFormat: { type: 'json' as const, schema: schema as InputSchema, name },
    ...(!strict && {
      providerOptions: { openai: { strictJsonSchema: false }, openaiCompatible: { strictJsonSchema: false } },
    }),
  }
}

const toTool = (tool: NonNullable<ModelRequest['tools']>[number]): LanguageModelV3FunctionTool => ({
  type: 'function',
  name: tool.name,
  description: tool.description,
  inputSchema: tool.input as InputSchema,
})

function toMessage(message: ModelMessage): LanguageModelV3Message[] {
  switch (message.role) {
    case 'system':
      return message.text ? [{ role: 'system', content: message.text }] : []
    case 'user':
      return message.text ? [{ role: 'user', content: [{ type: 'text', text: message.text }] }] : []
    case 'assistant': {
      const calls = (message.toolCalls ?? []).map(({ id, name, input }) => ({
        type: 'tool-call' as const,
        toolCallId: id,
        toolName: name,
        input: toJson(input),
      }))
      const text = message.text ? [{ type: 'text' as const, text: message.text }] : []
      return text.length + calls.length > 0 ? [{ role: 'assistant', content: [...text, ...calls] }] : []
    }
    case 'tool':
      return message.results.length > 0 ? [{ role: 'tool', content: message.results.map(toResult) }] : []
  }
}

const toResult = ({ id, name, output, failed }: ToolResult): LanguageModelV3ToolResultPart => ({
  type: 'tool-result',
  toolCallId: id,
  toolName: name,
  output:
    typeof output === 'string'
      ? { type: failed ? 'error-text' : 'text', value: output }
      : { type: failed ? 'error-json' : 'json', value: toJson(output) },
})

/** Plain data without bytes, which JSON does not have: they become base64 text. */
function toJson(value: Plain): Json {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]))
}
