/** Users who prove who they are by a signature (nkeys, Ed25519): the server knows the public half only. */
import { nkeys } from 'nats'
import { RuntimeError } from '../../actors/errors.ts'

export interface UserKey {
  /** The secret half, `SU…`. */
  readonly seed: string
  /** `U…`: what the configuration of a server names. */
  readonly publicKey: string
}

export function newUserKey(): UserKey {
  const pair = nkeys.createUser()
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() }
}

/** The key that a seed belongs to. Throws `usage`, without quoting it. */
export function userKeyOf(seed: string): UserKey {
  try {
    return { seed, publicKey: nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey() }
  } catch {
    // Without the cause, which may quote the secret.
    throw new RuntimeError('usage', 'the seed of an nkey user is damaged', {
      fix: 'copy the whole line again, or make another one',
    })
  }
}

/** `value` if it is the public half of a user's key. Throws `usage`. */
export function checkPublicKey(value: string): string {
  try {
    if (value.startsWith('U')) return nkeys.fromPublic(value).getPublicKey()
  } catch {
    // Said below; the checksum at its end tells of typing errors.
  }
  // What does not begin like one may be the secret half.
  const shown = value.startsWith('U') ? JSON.stringify(value.slice(0, 80)) : 'what was given'
  throw new RuntimeError('usage', `${shown} is no public key of a user`, {
    fix: 'give the one that begins with U; the seed, which begins with SU, stays with the user',
  })
}
