/** `agenticraft tell ADDRESS TYPE JSON`: sends an actor a message; what comes of it nobody waits for. */
import { type Address, parseAddress } from '../../actors/address.ts'
import { addClusterOptions, jsonOf, withCluster } from '../cluster-access.ts'
import type { Command } from '../command.ts'

export const tell: Command = {
  name: 'tell',
  summary: 'send an actor of a cluster a message',
  configure(parser) {
    parser
      .argument('<address>', 'type/id')
      .argument('<type>', 'of the message')
      .argument('[json]', 'the body')
    addClusterOptions(parser)
  },
  run(context) {
    const [to = '', type = '', json] = context.args
    parseAddress(to)
    const body = json === undefined ? null : jsonOf(json, 'the body')
    return withCluster(context, async ({ client }) => {
      await client.tell(to as Address, type, body)
      context.terminal.show({ to, type, taken: true }, `${to} has it`)
      return undefined
    })
  },
}
