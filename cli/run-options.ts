/**
 * A workflow's input schema as options of the command line, and back. Names become kebab-case, lists may be
 * given as several words or several times, enums become choices. The schema stays the only judge of values.
 */
import { Option } from 'commander'
import { z } from 'zod'
import { RuntimeError } from '../actors/errors.ts'

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
    const { default: shown, description = '' } = property
    const given = shown === undefined || shown === '' || (Array.isArray(shown) && shown.length === 0)
    const remark = required ? ' (required)' : given ? '' : ` (default: ${String(shown)})`
    const option = new Option(`--${flag}${placeholder}`, `${description}${remark}`)
    // The schema applies the default; commander only has to name the choices.
    if (property.enum) option.choices(property.enum)
    return option
  })
}

/**
 * The workflow's input from parsed options; what was not given is left to the schema's defaults. Throws
 * `usage` naming every flag that is missing or has a wrong value.
 */
export function inputOf(
  { name: workflow, input: schema }: { readonly name: string; readonly input: z.ZodObject },
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields = fieldsOf(schema)
  const input: Record<string, unknown> = {}
  for (const { name, flag, property } of fields) {
    const given = options[camel(flag)]
    if (given !== undefined) input[name] = read(property, given)
  }
  const absent = fields.filter(field => field.required && input[field.name] === undefined)
  if (absent.length > 0) {
    const flags = absent.map(field => `--${field.flag}`)
    throw new RuntimeError('usage', `${workflow} needs ${flags.join(', ')}`, {
      fix: `agenticraft run ${workflow} ${flags.map(flag => `${flag} "…"`).join(' ')}`,
    })
  }
  const parsed = schema.safeParse(input)
  if (parsed.success) return input
  const flagOf = new Map<PropertyKey, string>(fields.map(field => [field.name, `--${field.flag}`]))
  const why = parsed.error.issues
    .map(({ path: [field = ''], message }) => `${flagOf.get(field) ?? String(field)}: ${message}`)
    .join('; ')
  throw new RuntimeError('usage', `the options of ${workflow} are not valid`, { why })
}

/** The value of a flag that takes a whole number; undefined when it was not given. Throws `usage`. */
export function wholeNumber(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (/^\d{1,9}$/.test(given.trim())) return Number(given)
  throw new RuntimeError('usage', `${flag} "${given.slice(0, 80)}" is not a whole number`)
}

function read({ type }: Property, given: unknown): unknown {
  if ((type === 'number' || type === 'integer') && typeof given === 'string' && given.trim() !== '')
    return Number(given)
  return given
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
const camel = (flag: string): string =>
  flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
const valueName = ({ type, enum: choices, value }: Property): string =>
  value ?? (choices ? 'choice' : type === 'string' ? 'text' : 'number')
