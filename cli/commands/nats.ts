/** `agenticraft nats`: the server that joins the processes of a cluster. Each subcommand is a file of its own. */
import type { Command } from '../command.ts'
import { natsDown } from './nats/down.ts'
import { natsPermissionsCommand } from './nats/permissions.ts'
import { natsStatus } from './nats/status.ts'
import { natsUp } from './nats/up.ts'

export const nats: Command = {
  name: 'nats',
  summary: 'run a NATS server here, look at one, say what its users need',
  subcommands: [natsUp, natsDown, natsStatus, natsPermissionsCommand],
}
