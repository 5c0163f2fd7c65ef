/**
 * The configuration of the server that `agenticraft nats up` starts: one port for clients, everybody known by a key,
 * JetStream within a limit, and no other door. As a pure function.
 */
import type { UserKey } from '../runtime/transport/nats-keys.ts'

export interface NatsConfig {
  /** Tells this server from others at the same address. */
  readonly name: string
  readonly host: string
  readonly port: number
  /** Where JetStream keeps its files. */
  readonly storeDir: string
  readonly pidFile: string
  readonly maxBytes: number
  /** Who may do everything. */
  readonly owner: Pick<UserKey, 'publicKey'>
  /** Further users, as `agenticraft nats permissions` prints them. */
  readonly users?: readonly string[]
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** What the server keeps in memory of JetStream: consumers of readers, no streams. */
const MAX_MEMORY = 64 * 1024 ** 2

/**
 * No accounts block beside it: with `$SYS` in one, nats-server before 2.9.23 lets in whoever gives no name
 * (CVE-2023-47090). No websocket, mqtt, leafnodes, gateway, cluster or http: what is not opened has no holes.
 */
export function natsConfig({
  name,
  host,
  port,
  storeDir,
  pidFile,
  maxBytes,
  owner,
  users = [],
  tls,
}: NatsConfig): string {
  const lines = [
    '# Written by agenticraft nats up, each time; changes do not last.',
    `server_name: ${quoted(name)}`,
    `host: ${quoted(host)}`,
    `port: ${port}`,
    `pid_file: ${quoted(pidFile)}`,
    'max_payload: 1048576',
    'max_connections: 10000',
    'max_control_line: 4096',
    'write_deadline: "10s"',
    'ping_interval: "20s"',
    'ping_max: 3',
    // What SIGUSR2 does: clients are told, and leave within this time.
    'lame_duck_grace_period: "2s"',
    'lame_duck_duration: "30s"',
    'jetstream {',
    `  store_dir: ${quoted(storeDir)}`,
    `  max_file_store: ${maxBytes}`,
    `  max_memory_store: ${MAX_MEMORY}`,
    '}',
    'authorization {',
    '  timeout: 3',
    '  users: [',
    `    { nkey: ${owner.publicKey} }`,
    ...users.map(user => user.trim()),
    '  ]',
    '}',
    ...(tls
      ? ['tls {', `  cert_file: ${quoted(tls.cert)}`, `  key_file: ${quoted(tls.key)}`, '  timeout: 3', '}']
      : []),
  ]
  return `${lines.join('\n')}\n`
}

/** The escapes that the server's parser knows are among those of JSON. */
const quoted = (text: string): string => JSON.stringify(text)
