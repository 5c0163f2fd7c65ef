/**
 * Who a message is for: `type/id`. Both parts are tokens that are safe in a NATS subject and in a
 * LevelDB key, so an address never needs escaping anywhere.
 */
import { RuntimeError } from './errors.ts'

export type Address = string & { readonly __brand: 'Address' }

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/

export const isToken = (value: unknown): value is string => typeof value === 'string' && TOKEN.test(value)

const ADDRESS = /^[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}$/

/** True for what `address` makes, in one look: this runs several times for each message. */
export const isAddress = (value: unknown): value is Address =>
  typeof value === 'string' && ADDRESS.test(value)

/** `value` if it may stand in an address or subject. Throws `address-invalid`. */
export function token(value: string, what = 'token'): string {
  if (isToken(value)) return value
  throw new RuntimeError('address-invalid', `${what} "${String(value).slice(0, 80)}" is not a valid token`, {
    fix: 'use 1 to 64 of the characters A-Z a-z 0-9 _ -',
  })
}

/** The address of actor `id` of `type`. Throws `address-invalid`. */
export const address = (type: string, id: string): Address =>
  `${token(type, 'actor type')}/${token(id, 'actor id')}` as Address

/** Reads `type/id`. Throws `address-invalid`. */
export function parseAddress(text: string): { readonly type: string; readonly id: string } {
  const slash = typeof text === 'string' ? text.indexOf('/') : -1
  if (slash < 0) {
    throw new RuntimeError('address-invalid', `"${String(text).slice(0, 80)}" is not an address`, {
      fix: 'write it as type/id, for example "writer/1"',
    })
  }
  return { type: token(text.slice(0, slash), 'actor type'), id: token(text.slice(slash + 1), 'actor id') }
}

export const addressType = (of: Address): string => of.slice(0, of.indexOf('/'))
export const addressId = (of: Address): string => of.slice(of.indexOf('/') + 1)
