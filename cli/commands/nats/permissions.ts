/**
 * `agenticraft nats permissions`: what a user of a NATS server has to be allowed to be a node, a client or an operator of
 * a cluster, ready for the server's configuration. It connects to nothing.
 */
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { RuntimeError } from '../../../actors/errors.ts'
import type { NatsPermissions, NatsRole } from '../../../runtime/transport/nats-permissions.ts'
import type { Command, CommandContext } from '../../command.ts'
import { clusterOf, DEFAULT_CLUSTER } from '../../nats-url.ts'

const ROLES = ['node', 'client', 'operator'] as const satisfies readonly NatsRole[]
const FORMATS = ['conf', 'json'] as const
const DEFAULT_NAMES: Readonly<Record<NatsRole, string>> = { node: 'n1', client: 'cli', operator: 'cli' }

interface PermissionFlags {
  readonly role: NatsRole
  readonly name?: string
  readonly key?: string
  readonly newKey?: string
  readonly format: (typeof FORMATS)[number]
}

export const natsPermissionsCommand: Command = {
  name: 'permissions',
  summary: 'print what a user of the server has to be allowed, and nothing else',
  configure: parser =>
    void parser
      .addOption(
        parser
          .createOption('--role <role>', 'client: ask, run; operator: also drain and status')
          .choices(ROLES)
          .default('node'),
      )
      .option('--name <name>', 'the name it connects under: of a node its own (default: n1), of others cli')
      .option('--cluster <name>', `which cluster (default: AGENTICRAFT_CLUSTER, else ${DEFAULT_CLUSTER})`)
      .option('--key <public key>', 'of the user, U…')
      .option('--new-key <file>', 'make a key: its seed goes to that new file, for --nkey')
      .addOption(
        parser.createOption('--format <format>', 'of what is printed').choices(FORMATS).default('conf'),
      ),
  async run(context) {
    const flags = context.options as unknown as PermissionFlags
    const { role, name = DEFAULT_NAMES[role] } = flags
    const { natsPermissions } = await import('../../../runtime/transport/nats-permissions.ts')
    const cluster = clusterOf(context)
    const permissions = natsPermissions(role, name, cluster)
    const key = await keyOf(flags, context)
    const user = { ...(key !== undefined && { nkey: key }), permissions: asConfigured(permissions) }
    if (flags.format === 'json' || context.terminal.json)
      context.terminal.data(JSON.stringify(user, null, context.terminal.json ? undefined : 2))
    else context.terminal.data(confText(key, permissions, `${role} ${name} of cluster ${cluster}`))
    return undefined
  },
}

async function keyOf(
  { key, newKey }: PermissionFlags,
  { cwd, terminal }: CommandContext,
): Promise<string | undefined> {
  if (key !== undefined && newKey !== undefined)
    throw new RuntimeError('usage', '--key and --new-key do not go together', { fix: 'give one of them' })
  const { checkPublicKey, newUserKey } = await import('../../../runtime/transport/nats-keys.ts')
  if (key !== undefined) return checkPublicKey(key)
  if (newKey === undefined) return undefined
  const made = newUserKey()
  const path = resolve(cwd, newKey)
  await writeSeed(path, made.seed)
  terminal.message(`the seed is in ${path}; whoever has it can log in (--nkey)`)
  return made.publicKey
}

/** Never over another: that one may be in use. */
async function writeSeed(path: string, seed: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(`${seed}\n`).finally(() => file.close())
  } catch (cause) {
    throw new RuntimeError('output-unwritable', `--new-key "${path}" cannot be written`, {
      why: cause instanceof Error ? cause.message : String(cause),
      fix: 'name a file that is not there yet, in a folder that is',
      cause,
    })
  }
}

const asConfigured = ({ publish, subscribe }: NatsPermissions) => ({
  publish: { allow: publish },
  subscribe: { allow: subscribe },
})

/** A member of `authorization { users: [ … ] }`, or without a key its permissions only. */
function confText(key: string | undefined, { publish, subscribe }: NatsPermissions, title: string): string {
  const list = (name: string, subjects: readonly string[]): readonly string[] => [
    `    ${name}: { allow: [`,
    ...subjects.map(subject => `      ${JSON.stringify(subject)}`),
    '    ] }',
  ]
  const permissions = [
    '  permissions: {',
    ...list('publish', publish),
    ...list('subscribe', subscribe),
    '  }',
  ]
  return key === undefined
    ? [`# ${title}`, ...permissions.map(line => line.slice(2))].join('\n')
    : [`# ${title}`, '{', `  nkey: ${key}`, ...permissions, '}'].join('\n')
}
