/** `agenticraft ask ADDRESS JSON`: asks an actor wherever it lives, or any node of a pool, and prints the answer. */
import { type Address, parseAddress } from '../../actors/address.ts'
import { addClusterOptions, jsonOf, secondsOf, withCluster } from '../cluster-access.ts'
import type { Command } from '../command.ts'

interface AskFlags {
  readonly type: string
  readonly timeout?: string
  readonly key?: string
  readonly once?: true
}

export const ask: Command = {
  name: 'ask',
  summary: 'ask an actor of a cluster and print its answer',
  configure(parser) {
    parser
      .argument('<address>', 'type/id, or pool/type for any node that serves the type')
      .argument('[json]', 'the body; for an agent: {"skill":"…","input":{…}}')
      .option('--type <type>', 'of the message', 'task.assign')
      .option('--timeout <seconds>', 'how long to wait for the answer (default: 600)')
      .option('--key <key>', 'asking again under the same key joins the work under way')
      .option('--once', 'of a pool: fail when the node that took it is gone, instead of asking another one')
    addClusterOptions(parser)
  },
  run(context) {
    const { type, timeout, key, once } = context.options as unknown as AskFlags
    const [to = '', json] = context.args
    parseAddress(to)
    const body = json === undefined ? null : jsonOf(json, 'the body')
    const timeoutMs = secondsOf('--timeout', timeout)
    const { signal, terminal } = context
    return withCluster(context, async ({ client }) => {
      const answer = await client.ask(to as Address, type, body, {
        signal,
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(key !== undefined && { key }),
        ...(once && { repeat: false }),
      })
      if (terminal.json) terminal.show(answer, '')
      else terminal.data(typeof answer === 'string' ? answer : JSON.stringify(answer, null, 2))
      return undefined
    })
  },
}
