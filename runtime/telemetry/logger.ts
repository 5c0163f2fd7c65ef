/**
 * The logger: pino, with every finished line taken through redaction before it leaves. Redaction stands at
 * the very end on purpose: what a child logger, a serializer or a nested object adds passes it as well.
 * `log-events.ts` feeds it with runtime events; nothing else in this folder knows pino.
 */
import pino from 'pino'
import { RuntimeError } from '../../actors/errors.ts'
import type { Level } from './event-table.ts'
import { prettyLine } from './pretty.ts'
import { createRedactor, type Redactor, secretsOf } from './redact.ts'

export type Logger = pino.Logger

export interface LoggerOptions {
  /** Nothing below it is written. Default `info`. */
  readonly level?: Level | 'fatal' | 'silent'
  /** Where lines go, newline included. Default: standard error, synchronously, so that a crash loses none. */
  readonly destination?: { write(line: string): unknown }
  /** Lines for people instead of JSON. Default false. */
  readonly pretty?: boolean
  /** Values that must never be written. Default: those of `secretsOf(process.env)` at this moment. */
  readonly secrets?: readonly string[]
}

const LEVELS: ReadonlySet<string> = new Set([
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
  'silent',
] satisfies NonNullable<LoggerOptions['level']>[])

/** A pino logger whose lines hold no secrets. Throws `definition-invalid` for an unknown level. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', pretty = false, destination, secrets = secretsOf(process.env) } = options
  if (!LEVELS.has(level))
    throw new RuntimeError('definition-invalid', `log level "${String(level).slice(0, 80)}" is not known`, {
      fix: `use one of ${[...LEVELS].join(', ')}`,
    })
  const redactor = createRedactor(secrets)
  return pino(
    {
      level,
      serializers: { error: errorData },
      hooks: { streamWrite: line => safeLine(redactor, line, pretty) },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  )
}

function safeLine(redactor: Redactor, line: string, pretty: boolean): string {
  const data = parsed(line)
  if (!data) return `${redactor.text(line.trimEnd())}\n`
  const safe = redactor.data(data) as Readonly<Record<string, unknown>>
  return pretty ? prettyLine(safe) : `${JSON.stringify(safe)}\n`
}

/** The log object, or undefined when it is no JSON after all: such a line is redacted as text. */
function parsed(line: string): object | undefined {
  try {
    return JSON.parse(line) as object
  } catch {
    return undefined
  }
}

/** pino serializes errors under `err`; ours are called `error`, and mostly plain data already. */
const errorData = (error: unknown): unknown =>
  error instanceof Error ? pino.stdSerializers.err(error) : error
