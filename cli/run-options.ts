/**
 * A workflow's input schema as options of the command line, and back. Names become kebab-case, lists may be
 * given as several words or several times, enums become choices. The schema stays the only judge of values.
 */
import { Option } from 'commander'
import { z } from 'zod'

interface Property {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly items?: { readonly type?: string }
  /** Set by `.meta({ flag })` when the option is called otherwise than the field. */
  readonly flag?: string
  /** Set by `.meta({ value })`: what one value is called. */
  readonly value?: string
}

export interface Field {
  readonly name: string
  readonly flag: string
  readonly property: Property
  readonly required: boolean
}

/** The fields of an object schema, in its order. */
export function fieldsOf(schema: z.ZodObject): readonly Field[] {
  const json = z.toJSONSchema(schema, { io: 'input' }) as {
    readonly properties?: Readonly<Record<string, Property>>
    readonly required?: readonly string[]
  }
  return Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    flag: property.flag ?? kebab(name),
    property,
    required: json.required?.includes(name) ?? false,
  }))
}

/** One option per field. Values arrive as text; numbers and booleans are read by `inputFrom`. */
export function optionsOf(fields: readonly Field[]): Option[] {
  return fields.map(({ flag, property, required }) => {
    const placeholder =
      property.type === 'array'
        ? ` <${property.value ?? flag}...>`
        : property.type === 'boolean'
          ? ''
          : ` <${valueName(property)}>`
    const described = `${property.description ?? ''}${required ? ' (required)' : ''}`
    const option = new Option(`--${flag}${placeholder}`, described)
    if (property.enum) option.choices(property.enum)
    const shown = property.default
    if (shown !== undefined && shown !== '' && !(Array.isArray(shown) && shown.length === 0))
      option.default(undefined, String(shown))
    return option
  })
}

/** The workflow's input from parsed options; what was not given is left to the schema's defaults. */
export function inputFrom(
  fields: readonly Field[],
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const input: Record<string, unknown> = {}
  for (const { name, flag, property } of fields) {
    const given = options[camel(flag)]
    if (given !== undefined) input[name] = read(property, given)
  }
  return input
}

/** Flags of required fields that were not given. */
export const missing = (
  fields: readonly Field[],
  input: Readonly<Record<string, unknown>>,
): readonly string[] =>
  fields.filter(field => field.required && input[field.name] === undefined).map(field => `--${field.flag}`)

function read({ type }: Property, given: unknown): unknown {
  if ((type === 'number' || type === 'integer') && typeof given === 'string' && given.trim() !== '')
    return Number(given)
  return given
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
const camel = (flag: string): string =>
  flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
const valueName = ({ type, enum: choices, value }: Property): string =>
  value ?? (choices ? choices.join('|') : type === 'string' ? 'text' : 'number')
