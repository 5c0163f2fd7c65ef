/**
 * How the command line fails: one format for people, the same object as JSON, one table of exit codes.
 * `program.ts` calls it for whatever was thrown; nothing else maps errors to exit codes.
 */
import { inspect } from 'node:util'
import { CommanderError } from 'commander'
import { ERRORS, type ErrorKind, RuntimeError, toRuntimeError } from '../actors/errors.ts'
import { type Paint, printable } from './terminal.ts'

/** What exit codes mean; from 64 on those of BSD's sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unavailable: 69,
  internal: 70,
  cannotCreate: 73,
  temporary: 75,
  configuration: 78,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'ok',
  failed: 'the work ran and failed',
  usage: 'the command line is wrong',
  unavailable: 'a bus, a peer or a model is not available',
  internal: 'a fault of agenticraft',
  cannotCreate: 'a file cannot be created',
  temporary: 'temporary; try again later',
  configuration: 'something is not configured or is defined wrongly',
  interrupted: 'interrupted',
}

/** Kinds that are not listed mean that the work was done and failed: exit code 1. */
const EXIT_OF_KIND: Partial<Record<ErrorKind, ExitCode>> = {
  usage: EXIT.usage,
  'input-invalid': EXIT.usage,
  'address-invalid': EXIT.usage,
  'skill-unknown': EXIT.usage,
  'no-responders': EXIT.unavailable,
  'actor-not-found': EXIT.unavailable,
  'transport-closed': EXIT.unavailable,
  'request-timeout': EXIT.unavailable,
  'model-failed': EXIT.unavailable,
  'circuit-open': EXIT.unavailable,
  internal: EXIT.internal,
  'journal-conflict': EXIT.internal,
  'journal-closed': EXIT.internal,
  'output-unwritable': EXIT.cannotCreate,
  'broker-unavailable': EXIT.unavailable,
  'mailbox-full': EXIT.temporary,
  'partition-lost': EXIT.temporary,
  'partition-unowned': EXIT.temporary,
  'rate-limited': EXIT.temporary,
  'runtime-stopped': EXIT.temporary,
  'model-unknown': EXIT.configuration,
  'model-package-missing': EXIT.configuration,
  'model-key-missing': EXIT.configuration,
  'model-required': EXIT.configuration,
  'search-unconfigured': EXIT.configuration,
  'sources-missing': EXIT.configuration,
  'sources-empty': EXIT.configuration,
  'definition-invalid': EXIT.configuration,
  'machine-unsupported': EXIT.configuration,
  'workflow-invalid': EXIT.configuration,
  'reference-unresolved': EXIT.configuration,
  'definition-changed': EXIT.configuration,
  'run-unknown': EXIT.usage,
  'effect-unknown': EXIT.usage,
  'dead-letter-unknown': EXIT.usage,
  'memory-unknown': EXIT.usage,
  'store-locked': EXIT.temporary,
  'store-failed': EXIT.cannotCreate,
  cancelled: EXIT.interrupted,
}

/** A failure as `--json` prints it. */
export interface Failure {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly why: string
  readonly fix?: string
  readonly docs: string
  readonly retryable: boolean
  readonly exitCode: ExitCode
  readonly details?: Readonly<Record<string, unknown>>
  /** Only with `--debug`: the stack and the chain of causes. */
  readonly stack?: string
}

export const exitCodeOf = (kind: ErrorKind): ExitCode => EXIT_OF_KIND[kind] ?? EXIT.failed

/** Whatever a command threw, as data. An error that is not ours is a fault of this software, unless it is an abort. */
export function describeFailure(thrown: unknown, debug = false): Failure {
  const error = asRuntimeError(thrown)
  const { kind, code, message, retryable, fix, details } = error
  return {
    code,
    kind,
    message,
    why: error.why ?? causeOf(error) ?? ERRORS[kind].meaning,
    ...(fix !== undefined && { fix }),
    docs: `docs/errors.md#${code.toLowerCase()}`,
    retryable,
    exitCode: exitCodeOf(kind),
    ...(details !== undefined && { details }),
    ...(debug && { stack: inspect(thrown, { colors: false, depth: 4 }) }),
  }
}

function asRuntimeError(thrown: unknown): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown
  if (thrown instanceof CommanderError) return fromUsage(thrown)
  if (thrown instanceof Error && thrown.name === 'AbortError') return toRuntimeError(thrown, 'cancelled')
  return new RuntimeError('internal', toRuntimeError(thrown).message, {
    why: 'agenticraft did not expect this; it is a fault of its own, not of yours',
    fix: 'please report it with the output of the same command with --debug, and that of: agenticraft doctor --json',
    cause: thrown,
  })
}

/** Commander's words without its prefix; its suggestion becomes the fix. */
function fromUsage({ message }: CommanderError): RuntimeError {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n')
  const suggestion = /\(Did you mean (.+)\?\)/.exec(rest.join('\n'))?.[1]
  return new RuntimeError('usage', first, {
    fix: suggestion
      ? `did you mean ${suggestion}?`
      : 'agenticraft --help lists the commands, agenticraft <command> --help their options',
  })
}

const causeOf = ({ cause }: RuntimeError) =>
  cause instanceof Error && cause.message ? cause.message : undefined

/** The failure for people, on several lines, with nothing in it that could trick a screen. */
export function formatFailure({ code, message, why, fix, docs, stack }: Failure, paint: Paint): string {
  const line = (label: string, text: string) =>
    `   ${paint('dim', label.padEnd(5))} ${printable(text).replaceAll('\n', `\n${' '.repeat(9)}`)}`
  return [
    `${paint('red', '✖')} ${paint('bold', code)}  ${printable(message).replaceAll('\n', '\n   ')}`,
    line('why', why),
    ...(fix === undefined ? [] : [line('fix', fix)]),
    line('docs', stack === undefined ? `${docs}        details: --debug` : docs),
    ...(stack === undefined ? [] : ['', printable(stack)]),
  ].join('\n')
}
