/**
 * Failures as values. Code throws `RuntimeError` by a kind of `error-table.ts`; people see the code (`AC-2001`), what
 * happened, why, and the fix. Errors cross the wire as plain data; stacks stay where they were made.
 */
import { ERRORS } from './error-table.ts'

export { ERRORS }

export type ErrorKind = keyof typeof ERRORS
export type ErrorCode = (typeof ERRORS)[ErrorKind]['code']

export interface ErrorOptions {
  /** Why it happened, one sentence. */
  readonly why?: string
  /** What the reader can do about it. */
  readonly fix?: string
  readonly cause?: unknown
  /** Overrides the table, for example when a provider says that it never received the call. */
  readonly retryable?: boolean
  /** Milliseconds the other side asked to be left alone (Retry-After). */
  readonly retryAfterMs?: number
  /** Plain data for machines; never secrets, never payloads. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** An error as it crosses a process: no stack, no cause object. */
export interface WireError {
  readonly kind: ErrorKind
  readonly code: ErrorCode
  readonly message: string
  readonly retryable: boolean
  readonly why?: string
  readonly fix?: string
  readonly retryAfterMs?: number
  readonly details?: Readonly<Record<string, unknown>>
}

export class RuntimeError extends Error {
  readonly kind: ErrorKind
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly why: string | undefined
  readonly fix: string | undefined
  readonly retryAfterMs: number | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(kind: ErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RuntimeError'
    this.kind = kind
    this.code = ERRORS[kind].code
    this.retryable = options.retryable ?? ERRORS[kind].retryable
    this.why = options.why
    this.fix = options.fix
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details
  }
}

export const isErrorKind = (value: unknown): value is ErrorKind =>
  typeof value === 'string' && Object.hasOwn(ERRORS, value)

/** True for an error in its wire form, also one of a kind that only a newer peer knows. */
export function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null) return false
  const { kind, code, message, retryable } = value as Record<string, unknown>
  return [kind, code, message].every(text => typeof text === 'string') && typeof retryable === 'boolean'
}

/**
 * Any thrown value as a `RuntimeError`. A wire error (what a machine sees of a failure) is read back; every
 * other foreign value becomes `kind` (default `effect-failed`) with itself as the cause.
 */
export function toRuntimeError(thrown: unknown, kind: ErrorKind = 'effect-failed'): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown
  if (isWireError(thrown)) return fromWireError(thrown)
  return new RuntimeError(kind, textOf(thrown), { cause: thrown })
}

/** What a thrown value says of itself. Nothing is beyond being thrown, also what cannot be made a string. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message || thrown.name) : String(thrown)
  } catch {
    return `a ${typeof thrown} that has no text`
  }
}

export function toWireError(thrown: unknown): WireError {
  const error = toRuntimeError(thrown)
  const { kind, code, message, retryable, why, fix, retryAfterMs } = error
  const details = plainDetails(error.details)
  return {
    kind,
    code,
    message,
    retryable,
    ...(why !== undefined && { why }),
    ...(fix !== undefined && { fix }),
    ...(retryAfterMs !== undefined && Number.isFinite(retryAfterMs) && { retryAfterMs }),
    ...(details !== undefined && { details }),
  }
}

/** Whoever threw may have put anything there, and what is committed and sent is plain data or nothing. */
function plainDetails(details: Readonly<Record<string, unknown>> | undefined): WireError['details'] {
  if (details === undefined) return undefined
  try {
    const plain = JSON.parse(JSON.stringify(details), (key, value) =>
      key === '__proto__' ? undefined : value,
    )
    if (isShallow(plain, MAX_LEVELS)) return plain
  } catch {
    // Cyclic, a BigInt, a getter that throws: said below, and the rest of the error is whole.
  }
  return { lost: 'the details of this error are not plain data' }
}

const MAX_LEVELS = 16

const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every(member => isShallow(member, levels - 1)))

/** The error a peer sent; an unknown kind (a newer peer) is kept in `details` and reads as `effect-failed`. */
export function fromWireError(wire: WireError): RuntimeError {
  const known = isErrorKind(wire.kind)
  const details = known ? wire.details : { ...wire.details, kind: wire.kind, code: wire.code }
  return new RuntimeError(known ? wire.kind : 'effect-failed', wire.message, {
    retryable: wire.retryable,
    ...(wire.why !== undefined && { why: wire.why }),
    ...(wire.fix !== undefined && { fix: wire.fix }),
    ...(wire.retryAfterMs !== undefined && { retryAfterMs: wire.retryAfterMs }),
    ...(details !== undefined && { details }),
  })
}
