/**
 * Whether a JSON schema may be sent in a provider's strict mode. OpenAI answers 400 to a strict schema with
 * an optional property or a keyword that it does not know; outside strict mode the schema is a hint, and our
 * own check of the answer decides. Called by ai-sdk.ts.
 */
import type { Plain } from '../../actors/plain.ts'
import type { JsonSchema } from './model.ts'

const ANNOTATIONS = new Set(['description', 'title'])
const VALUES = new Set(['type', 'enum', 'const'])

/**
 * True when every object closes itself and requires all its properties and only the keywords are used that
 * every strict implementation shares (source: OpenAI's guide to structured outputs, "supported schemas").
 */
export function isStrictSchema(schema: JsonSchema): boolean {
  return schema['type'] === 'object' && isStrictNode(schema)
}

function isStrictNode(node: Plain | undefined): boolean {
  if (!isRecord(node)) return false
  if (node['type'] === 'object' && !(node['additionalProperties'] === false && requiresAll(node)))
    return false
  return Object.entries(node).every(([keyword, value]) => {
    if (ANNOTATIONS.has(keyword) || VALUES.has(keyword) || keyword === 'required') return true
    if (keyword === 'additionalProperties') return value === false
    if (keyword === 'items') return isStrictNode(value)
    if (keyword === 'anyOf') return Array.isArray(value) && value.every(isStrictNode)
    if (keyword === 'properties') return isRecord(value) && Object.values(value).every(isStrictNode)
    return false
  })
}

function requiresAll(node: Readonly<Record<string, Plain>>): boolean {
  const { properties, required } = node
  if (!isRecord(properties) || !Array.isArray(required)) return false
  return Object.keys(properties).every(name => required.includes(name))
}

const isRecord = (value: Plain | undefined): value is Readonly<Record<string, Plain>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
