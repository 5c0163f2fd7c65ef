/**
 * Structured output: a zod schema as a JSON schema for the model, the model's text as a checked value, and
 * the message that sends a wrong answer back once. Pure; the agent's machine drives the repair round.
 */
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import { toPlain } from '../../actors/plain.ts'
import type { JsonSchema, ModelMessage } from './model.ts'

export type ObjectReading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string }

/** Enough for a model to repair its answer; a wrong list of a thousand items has a thousand problems. */
const MAX_PROBLEMS = 10
const MAX_PROBLEM_LENGTH = 300

/**
 * The JSON schema (draft 2020-12, without `$schema`) of what `schema` accepts. Objects are closed unless the
 * schema says otherwise, as strict modes demand. Throws `definition-invalid` for a schema that JSON cannot
 * express (dates, bigints, functions) or whose root is not an object, which every provider requires.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = convert(schema) as Readonly<Record<string, unknown>>
  const type = json['type']
  if (type !== undefined && type !== 'object') {
    throw new RuntimeError('definition-invalid', `a schema for a model has the root type "${String(type)}"`, {
      why: 'model providers accept only an object at the root',
      fix: 'wrap it, for example z.object({ items: z.array(…) })',
    })
  }
  return toPlain(json, 'schema') as JsonSchema
}

function convert(schema: z.ZodType): object {
  try {
    return z.toJSONSchema(schema, { io: 'input', override: ({ jsonSchema }) => close(jsonSchema) })
  } catch (cause) {
    throw new RuntimeError('definition-invalid', 'a schema cannot be shown to a model', {
      why: cause instanceof Error ? cause.message : String(cause),
      fix: 'use types that JSON has, for example z.string() with a format instead of z.date()',
      cause,
    })
  }
}

function close(node: { properties?: unknown; additionalProperties?: unknown }): void {
  if (node.properties !== undefined && node.additionalProperties === undefined) {
    node.additionalProperties = false
  }
}

/**
 * The value in `text` if it is JSON, alone or in one Markdown code fence, and fits `schema`; otherwise what
 * is wrong, in words for the model: each path, and what was expected there.
 */
export function readObject<T>(schema: z.ZodType<T>, text: string): ObjectReading<T> {
  const json = parse(unfenced(text))
  if (!json.ok) return json
  const result = schema.safeParse(json.value)
  if (result.success) return { ok: true, value: result.data }
  const { issues } = result.error
  const lines = issues.slice(0, MAX_PROBLEMS).map(describe)
  const more = issues.length - lines.length
  return { ok: false, problem: [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n') }
}

function parse(text: string): ObjectReading<unknown> {
  if (text === '') return { ok: false, problem: '- the answer is empty' }
  try {
    // toPlain bounds the depth and refuses a __proto__ key before any schema sees the value.
    return { ok: true, value: toPlain(JSON.parse(text), 'answer') }
  } catch (thrown) {
    const fault = thrown instanceof Error ? thrown.message : String(thrown)
    return { ok: false, problem: clip(`- the answer is not one valid JSON value: ${fault}`) }
  }
}

/** Only a fence around the whole answer is taken off: guessing at JSON inside prose would invent answers. */
function unfenced(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('```') || !trimmed.endsWith('```')) return trimmed
  const firstBreak = trimmed.indexOf('\n')
  if (firstBreak < 0 || !/^```[\w-]*\r?$/.test(trimmed.slice(0, firstBreak))) return trimmed
  return trimmed.slice(firstBreak + 1, -3).trim()
}

function describe({ path, message }: z.core.$ZodIssue): string {
  const where = path.map(step => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  return clip(`- ${where === '' ? 'the answer' : `"${where.replace(/^\./, '')}"`}: ${message}`)
}

const clip = (line: string): string =>
  line.length <= MAX_PROBLEM_LENGTH ? line : `${line.slice(0, MAX_PROBLEM_LENGTH)}…`

/** What to tell the model after an answer that did not fit; follows that answer in the conversation. */
export const repairMessage = (problem: string): ModelMessage => ({
  role: 'user',
  text: `Your answer does not fit the requested JSON schema:\n${problem}\nAnswer again with the whole corrected JSON object and nothing else.`,
})
