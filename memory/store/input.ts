/**
 * What may be remembered, and how it is completed: every member is checked before anything is stored. Called by the
 * writing half of `store/`. Throws `input-invalid` that names the member. Options of questions: `questions.ts`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import type { MemoryKind, MemoryPatch, NewMemory, Statement, Trust } from '../memory.ts'

export const MAX_TEXT = 65_536
export const MAX_NAME = 1_024
const MAX_META_BYTES = 65_536
const MAX_SOURCES = 10_000

export const refused = (what: string, fix: string): RuntimeError =>
  new RuntimeError('input-invalid', what, { fix })

/** A new memory with all defaults and nothing but known members. */
export interface CheckedMemory {
  readonly text: string
  readonly kind: MemoryKind
  readonly at: number
  readonly importance: number
  readonly trust: Trust
  readonly who?: string
  readonly session?: string
  readonly source?: string
  readonly meta?: Readonly<Record<string, unknown>>
  readonly fact?: Statement
  readonly validFrom?: number
  readonly saidUntil?: number
  readonly from?: readonly string[]
  readonly by?: string
}

const MEMBERS = new Set<string>([
  ...(['text', 'kind', 'who', 'at', 'session', 'importance', 'trust', 'source', 'meta', 'fact'] as const),
  ...(['validFrom', 'validUntil', 'from', 'by'] as const),
] satisfies (keyof NewMemory)[])

export function checkedMemory(memory: NewMemory, now: number): CheckedMemory {
  const given = checkedObject(memory, 'a memory', MEMBERS)
  const kind = checkedKind(given['kind'] ?? 'episode', 'kind')
  const at = given['at'] === undefined ? now : checkedTime(given['at'], 'at')
  const { who, session, source, by } = given
  return {
    text: checkedText(given['text'], 'text', MAX_TEXT),
    kind,
    at,
    importance: given['importance'] === undefined ? 0.5 : checkedShare(given['importance'], 'importance'),
    trust: checkedTrust(given['trust'] ?? 'untrusted', 'trust'),
    ...(who !== undefined && { who: checkedText(who, 'who', MAX_NAME) }),
    ...(session !== undefined && { session: checkedText(session, 'session', MAX_NAME) }),
    ...(source !== undefined && { source: checkedText(source, 'source', 8 * MAX_NAME) }),
    ...(by !== undefined && { by: checkedText(by, 'by', MAX_NAME) }),
    ...(given['meta'] !== undefined && { meta: checkedMeta(given['meta']) }),
    ...(given['from'] !== undefined && { from: checkedIds(given['from'], 'from') }),
    ...factMembers(kind, given, at),
  }
}

function factMembers(
  kind: MemoryKind,
  { fact, validFrom, validUntil }: Readonly<Record<string, unknown>>,
  at: number,
): Partial<CheckedMemory> {
  if (kind !== 'fact') {
    if (fact === undefined && validFrom === undefined && validUntil === undefined) return {}
    throw refused(
      `a memory of kind "${kind}" has no fact, validFrom or validUntil`,
      'pass kind: "fact", or leave them out',
    )
  }
  if (fact === undefined)
    throw refused('a fact has no statement', 'pass fact: { subject, predicate, object }')
  const from = validFrom === undefined ? at : checkedTime(validFrom, 'validFrom')
  if (validUntil === undefined) return { fact: checkedStatement(fact), validFrom: from }
  return { fact: checkedStatement(fact), validFrom: from, saidUntil: checkedEnd(validUntil, from) }
}

export function checkedEnd(validUntil: unknown, validFrom: number): number {
  const until = checkedTime(validUntil, 'validUntil')
  if (until >= validFrom) return until
  throw refused(
    `validUntil ${until} is before validFrom ${validFrom}`,
    'a fact ends after it begins: swap them, or leave one out',
  )
}

export function checkedStatement(value: unknown): Statement {
  const fact = checkedObject(value, 'fact', new Set(['subject', 'predicate', 'object', 'single']))
  const { single } = fact
  if (single !== undefined && typeof single !== 'boolean') {
    throw refused(`fact.single is ${shown(single)}`, 'pass true, false, or nothing')
  }
  return {
    subject: checkedText(fact['subject'], 'fact.subject', MAX_NAME),
    predicate: checkedText(fact['predicate'], 'fact.predicate', MAX_NAME),
    object: checkedText(fact['object'], 'fact.object', 8 * MAX_NAME),
    ...(single !== undefined && { single }),
  }
}

const PATCHED = new Set<string>([
  ...(['text', 'importance', 'trust', 'source', 'meta', 'validFrom', 'validUntil', 'fact'] as const),
] satisfies (keyof MemoryPatch)[])

/** The patch with its members checked one by one; what they make of a memory is checked when it is applied. */
export function checkedPatch(patch: MemoryPatch): MemoryPatch {
  const given = checkedObject(patch, 'a patch', PATCHED)
  const { text, importance, trust, source, meta, validFrom, validUntil, fact } = given
  return {
    ...(text !== undefined && { text: checkedText(text, 'text', MAX_TEXT) }),
    ...(importance !== undefined && { importance: checkedShare(importance, 'importance') }),
    ...(trust !== undefined && { trust: checkedTrust(trust, 'trust') }),
    ...(source !== undefined && {
      source: source === null ? null : checkedText(source, 'source', 8 * MAX_NAME),
    }),
    ...(meta !== undefined && { meta: meta === null ? null : checkedMeta(meta) }),
    ...(validFrom !== undefined && { validFrom: checkedTime(validFrom, 'validFrom') }),
    ...(validUntil !== undefined && {
      validUntil: validUntil === null ? null : checkedTime(validUntil, 'validUntil'),
    }),
    ...(fact !== undefined && { fact: checkedStatement(fact) }),
  }
}

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? `"${value.slice(0, 60)}"`
    : typeof value === 'object' && value !== null
      ? 'an object'
      : String(value)

export function checkedObject(
  value: unknown,
  what: string,
  members: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(`${what} is ${shown(value)}`, 'pass an object')
  }
  for (const member of Object.keys(value)) {
    if (members.has(member) || (value as Record<string, unknown>)[member] === undefined) continue
    throw refused(`${what} has no member "${member.slice(0, 60)}"`, `it may have ${[...members].join(', ')}`)
  }
  return value as Readonly<Record<string, unknown>>
}

/** A text of 1 to `most` characters that says something; lone surrogates become U+FFFD, as on disk. */
export function checkedText(value: unknown, what: string, most: number): string {
  if (typeof value !== 'string') throw refused(`${what} is ${shown(value)}`, 'pass a text')
  if (value.length > most) {
    throw refused(
      `${what} has ${value.length} characters`,
      `at most ${most} are kept: split it, or shorten it`,
    )
  }
  if (value.trim() === '') throw refused(`${what} "${value.slice(0, 10)}" is blank`, 'pass a text')
  return value.isWellFormed() ? value : value.toWellFormed()
}

export function checkedTime(value: unknown, what: string): number {
  if (typeof value === 'number' && Math.abs(value) <= 8.64e15) return value === 0 ? 0 : value
  throw refused(`${what} is ${shown(value)}`, 'pass milliseconds since 1970, as Date.now() gives them')
}

export function checkedShare(value: unknown, what: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value === 0 ? 0 : value
  throw refused(`${what} is ${shown(value)}`, 'pass a number from 0 to 1')
}

const isKind = (value: unknown): value is MemoryKind =>
  value === 'episode' || value === 'fact' || value === 'insight'

export function checkedKind(value: unknown, what: string): MemoryKind {
  if (isKind(value)) return value
  throw refused(`${what} is ${shown(value)}`, 'pass "episode", "fact" or "insight"')
}

const isTrust = (value: unknown): value is Trust =>
  value === 'untrusted' || value === 'agent' || value === 'trusted'

export function checkedTrust(value: unknown, what: string): Trust {
  if (isTrust(value)) return value
  throw refused(`${what} is ${shown(value)}`, 'pass "untrusted", "agent" or "trusted"')
}

/** Plain data that JSON can carry, so that an export holds all of it. */
export function checkedMeta(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(`meta is ${shown(value)}`, 'pass a plain object')
  }
  const meta = plainMeta(value)
  const bytes = Buffer.byteLength(JSON.stringify(meta))
  if (bytes <= MAX_META_BYTES) return meta as Readonly<Record<string, unknown>>
  throw refused(
    `meta takes ${bytes} bytes`,
    `at most ${MAX_META_BYTES} are kept: store it elsewhere, and its name here`,
  )
}

function plainMeta(value: unknown): Plain {
  try {
    const plain = toPlain(value, 'meta')
    if (!holdsBytes(plain)) return plain
  } catch (cause) {
    throw new RuntimeError(
      'input-invalid',
      cause instanceof Error ? cause.message : 'meta is not plain data',
      {
        fix: 'turn it into plain data first, for example a Date into its ISO string',
        cause,
      },
    )
  }
  throw refused('meta holds bytes', 'encode them as text, for example in base64')
}

const holdsBytes = (value: Plain): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (value instanceof Uint8Array || Object.values(value as Record<string, Plain>).some(holdsBytes))

export const isId = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)

export function checkedId(value: unknown, what: string): string {
  if (isId(value)) return value
  throw refused(`${what} ${shown(value)} is not an id`, 'pass an id as remember, list or recall gave it')
}

export function checkedIds(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_SOURCES) {
    throw refused(`${what} is not a list of at most ${MAX_SOURCES} ids`, 'pass ids of this namespace')
  }
  const ids = [...new Set(value.map(one => checkedId(one, what)))]
  return ids
}

/** Throws for a namespace that cannot be called so. */
export function checkedNamespace(name: unknown): string {
  const isFit =
    typeof name === 'string' &&
    name.length > 0 &&
    name.length <= 256 &&
    name.isWellFormed() &&
    name.trim() === name &&
    !/\p{Cc}/u.test(name)
  if (isFit) return name as string
  throw refused(
    `a namespace cannot be called ${shown(name)}`,
    'use 1 to 256 characters, without control characters, and no spaces at the ends',
  )
}

export function checkedCount(value: unknown, what: string, fallback: number, most: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most) return value
  throw refused(`${what} is ${shown(value)}`, `pass a whole number from 1 to ${most}`)
}
