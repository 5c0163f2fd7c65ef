/**
 * How a user says which NATS server to reach, and as whom. Types only, and none of the client's: they are part of what
 * the package shows.
 */

export type NatsCredentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** The secret half of a user nkey (`SU…`). */
  | { readonly nkeySeed: string }
  /** A file with a user JWT and its seed, as `nsc` writes it. */
  | { readonly credsFile: string }

/** Paths of PEM files. `cert` and `key` only where the server asks for a certificate of the client. */
export interface NatsTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface NatsOptions {
  /** `nats://host:port`, `tls://…` or `host:port`; `user:password@` or `token@` in one counts as credentials. */
  readonly servers: string | readonly string[]
  /** The node's name, a token: the server lists the connection by it, and answers come to an inbox of that name. */
  readonly name: string
  /** A token: the part of the subjects `ac.<namespace>.…` that this node takes part in. */
  readonly namespace: string
  readonly credentials?: NatsCredentials
  /** `true` for TLS by the authorities Node trusts. Once asked for, a server without TLS is refused. */
  readonly tls?: true | NatsTls
  /** For one server, ms, also to reconnect: one that dies in between costs as much. Default 3,000. */
  readonly connectTimeoutMs?: number
  /** A connection without an answer to two pings, sent this often, is taken for dead, ms. Default 5,000. */
  readonly pingIntervalMs?: number
  /** Between attempts to reconnect, which never end, ms. Default 100 to 5,000. */
  readonly backoff?: { readonly minMs: number; readonly maxMs: number }
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}
