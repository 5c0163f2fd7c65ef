/**
 * The keys of the journal on disk: what stands where, and in which order. Used by the journal, its records and
 * its check. It knows nothing of what is stored under them.
 *
 * `a!type/id!0` an actor's snapshot, `a!type/id!1…` its commits, `m!heads` what the store should hold,
 * `r!run!type/id` the actors of a run, `v!kind!id` records.
 */
import { type Address, isToken } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'

export interface KeyRange {
  /** First key, inclusive. */
  readonly from: string
  /** Last key, exclusive. */
  readonly to: string
}

/** `!` sorts before every character of an address, so that actors stand in address order, each in one piece. */
export const actorRange = (actor: Address): KeyRange => ({ from: `a!${actor}!`, to: `a!${actor}"` })
export const commitsFrom = (actor: Address, seq: number): KeyRange => ({
  from: commitKey(actor, seq),
  to: `a!${actor}"`,
})
export const ALL_ACTORS: KeyRange = { from: 'a!', to: 'a"' }

export const snapshotKey = (actor: Address): string => `a!${actor}!0`
export const commitKey = (actor: Address, seq: number): string =>
  `a!${actor}!1${seq.toString(16).padStart(14, '0')}`

/** Sorts after all actors, so that a copy cut short lacks it. */
export const HEADS_KEY = 'm!heads'

export const runKey = (run: string, actor: Address): string => `r!${escaped(run)}!${actor}`
export const recordKey = (kind: string, id: string): string => `v!${escaped(kind)}!${id}`
export const recordRange = (kind: string): KeyRange => ({
  from: `v!${escaped(kind)}!`,
  to: `v!${escaped(kind)}"`,
})

export type NamedKey =
  | { readonly kind: 'snapshot'; readonly actor: Address }
  | { readonly kind: 'commit'; readonly actor: Address; readonly seq: number }
  | { readonly kind: 'heads' }
  | { readonly kind: 'run'; readonly run: string; readonly actor: Address }
  | { readonly kind: 'record'; readonly of: string; readonly id: string }

/** What a key names, or undefined for one that no journal makes. */
export function readKey(key: string): NamedKey | undefined {
  if (key === HEADS_KEY) return { kind: 'heads' }
  const end = key.indexOf('!', 2)
  if (key[1] !== '!' || end < 0) return undefined
  const first = key.slice(2, end)
  const last = key.slice(end + 1)
  switch (key[0]) {
    case 'a':
      return isAddress(first) ? readActorKey(first, last) : undefined
    case 'r': {
      const run = unescaped(first)
      return run !== undefined && isAddress(last) ? { kind: 'run', run, actor: last } : undefined
    }
    case 'v': {
      const of = unescaped(first)
      return of !== undefined && isName(last) ? { kind: 'record', of, id: last } : undefined
    }
    default:
      return undefined
  }
}

/** The same for a key known to begin with `a!ACTOR!`, of which `last` is the rest: opening reads every commit. */
export function readActorKey(actor: Address, last: string): NamedKey | undefined {
  if (last === '0') return { kind: 'snapshot', actor }
  if (!/^1[0-9a-f]{14}$/.test(last)) return undefined
  return { kind: 'commit', actor, seq: Number.parseInt(last.slice(1), 16) }
}

function isAddress(text: string): text is Address {
  const [type, id, ...more] = text.split('/')
  return more.length === 0 && isToken(type) && isToken(id)
}

const MAX_NAME = 256

/** Lone surrogates have no bytes of their own: two names would be one key. */
const isName = (name: string): boolean =>
  name.length > 0 && name.length <= MAX_NAME && name.isWellFormed() && !/\p{Cc}/u.test(name)

/** `name` if a run, or a record's kind or id, may be called so. Throws `address-invalid`. */
export function checkedName(name: string, what: 'run' | 'kind' | 'id'): string {
  if (typeof name === 'string' && isName(name)) return name
  throw new RuntimeError('address-invalid', `${what} "${String(name).slice(0, 80)}" cannot be stored`, {
    fix: `use 1 to ${MAX_NAME} characters without control characters`,
  })
}

/** Neither `!` nor what sorts below it is left, so that one name never is the beginning of another's keys. */
const escaped = (name: string): string => encodeURIComponent(name).replaceAll('!', '%21')

function unescaped(text: string): string | undefined {
  try {
    const name = decodeURIComponent(text)
    return isName(name) && escaped(name) === text ? name : undefined
  } catch {
    return undefined // Not what `escaped` makes: its caller says so.
  }
}

/** Compares texts as the store compares keys: by their bytes in UTF-8, which is by code points. */
export const byBytes = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right))
